"""YAML: a list written item by item is read item by item, so that only the broken items are lost; anything else as a document.

Scalars stay the text they are (an answer `yes` is a word, not a truth value), except null. Aliases are not read: they can make a
small file enormous.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml

from spark_jobs.ingest.containers.raw_record import (
    RECORD_LIMIT,
    RawRecord,
    UnreadableFile,
    from_value,
    invalid_utf8,
    unreadable,
)

_NULL = "tag:yaml.org,2002:null"


class _TextLoader(yaml.CBaseLoader):
    """Every scalar as its text, null as None."""


# without this, null would be the text "null" as well
_TextLoader.add_implicit_resolver(_NULL, yaml.resolver.Resolver.yaml_implicit_resolvers["~"][0][1], ["~", "n", "N", ""])  # pyright: ignore
_TextLoader.add_constructor(_NULL, lambda _loader, _node: None)  # pyright: ignore


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each item of a list at the left margin, else for each document or element of its list; position is its number."""
    number = 0
    for block in _blocks(stream):
        for record in _records(block, number + 1):
            number = record.position
            yield record


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Runs of lines that belong together: the items of a list at the left margin, or whole documents."""
    block: list[bytes] = []
    size = 0
    is_list: bool | None = None  # whether the document is such a list: its first line that says something decides
    for number, line in enumerate(stream):
        text = line.removeprefix(BOM_UTF8) if number == 0 else line
        dashes = text.rstrip() in (b"---", b"...")
        item = text.startswith((b"- ", b"-\n", b"-\r"))
        if block and (dashes or (item and is_list)):
            yield b"".join(block)
            block, size = [], 0
        if dashes:
            is_list = None
        elif is_list is None and text.strip() and not text.startswith((b"#", b"%")):
            is_list = item
        block.append(text)
        size += len(text)
        if size > RECORD_LIMIT:
            raise UnreadableFile(f"an item or document is longer than {RECORD_LIMIT} bytes")
    yield b"".join(block)


def _records(block: bytes, number: int) -> Iterator[RawRecord]:
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
        yield unreadable(number, raw, "malformed_yaml", " ".join(str(error).split()) or "nested too deeply")
        return
    # an item of a list keeps the bytes that it was written in; the elements of other lists have none of their own
    if isinstance(value, list) and len(value) == 1 and raw.lstrip().startswith(b"-"):
        yield RawRecord(number, raw, value[0])
    elif isinstance(value, list):
        for offset, element in enumerate(value):
            yield from_value(number + offset, element)
    elif value is not None:
        yield RawRecord(number, raw, value)


def _load(text: str) -> Any:
    # to parse a text twice is dear, so only one that can hold an alias is searched for one
    if (
        "&" in text
        and "*" in text
        and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _TextLoader))
    ):
        raise yaml.YAMLError("aliases are not read")
    loader = _TextLoader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
