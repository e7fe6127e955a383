"""What a docstring says, field by field: purpose, arguments, return value, errors.

Reads the Google, NumPy and Sphinx conventions and, where a docstring has no sections, the sentences of its prose.
Types, defaults and examples are not read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo.markup import closed, dedented, paragraphs, sentences, without_control
from demo.sections import chunks, fields, follows_numpy

ENTRY = re.compile(
    r"^[`*\\]*(?P<name>[A-Za-z_][\w.]*)[`*]*\s*(?:\((?:[^()]|\([^()]*\))*\))?\s*(?:--|[:\u2013-])(?:\s+|$)(?P<rest>.*)$"
)
NUMPY_NAMES = re.compile(
    r"^[`*\\]*(?P<name>[A-Za-z_][\w.]*(?:\s*,\s*[`*\\]*[A-Za-z_][\w.]*)*)[`*]*\s*(?::.*|\(.*\).*)?$"
)
TYPE_ONLY = re.compile(r"[\w\[\]|, .'\"-]+,\s*(?:optional|default\s\S+|optional\s.{,30})")
SIGNATURE = re.compile(r"[\w.]+\([^()]*(?:\([^()]*\)[^()]*)*\)(?:\s*->\s*.+)?\.?")
# The rest of a sentence whose formula was left out.
CONTINUED = re.compile(r"(?:where|and|with|which|by|for|such|is|are|or|then)\b")
TYPE_PREFIX = re.compile(r"^(?:\[?`+[^`]+`+\]?|[\w.]+(?:\[[^\]:]*\])?(?:\s*(?:\||or)\s*[\w.\[\], ]+)?)\s*:\s+(?=\S)")
EXCEPTION = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit)\b")
RETURNS = re.compile(r"\breturns?\b|\breturned\b", re.IGNORECASE)
RAISES = re.compile(r"\brais(?:es?|ed|ing)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One argument or error and what is said of it."""

    name: str
    text: str
    in_prose: bool = False  # the text is a sentence that names it already

    @property
    def statement(self) -> str:
        """The entry as a statement that stands alone."""
        return self.text if self.in_prose or self.text.startswith("Raise") else f"{self.name}: {self.text}"


@dataclass(frozen=True)
class Docstring:
    """The plain text of a docstring by field; `body` is its prose, paragraph by paragraph."""

    body: tuple[str, ...] = ()
    arguments: tuple[Entry, ...] = ()
    returns: str = ""
    errors: tuple[Entry, ...] = ()
    returns_in_prose: bool = False

    @property
    def purpose(self) -> str:
        """The first sentence."""
        return closed(sentences(self.body[0])[0]) if self.body else ""

    def returned(self, text: str) -> str:
        """What is returned as a statement that stands alone."""
        return text if self.returns_in_prose or text.startswith(("Return", "Yield")) else f"Returns: {text}"

    @property
    def paragraphs(self) -> list[str]:
        """Everything the docstring says, in reading order, each field as one paragraph a statement."""
        entries = [entry.statement for entry in (*self.arguments, *self.errors) if not entry.in_prose]
        returned = [self.returned(self.returns)] if self.returns and not self.returns_in_prose else []
        arguments = len([entry for entry in self.arguments if not entry.in_prose])
        return [*self.body, *entries[:arguments], *returned, *entries[arguments:]]


def parse(text: str, argument_names: Iterable[str] = ()) -> Docstring:
    """The fields of a docstring; `argument_names` are looked for in the prose where no section describes them."""
    lines = inspect.cleandoc(without_control(text)).splitlines()
    found, numpy = fields(lines), follows_numpy(lines)
    prose = (closed(paragraph) for paragraph in paragraphs("\n".join(found["body"])))
    body = tuple(line for line in prose if not SIGNATURE.fullmatch(line) and not CONTINUED.match(line))
    documented = Docstring(
        body=body,
        arguments=tuple(_entries(found["arguments"], numpy)),
        returns=_returned(found["returns"], numpy),
        errors=tuple(entry for entry in _entries(found["errors"], numpy) if "," not in entry.name),
    )
    return _with_prose(documented, argument_names)


def _joined(lines: Sequence[str]) -> str:
    """The prose of some lines as one paragraph of whole sentences."""
    found = paragraphs("\n".join(dedented(list(lines))))
    return " ".join(closed(paragraph.removeprefix("- ")) for paragraph in found)


def _entries(lines: list[str], numpy: bool) -> list[Entry]:
    """The described names of a section, in order; a name that nothing is said of is left out."""
    found: list[Entry] = []
    for head, *rest in chunks(lines):
        inline, below = ENTRY.match(head), NUMPY_NAMES.match(head)
        if below and dedented(rest) and (numpy or not inline):
            found.append(Entry(re.sub(r"[`*\\]", "", below["name"]), _joined(rest)))
        elif inline:
            found.append(Entry(inline["name"], _joined([inline["rest"], *dedented(rest)])))
    return [entry for entry in found if len(entry.text.split()) >= 2 and not TYPE_ONLY.fullmatch(entry.text)]


def _returned(lines: list[str], numpy: bool) -> str:
    """What is returned, in whole sentences; types alone say nothing."""
    runs = chunks(lines)
    if numpy and runs and all(dedented(rest) and len(head.split(":")[0].split()) <= 6 for head, *rest in runs):
        texts = [(head.split(":")[0].strip("`* "), _joined(rest)) for head, *rest in runs]
        named = len(texts) > 1 and all(re.fullmatch(r"\w+", name) for name, _ in texts)
        return " ".join(f"{name}: {text}" for name, text in texts if text) if named else texts[0][1]
    prose = "\n".join(dedented(lines)).strip()
    text = _joined(TYPE_PREFIX.sub("", prose, count=1).splitlines())
    return text if len(text.split()) >= 4 else ""


def _with_prose(doc: Docstring, argument_names: Iterable[str]) -> Docstring:
    """The docstring with each empty field filled from the sentences of its prose, if any speak of it."""
    prose = [
        closed(line)
        for paragraph in doc.body
        for line in sentences(paragraph)
        if not paragraph.startswith("- ") and " -- " not in line
    ][1:]
    returning = [sentence for sentence in prose if RETURNS.search(sentence) and not RAISES.search(sentence)]
    raising = [(EXCEPTION.search(sentence), sentence) for sentence in prose if RAISES.search(sentence)]
    return Docstring(
        body=doc.body,
        arguments=doc.arguments or tuple(_arguments_in(prose, argument_names)),
        returns=doc.returns or (returning[0] if returning else ""),
        errors=doc.errors or tuple(Entry(name.group(), sentence, True) for name, sentence in raising if name),
        returns_in_prose=not doc.returns and bool(returning),
    )


def _arguments_in(prose: list[str], names: Iterable[str]) -> list[Entry]:
    """One sentence for each argument that the prose names, each sentence used once."""
    entries: list[Entry] = []
    unused = [sentence for sentence in prose if not RETURNS.search(sentence) and not RAISES.search(sentence)]
    for name in names:
        naming = next((sentence for sentence in unused if len(name) > 2 and re.search(rf"\b{name}\b", sentence)), None)
        if naming:
            unused.remove(naming)
            entries.append(Entry(name, naming, True))
    return entries
