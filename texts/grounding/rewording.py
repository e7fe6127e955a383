"""Whether a stretch is told again in another order or voice: all of it, and nothing else.

    stretch     Klara Brandt | heats | the kiln | to 1,050 °C | in 6 hours.
    said        In 6 hours | the kiln | is heated | to 1,050 °C | by Klara Brandt.

Runs of words may change places where each begins with what can open a phrase: a preposition, an article, a comma, a word of scope. A word
keeps its preposition and its clause; a figure, a negation and a word of scope keep the word behind them. A verb moves past its
neighbours only where one of the two texts has it in the passive, and then what stands on one side of it must change sides.
What it refuses though it may be sound: a sentence that leaves something out, words of another kind (`teacher` for `had taught`).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from texts.grounding.faults import same_case
from texts.grounding.irregular import PLAIN
from texts.grounding.tokens import CONDITIONS, Kind, Token

_TO_BE = "is are was were be been being"
_BE = frozenset(_TO_BE.split())
# prepositions, those that may stand for one another in a group
_GROUPS = """in at within on during; with; by; through via; since; for; to into onto; of; from out off; about; as; than; like; before; after;
above; below; over; under; up; down; against; until"""
_PREPOSITIONS = {word: group.split()[0] for group in _GROUPS.split(";") for word in group.split()}
_DETERMINING = "a an the this that these those its his her their your my our it he she they you we other"
_OPENING = frozenset(_DETERMINING.split()) | _PREPOSITIONS.keys()
# what opens a clause of its own
_CLAUSES = CONDITIONS - {"only", "except"}
_NO_SUBJECT = frozenset({"do", "please"})


class _Word(NamedTuple):
    """A token that is compared, the clause it stands in, behind which preposition, and whether behind a form of `be`."""

    token: Token
    clause: int
    behind: str
    be: bool

    @property
    def passive(self) -> bool:
        form = self.token.form.lower()
        return self.be and (form.endswith("ed") or form in PLAIN)

    @property
    def adverb(self) -> bool:
        return self.token.form.endswith("ly")

    @property
    def between(self) -> bool:
        """Whether it may stand between `be` and its verb."""
        return self.adverb or self.token.kind in (Kind.NEGATION, Kind.SCOPE)

    @property
    def opens(self) -> bool:
        """Whether a phrase can begin with it."""
        return self.token.kind == Kind.SCOPE or bool(_OPENING & {*self.token.lead})


def reworded(statement: Sequence[Token], stretch: Sequence[Token]) -> bool:
    """Whether the statement says all of the clauses of the stretch that it takes its words from, and nothing else."""
    if not _keys(statement) <= _keys(stretch) | {"should"}:
        return False
    there = _words(stretch)
    said = _without_order(_words(statement), there)
    places = _places(said, there)
    if not places:
        return False
    pairs = [(word, there[place]) for word, place in zip(said, places, strict=True)]
    used = {other.clause for _, other in pairs}
    used |= {word.clause for word in there if word.token.key in CONDITIONS}
    whole = all(place in places for place, word in enumerate(there) if word.clause in used)
    turned = [place for place, (word, other) in enumerate(pairs) if word.passive != other.passive]
    return (
        whole
        and all(same_case(word.token, other.token) for word, other in pairs)
        and _one_clause(pairs, places)
        and all(_same_preposition(pairs, place, turned) for place in range(len(pairs)))
        and _same_neighbours(said, there, places)
        and all(_changes_sides(pairs, places, verb) for verb in turned)
        and _phrases(pairs, places, turned)
    )


def _keys(tokens: Sequence[Token]) -> set[str]:
    return {token.key for token in tokens if token.kind != Kind.BREAK}


def _words(tokens: Sequence[Token]) -> list[_Word]:
    found: list[_Word] = []
    clause, behind = 0, ""
    for token in tokens:
        clause += token.kind == Kind.BREAK or token.key in _CLAUSES
        preposition = _preposition(token)
        goes_on = not token.lead or (bool(found) and found[-1].token.key in _PREPOSITIONS)  # `into the pan`
        if token.kind in (Kind.BREAK, Kind.SCOPE) or preposition or not goes_on:
            behind = preposition
        if token.kind != Kind.BREAK:
            be = bool(_BE & {*token.lead}) or (not token.lead and bool(found) and found[-1].be and found[-1].between)
            found.append(_Word(token, clause, behind, be))
    return found


def _preposition(token: Token) -> str:
    """Which preposition it is, or stands behind."""
    own = token.key if token.kind == Kind.SCOPE else ""
    return next((_PREPOSITIONS[word] for word in (own, *token.lead[::-1]) if word in _PREPOSITIONS), "")


def _without_order(said: Sequence[_Word], there: Sequence[_Word]) -> list[_Word]:
    """What is said without `should` where the stretch gives an order: `Rinse the rice` is `The rice should be rinsed`."""
    orders = {
        word.token.key
        for place, word in enumerate(there)
        if all(one.token.kind == Kind.NEGATION for one in there[:place] if one.clause == word.clause)
        and not {*word.token.lead} - _NO_SUBJECT
    }
    behind = [
        next((one for one in said[place + 1 :] if one.token.kind != Kind.NEGATION), None) for place in range(len(said))
    ]
    return [
        word
        for word, verb in zip(said, behind, strict=True)
        if not (word.token.key == "should" and verb and verb.passive and verb.token.key in orders)
    ]


def _places(said: Sequence[_Word], there: Sequence[_Word]) -> list[int]:
    """For each word said its place in the stretch, the one behind the last word's where it can be; none where a word has no place."""
    free: dict[str, list[int]] = {}
    for place in reversed(range(len(there))):
        free.setdefault(there[place].token.key, []).append(place)
    places: list[int] = []
    for word in said:
        left = free.get(word.token.key)
        if not left:
            return []
        behind = places[-1] + 1 if places else 0
        places.append(left.pop(left.index(behind) if behind in left else -1))
    return places


