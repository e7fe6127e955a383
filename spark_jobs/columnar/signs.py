"""The signs of a text: what near copies share one by one and in order, because a single one of them turns the meaning round.

They are numbers with their unit, negations with the word behind them, operators with what stands on both sides, brackets, quotes and other marks
wherever these are not mere punctuation, and words whose case counts. A mark is punctuation by its place: a stop behind a word and before a
space, a comma or apostrophe inside one.

    >>> texts = ["if (done), stop.", "If (done): stop!", "if (!done), stop.", "1.5", "1, 5", "a - b", "b - a", "It isn't so", "It is so"]
    >>> keys = exact_keys_and_signs(pa.array(texts))[1].tolist()
    >>> [keys.index(key) for key in keys]  # for each the first with the same signs
    [0, 0, 2, 3, 4, 5, 6, 7, 8]
"""

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spark_jobs.columnar.code_points import (
    CLOSES,
    DIGIT,
    ELIDES,
    ENDS,
    IGNORED,
    JOINS,
    LETTER,
    OPERATOR,
    SPACE,
    TRAILS,
    UNSPACED,
)
from spark_jobs.columnar.folded_texts import Folded, Mask, by_alphabet, exact_keys, fold, row_of
from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Places, Ragged, row_sums

# in the languages of most instructions; the n't of English is told by its apostrophe
NEGATIONS = """
not no never none nothing nobody neither nor nowhere without cannot cant dont doesnt didnt isnt arent wasnt werent wont
wouldnt couldnt shouldnt hasnt havent hadnt except unless
nicht nie niemals kein keine keinen keinem keiner keines ohne nichts niemand weder
ne n pas jamais sans aucun aucune rien non ni ningún ninguna ninguno nunca sin nada nadie
não nem sem nenhum nenhuma mai senza niente nessun nessuno nessuna niet geen nooit zonder
inte ej utan aldrig ikke uden uten ei nie bez nigdy не нет без ни никогда değil yok olmadan
لا ليس ليست لم لن ولا وليس وليست ولم ولن فلا فليس بدون غير دون نه नहीं मत न बिना tidak bukan tanpa không chưa 不 没 沒 無 无 非 未 勿 莫 否 别 않 안 못 없 아니 לא אין בלי
"""
_NEGATION = np.uint64(1)
_UNIT = 2  # letters


def exact_keys_and_signs(texts: pa.Array) -> tuple[Hashes, Hashes]:
    """The exact key, uint64 (texts, 2), and a hash of the signs in their order, uint64 (texts,), of strings without nulls."""
    both = by_alphabet(texts, lambda folded: np.column_stack([exact_keys(folded), signs_of(folded)]), width=3)
    return both[:, :2], both[:, 2]


def signs_of(folded: Folded) -> Hashes:
    """The hash of the signs of folded texts, uint64 (texts,); 0 where there is none."""
    tokens, marks = _token_hashes(folded), _marks(folded.kinds)
    negates, numbers = _negates(folded, tokens), folded.kinds[folded.begins] & DIGIT > 0
    # a negation counts with the word behind it, a number with its unit: "not red but blue" is not "red but not blue"
    behind = np.where(negates | numbers, _words_behind(folded, tokens, numbers), np.uint64(0))
    values = mix(np.where(negates, _NEGATION, tokens) + mix(behind))
    counts = numbers | folded.cased | negates
    places = np.concatenate([folded.begins[counts], marks])
    values = np.concatenate([values[counts], _mark_hashes(folded, marks, tokens)])
    order = np.argsort(places, kind="stable")
    rows = Ragged(values[order], np.searchsorted(places[order], folded.offsets))
    # each mixed with its number within the text first, because a sum forgets the order
    within = np.arange(len(order)) - np.repeat(rows.offsets[:-1], rows.lengths)
    return row_sums(mix(rows.values + mix(within.astype(np.uint64) + np.uint64(1))), rows)


def _words_behind(folded: Folded, tokens: Hashes, numbers: Mask) -> Hashes:
    """The hash of the word behind each token, uint64 (tokens,); 0 at the end of a text, and where it is no unit of the number before it."""
    found = np.roll(tokens, -1)
    # of a text without words it is the last token of the text before
    last = np.searchsorted(folded.begins, folded.offsets[1:]) - 1
    found[last[last >= 0]] = 0
    gap = np.roll(folded.begins, -1) - folded.ends
    # units are short; those of three letters and more are told by the sets of columnar.opposites
    unit = (np.roll(folded.ends - folded.begins, -1) <= _UNIT) & ~np.roll(numbers, -1)
    unit &= (gap == 0) | (gap == 1) & (folded.kinds[folded.ends] & SPACE > 0)
    found[numbers & ~unit] = 0
    return found


