"""YAML: a list written item by item is read item by item, so that a broken one is refused alone; anything else as a document.

Scalars stay the text they are (an answer `yes` is a word, not a truth value), except null. Aliases are refused: they can make a
small file enormous.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml

from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, Piece, UnreadableFile, invalid_utf8, refused
from spark_jobs.ingest.sources.turns import as_json

_BOM = b"\xef\xbb\xbf"
_NULL = "tag:yaml.org,2002:null"


class _Texts(yaml.CBaseLoader):
    """Every scalar as its text, null as None."""


_Texts.add_implicit_resolver(_NULL, yaml.resolver.Resolver.yaml_implicit_resolvers["~"][0][1], ["~", "n", "N", ""])  # pyright: ignore
_Texts.add_constructor(_NULL, lambda _loader, _node: None)  # pyright: ignore


def read(stream: BinaryIO) -> Iterator[Piece]:
    """One piece for each item of a list at the left margin, else for each document or element of its list; position is its number."""
    number = 0
    for block in _blocks(stream):
        for piece in _pieces(block, number + 1):
            number = piece.position
            yield piece


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Runs of lines that belong together: the items of a list at the left margin, or whole documents."""
    block: list[bytes] = []
    size = 0
    listed: bool | None = None  # whether the document is such a list: its first line that says something decides
    for number, line in enumerate(stream):
        text = line.removeprefix(_BOM) if number == 0 else line
        dashes = text.rstrip() in (b"---", b"...")
        item = text.startswith((b"- ", b"-\n", b"-\r"))
        if block and (dashes or (item and listed)):
            yield b"".join(block)
            block, size = [], 0
        if dashes:
            listed = None
        elif listed is None and text.strip() and not text.startswith((b"#", b"%")):
            listed = item
        block.append(text)
        size += len(text)
        if size > RECORD_LIMIT:
            raise UnreadableFile(f"an item or document is longer than {RECORD_LIMIT} bytes")
    yield b"".join(block)


def _pieces(block: bytes, number: int) -> Iterator[Piece]:
    raw = block.strip(b"\r\n")
    if not raw.strip() or raw.strip() in (b"---", b"..."):
        return
    bad = invalid_utf8(number, raw)
    if bad is not None:
        yield bad
        return
    try:
        value = _load(raw.decode())
    except (yaml.YAMLError, RecursionError) as error:
        yield refused(number, raw, "malformed_yaml", " ".join(str(error).split()) or "nested too deeply")
        return
    yield from _values(raw, value, number)


def _values(raw: bytes, value: Any, number: int) -> Iterator[Piece]:
    if isinstance(value, list) and len(value) == 1 and raw.lstrip().startswith(b"-"):
        yield Piece(number, raw, value[0])
    elif isinstance(value, list):
        for offset, element in enumerate(value):
            yield Piece(number + offset, as_json(element).encode("utf-8", "surrogatepass"), element)
    elif value is not None:
        yield Piece(number, raw, value)


def _load(text: str) -> Any:
    if "&" in text and "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _Texts)):
        raise yaml.YAMLError("aliases are not read")
    loader = _Texts(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
