"""For each statement of a text the stretch of one member that supports it best, and what it lacks.

A stretch is one sentence of a member, or two that follow one another. What the check cannot know: synonyms and other paraphrase count
as unsupported, and a member's own error counts as support.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from texts.grounding.faults import clauses, found_faults
from texts.grounding.tokens import Kind, Token, tokens
from texts.words import sentence_spans

_CANDIDATES = 8  # stretches that are compared word by word: those that share most of a statement's words
_ASKED_SHARE = 0.7  # of a question's words that one member must hold
_MARKER = re.compile(r"(?:Q|A|C|S|[A-D]\)|Answer|Explanation)[:)]?\s(?=\S)|[-*•]\s+|\d+[.)]\s+")
_QUESTION_PART = re.compile(r"Q:")
_OTHER_PART = re.compile(r"(?:A|[A-D]\)|Answer|Explanation|S):?")
_LEANS = re.compile(
    r"\W*(?:This|It|Its|These|Those|They|Their|Them|He|She|His|Her|Him|That|Such|The (?:latter|former|same))\b(?! is why)"
)
_ASKING = """what which who whom whose when where why how do take return fail rais argument caller know explain describ give list name
tell importan mean happen work need way differenc best good should ask say question much many value"""
_ASKS = frozenset(_ASKING.split())


@dataclass(frozen=True)
class Evidence:
    """A statement, where it stands in its text, and the stretch `start`..`end` of member `member` that is nearest to it.

    fault: why that stretch does not support it, or None where it does; member is None where no member has a word of it.
    """

    statement: str
    member: int | None
    start: int
    end: int
    weight: int
    fault: str | None = None


@dataclass(frozen=True)
class Grounding:
    """The evidence of each statement of a text, in its order."""

    evidence: tuple[Evidence, ...]

    @property
    def score(self) -> float:
        """The share (0..1) of the text, by words that carry meaning, that stands in supported statements; 1 for no statement."""
        total = sum(one.weight for one in self.evidence)
        return sum(one.weight for one in self.evidence if one.fault is None) / total if total else 1.0

    @property
    def unsupported(self) -> list[Evidence]:
        """The statements without support."""
        return [one for one in self.evidence if one.fault is not None]


@dataclass(frozen=True)
class _Sentence:
    text: str
    start: int
    end: int
    asks: bool

    @cached_property
    def tokens(self) -> list[Token]:
        return tokens(self.text)

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(token.key for token in self.tokens if token.kind != Kind.BREAK)


@dataclass(frozen=True)
class _Stretch:
    """Sentences `first` to `last` of a member."""

    member: int
    first: int
    last: int
    tokens: list[Token]
    keys: frozenset[str]


@dataclass
class _Found:
    """The stretches that support a statement without fault, and the nearest one with its faults."""

    faultless: list[_Stretch] = field(default_factory=list)
    nearest: _Stretch | None = None
    faults: list[str] = field(default_factory=lambda: ["no member says anything of it"])


class Members:
    """The members of a group, cut and ready to be compared with any number of texts."""

    def __init__(self, members: Sequence[str]) -> None:
        self._sentences = [_cut(member) for member in members]
        self._topics = [
            frozenset().union(*(one.keys for one in sentences if one.asks)) for sentences in self._sentences
        ]
        self._keys = [frozenset().union(*(one.keys for one in sentences)) for sentences in self._sentences]
        self._stretches = [
            stretch for n, sentences in enumerate(self._sentences) for stretch in _stretches(n, sentences)
        ]

    def grounding(self, text: str) -> Grounding:
        """The evidence of each statement of the text."""
        statements = _cut(text)
        found = [self._search(one) for one in statements]
        return Grounding(tuple(self._evidence(place, statements, found) for place in range(len(statements))))

    def _search(self, statement: _Sentence) -> _Found:
        found = _Found()
        near = sorted(
            (stretch for stretch in self._stretches if stretch.keys & statement.keys),
            key=lambda stretch: (-len(stretch.keys & statement.keys), len(stretch.keys)),
        )
        for stretch in near[:_CANDIDATES]:
            faults = found_faults(statement.tokens, stretch.tokens, self._topics[stretch.member])
            if not faults:
                found.faultless.append(stretch)
            if found.nearest is None or len(faults) < len(found.faults):
                found.nearest, found.faults = stretch, faults
        if found.faults and statement.asks and not (faults := self._asked_faults(statement)):
            found.faults = faults
        return found

    def _asked_faults(self, statement: _Sentence) -> list[str]:
        """What keeps a question from being raised by the members: each of its clauses by one of them as a whole."""
        faults: list[str] = []
        for clause in clauses(statement.tokens):
            wanted = [token for token in clause if token.kind != Kind.BREAK and token.key not in _ASKS]
            faults += min((_missing(wanted, keys) for keys in self._keys), key=len, default=["no member asks it"])
        return faults

    def _evidence(self, place: int, statements: Sequence[_Sentence], found: Sequence[_Found]) -> Evidence:
        statement, here = statements[place], found[place]
        weight = max(1, sum(token.kind != Kind.BREAK for token in statement.tokens))
        if here.nearest is None:
            return Evidence(statement.text, None, 0, 0, weight, here.faults[0] if here.faults else None)
        fault = here.faults[0] if here.faults else None
        if fault is None and here.faultless and _LEANS.match(statement.text):
            before = (statements[place - 1], found[place - 1]) if place else None
            if not any(self._follows(stretch, before) for stretch in here.faultless):
                fault = "what it refers to does not stand before it"
        sentences, shown = self._sentences[here.nearest.member], here.nearest
        return Evidence(
            statement.text, shown.member, sentences[shown.first].start, sentences[shown.last].end, weight, fault
        )

    def _follows(self, stretch: _Stretch, before: tuple[_Sentence, _Found] | None) -> bool:
        """Whether what stands before the statement says what stands before the stretch in its member."""
        if stretch.first == 0:
            return True
        if before is None:
            return False
        statement, found = before
        preceding = self._sentences[stretch.member][stretch.first - 1]
        if preceding.asks:
            return statement.asks or any(one.member == stretch.member for one in found.faultless)
        same = any(
            one.member == stretch.member and one.first <= stretch.first - 1 <= one.last for one in found.faultless
        )
        return same or len(preceding.keys & statement.keys) >= 0.5 * len(preceding.keys)


def grounding(members: Sequence[str], text: str) -> Grounding:
    """The evidence of each statement of the text among the members."""
    return Members(members).grounding(text)


def _missing(wanted: Sequence[Token], keys: frozenset[str]) -> list[str]:
    parts = {part for key in keys for part in key.split(".")}
    absent = [token for token in wanted if token.key not in keys and not parts.issuperset(token.key.split("."))]
    grave = [token for token in absent if token.exact and token.kind != Kind.SCOPE]
    few = len(wanted) - len(absent) >= _ASKED_SHARE * len(wanted)
    return [f"{token.form!r} is not there" for token in (grave if few else absent)]


def _cut(text: str) -> list[_Sentence]:
    """The sentences of a text that say something, without markers and bullets; those of a part that asks are marked."""
    cut: list[_Sentence] = []
    asking = False
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if _QUESTION_PART.match(sentence):
            asking = True
        elif _OTHER_PART.match(sentence):
            asking = False
        marker = _MARKER.match(sentence)
        start += marker.end() if marker else 0
        cut.append(_Sentence(text[start:end], start, end, asking or sentence.endswith("?")))
    return [one for one in cut if one.keys]


def _stretches(member: int, sentences: Sequence[_Sentence]) -> list[_Stretch]:
    """Every sentence of a member, and every two that follow one another."""
    single = [_Stretch(member, n, n, one.tokens, one.keys) for n, one in enumerate(sentences)]
    stop = Token(".", Kind.BREAK, ".")
    double = [
        _Stretch(member, n, n + 1, [*one.tokens, stop, *other.tokens], one.keys | other.keys)
        for n, (one, other) in enumerate(pairwise(sentences))
    ]
    return single + double
