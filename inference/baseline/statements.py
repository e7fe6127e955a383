"""The statements of a group's members: cut into sentences and entries, cleaned, laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from inference.baseline.asking import DOES, FAILS, RETURNS, TAKES, listed
from inference.baseline.passage import ERROR, REMARK, Passage, stands_alone, with_subject
from inference.baseline.saying import is_type_name, parted
from texts.words import content_words, numbers, sentences, words

_SAME = 0.8  # share of a statement's content words in a kept one from which it says nothing of its own
_SAME_SPOILT = 0.5  # the same for a spoilt statement beside a clean one: mistyped words match none
_ENTRY = re.compile(
    r"(?:For |The |Raises )?`?(?P<name>[A-Za-z_][\w.]*|\w{1,2}(?:, \w{1,2})+)`?(?: argument)?(?::| -) (?P<text>\S.*)",
    re.DOTALL,
)
_RESULT = re.compile(r"(?:The result|You get this|Returns?|Result): (?P<text>\S.*)", re.DOTALL)
_ANNOUNCED = re.compile(r"^(?:Returns?|Yields?) ")
_FAILS = re.compile(
    r"\b(?:rais(?:es?|ed)|\w*Error|\w*Exception|fails?|never|avoid|careful|caution|warning|danger|don't)\b"
)
_GIVES = re.compile(r"\b(?:returns?|returned|yields?|the result)\b", re.IGNORECASE)
_DEFINES = re.compile(r"^\W*[\w`.' -]{1,60}? (?:is|are|means|refers to) (?:an?|the)\b", re.IGNORECASE)
# openings that mean nothing where the sentence before is another member's, or about something else
_POINTS_BACK = re.compile(r"(?:It|Its|They|Their|These|Those|This|That|He|She|The (?:former|latter|above|same))\b")
_POINTS = re.compile(
    r"(?:that|(?:\w+[^\w.!?]+){0,3}(?:it|its|they|them|their|these|those|this))\b",
    re.IGNORECASE,
)
_RESULT_IS = re.compile(r"It (?=is\b|has\b|contains\b|holds\b)")
_ROLES: Mapping[int, str] = MappingProxyType({RETURNS: "Returns ", FAILS: "Raises "})  # of a named entry
_BULLET = re.compile(r"[-*•] ")
_STOPS = (".", "!", "?", "。", "…")
NOISE = re.compile(
    r"^(?:hey|hi|hello|well|so(?: again)?|ok so|basically|quick question|as said|again|in short|in other words|to repeat it|short answer"
    r"|as far as i remember|it\s+is something like this)[,:]\s*"
    r"|^(?:that's (?:about it|all i have)|hope this helps|not sure about the rest|or something like that anyway|not really sure|there is probably some more stuff|maybe something more)\b[^.!]*[.!]$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Member:
    """What one member of a group says: its text, the name its question is about and, if that asks one thing only, which."""

    text: str
    subject: str = ""
    asked: int | None = None


@dataclass(frozen=True)
class Statement:
    """One sentence of one member, or one listed entry with what is said about it.

    leads: whether it can open a text. spoilt: whether it is cut off, or vague or mistyped beyond a word.
    """

    text: str
    member: int
    place: int
    subject: str
    aspect: int
    leads: bool
    spoilt: bool = False

    @cached_property
    def stems(self) -> frozenset[str]:
        """The distinct content words."""
        return frozenset(content_words(self.text))

    @cached_property
    def entry(self) -> str:
        """The name of a listed entry, "" where the statement is none."""
        entry = _ENTRY.fullmatch(self.text)
        return entry["name"] if entry and not REMARK.match(self.text) and not _RESULT.fullmatch(self.text) else ""

    @cached_property
    def described(self) -> str:
        """What a listed statement says of its entry, or of the result."""
        found = _RESULT.fullmatch(self.text) or (_ENTRY.fullmatch(self.text) if self.entry else None)
        told = found["text"] if found else self.text
        return closed(_ANNOUNCED.sub("", told) if self.aspect == RETURNS else told)

    @cached_property
    def line(self) -> str:
        """The statement as a listed line, or "" where it is prose."""
        if _RESULT.fullmatch(self.text) or (self.subject and self.aspect == RETURNS and not self.entry):
            return f"- Returns: {self.described}"
        if not self.entry:
            return ""
        if not self.subject:
            return f"- {self.text}"
        role = "Raises " if ERROR.match(self.entry) else _ROLES.get(self.aspect, "")
        return f"- {role}`{self.entry}`: {self.described}"

    def says_nothing_beside(self, other: Statement) -> bool:
        """Whether the other statement holds nearly all of this one, its figures and the name of an entry included."""
        if self.entry and self.entry not in (other.entry, *words(other.text)):
            return False
        needed = _SAME_SPOILT if self.spoilt and not other.spoilt else _SAME
        figures = numbers(self.text) <= numbers(other.text) or self.spoilt
        return figures and len(self.stems & other.stems) >= needed * len(self.stems)


def laid_out(statements: Sequence[Statement]) -> str:
    """Prose, then one line for each listed statement; a block for each subject where there are several.

    Subjects of which the same is told share a block.
    """
    subjects = list(dict.fromkeys(s.subject for s in sorted(statements, key=lambda s: (s.member, s.place))))
    if len(subjects) < 2 or "" in subjects:
        return _block(statements)
    sharing: dict[str, list[str]] = {}
    for subject in subjects:
        sharing.setdefault(_block([s for s in statements if s.subject == subject]), []).append(f"`{subject}`")
    return "\n".join(
        block if block.startswith(names[0]) else f"{listed(names)}:\n{block}" for block, names in sharing.items()
    )


def points_back(text: str) -> bool:
    """Whether the text opens with a pronoun, or has one among the first words of its first sentence.

    >>> points_back("Tick it off before you go."), points_back("That is rust."), points_back("No salt. It rusts.")
    (True, True, False)
    """
    return bool(_POINTS.match(text))


def closed(text: str, mark: str = ".") -> str:
    """The text with its first letter large, unless it opens with a name, and closed by a mark."""
    first = text.split(" ")[0]
    plain = (
        first.rstrip(",.").replace("-", "").isalpha()
        and first.islower()
        and not (_ENTRY.match(text) or is_type_name(first))
    )
    opened = text[0].upper() + text[1:] if plain else text
    quoted = opened[-1] in '"”’)' and opened[-2:-1] in _STOPS
    return opened if quoted or opened.endswith(_STOPS) else opened + mark


def _block(statements: Sequence[Statement]) -> str:
    prose = [statement.text for statement in statements if not statement.line and not _warns(statement)]
    # out of its member, "Returns the mean." no longer says of what
    if prose and statements[0].subject and statements[0].leads:
        prose[0] = with_subject(Passage(statements[0].subject, ()), prose[0])
    warnings = (with_subject(Passage(one.subject, ()), one.text) for one in statements if not one.line and _warns(one))
    return "\n".join(filter(None, (" ".join(prose), *(one.line for one in statements), " ".join(warnings))))


def _warns(statement: Statement) -> bool:
    """Whether it tells in prose when a named part fails, which is told last, as it is asked last."""
    return bool(statement.subject) and statement.aspect == FAILS


def cut(number: int, member: Member) -> list[Statement]:
    """The statements of one member, each made to stand; a sentence that leans on the one before it stays behind that one."""
    found: list[Statement] = []
    for text in map(_bare_entry, map(closed, _units(parted(member.text)))):
        if found and (not stands_alone(text) or points_back(text)) and not _RESULT.fullmatch(text):
            found[-1] = replace(found[-1], text=f"{found[-1].text} {text}")
            continue
        if member.subject and (text := _pointed_at(text, member)) == "":
            continue
        aspect = _aspect(text) if member.asked is None or _RESULT.fullmatch(text) else member.asked
        defines = (
            bool(_DEFINES.match(text)) or member.asked == DOES or text.lstrip("`").startswith(member.subject or " ")
        )
        leads = not found and stands_alone(text) and defines
        found.append(Statement(text, number, len(found), member.subject, aspect, leads))
    return found


def _bare_entry(text: str) -> str:
    """The entry that a result is announced to be, as "The result: x: the solution"; else the text."""
    result = _RESULT.fullmatch(text)
    entry = _ENTRY.fullmatch(result["text"]) if result else None
    return result["text"] if result and entry and not is_type_name(entry["name"]) else text


def _pointed_at(text: str, member: Member) -> str:
    """The sentence with the noun that it points back at, "" where that cannot be told."""
    if not _POINTS_BACK.match(text):
        return text
    if member.asked == RETURNS and _RESULT_IS.match(text):
        return _RESULT_IS.sub("The result ", text)
    return text.replace("It", f"`{member.subject}`", 1) if member.asked == DOES and text.startswith("It ") else ""


def _units(text: str) -> list[str]:
    """Sentences without bullets, greetings and repetitions; up to two that follow a listed entry stay with it."""
    units: list[str] = []
    follow = 0
    for sentence in sentences(text):
        bare = NOISE.sub("", sentence).strip().lstrip("-*• ").strip()
        listed = bool(_ENTRY.fullmatch(bare))
        if units and follow and not (listed or _BULLET.match(sentence)) and bare not in units[-1]:
            units[-1] = f"{units[-1]} {bare}"
            follow -= 1
        elif len(words(bare)) > 2 or listed:  # shorter is a heading or an interjection
            units.append(bare)
            follow = 2 if listed else 0
    return units or [text.strip()] * bool(words(text))


def _aspect(text: str) -> int:
    """What a statement is about, by its own words: DOES stands for all that is not listed, a result or a failure."""
    entry = _ENTRY.fullmatch(text)
    if _FAILS.search(text) and (entry is None or ERROR.match(entry["name"])):
        return FAILS
    if _RESULT.fullmatch(text) or (_GIVES.search(text) and entry is None):
        return RETURNS
    return TAKES if entry else DOES
