"""Which container a text file is: its name says it, unless the content plainly says something else."""

import csv
import json
import re
from codecs import BOM_UTF8
from pathlib import PurePosixPath

from lake.landing.conversations import opening_role
from lake.landing.delimiters import DELIMITED_SUFFIXES, DELIMITERS, delimiter_of, first_row, stated_delimiter
from lake.landing.names import have_exchange_or_text
from spark_jobs.ingest.containers.raw_record import UnreadableFile
from spark_jobs.ingest.containers.streams import COMPRESSION_SUFFIXES

SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".json": "json",
    **dict.fromkeys(DELIMITED_SUFFIXES, "delimited"),
    ".yaml": "yaml", ".yml": "yaml", ".xml": "xml", ".txt": "text", ".text": "text", ".md": "text",
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
_XML = re.compile(rb"<(?:\?xml\b|!--|!DOCTYPE|[A-Za-z_][\w.:-]*[\s/>])")
_YAML = re.compile(rb"(?:#[^\n]*\n)*(?:---\s*\n|- [\w ]+:[ \n])")


# what other programs begin their files with; what is here is binary, or a text that is none of ours
_FOREIGN = {
    b"%PDF-": "a PDF document", b"{\\rtf": "a document in RTF", b"\xd0\xcf\x11\xe0": "a document or workbook of an old Office program",
    b"SQLite format 3": "a SQLite database", b"\x89HDF": "an HDF5 file", b"\x93NUMPY": "a NumPy array", b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
}  # fmt: skip


def reject_binary(name: str, head: bytes, text: bytes) -> None:
    """Raises UnreadableFile if the beginning of a file is no text (`text` is it as UTF-8), naming what it is where that is known."""
    known = next((what for magic, what in _FOREIGN.items() if head.startswith(magic)), None)
    if known is not None:
        raise UnreadableFile(f"{known} is not read; export it as CSV, JSON Lines or plain text")
    # text has no zero bytes; a stray one is the fault of its record
    if text.count(0) * 10 > len(text):
        raise UnreadableFile(f"no reader for '{suffixes(name)[0]}' files with such content: it is binary")


def suffixes(name: str) -> tuple[str, str]:
    """The container's suffix and the compression's, "" where there is none, in lower case."""
    path = PurePosixPath(name.split("?", 1)[0].lower())
    if path.suffix in COMPRESSION_SUFFIXES:
        return PurePosixPath(path.stem).suffix, path.suffix
    return path.suffix, ""


def container_of(name: str, head: bytes) -> str:
    """The container of a text whose beginning, as UTF-8, is `head`: a key of TEXT_CONTAINERS.

    Raises UnreadableFile if neither the name nor the content tells it.
    """
    suffix = suffixes(name)[0]
    by_name = SUFFIXES.get(suffix)
    by_content = _structure(head.lstrip(BOM_UTF8 + b" \t\r\n"))
    # these suffixes are given to anything; .json is given to XML at most
    if by_name == "text" and by_content is None:
        return _named_table(name, head) or by_name
    if by_name in ("text", "delimited", "xml") or (by_name == "json" and by_content == "xml"):
        return by_content or by_name
    if by_name == "jsonl":
        # a file of lines may begin with a line that is an array, without being one array
        return "json" if by_content == "json" and _spans_lines(head) and not _is_array_a_line(head) else "jsonl"
    if by_name == "json" and _is_array_a_line(head):
        return "jsonl"
    found = by_name or by_content or _delimited(head) or _talk(head)
    if found is None or found in ("parquet", "arrow"):
        raise UnreadableFile(f"no reader for '{suffix}' files with such content; known are {', '.join(SUFFIXES)}")
    return found


def _structure(text: bytes) -> str | None:
    """The container that the text has the marks of, or None where it has none (as plain text, and as delimited text)."""
    if _XML.match(text):
        return "xml"
    # YAML can look like prose: only a document's mark or an item with a name is taken for it
    if text[:1] not in (b"{", b"["):
        return "yaml" if _YAML.match(text) else None
    # one whole object a line is JSON Lines, also where there is no telling name
    line, _, rest = text.partition(b"\n")
    line_is_json = _is_json(line)
    if text[:1] == b"{" and line_is_json and rest.lstrip()[:1] == b"{":
        return "jsonl"
    opening = re.match(rb"\[\s*[\[{\"\]]|\{\s*[\"}]", text)
    return "json" if line_is_json or opening else None


def _spans_lines(head: bytes) -> bool:
    """Whether the first line opens an array of records, or an object that goes on below."""
    line = head.lstrip(BOM_UTF8 + b" \t\r\n").partition(b"\n")[0].strip()
    return line in (b"{", b"[") or re.match(rb"\[\s*\{", line) is not None


def _is_array_a_line(head: bytes) -> bool:
    """Whether the first two lines are whole arrays, each by itself."""
    lines = [line.strip() for line in head.lstrip(BOM_UTF8).split(b"\n", 3)[:2]]
    return len(lines) == 2 and all(line[:1] == b"[" and line[-1:] == b"]" and _is_json(line) for line in lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _named_table(name: str, head: bytes) -> str | None:
    """`delimited` if a text is a table with a header that speaks of an exchange, or a table that its name promises; else None."""
    line = head.lstrip(BOM_UTF8).decode("utf-8", "replace").partition("\n")[0]
    if stated_delimiter(line) or any(suffix.lower() in DELIMITED_SUFFIXES for suffix in PurePosixPath(name).suffixes):
        return "delimited"
    if _delimited(head) is None:
        return None
    header = head.lstrip(BOM_UTF8).decode("utf-8", "replace").lstrip().partition("\n")[0]
    cells = first_row(header.rstrip("\r"), delimiter_of(header))
    return (
        "delimited"
        if len(cells) > 1 and have_exchange_or_text(cells)[0] and all(len(cell) < 40 for cell in cells)
        else None
    )


def _talk(head: bytes) -> str | None:
    """`text` if a text begins with a speaker's mark; any other text without a telling name may be something else; else None."""
    return "text" if opening_role(head.decode("utf-8", "replace").lstrip("\ufeff")) == "user" else None


def _delimited(head: bytes) -> str | None:
    """`delimited` if the first lines all have the same number of fields, more than one, by one of the delimiters; else None."""
    lines = [line for line in head.decode("utf-8", "replace").splitlines()[:6] if line.strip()][:5]
    try:
        widths = [{len(row) for row in csv.reader(lines, delimiter=delimiter)} for delimiter in DELIMITERS]
    except csv.Error:
        return None
    return "delimited" if len(lines) > 1 and any(len(width) == 1 and width != {1} for width in widths) else None
