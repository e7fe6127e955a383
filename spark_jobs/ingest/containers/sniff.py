"""Which reader a text file needs: its name says it, unless the content plainly says something else."""

import csv
import json
import re
from pathlib import PurePosixPath

from lake.landing.delimiters import DELIMITED_SUFFIXES, DELIMITERS
from spark_jobs.ingest.containers.raw_record import UnreadableFile
from spark_jobs.ingest.containers.streams import PACKED_SUFFIXES

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
    if path.suffix in PACKED_SUFFIXES:
        return PurePosixPath(path.stem).suffix, path.suffix
    return path.suffix, ""


def container(name: str, head: bytes) -> str:
    """The reader for a text whose beginning, as UTF-8, is `head`; raises UnreadableFile if nothing tells."""
    suffix = suffixes(name)[0]
    named = SUFFIXES.get(suffix)
    seen = _structure(head.lstrip(b"\xef\xbb\xbf \t\r\n"))
    if named in ("text", "delimited", "xml") or (named == "json" and seen == "xml"):
        return seen or named
    if named == "jsonl":
        return "json" if seen == "json" and _spread(head) else "jsonl"
    found = named or seen or _delimited(head)
    if found is None or found in ("parquet", "arrow"):
        raise UnreadableFile(f"no reader for '{suffix}' files with such content; known are {', '.join(SUFFIXES)}")
    return found


def _structure(text: bytes) -> str | None:
    if _XML.match(text):
        return "xml"
    if text[:1] not in (b"{", b"["):
        return "yaml" if _YAML.match(text) else None
    line, _, rest = text.partition(b"\n")
    whole = _parses(line)
    if text[:1] == b"{" and whole and rest.lstrip()[:1] == b"{":
        return "jsonl"
    opening = re.match(rb"\[\s*[\[{\"\]]|\{\s*[\"}]", text)
    return "json" if whole or opening else None


def _spread(head: bytes) -> bool:
    """Whether the first line opens an array of records, or an object that goes on below."""
    line = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].strip()
    return line in (b"{", b"[") or re.match(rb"\[\s*\{", line) is not None


def _parses(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _delimited(head: bytes) -> str | None:
    """Delimited text without a telling name: its first lines all have the same number of fields, more than one, by one delimiter."""
    lines = [line for line in head.decode("utf-8", "replace").splitlines()[:6] if line.strip()][:5]
    widths = [{len(row) for row in csv.reader(lines, delimiter=mark)} for mark in DELIMITERS]
    return "delimited" if len(lines) > 1 and any(len(each) == 1 and each != {1} for each in widths) else None
