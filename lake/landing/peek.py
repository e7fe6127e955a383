"""A look into a raw file before it is read: the kind that its first records speak for; and the map of fields that its owner gives."""

import csv
import json
from collections.abc import Collection, Iterator
from pathlib import PurePath
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from lake.errors import UserError
from lake.landing.delimiters import DELIMITED_SUFFIXES, delimiter_of

Kind = Literal["instructions", "passages", "benchmark", "reference"]
ROLES = ("prompt", "response", "context", "system", "messages", "title", "text", "id")
_HEAD = 1 << 16  # bytes that are looked into
# a record with one of these and none of the others is a passage: what asks or answers always counts more
_TEXT_FIELDS = frozenset({"text", "extract", "passage", "paragraph", "article", "document", "abstract", "plaintext"})
_EXCHANGE_FIELDS = frozenset(
    {"question", "instruction", "prompt", "response", "answer", "completion", "output", "target", "label", "messages", "parent_id",
     "conversations", "chosen"}
)  # fmt: skip


def field_map(stated: str | None) -> str | None:
    """`prompt=q,response=a` as the JSON that is kept with a file, None if nothing is stated.

    Raises UserError for a role that is unknown or named twice, an empty field, or a map that leaves nothing to read.
    """
    if stated is None:
        return None
    # a field may have an equals sign in its name, a role has none
    pairs = [pair.partition("=")[::2] for pair in stated.split(",")]
    fields = {role.strip(): field.strip() for role, field in pairs}
    wrong = next((role for role in fields if role not in ROLES), None)
    if wrong is not None or not all(fields.values()) or len(fields) < len(pairs):
        fault = f"there is no role {wrong!r}" if wrong is not None else "a field is empty, or a role is named twice"
        raise UserError(
            f"The map {stated!r} is not allowed: {fault}; write ROLE=FIELD,... with the roles {', '.join(ROLES)}"
        )
    if not ({"prompt", "response"} <= fields.keys() or {"messages", "text"} & fields.keys()):
        raise UserError(f"The map {stated!r} leaves nothing to read: name prompt and response, or messages, or text")
    return json.dumps(fields, sort_keys=True)


def kind_of(filesystem: fs.FileSystem, path: str, fields: str | None = None) -> Kind:
    """`passages` when the first records have texts and nothing that asks or answers, or are plain text; else `instructions`."""
    own = json.loads(fields).keys() if fields else _first_names(filesystem, path)
    names = {str(name).strip().lower() for name in own}
    return "passages" if names & _TEXT_FIELDS and not names & _EXCHANGE_FIELDS else "instructions"


def _first_names(filesystem: fs.FileSystem, path: str) -> Collection[str]:
    """The names of the first records' fields; none if they cannot be read. A line of plain text is a field `text`."""
    try:
        if path.lower().endswith((".parquet", ".pq")):
            return pq.read_schema(filesystem.open_input_file(path)).names
        with filesystem.open_input_stream(path) as stream:  # decompresses by extension
            # a file may begin with a byte order mark, and an array with its bracket
            head = stream.read(_HEAD).decode("utf-8", "replace").lstrip("\ufeff [\n\r\t")
    except (OSError, ValueError, pa.ArrowException):
        return ()
    suffixes = {suffix.lower() for suffix in PurePath(path).suffixes[-2:]}
    if not suffixes.isdisjoint(DELIMITED_SUFFIXES):
        header = head.split("\n", 1)[0].strip()
        return next(csv.reader([header], delimiter=delimiter_of(header)), [])
    names = {name for record in _first_records(head) for name in record}
    if names:
        return names
    return ("text",) if suffixes & {".txt", ".text", ".md"} and not _is_conversation(head) else ()


def _is_conversation(head: str) -> bool:
    """Whether a plain text opens like a conversation or like one of its questions."""
    return head.startswith(("Q:", "Human:", "User:", "Question:", "###", "<|im_start|>"))


def _first_records(head: str) -> Iterator[dict[str, Any]]:
    """The records at the beginning of JSON Lines or of an array, as far as they are whole."""
    at, decoder = 0, json.JSONDecoder()
    while True:
        try:
            record, at = decoder.raw_decode(head, at)
        except ValueError:
            return
        if isinstance(record, dict):
            yield record
        at = len(head) - len(head[at:].lstrip(", \r\n\t"))
