"""XML: one record for each element below the root, its attributes and children as fields. Entities are not read: they can be bombs.

Where the elements below the root all have different names, the document is one record. Beside elements of one name, a text under
another name is about the whole (a title, a date) and no record. The text is decoded before, once, as its declaration says
(`declared_encoding`).
"""

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser, iterparse

from spark_jobs.ingest.containers.raw_record import RawRecord, UnreadableFile, from_value, unreadable

_DECLARED = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z][\w.:-]*)[\"']")
_BLOCKS = frozenset(
    {"p", "br", "li", "ul", "ol", "div", "tr", "h1", "h2", "h3", "h4", "pre", "blockquote"}
)  # fmt: skip
_INLINE = _BLOCKS | frozenset(
    {"b", "i", "em", "strong", "u", "s", "sub", "sup", "code", "span", "tt", "small", "mark", "cite", "kbd", "var",
     "emph", "italic", "bold"}
)  # fmt: skip
_HELD = 200  # elements below the root that are kept until it is known whether they are records


def declared_encoding(head: bytes) -> str | None:
    """The encoding that an XML declaration without a byte order mark names, if the head is text in it; else None."""
    found = _DECLARED.match(head)
    if found is None:
        return None
    try:
        encoding = codecs.lookup(found.group(1).decode("ascii")).name
        codecs.getincrementaldecoder(encoding)().decode(head)
    except (LookupError, UnicodeDecodeError):
        return None
    return encoding


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each element below the root, or for the root; position is its number, raw its compact JSON.

    An element inside one is a field by its name, without its namespace; several of one name are a list, and so is one that is alone
    in its parent. What follows a fault cannot be read: XML has no place to go on from.
    """
    number = 0
    document = _Document()
    try:
        for element in document.elements(stream):
            number += 1
            yield _record(number, element)
    except ParseError as error:
        if document.root is None:
            raise UnreadableFile(f"not XML ({error})") from error
        for element in document.held:
            number += 1
            yield _record(number, element)
        yield unreadable(number + 1, b"", "malformed_xml", f"the file cannot be read from here on ({error})")


class _Document:
    """The elements below a root, kept until it is known whether they or the root are records: `held` are those not given yet."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.held: list[Element] = []

    def elements(self, stream: BinaryIO) -> Iterator[Element]:
        """Those elements that are records: of one name, or the root where all have different names."""
        are_rows = False
        seen: set[str] = set()
        for element in self._below_root(stream):
            if not are_rows:
                self.held.append(element)
                are_rows = (_is_structured(element) and _name(element) in seen) or len(self.held) > _HELD
                seen.add(_name(element)) if _is_structured(element) else None
                if not are_rows:
                    continue
            # a text beside rows is about all of them
            ready, self.held = self.held or [element], []
            yield from (one for one in ready if _is_structured(one) or not seen)
            cast("Element", self.root).clear()  # else the whole file would gather below the root
        yield from self._whole()

    def _below_root(self, stream: BinaryIO) -> Iterator[Element]:
        parser = DefusedXMLParser(target=TreeBuilder(), encoding="utf-8")
        depth = 0
        for event, element in iterparse(stream, events=("start", "end"), parser=parser):
            if event == "start":
                self.root = element if self.root is None else self.root
                depth += 1
                continue
            # an element is whole at its end
            depth -= 1
            if depth == 1:
                yield element

    def _whole(self) -> list[Element]:
        """What is left at the end: the root, or its elements where these are alike or only one."""
        held, self.held = self.held, []
        alike = len({_name(element) for element in held}) < 2
        return held if alike or self.root is None else [self.root]


def _record(number: int, element: Element) -> RawRecord:
    try:
        return from_value(number, _value(element))
    except RecursionError:
        return unreadable(number, b"", "malformed_xml", "nested too deeply")


def _is_structured(element: Element) -> bool:
    return len(element) > 0 or bool(element.attrib)


def _value(element: Element) -> Any:
    """The text of a leaf without attributes, or of one with tags within its text; the fields of anything else, its own text as `text`."""
    if not len(element) or _is_marked_up(element):
        text = _marked_up_text(element) if len(element) else element.text or ""
        if not element.attrib:
            return text
        return {**element.attrib, "text": text} if text.strip() else dict(element.attrib)
    fields: dict[str, Any] = dict(element.attrib)
    for child in element:
        name, value = _name(child), _value(child)
        if name not in fields:
            fields[name] = [value] if _is_list_of_one(element, child) else value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _is_list_of_one(parent: Element, child: Element) -> bool:
    """Whether a child that is alone is one of several that there could be: the name of its parent or its own fields say so."""
    return len(parent) == 1 and not parent.attrib and (len(child) > 0 or _name(parent).startswith(_name(child)))


def _is_marked_up(element: Element) -> bool:
    """Whether the tags in an element are part of its text: words stand between them, or they are those of a page."""
    words = [element.text, *(child.tail for child in element)]
    return any(text and text.strip() for text in words) or all(_name(child).lower() in _INLINE for child in element)


def _marked_up_text(element: Element) -> str:
    parts = [element.text or ""]
    for child in element:
        apart = "\n" if _name(child).lower() in _BLOCKS else ""
        parts += [
            apart,
            _marked_up_text(child) if len(child) else child.text or "",
            apart if child.text else "",
            child.tail or "",
        ]
    return "".join(parts).strip() if _name(element).lower() not in _INLINE else "".join(parts)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
