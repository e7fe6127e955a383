"""A titled passage as the parts a builder needs: its subject, what it says in prose, what it lists.

Knows two kinds of title: a topic ("Compost") and a name from a program ("json.dumps"), whose passages may list
`name: description` lines. English only; other languages keep their sentences and get no rewriting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from inference.baseline.debris import ABBREVIATED, LAYOUT, TORN, is_untold, points_away, told_part
from inference.baseline.topics import mended
from inference.baseline.verbs import INFLECTED, VERBS, inflected, is_heading, may_state
from texts.words import sentences, words

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+|[a-z]+_\w+|_\w+")
_ENTRY = re.compile(r"(?P<name>\*{0,2}[A-Za-z_][\w.]*(?:, \*{0,2}[A-Za-z_]\w*)*): (?P<text>\S.*)")
# `Note: ...` has the shape of a listed entry but is prose
REMARK = re.compile(
    r"(?:Notes?|Warnings?|Examples?|Tips?|Caution|Important|Deprecated|Changed|Added|See|Attention|Alias(?:es)?)\b",
    re.IGNORECASE,
)
ERROR = re.compile(r"\w*(?:Error|Exception|Warning|Interrupt)$")
_CLASS = re.compile(r"[A-Z][a-z]+[A-Z]\w*")  # no argument has such a name: an exception, told with the arguments
_CASE = re.compile(r"(?:If|When|Raised|Whenever|In case)\b", re.IGNORECASE)
_STOP = re.compile(r"[.!?][\"'”’)\]`]*$")
# openings by which a sentence leans on the one before it
_LEANING = """This It Its These Those They Their He She His Her However But And Or So Also Otherwise Such That Then
Therefore Thus For Here There Moreover Furthermore Instead Note See As Both Each One Another Again Finally Next
Consequently Similarly Conversely Likewise Hence"""
_LEANS = re.compile(
    rf"(?:{'|'.join(_LEANING.split())}|(?:In|To|At|During|Despite|After|By|On|For|From|With) (?:this|that|these|those|such|the same)"
    r"|In (?:addition|contrast|response|return|turn)|As a result|If (?:so|not|it)|While there|Meanwhile|Afterwards?|Soon|Later|By then"
    r"|The (?:following|above|same|former|latter))\b"
)
_THIS = re.compile(r"This (?:class|function|method|module|decorator|routine|object|type) (?=\w+s\b)")
_KIND = re.compile(
    r"(?:[A-Z][\w-]* |(?:An?|The) )?(?:[a-z][\w-]* ){0,3}(?:[Cc]lass|[Ff]unction|object|mixin|[Dd]ecorator|manager"
    r"|[Ww]rapper|exception|iterator|container|interface|version|[Cc]onstructor)\b"
    r"(?= (?:for|that|which|to|with|by|used|from|of an?)\b|[.,])"
)
_SECOND = re.compile(r"(?:\b(?:and|or|then)|,) (?:then |optionally )?(?P<verb>[a-z]+) (?!of\b)")
_FEW = 3  # words: so short a sentence is left out, and nothing is lost with it
_STATES = re.compile(r"\w+(?: [\w-]+){0,3} (?:is|are|was|were) ")  # "Group centrality is ..." is no order


@dataclass(frozen=True)
class Passage:
    """The usable parts of a passage, in its order; `arguments` and `errors` are (name, description)."""

    title: str
    prose: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    returned: str = ""
    broken: str = ""  # the first sentence of more than a few words that is not whole; "" where all are

    @property
    def named(self) -> bool:
        """Whether the title is a name from a program."""
        return is_program_name(self.title)

    @property
    def subject(self) -> str:
        """The title as running text shows it."""
        return f"`{self.title}`" if self.named else self.title

    @property
    def purpose(self) -> str:
        """The opening sentence, with the subject put in where a program's documentation leaves it out; "" without
        prose.
        """
        return with_subject(self, self.prose[0]) if self.prose else ""

    def without_lists(self) -> Passage:
        """The passage with its prose alone."""
        return replace(self, arguments=(), errors=(), returned="")


@lru_cache(maxsize=8_192)  # asked of a title by all that is compared with it
def is_program_name(title: str) -> bool:
    """Whether the title is a name from a program, not a topic.

    >>> is_program_name("json.dumps"), is_program_name("Compost")
    (True, False)
    """
    return bool(_NAME.fullmatch(title))


@lru_cache(maxsize=2_048)  # an item of each type is tried on a passage, and it lends its option to others of its batch
def read(title: str, text: str) -> Passage:
    """The passage with what reads badly left out: fragments, code, layout, sentences of under four or over sixty
    words.
    """
    named = is_program_name(title)
    told: list[str] = []
    listed: list[tuple[str, str]] = []
    returned = ""
    for line in told_part(text if named else mended(text)).split("\n"):
        entry = _ENTRY.fullmatch(line.strip()) if named else None
        if entry is None or REMARK.match(line):
            told += sentences(line)
        elif entry["name"] in ("Returns", "Yields"):
            returned = _entry_told(entry["text"])
        elif text_told := _entry_told(entry["text"]):
            listed.append((entry["name"].lstrip("*"), text_told))
    errors = [entry for entry in listed if _is_error(*entry)]
    return Passage(
        title=title,
        prose=tuple(dict.fromkeys(_understood(told, named))),
        arguments=tuple(entry for entry in listed if entry not in errors),
        errors=tuple(errors),
        returned=returned,
        broken=next((one for one in told if len(words(one)) > _FEW and is_broken(one, named)), ""),
    )


def _is_error(name: str, text: str) -> bool:
    """Whether a listed name is that of an exception, by its ending, or by its form and by what is said of it."""
    return bool(ERROR.match(name) or (_CLASS.fullmatch(name) and _CASE.match(text)))


def is_broken(sentence: str, named: bool) -> bool:
    """Whether a sentence lost a part, runs into another or is none; one that only points elsewhere is whole."""
    return not points_away(sentence) and (
        not readable(sentence) or (is_heading(sentence) if named else bool(TORN.search(sentence)))
    )


def _entry_told(text: str) -> str:
    """What is said of a listed entry, without sentences that point elsewhere; "" where its first one does, or it is layout."""
    said = sentences(text)
    if LAYOUT.search(text) or points_away(said[0]):
        return ""
    return _complete(" ".join(one for one in said if not points_away(one)))


def _understood(told: Sequence[str], named: bool) -> Iterator[str]:
    """The sentences from the first that can be told to the one before the first that cannot: behind a gap nobody knows what is meant.

    The first may lean on a title that is a program's name, of which what stands before it leaves out headings and layout.
    """
    opened = False
    for sentence, after in zip_longest(told, told[1:], fillvalue=""):
        torn = not named and bool(
            TORN.search(sentence) or (after and ABBREVIATED.search(sentence)) or not may_state(sentence)
        )
        fine = readable(sentence) and not torn and not (named and opened and is_heading(sentence))
        if fine and not opened:
            fine = named or (stands_alone(sentence) and not is_untold(sentence))
        if fine:
            opened = True
            yield sentence
        elif opened and len(words(sentence)) > _FEW:
            return


@lru_cache(maxsize=256)  # asked of a sentence twice: whether it is told, and whether it breaks the passage
def readable(sentence: str) -> bool:
    """Whether a sentence is complete, of ordinary length, closes its brackets and quotes, and is free of code and layout."""
    opens = sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "\"'`“‘(¿¡_"
    closed = sentence.count("(") == sentence.count(")") and sentence.count('"') % 2 == 0
    return (
        opens
        and closed
        and 4 <= len(words(sentence)) <= 60
        and bool(_STOP.search(sentence))
        and not LAYOUT.search(sentence)
        and not points_away(sentence)
    )


def stands_alone(sentence: str) -> bool:
    """Whether a sentence can be understood without the one before it, as far as its opening shows."""
    return not _LEANS.match(sentence.lstrip("\"'`“‘("))


def with_subject(passage: Passage, sentence: str) -> str:
    """The sentence as a statement about a named subject, where documentation leaves it out or says "this class"; else
    unchanged.
    """
    if not passage.named:
        return sentence
    first, _, rest = sentence.partition(" ")
    verb = first.lower()
    if (
        verb in VERBS and rest and not rest.startswith("of ") and not _STATES.match(sentence)
    ):  # a list of names, a set of them
        # "Read a file and return it" stays an order: half of it would read as one
        return sentence if _orders_too(rest) else f"{passage.subject} {inflected(verb)} {rest}"
    if rest and verb in INFLECTED:
        return f"{passage.subject} {verb} {rest}"
    if _THIS.match(sentence):
        return _THIS.sub(f"{passage.subject} ", sentence, count=1)
    if _KIND.match(sentence):
        lowered = sentence if first.isupper() and len(first) > 1 else sentence[0].lower() + sentence[1:]
        article = "" if verb in ("a", "an", "the") else "an " if lowered[0] in "aeiou" else "a "
        return f"{passage.subject} is {article}{lowered}"
    return sentence


def _orders_too(rest: str) -> bool:
    """Whether a second verb follows in the form of the first."""
    return any(found["verb"] in VERBS for found in _SECOND.finditer(rest))


def _complete(text: str) -> str:
    """The text with a capital and a full stop, so that it reads as a sentence."""
    text = text.strip()
    opened = text[0].upper() + text[1:] if text.split(" ")[0].isalpha() else text
    return opened if _STOP.search(opened) else opened.rstrip(":;,") + "."
