"""For each statement of a text the stretch of one member that supports it best, and what it lacks.

A stretch is one sentence of a member, or two that follow one another. What the check cannot know: paraphrases beyond another order or voice
and the synonyms of texts.grounding.synonyms count as unsupported, and a member's own error counts as support.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from texts.grounding.faults import clauses, found_faults
from texts.grounding.rewording import reworded
from texts.grounding.sentences import Sentence, Stretch, cut, stretches
from texts.grounding.tokens import Kind, Token, parts

_CANDIDATES = 8  # stretches that are compared word by word: those that share most of a statement's words
_ASKED_SHARE = 0.7  # of a question's words that one member must hold
_LEANS = re.compile(
    r"(?:This|It|Its|These|Those|They|Their|Them|He|She|His|Her|Him|That|Such|The (?:latter|former))\b(?! is why)"
)
_ASKING = """what which who whom whose when where why how do take return fail rais argument caller know explain describ give list name
tell importan mean happen work need way differenc best good should ask say question much many value"""
_ASKS = frozenset(_ASKING.split())


@dataclass(frozen=True)
class Evidence:
    """A statement, where it stands in its text, and the stretch `start`..`end` of member `member` that is nearest to it.

    weight: how many of its words are compared. asks: whether it is a question. fault: why that stretch does not support it, or None where it does; member is None where no member has a word of it.
    """

    statement: str
    member: int | None
    start: int
    end: int
    weight: int
    asks: bool
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


@dataclass
class _Found:
    """The stretches that support a statement without fault, and the nearest one with its faults."""

    faultless: list[Stretch] = field(default_factory=list)
    nearest: Stretch | None = None
    faults: list[str] = field(default_factory=lambda: ["no member says anything of it"])


class Members:
    """The members of a group, cut and ready to be compared with any number of texts."""

    def __init__(self, members: Sequence[str]) -> None:
        self._sentences = [cut(member) for member in members]
        self._topics = [
            frozenset().union(*(one.keys for one in sentences if one.asks)) for sentences in self._sentences
        ]
        self._subjects = _subjects(self._topics)
        self._parts = [parts(*(one.keys for one in sentences)) for sentences in self._sentences]
        self._stretches = [
            stretch for n, sentences in enumerate(self._sentences) for stretch in stretches(n, sentences)
        ]

    @property
    def statements(self) -> list[str]:
        """What the members state, in their order; what they ask is left out unless they do nothing else."""
        said = [one for sentences in self._sentences for one in sentences]
        return [one.text for one in said if not one.asks] or [one.text for one in said]

    def grounding(self, text: str) -> Grounding:
        """The evidence of each statement of the text."""
        statements = cut(text)
        found = [self._search(one) for one in statements]
        for place in range(len(statements)):
            if self._hangs(
                place, statements, found
            ):  # not before the first stretch that supports it, but perhaps before another
                for at in range(max(0, place - 1), place + 1):
                    found[at] = self._search(statements[at], every=True)
        return Grounding(tuple(self._evidence(place, statements, found) for place in range(len(statements))))

    def _search(self, statement: Sentence, every: bool = False) -> _Found:
        """What supports the statement: `every` stretch of those compared, or the first that does."""
        found = _Found()
        for stretch in self._near(statement):
            faults = found_faults(statement.tokens, stretch.tokens, self._topics[stretch.member])
            if faults and not statement.asks and reworded(statement.tokens, stretch.tokens):
                faults = []
            if not faults:
                found.faultless.append(stretch)
            if found.nearest is None or len(faults) < len(found.faults):
                found.nearest, found.faults = stretch, faults
            if not faults and not every:
                break
        whole = {(one.member, one.first) for one in found.faultless if one.first == one.last}
        found.faultless = [  # a sentence that supports it by itself tells where it stands, no pair with it does
            one
            for one in found.faultless
            if one.first == one.last or not {(one.member, one.first), (one.member, one.last)} & whole
        ]
        if found.faults and (statement.asks or statement.heading) and not (faults := self._asked_faults(statement)):
            found.faults = faults
        return found

    def _near(self, statement: Sentence) -> list[Stretch]:
        """The stretches that share most of its words, of members that tell of what it is listed under; of those that share as many the shortest."""
        about, keys = parts(statement.under), statement.keys
        shared = [
            (-common, len(one.keys), place)
            for place, one in enumerate(self._stretches)
            if (common := len(one.keys & keys)) and (not about or self._parts[one.member] >= about)
        ]
        return [self._stretches[place] for _, _, place in nsmallest(_CANDIDATES, shared)]

    def _asked_faults(self, statement: Sentence) -> list[str]:
        """What keeps a question from being raised by the members: each of its clauses by one of them as a whole."""
        faults: list[str] = []
        for clause in clauses(statement.tokens):
            wanted = asked_about(clause)
            faults += min((missing(wanted, held) for held in self._parts), key=len, default=["no member asks it"])
        return faults

    def _evidence(self, place: int, statements: Sequence[Sentence], found: Sequence[_Found]) -> Evidence:
        statement, here = statements[place], found[place]
        weight = max(1, sum(token.kind != Kind.BREAK for token in statement.tokens))
        if here.nearest is None:
            return Evidence(statement.text, None, 0, 0, weight, statement.asks, here.faults[0] if here.faults else None)
        fault = here.faults[0] if here.faults else None
        if self._hangs(place, statements, found):
            fault = "what it refers to does not stand before it"
        sentences, shown = self._sentences[here.nearest.member], here.nearest
        return Evidence(
            statement.text,
            shown.member,
            sentences[shown.first].start,
            sentences[shown.last].end,
            weight,
            statement.asks,
            fault,
        )

    def _hangs(self, place: int, statements: Sequence[Sentence], found: Sequence[_Found]) -> bool:
        """Whether a supported statement leans on one before it that stands before none of the stretches found."""
        statement, here = statements[place], found[place]
        if not here.faultless or statement.asks or not _LEANS.match(statement.text):
            return False
        before = (statements[place - 1], found[place - 1]) if place else None
        return not any(self._follows(stretch, before) for stretch in here.faultless)

    def _follows(self, stretch: Stretch, before: tuple[Sentence, _Found] | None) -> bool:
        """Whether what stands before the statement says what stands before the stretch in its member."""
        preceding = self._sentences[stretch.member][stretch.first - 1] if stretch.first else None
        if before is None:
            return preceding is None
        statement, found = before
        if preceding is None or preceding.asks:  # it refers to what the member is asked about
            subject = self._subjects[stretch.member]
            return any(self._subjects[one.member] == subject for one in found.faultless if subject) or (
                statement.asks and len(subject & statement.keys) > 0.5 * len(subject)
            )
        same = any(
            one.member == stretch.member and one.first <= stretch.first - 1 <= one.last for one in found.faultless
        )
        names_it = next(token.key for token in preceding.tokens if token.kind != Kind.BREAK) in statement.keys
        return same or (names_it and len(preceding.keys & statement.keys) >= 0.5 * len(preceding.keys))


def grounding(members: Sequence[str], text: str) -> Grounding:
    """The evidence of each statement of the text among the members."""
    return Members(members).grounding(text)


def _subjects(topics: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """What each member is asked about; a member without a question is about what all others are, if that is one thing."""
    asked = {topic - _ASKS for topic in topics if topic}
    common = next(iter(asked)) if len(asked) == 1 else frozenset[str]()
    return [topic - _ASKS or common for topic in topics]


def asked_about(clause: Sequence[Token]) -> list[Token]:
    """The tokens of a question's clause without those that only ask."""
    return [token for token in clause if token.kind != Kind.BREAK and token.key not in _ASKS]


def missing(wanted: Sequence[Token], held: frozenset[str]) -> list[str]:
    """What is asked about and not held, as a short clause each: names, code and figures; all words where most are not held."""
    absent = [token for token in wanted if not held >= parts({token.key})]
    grave = [token for token in absent if token.exact and token.kind != Kind.SCOPE]
    few = len(wanted) - len(absent) >= _ASKED_SHARE * len(wanted)
    return [f"{token.form!r} is not there" for token in (grave if few else absent)]
