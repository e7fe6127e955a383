"""What answers claim, sentence by sentence, so that two answers which contradict one another are found without comparing texts.

A claim is two hashes of a sentence: its `frame`, without negations, and with one sign for every number and for the words of every set of
opposites (columnar.opposites); and all of its words. Two answers contradict one another where they share a frame and not the words:
they say the same but for a number, a negation or an opposite.

>>> answers = ["Boil it for 7 minutes. Do not lift the lid.", "Then boil it for 9 minutes.", "Boil it for 9 minutes.", "Do lift the lid."]
>>> found = claims(pa.array(["How long?"] * 4), pa.array(answers))
>>> contradictory(found).astype(int)
array([[0, 0, 1, 1],
       [0, 0, 0, 0],
       [1, 0, 0, 0],
       [1, 0, 0, 0]])

A sentence of fewer than three other words says too little by itself: it contradicts only the answer to the same question. Of a
contradiction in other words nothing is seen.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from functools import cache, reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.opposites import opposite_sets
from spark_jobs.columnar.ragged import Ragged, from_lengths, row_sums
from spark_jobs.columnar.signs import NEGATIONS
from spark_jobs.columnar.word_hashes import word_hashes

_CLAIM = np.dtype([("frame", "<u8"), ("words", "<u8")])
_MOST = 32  # claims of one answer
_LEAST_WORDS = 3  # that are no numbers, negations or opposites
_SENTENCE_END = r"[.!?]\s+|[.!?]?\n+|[。！？]"
_CONTRACTIONS = (
    (r"(?i)\bcan['’]t\b|\bcannot\b", "can not"),
    (r"(?i)\bwon['’]t\b", "will not"),
    (r"(?i)n['’]t\b", " not"),
)
_NUMBER = r"\b\d+(?:[.,]\d+)*\b"


def claims(prompts: pa.Array, answers: pa.Array) -> pa.BinaryArray:
    """The claims of each answer, 16 bytes each, from strings without nulls; none where a frame comes twice with different words."""
    sentences = pc.split_pattern_regex(answers, _SENTENCE_END)
    row = pc.list_parent_indices(sentences).to_numpy()
    plain = reduce(lambda texts, pair: pc.replace_substring_regex(texts, *pair), _CONTRACTIONS, sentences.flatten())
    words = word_hashes(plain)
    framed, own = _framed(word_hashes(pc.replace_substring_regex(plain, _NUMBER, "0")))
    frame, said = _ordered_sum(framed), _ordered_sum(words)
    asked = _ordered_sum(word_hashes(prompts))[row]
    frame = mix(frame + np.where(own < _LEAST_WORDS, asked, np.uint64(0)))
    found = np.empty(len(row), _CLAIM)
    found["frame"], found["words"] = frame, said
    return _packed(found[words.lengths > 0], row[words.lengths > 0], len(answers))


def contradictory(claims: pa.BinaryArray) -> NDArray[np.bool_]:
    """Whether each two rows share a frame that they fill with different words, bool (rows, rows)."""
    lengths = pc.binary_length(claims).to_numpy() // _CLAIM.itemsize
    found = np.frombuffer(b"".join(claims.to_pylist()), _CLAIM)
    row = np.repeat(np.arange(len(claims)), lengths)
    claim = mix(found["frame"] + mix(found["words"]))
    _, frame = np.unique(found["frame"], return_inverse=True)
    each = np.unique(claim, return_index=True)[1]
    varied = (np.bincount(frame[each]) > 1)[frame]  # few are: most frames are filled in one way only
    row, frame, claim = row[varied], frame[varied], claim[varied]
    # a row has each frame once, so what two rows share of frames and not of claims they fill differently
    return _shared(frame, row, len(claims)) > _shared(claim, row, len(claims))


def _shared(values: NDArray[np.generic], row: NDArray[np.int64], rows: int) -> NDArray[np.int32]:
    """How many values each two rows have in common, int32 (rows, rows)."""
    distinct, column = np.unique(values, return_inverse=True)
    held = csr_array((np.ones(len(row), np.int32), (row, column)), shape=(rows, max(len(distinct), 1)))
    return (held @ held.T).toarray()


def _framed(words: Ragged) -> tuple[Ragged, NDArray[np.int64]]:
    """The words of each sentence without negations, opposites as the sign of their set; and how many are none of these.

    A negation that has an opposite (`without`, `never`) counts as one; so does `no` as an answer, but not inside a sentence.
    """
    sets = opposite_sets(words.values)
    no = words.values == _hash("no")
    no[words.offsets[:-1][words.lengths > 0]] = False
    negates = np.isin(words.values, _negations()) & ((sets < 0) | no)
    number = words.values == _hash("0")
    signs = np.where(sets >= 0, mix(sets.astype(np.uint64)), words.values)
    row = words.row_of_value
    own = np.bincount(row[~(negates | number) & (sets < 0)], minlength=len(words.lengths))
    return from_lengths(signs[~negates], np.bincount(row[~negates], minlength=len(words.lengths))), own


def _ordered_sum(words: Ragged) -> Hashes:
    """A hash of each row's words in their order, uint64 (rows,)."""
    place = np.arange(len(words.values)) - np.repeat(words.offsets[:-1], words.lengths)
    return row_sums(mix(words.values + mix(place.astype(np.uint64))), words)


def _packed(found: NDArray[np.void], row: NDArray[np.int64], rows: int) -> pa.BinaryArray:
    """The different claims of each row in bytes, without those whose frame it fills in several ways, as lists of steps do."""
    order = np.lexsort((found["words"], found["frame"], row))
    found, row = found[order], row[order]
    new_frame = np.diff(found["frame"], prepend=~found["frame"][:1]) != 0
    new_frame |= np.diff(row, prepend=-1) != 0
    varied = np.zeros(new_frame.sum(), np.bool_)
    frame = np.cumsum(new_frame) - 1
    first = np.flatnonzero(new_frame)
    varied[frame[found["words"] != found["words"][first[frame]]]] = True
    found, row = found[first[~varied]], row[first[~varied]]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    found, row = found[place < _MOST], row[place < _MOST]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))]) * _CLAIM.itemsize
    return pa.Array.from_buffers(
        pa.binary(), rows, [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(found.tobytes())]
    )


@cache
def _negations() -> Hashes:
    return word_hashes(pa.array(NEGATIONS.split())).values


@cache
def _hash(word: str) -> np.uint64:
    return word_hashes(pa.array([word])).values[0]