def _one_clause(pairs: Sequence[tuple[_Word, _Word]], places: Sequence[int]) -> bool:
    """Whether each clause tells of one clause; the words with which the stretch opens are the subject of all."""
    subject = _opening(places)
    told = {(word.clause, other.clause) for (word, other), place in zip(pairs, places, strict=True) if place >= subject}
    return len({clause for clause, _ in told}) == len(told) or [*places] == sorted(places)


def _opening(places: Sequence[int]) -> int:
    """How many words the run has that holds the first word of the stretch."""
    if 0 not in places:
        return 0
    start = places.index(0)
    return next((n for n in range(1, len(places) - start) if places[start + n] != n), len(places) - start)


def _same_preposition(pairs: Sequence[tuple[_Word, _Word]], place: int, turned: Sequence[int]) -> bool:
    word, other = pairs[place]
    if word.behind == other.behind or word.adverb:
        return True
    return {word.behind, other.behind} == {"by", ""} and any(pairs[verb][0].clause == word.clause for verb in turned)


def _same_neighbours(said: Sequence[_Word], there: Sequence[_Word], places: Sequence[int]) -> bool:
    """Whether figures, negations, operators and words of scope stand before the same word of their clause, or behind it if they are its last."""
    pinned = (place for place, word in enumerate(said) if word.token.kind != Kind.WORD)
    return all(_neighbour(said, place) == _neighbour(there, places[place]) for place in pinned)


def _neighbour(words: Sequence[_Word], place: int) -> str:
    word, phrase = words[place], words[place].token.kind in (Kind.FIGURE, Kind.SIGN)
    for at, link in ((place + 1, place + 1), (place - 1, place)):
        if 0 <= at < len(words) and words[at].clause == word.clause and not (phrase and words[link].token.lead):
            return words[at].token.key
    return ""


def _changes_sides(pairs: Sequence[tuple[_Word, _Word]], places: Sequence[int], verb: int) -> bool:
    """Whether what stands beside the verb, without a preposition of its own, stands on its other side in the stretch."""
    beside = [
        place
        for place, (word, other) in enumerate(pairs)
        if word.clause == pairs[verb][0].clause
        and place != verb
        and {word.behind, other.behind} in ({""}, {"", "by"})
        and word.token.kind == Kind.WORD
        and not word.adverb
    ]
    return all((place < verb) != (places[place] < places[verb]) for place in beside)


def _phrases(pairs: Sequence[tuple[_Word, _Word]], places: Sequence[int], turned: Sequence[int]) -> bool:
    """Whether each run of words that are neighbours in the stretch too begins as a phrase can."""
    starts = [place + 1 for place, (here, after) in enumerate(pairwise(places)) if after != here + 1]
    first = {other.clause: place for place, (_, other) in sorted(zip(places, pairs, strict=True), reverse=True)}
    verbs = {*turned, *(verb - 1 for verb in turned if pairs[verb - 1][0].between)}  # `was | not sold`
    for at in starts:
        word, other = pairs[at]
        opens = at in verbs or (not word.be and (word.opens or word.adverb or places[at] == first[other.clause]))
        if word.clause == pairs[at - 1][0].clause and not opens:
            return False
    return True
