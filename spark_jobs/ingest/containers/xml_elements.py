"""XML: one record for each element below the root, its attributes and children as fields. Entities are not read: they can be bombs."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse

from spark_jobs.ingest.containers.raw_record import RawRecord, UnreadableFile, from_value, unreadable


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each element below the root; position is its number, raw its compact JSON.

    An element inside one is a field by its name, without its namespace; several of one name are a list. What follows a fault cannot
    be read: XML has no place to go on from.
    """
    depth = number = 0
    root: Element | None = None
    try:
        for event, element in iterparse(stream, events=("start", "end")):
            if event == "start":
                root = element if root is None else root
                depth += 1
                continue
            # an element is whole at its end
            depth -= 1
            if depth == 1 and root is not None:
                number += 1
                yield from_value(number, _value(element))
                root.clear()  # else the whole file would gather below the root
    except ParseError as error:
        if root is None:
            raise UnreadableFile(f"not XML ({error})") from error
        yield unreadable(number + 1, b"", "malformed_xml", f"the file cannot be read from here on ({error})")


def _value(element: Element) -> Any:
    """The text of a leaf without attributes; the fields of anything else, with its own text as `text`."""
    text = (element.text or "").strip() if len(element) else element.text or ""
    if not len(element) and not element.attrib:
        return text
    fields: dict[str, Any] = dict(element.attrib)
    for child in element:
        name, value = _name(child), _value(child)
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields | {"text": text} if text.strip() and "text" not in fields else fields


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
