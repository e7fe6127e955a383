"""BERT's tokens of many texts at once: the same ids as its own tokenizer gives, several times faster than one text at a time.

For static embedders only: these are pieces of words that a model's vocabulary lists, not the words that the rubric counts
(texts.words) nor the words of near-duplicate shingles (spark_jobs.columnar.word_hashes).

Why it may cut texts into words first: BERT's normaliser and pre-tokenizer look at nothing beyond a blank or an ASCII punctuation
mark, so a text's tokens are the tokens of its words, one word after another. Words are found and hashed in numpy over the bytes
of a whole batch; the tokenizer itself is asked once for each word that it has not seen.

Example, with the vocabulary of bert-base-uncased: the texts "Bread!" and "bread bread" hold four words (bread, !, bread, bread),
of which two are distinct. The tokenizer is asked for "bread" and "!" and answers [7852] and [999]. Returned are

    ids      [7852, 999, 7852, 7852]
    offsets  [0, 2, 4]

Two words with the same 64-bit hash would share their tokens: among a million words, one chance in forty million.
"""

import json
import string
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Tokenizer

_BLANK, _WORD, _MARK = 0, 1, 2
_MOST_WORDS = 2_000_000  # remembered words, beyond which all are forgotten, so that memory stays bounded
_KINDS = np.full(256, _WORD, np.uint8)  # by byte; bytes above 127 are parts of characters and therefore of words
_KINDS[list(b" \t\n\r")] = _BLANK
_KINDS[list(string.punctuation.encode())] = _MARK  # each mark is a word by itself
_LOWER = np.frombuffer(bytes(range(256)).lower(), np.uint8)
_BASE = np.uint64(0x9E3779B97F4A7C15)

Bytes = NDArray[np.uint8]
Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class WordPieces:
    """A BERT tokenizer without special tokens, with a memory of the words it has met; `most`: tokens at which a text is cut.

    The memory is one row for each word, ascending by hash: `_known` (its hash), `_starts` and `_lengths` (where in `_ids` its
    tokens stand).
    """

    def __init__(self, tokenizer: Tokenizer, most: int) -> None:
        self.tokenizer, self.most = tokenizer, most
        self._forget()

    def __call__(self, texts: pa.StringArray) -> tuple[Ids, Offsets]:
        """The ids of all texts, one text after another, and where each text's begin and end, shape (len(texts) + 1,)."""
        content, text_offsets = _bytes_of(texts)
        begins, sizes, hashes = _words(content, text_offsets)
        rows = self._rows(content, begins, sizes, hashes)
        lengths = self._lengths[rows]
        ids = self._ids[_ranges(self._starts[rows], lengths)]
        words_before = np.searchsorted(begins, text_offsets)
        offsets = _offsets(lengths)[words_before]
        kept = np.minimum(np.diff(offsets), self.most)
        return ids[_ranges(offsets[:-1], kept)], _offsets(kept)

    def _forget(self) -> None:
        self._known = np.zeros(0, np.uint64)
        self._starts, self._lengths = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._ids = np.zeros(0, np.int32)

    def _rows(self, content: Bytes, begins: Offsets, sizes: Offsets, hashes: Hashes) -> NDArray[np.int64]:
        """The row of the memory for each word, shape (words,); words that it lacks are learned first."""
        coded = pa.array(hashes).dictionary_encode()
        distinct, code = coded.dictionary.to_numpy(), coded.indices.to_numpy()
        if len(self._known) > _MOST_WORDS:
            self._forget()
        unknown = np.flatnonzero(~np.isin(distinct, self._known))
        if len(unknown):
            # where each distinct word stands first: of several assignments to one place numpy keeps the last
            first = np.zeros(len(distinct), np.int64)
            first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
            spans = zip(begins[first[unknown]].tolist(), sizes[first[unknown]].tolist(), strict=True)
            whole = content.tobytes()
            # a word ends at an ASCII byte, so its bytes are whole characters
            self._learn(distinct[unknown], [whole[begin : begin + size].decode() for begin, size in spans])
        return np.searchsorted(self._known, distinct)[code]

    def _learn(self, hashes: Hashes, words: list[str]) -> None:
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(words, add_special_tokens=False)]
        lengths = np.array([len(ids) for ids in encoded], np.int64)
        starts = len(self._ids) + _offsets(lengths)[:-1]
        self._ids = np.concatenate([self._ids, np.fromiter(chain.from_iterable(encoded), np.int32, int(lengths.sum()))])
        known = np.concatenate([self._known, hashes])
        order = np.argsort(known)
        self._known = known[order]
        self._starts = np.concatenate([self._starts, starts])[order]
        self._lengths = np.concatenate([self._lengths, lengths])[order]


def word_pieces(written: str) -> WordPieces | None:
    """The fast tokenizer for the content of a tokenizer.json; None unless that is BERT's, in lower case, without special tokens."""
    described = json.loads(written)
    parts = [(described.get(part) or {}).get("type") for part in ("normalizer", "pre_tokenizer", "model")]
    plain = parts == ["BertNormalizer", "BertPreTokenizer", "WordPiece"] and not described["added_tokens"]
    if not plain or not described["normalizer"]["lowercase"]:
        return None
    most = (described.get("truncation") or {}).get("max_length") or np.iinfo(np.int32).max
    return WordPieces(Tokenizer.from_str(json.dumps(described | {"truncation": None, "padding": None})), most)


def _bytes_of(texts: pa.StringArray) -> tuple[Bytes, Offsets]:
    """The bytes of all texts, one text after another, and where each begins and ends; a null is an empty text."""
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    whole = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    return whole[ends[0] : ends[-1]], ends - ends[0]


def _words(content: Bytes, text_offsets: Offsets) -> tuple[Offsets, Offsets, Hashes]:
    """Where in `content` each word or mark begins, its size in bytes and the hash of it in lower case, each of shape (words,)."""
    kinds = _KINDS[content]
    filled = kinds != _BLANK
    begins_here = np.ones(len(content), np.bool_)
    begins_here[1:] = (kinds[1:] == _MARK) | (kinds[:-1] != _WORD)
    begins_here[text_offsets[:-1][text_offsets[:-1] < len(content)]] = True  # a word does not reach into the next text
    begins_here &= filled
    places = np.flatnonzero(filled)  # of the bytes that are not blank: they are all in some word
    first = np.flatnonzero(begins_here[places])  # of each word, its first byte among those
    sizes = np.diff(np.append(first, len(places)))
    if not len(first):
        return first, sizes, np.zeros(0, np.uint64)
    # the hash is a polynomial over the word's bytes, modulo 2**64
    powers = np.cumprod(np.full(int(sizes.max()), _BASE))
    within = np.arange(len(places)) - np.repeat(first, sizes)
    letters = _LOWER[content[places]] + np.uint64(1)  # so that no byte counts as nothing
    return np.flatnonzero(begins_here), sizes, np.add.reduceat(letters * powers[within], first)


def _offsets(lengths: NDArray[np.int64]) -> Offsets:
    """Where parts of these lengths begin and end when they are laid end to end: [2, 3] -> [0, 2, 5]."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _ranges(starts: Offsets, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers from each start on, as many as its length: starts [5, 0] with lengths [2, 3] -> [5, 6, 0, 1, 2]."""
    before = _offsets(lengths)
    return np.repeat(starts - before[:-1], lengths) + np.arange(before[-1])
