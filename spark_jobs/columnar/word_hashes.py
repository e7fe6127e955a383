"""The words of whole batches of texts as 64-bit hashes, straight from their bytes: no Python loop over rows or words.

One of four tokenisers, each for another question; results hang on each, so they are not merged:

- here: which records share words (deduplication, contamination). Words are compared, never shown, so a hash is enough.
- `spark_jobs.clean.repetition`: how much of a text repeats itself. Word boundaries differ slightly (`_` is a gap there).
- `texts.words`: words and sentences as a reader sees them, for rubric, coverage and the rules engine.
- `texts.embed.wordpieces`: the token ids of an embedder's own BERT vocabulary.

Only rows that are not plain ASCII are folded as Unicode (NFKC, lower case, decimal digits of any script as 0 to 9). After that
every byte either belongs to a word or to a gap, and a table of 256 entries says which. What is no word, and may turn the meaning round
all the same, is looked at by `columnar.signs`.

    >>> words = word_hashes(pa.array(["Add 2 + 3.", "add 3, 2", "水は"]))
    >>> words.lengths.tolist()  # add 2 3 | add 3 2 | one for each character
    [3, 3, 2]
    >>> (words.values[:3] == words.values[3:6]).tolist()  # the same words, the last two in another order
    [True, False, False]
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Places, Ragged

# Both name what lies beyond ASCII only: for ASCII there are tables.
_NOT_A_WORD = r"[^\x00-\x7F\p{L}\p{M}\p{N}]+"
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
LONGEST = 256  # bytes of one run
_LAST_DIGIT = 0x1FFFF  # no plane after the second has decimal digits
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # the first bytes of a little-endian word


def word_hashes(texts: pa.Array) -> Ragged:
    """The word hashes of each text in order, from strings without nulls. A run of more than LONGEST bytes counts as several words."""
    content, offsets = _joined_bytes(_folded(texts))
    lowered = content.translate(_byte_table())
    inside = np.frombuffer(lowered, np.uint8) != 0
    edges = np.flatnonzero(np.diff(inside, prepend=False))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    if len(lengths) and lengths.max() > LONGEST:
        starts, lengths = _cut(starts, lengths)
    # Eight bytes at a time: the first eight of all words, then the next of those that have more. The view has a 64-bit number
    # at every byte, not at every eighth.
    eights: Hashes = np.ndarray(len(lowered), "<u8", lowered + bytes(8), strides=(1,))
    hashes = _first_mixed(LONGEST + 1)[lengths]
    longer = np.arange(len(starts))
    for step in range(0, LONGEST, 8):
        longer = longer[lengths[longer] > step] if step else longer
        if not len(longer):
            break
        eight = eights[starts[longer] + step] & _MASKS[np.minimum(lengths[longer] - step, 8)]
        hashes[longer] = mix(hashes[longer] + eight)
    return Ragged(hashes, np.searchsorted(starts, offsets))


def words_of(text: str) -> list[str]:
    """The words of one text as `word_hashes` compares them.

    >>> words_of("Add 2 + 3: 水は")
    ['add', '2', '3', '水', 'は']
    """
    content, _ = _joined_bytes(_folded(pa.array([text], pa.string())))
    runs = content.translate(_byte_table()).split(b"\0")
    # a long run may be cut within a character: what stands there instead is shown, and hashes are not made of it
    return [run[at : at + LONGEST].decode(errors="replace") for run in runs for at in range(0, len(run), LONGEST)]


def _folded(texts: pa.Array) -> pa.Array:
    """The texts, all that is not plain ASCII folded, its words set apart by spaces; case and gaps of ASCII are left to the byte table.

    In scripts written without spaces each character is a word.
    """
    special = pc.invert(pc.string_is_ascii(texts))
    if not pc.any(special).as_py():
        return texts
    folded = pc.utf8_lower(pc.utf8_normalize(texts.filter(special), form="NFKC"))
    foreign = pc.match_substring_regex(folded, f"[{''.join(map(chr, _digits()))}]")
    if pc.any(foreign).as_py():
        plain = [text.translate(_digits()) for text in folded.filter(foreign).to_pylist()]
        folded = pc.replace_with_mask(folded, foreign, pa.array(plain, pa.string()))
    words = _replaced(_replaced(folded, _NOT_A_WORD, " "), _UNSPACED, r" \1 ")
    return pc.replace_with_mask(texts, special, words)


def _replaced(texts: pa.Array, pattern: str, by: str) -> pa.Array:
    return pc.replace_substring_regex(texts, pattern, by)


def _joined_bytes(texts: pa.Array) -> tuple[bytes, Places]:
    """The texts one after the other, each with a line feed behind it, and where each begins, int64 (rows + 1,)."""
    # the line feed is a gap: no word reaches from one text into the next
    joined = pc.binary_join_element_wise(texts.cast(pa.binary()), b"", b"\n")
    _, ends, content = joined.buffers()
    offsets = np.frombuffer(ends, np.int32)[joined.offset : joined.offset + len(joined) + 1].astype(np.int64)
    return content.to_pybytes()[offsets[0] : offsets[-1]] if content else b"", offsets - offsets[0]


def _cut(starts: Places, lengths: Places) -> tuple[Places, Places]:
    """Runs of more than LONGEST bytes as runs of LONGEST and a rest: starts and lengths, int64 (runs,)."""
    pieces = -(-lengths // LONGEST)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begins = np.repeat(starts, pieces) + number * LONGEST
    return begins, np.minimum(np.repeat(starts + lengths, pieces) - begins, LONGEST)


def _first_mixed(count: int) -> Hashes:
    """The numbers 1 to `count`, mixed: what tells lengths and places apart within a hash."""
    return mix(np.arange(1, count + 1, dtype=np.uint64))


@cache
def _byte_table() -> bytes:
    """For each byte itself in lower case where it is part of a word, else 0."""
    members = b"_0123456789" + bytes(range(65, 91)) + bytes(range(97, 123)) + bytes(range(128, 256))
    return bytes(byte if byte in members else 0 for byte in range(256)).lower()


@cache
def _digits() -> dict[int, int]:
    """Every decimal digit of Unicode beyond ASCII, to its ASCII digit."""
    digits = ((code, unicodedata.decimal(chr(code), None)) for code in range(128, _LAST_DIGIT + 1))
    return {code: 48 + int(value) for code, value in digits if value is not None}
