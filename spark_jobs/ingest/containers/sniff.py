"""Which container a text file is: its name says it, unless the content plainly says something else."""

import csv
import json
import re
from codecs import BOM_UTF8
from pathlib import PurePosixPath

from lake.landing.delimiters import DELIMITED_SUFFIXES, DELIMITERS
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
    if by_name in ("text", "delimited", "xml") or (by_name == "json" and by_content == "xml"):
        return by_content or by_name
    if by_name == "jsonl":
        # a file of lines may begin with a line that is an array, without being one array
        return "json" if by_content == "json" and _spans_lines(head) else "jsonl"
    found = by_name or by_content or _delimited(head)
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


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _delimited(head: bytes) -> str | None:
    """`delimited` if the first lines all have the same number of fields, more than one, by one of the delimiters; else None."""
    lines = [line for line in head.decode("utf-8", "replace").splitlines()[:6] if line.strip()][:5]
    widths = [{len(row) for row in csv.reader(lines, delimiter=delimiter)} for delimiter in DELIMITERS]
    return "delimited" if len(lines) > 1 and any(len(width) == 1 and width != {1} for width in widths) else None