def _token_hashes(folded: Folded) -> Hashes:
    """A hash of each token, uint64 (tokens,)."""
    lengths = folded.ends - folded.begins
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    numbers = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    codes = folded.codes[numbers + np.repeat(folded.begins, lengths)].astype(np.uint64)
    return row_sums(mix(codes + (numbers.astype(np.uint64) << np.uint64(21))), Ragged(codes, offsets))


def _negates(folded: Folded, tokens: Hashes) -> Mask:
    """Whether each token is a negation, bool (tokens,); so is the t of isn't."""
    codes, begins = folded.codes, folded.begins
    clipped = (codes[begins] == ord("t")) & (folded.ends - begins == 1)
    clipped &= (codes[begins - 1] == ord("'")) & (codes[begins - 2] == ord("n"))
    known = _negations()
    return clipped | (known[np.minimum(np.searchsorted(known, tokens), len(known) - 1)] == tokens)


@cache
def _negations() -> Hashes:
    return np.sort(np.concatenate([_token_hashes(fold(pa.array([word]))) for word in NEGATIONS.split()]))


def _mark_hashes(folded: Folded, marks: Places, tokens: Hashes) -> Hashes:
    """A hash of each mark, uint64 (marks,): of an operator with the tokens before and behind it, as far as the text reaches."""
    hashes = mix(folded.codes[marks].astype(np.uint64) + (np.uint64(1) << np.uint64(42)))
    operators = np.flatnonzero(folded.kinds[marks] & OPERATOR > 0)
    row = row_of(folded.offsets, marks[operators])
    # one token of no text before all of them and one behind, so that every operator has two neighbours
    begins = np.concatenate([[-1], folded.begins, [len(folded.codes)]])
    values = np.concatenate([np.zeros(1, np.uint64), tokens, np.zeros(1, np.uint64)])
    behind = np.searchsorted(begins, marks[operators])
    for side in (behind - 1, behind):
        inside = row_of(folded.offsets, begins[side]) == row
        hashes[operators] = mix(hashes[operators] + np.where(inside, values[side], np.uint64(0)))
    return hashes


def _marks(kinds: NDArray[np.uint16]) -> Places:
    """Where the marks stand that are no mere punctuation, int64 (marks,)."""
    mark = kinds & (LETTER | DIGIT | SPACE) == 0
    # every text begins and ends with a space, so runs of marks do neither
    edges = np.flatnonzero(mark[1:] != mark[:-1]) + 1
    begins, ends = edges[::2], edges[1::2]
    if not len(begins):
        return begins
    places = np.flatnonzero(mark)
    run = np.repeat(np.arange(len(begins)), ends - begins)
    first = np.searchsorted(places, begins)
    may = np.bitwise_and.reduceat(kinds[places], first)  # what all marks of a run may be
    before, behind = kinds[begins - 1], kinds[ends]
    word_before, word_behind = _is_word(kinds, begins - 1, -1), _is_word(kinds, ends, 1)
    space_before, space_behind = before & SPACE > 0, behind & SPACE > 0
    punctuation = (
        (may & IGNORED > 0)
        | (may & CLOSES > 0) & word_before & space_behind
        | (may & TRAILS > 0) & ~space_before & space_behind
        | (may & JOINS > 0) & word_before & word_behind
        | (may & ELIDES > 0) & (before & behind & LETTER > 0)
    )
    # of another run that ends before a space, the stops at its end are punctuation all the same, quotes and brackets behind them or not
    ends_text = kinds[places] & (TRAILS | ENDS) > 0
    other = np.maximum.reduceat(np.where(ends_text, -1, places), first)
    trails = (space_behind & ~space_before)[run] & (places > other[run]) & (kinds[places] & TRAILS > 0)
    return places[~(punctuation[run] | trails)]


def _is_word(kinds: NDArray[np.uint16], places: Places, step: int) -> Mask:
    """Whether a word of two letters or more, or one of a script without spaces, begins at each place in the direction of `step`."""
    here, next_one = (kinds[np.clip(at, 0, len(kinds) - 1)] for at in (places, places + step))
    return (here & LETTER > 0) & ((next_one & LETTER > 0) | (here & UNSPACED > 0))
