"""Why a stretch of a text does not support a statement; the words are compared in order, after what natural logic allows.

A statement may leave out what follows its words in a clause, and whole clauses; that makes it weaker and keeps it true. It may not
leave out what stands before them (`deep` of "Deep burns need a hospital"), nor a negation, a hedge or a condition, and it may add
nothing (MacCartney and Manning 2007: what may be dropped depends on the side of the sentence it stands on).

    >>> from texts.grounding.tokens import tokens
    >>> stretch = tokens("Deep burns need a hospital, and small burns need water if they hurt.")
    >>> found_faults(tokens("Deep burns need a hospital."), stretch, frozenset())
    []
    >>> found_faults(tokens("Burns need a hospital."), stretch, frozenset())
    ["'deep' is left out"]
    >>> found_faults(tokens("Small burns need water."), stretch, frozenset())
    ["'if' is left out"]
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from texts.grounding.tokens import CONDITIONS, COORDINATORS, RESTRICTING, Kind, Token, parts

_MOVED_SHARE = 1 / 8  # of a statement's words that may stand in another order
_GENERIC = "return rais yield argument parameter result note exampl option"
_LABELS = frozenset(_GENERIC.split())  # what a list may be headed with
_OF_CODE = "class function method modul decorator routin object type command option attribut property argument"
_KINDS = frozenset(_OF_CODE.split())  # "This class wraps a stream" says what its name wraps


def found_faults(statement: Sequence[Token], stretch: Sequence[Token], topic: AbstractSet[str]) -> list[str]:
    """What keeps the stretch from supporting the statement, one short clause each; none where it does.

    topic: keys of what the stretch is about, from the question it answers; a statement may name it in full.
    """
    if statement == stretch:  # the commonest case, and nothing else needs asking
        return []
    said = [token for token in statement if token.kind != Kind.BREAK]
    places = [place for place, token in enumerate(stretch) if token.kind != Kind.BREAK]
    pairs = _aligned([token.key for token in said], [stretch[place].key for place in places])
    matched = {places[theirs]: mine for mine, theirs in pairs}
    faults = _added(said, {mine for mine, _ in pairs}, stretch, topic)
    if not matched:
        return faults or (["nothing of it is there"] if said else [])
    renamed = min(matched.values()) > 0  # the subject was put in words of the topic
    return [*faults, *_left_out(stretch, matched, renamed), *_mistaken(said, stretch, matched)]


def _added(
    said: Sequence[Token], kept: AbstractSet[int], stretch: Sequence[Token], topic: AbstractSet[str]
) -> list[str]:
    """What the statement says that the stretch does not, or says in another place."""
    there = {token.key for token in stretch}
    faults: list[str] = []
    moved = 0
    for place, token in enumerate(said):
        if place in kept or (token.key in topic and token.key not in there and token.kind in (Kind.WORD, Kind.FIGURE)):
            continue
        again = place + 1 < len(said) and said[place + 1].key == token.key  # "`S`: S is a group" names it twice
        if again or token.key in _LABELS or (token.code and parts(there, topic) >= parts({token.key})):
            continue
        if token.key not in there:
            faults.append(f"{token.form!r} is not there")
        elif token.exact:
            faults.append(f"{token.form!r} stands in another place")
        else:
            moved += 1
    return [*faults, *(["the words stand in another order"] if moved > _MOVED_SHARE * len(said) else [])]


def _left_out(stretch: Sequence[Token], matched: AbstractSet[int] | dict[int, int], renamed: bool) -> list[str]:
    """What the stretch says of the statement's words and the statement does not."""
    spans = _places(stretch)
    used = [any(place in matched for place in span) for span in spans]
    faults: list[str] = []
    for number, span in enumerate(spans):
        words = [place for place in span if stretch[place].kind != Kind.BREAK]
        if used[number]:
            last = max(place for place in words if place in matched)
            first_of_all = renamed and not any(used[:number])
            there = {stretch[place].key for place in matched}
            for place in words:
                token, before = stretch[place], place < last
                weighty = not (token.key in _LABELS and token.key in there) and not (
                    first_of_all and token.key in _KINDS
                )
                if place not in matched and ((before and weighty) or (not before and _restricts(token))):
                    faults.append(f"{token.form.lower()!r} is left out")
        elif words and stretch[words[0]].key in CONDITIONS and used[_governed(number, spans, stretch)]:
            faults.append(f"{stretch[words[0]].form.lower()!r} is left out")
    return faults


def _restricts(token: Token) -> bool:
    return token.key in RESTRICTING or token.kind == Kind.NEGATION


def clauses(stretch: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each clause, the break that opens it first."""
    return [[stretch[place] for place in span] for span in _places(stretch)]


def _places(stretch: Sequence[Token]) -> list[list[int]]:
    spans: list[list[int]] = [[]]
    for place, token in enumerate(stretch):
        if token.kind == Kind.BREAK:
            spans.append([])
        spans[-1].append(place)
    return spans


def _governed(number: int, spans: Sequence[Sequence[int]], stretch: Sequence[Token]) -> int:
    """The clause whose condition clause `number` is: the next one where it opens a sentence or follows `and`, else the one before."""
    full = [place for place, span in enumerate(spans) if any(stretch[at].kind != Kind.BREAK for at in span)]
    at = full.index(number)
    opener = stretch[spans[number][0]]
    opens = at == 0 or opener.key in {*COORDINATORS, ".", "!", "?"}
    if opens and at + 1 < len(full):
        return full[at + 1]
    return full[at - 1] if at else number


def _mistaken(said: Sequence[Token], stretch: Sequence[Token], matched: dict[int, int]) -> list[str]:
    """Figures that lost their unit, and code that is written in another case."""
    faults: list[str] = []
    for place, mine in matched.items():
        token, here = stretch[place], said[mine]
        if not same_case(token, here):
            faults.append(f"{here.form!r} is written {token.form!r}")
        if ("by" in token.lead) != ("by" in here.lead):
            faults.append(f"{here.form!r} does what is done to it, or the reverse")
        if token.kind == Kind.FIGURE and place + 1 < len(stretch):
            unit = stretch[place + 1]
            if unit.kind != Kind.BREAK and unit.exact and place + 1 not in matched:
                faults.append(f"{here.form!r} lost its {unit.form!r}")
    return faults


def same_case(token: Token, other: Token) -> bool:
    """Whether two names are written alike, but for the first letter or capitals throughout; true of what is no name."""
    one, two = token.form, other.form
    if not (token.named and other.named):
        return True
    return one[1:] == two[1:] or one.lower() in (one, two) or one.isupper() or two.isupper()


def _aligned(mine: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """The places of a longest common subsequence, as pairs; the run itself where `theirs` holds `mine` in one piece."""
    size = len(mine)
    for start in range(len(theirs) - size + 1):
        if theirs[start] == mine[0] and list(theirs[start : start + size]) == list(mine):
            return [(place, start + place) for place in range(size)]
    lengths = [[0] * (len(theirs) + 1) for _ in range(size + 1)]
    for i in range(size - 1, -1, -1):
        row, below = lengths[i], lengths[i + 1]
        for j in range(len(theirs) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if mine[i] == theirs[j] else max(below[j], row[j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < size and j < len(theirs):
        if mine[i] == theirs[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
