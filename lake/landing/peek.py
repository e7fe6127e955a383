"""A look into a raw file before it is read: the kind that its first records speak for; and the map of fields that its owner gives.

Nothing that a file holds, or is called, keeps it from being registered: what cannot be told here counts as instructions, and what
cannot be read is said to be so when it is read.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import PurePath
from typing import Any, Literal

import pyarrow.parquet as pq
from pyarrow import fs

from lake.errors import UserError
from lake.landing.conversations import conversation_turns, opening_role
from lake.landing.delimiters import (
    DELIMITED_SUFFIXES,
    delimiter_of,
    first_lines,
    first_row,
    header_of,
    names_without_header,
    stated_delimiter,
)
from lake.landing.heads import decoded
from lake.landing.names import have_exchange_or_text
from lake.landing.quizzes import answers_end_questions, quiz_turns

Kind = Literal["instructions", "passages", "benchmark", "reference"]
ROLES = (
    *("prompt", "response", "context", "system", "messages", "title", "text", "id"),
    # of multiple choice: all options, and the right one by its number, counted from 0 or from 1
    *("options", "answer_index", "answer_number"),
)
_HEAD = 1 << 16  # bytes that are looked into
_DEPTH = 4  # of records within records
_ROWS = 8  # of a columnar file
_KEY = re.compile(r'"((?:[^"\\\n]|\\.){1,60})"\s*:')
_TAG = re.compile(r"<([A-Za-z_][\w.-]*)")
_YAML_KEY = re.compile(r"(?m)^[\s-]*([\w ]{1,40}):(?:\s|$)")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")
_PLAIN = frozenset({".txt", ".text", ".md"})


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
    chosen = {"prompt", "options"} <= fields.keys() and {"answer_index", "answer_number"} & fields.keys()
    if not (chosen or {"prompt", "response"} <= fields.keys() or {"messages", "text"} & fields.keys()):
        raise UserError(
            f"The map {stated!r} leaves nothing to read: name prompt and response, or messages, or text, or prompt, options and "
            "answer_index or answer_number"
        )
    return json.dumps(fields, sort_keys=True)


def kind_of(filesystem: fs.FileSystem, path: str, fields: str | None = None) -> Kind:
    """`passages` when the first records have texts and nothing that asks or answers, or are plain text; else `instructions`."""
    if fields:
        names, talks = list(json.loads(fields)), False
    else:
        try:
            names, talks = _seen(filesystem, path)
        # whatever a reader makes of bytes that are not what their name says: the file is registered all the same
        except Exception:
            return "instructions"
    exchange, text = have_exchange_or_text(names)
    return "passages" if text and not exchange and not talks else "instructions"


def _seen(filesystem: fs.FileSystem, path: str) -> tuple[list[str], bool]:
    """The names of the first records' fields, and whether their texts are conversations. A line of plain text is a field `text`."""
    if path.lower().endswith((".parquet", ".pq")):
        return _in_parquet(filesystem, path)
    with filesystem.open_input_stream(path) as stream:  # decompresses by extension
        head = decoded(stream.read(_HEAD))
    suffixes = {suffix.lower() for suffix in PurePath(path).suffixes[-2:]}
    # a file may begin with an array's bracket
    begun = head.lstrip(" [\n\r\t")
    records = list(_first_records(begun))
    if records:
        return _names(records), _are_conversations(records)
    if not suffixes.isdisjoint(DELIMITED_SUFFIXES):
        return _in_table(head)
    if begun[:1] == "{":
        # the first record does not end within the head: its names are those that stand in it
        return _KEY.findall(head), False
    if begun[:1] == "<":
        return _TAG.findall(head), False
    if suffixes & _PLAIN:
        return _in_plain_text(head)
    return (_YAML_KEY.findall(head) if suffixes & {".yaml", ".yml"} else []), False


def _in_plain_text(head: str) -> tuple[list[str], bool]:
    first = head.lstrip().partition("\n")[0]
    if stated_delimiter(first):
        return _in_table(head)
    columns = _columns(first)
    # a table under the name of a text
    if len(columns) > 1 and have_exchange_or_text(columns)[0] and all(len(name) < 40 for name in columns):
        return columns, False
    blocks = [block for block in _BLANK_LINES.split(head)[:20] if block.strip()]
    # without blank lines a line is a record
    texts = blocks if len(blocks) > 1 else head.splitlines()[:20]
    quizzes = 2 * sum(map(bool, map(quiz_turns, texts))) > len(texts) or any(map(quiz_turns, blocks[:1]))
    return ["text"], opening_role(head) is not None or quizzes or answers_end_questions(head)


def _in_parquet(filesystem: fs.FileSystem, path: str) -> tuple[list[str], bool]:
    with filesystem.open_input_file(path) as file:
        opened = pq.ParquetFile(file)
        batch = next(opened.iter_batches(_ROWS), None)
        records: list[Any] = [] if batch is None else batch.to_pylist()
        return [*opened.schema_arrow.names, *_names(records)], _are_conversations(records)


def _columns(line: str, stated: str | None = None) -> list[str]:
    """The names in the first line of a table; those of its columns where it has no header."""
    cells = first_row(line.rstrip("\n"), stated or delimiter_of(line))
    return header_of(cells) or names_without_header(cells)


def _in_table(head: str) -> tuple[list[str], bool]:
    lines = io.StringIO(head)
    begun, stated = first_lines(lines)
    first = begun[0] if begun else ""
    rows = csv.reader(chain(begun, lines), delimiter=stated or delimiter_of(first))
    return _columns(first, stated), _are_conversations(_rows(rows))


def _rows(rows: Iterator[list[str]]) -> list[dict[str, str]]:
    """The first rows of a table below its header, as far as they are whole."""
    try:
        names = next(rows, [])
        return [dict(zip(names, row, strict=True)) for row in islice(rows, _ROWS) if len(row) == len(names)]
    except csv.Error:
        return []


def _names(values: Iterable[Any], depth: int = _DEPTH) -> list[str]:
    """The names of records and of the records in them, also those in a list of columns."""
    found: list[str] = []
    for value in values:
        if isinstance(value, dict):
            found += map(str, value)
            header = value.get("columns")
            found += [name for name in header if isinstance(name, str)] if isinstance(header, list) else []
        if depth and isinstance(value, dict | list):
            found += _names(list(value.values() if isinstance(value, dict) else value)[:50], depth - 1)
    return found


def _are_conversations(records: list[Any]) -> bool:
    """Whether the texts of most records are whole conversations."""
    texts = [
        [value for value in record.values() if isinstance(value, str)]
        for record in records[:20]
        if isinstance(record, dict)
    ]
    talks = [any((quiz_turns(text) or conversation_turns(text)) is not None for text in some) for some in texts]
    return 2 * sum(talks) > len(talks)


def _first_records(head: str) -> Iterator[dict[str, Any]]:
    """The records at the beginning of JSON Lines or of an array, as far as they are whole."""
    at, decoder = 0, json.JSONDecoder()
    while True:
        try:
            record, at = decoder.raw_decode(head, at)
        except (ValueError, RecursionError):
            return
        if isinstance(record, dict):
            yield record
        at = len(head) - len(head[at:].lstrip("], \r\n\t["))
