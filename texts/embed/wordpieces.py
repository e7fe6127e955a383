"""Token ids of many texts at once, exactly those of a BERT tokenizer, several times faster than asking it for every text.

BERT's normaliser and pre-tokenizer look at nothing beyond a blank or an ASCII punctuation mark, so a text's tokens are those of
its words, one after another. Words are found and hashed in numpy over the bytes of a whole batch; the tokenizer itself is asked
once for each word it has not seen. Two words of one 64-bit hash would share their tokens: among a million words one chance in
forty million.
"""

import json
import string
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Tokenizer

_BLANK, _WORD, _MARK = 0, 1, 2
_MOST_WORDS = 2_000_000  # then what was learned is forgotten: memory stays bounded
_KINDS = np.full(256, _WORD, np.uint8)
_KINDS[list(b" \t\n\r")] = _BLANK
_KINDS[list(string.punctuation.encode())] = _MARK
_LOWER = np.frombuffer(bytes(range(256)).lower(), np.uint8)
_BASE = np.uint64(0x9E3779B97F4A7C15)

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class WordPieces:
    """A BERT tokenizer without special tokens; `most` is the number of tokens after which a text is cut."""

    def __init__(self, tokenizer: Tokenizer, most: int) -> None:
        self.tokenizer, self.most = tokenizer, most
        self._forget()

    def __call__(self, texts: pa.StringArray) -> tuple[Ids, Offsets]:
        """The ids of all texts one after another, and where each text's begin and end, shape (len(texts) + 1,)."""
        hashes, spans, words_before = _words(texts)
        places = self._places(hashes, spans)
        lengths = self._lengths[places]
        tokens_before = _running(lengths)
        ids = self._ids[_ranges(self._starts[places], lengths)]
        return _cut(ids, tokens_before[words_before], self.most)

    def _forget(self) -> None:
        self._known = np.zeros(0, np.uint64)  # ascending
        self._starts, self._lengths = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._ids = np.zeros(0, np.int32)

    def _places(self, hashes: Hashes, spans: "_Spans") -> NDArray[np.int64]:
        """Where each word's tokens are listed; unknown words are learned first."""
        codes = pa.array(hashes).dictionary_encode()
        distinct, which = codes.dictionary.to_numpy(), codes.indices.to_numpy()
        if len(self._known) > _MOST_WORDS:
            self._forget()
        fresh = np.flatnonzero(~np.isin(distinct, self._known))
        if len(fresh):
            first = np.zeros(len(distinct), np.int64)
            first[which[::-1]] = np.arange(len(which) - 1, -1, -1)
            self._learn(distinct[fresh], spans.texts(first[fresh]))
        return np.searchsorted(self._known, distinct)[which]

    def _learn(self, hashes: Hashes, words: list[str]) -> None:
        found = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(words, add_special_tokens=False)]
        lengths = np.array([len(ids) for ids in found], np.int64)
        starts = len(self._ids) + _running(lengths)[:-1]
        listed = np.fromiter(chain.from_iterable(found), np.int32, int(lengths.sum()))
        self._ids = np.concatenate([self._ids, listed])
        known = np.concatenate([self._known, hashes])
        order = np.argsort(known)
        self._known = known[order]
        self._starts = np.concatenate([self._starts, starts])[order]
        self._lengths = np.concatenate([self._lengths, lengths])[order]


class _Spans:
    """Words as places in the bytes of a batch."""

    def __init__(self, content: NDArray[np.uint8], begins: Offsets, sizes: Offsets) -> None:
        self.content, self.begins, self.sizes = content, begins, sizes

    def texts(self, places: NDArray[np.int64]) -> list[str]:
        """The words at these places; a word ends at an ASCII byte, so its bytes are whole characters."""
        whole = self.content.tobytes()
        pairs = zip(self.begins[places].tolist(), self.sizes[places].tolist(), strict=True)
        return [whole[begin : begin + size].decode() for begin, size in pairs]


def _words(texts: pa.StringArray) -> tuple[Hashes, _Spans, Offsets]:
    """Hash and place of every word and mark, and how many come before each text, shape (len(texts) + 1,)."""
    content, offsets = _bytes_of(texts)
    kinds = _KINDS[content]
    filled = kinds != _BLANK
    begins_here = np.ones(len(content), np.bool_)
    begins_here[1:] = (kinds[1:] == _MARK) | (kinds[:-1] != _WORD)
    begins_here[offsets[:-1][offsets[:-1] < len(content)]] = True
    begins_here &= filled
    places = np.flatnonzero(filled)
    begins = np.flatnonzero(begins_here)
    inner = np.flatnonzero(begins_here[places])  # where words begin among the bytes that are not blank
    sizes = np.diff(np.append(inner, len(places)))
    hashes = _hashes(_LOWER[content[places]], inner, sizes)
    return hashes, _Spans(content, begins, sizes), np.searchsorted(begins, offsets)


def _hashes(letters: NDArray[np.uint8], begins: Offsets, sizes: Offsets) -> Hashes:
    """One hash a word: a polynomial over its bytes, modulo 2**64."""
    if not len(begins):
        return np.zeros(0, np.uint64)
    powers = np.cumprod(np.full(int(sizes.max()), _BASE))
    within = np.arange(len(letters)) - np.repeat(begins, sizes)
    return np.add.reduceat((letters + np.uint64(1)) * powers[within], begins)


def _bytes_of(texts: pa.StringArray) -> tuple[NDArray[np.uint8], Offsets]:
    """The bytes of all texts one after another, and where each begins; a null is an empty text."""
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    whole = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    return whole[ends[0] : ends[-1]], ends - ends[0]


def _running(lengths: NDArray[np.int64]) -> Offsets:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _ranges(starts: Offsets, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1, … for each start, `length` of them."""
    before = _running(lengths)
    return np.repeat(starts - before[:-1], lengths) + np.arange(before[-1])


def _cut(ids: Ids, offsets: Offsets, most: int) -> tuple[Ids, Offsets]:
    lengths = np.minimum(np.diff(offsets), most)
    return ids[_ranges(offsets[:-1], lengths)], _running(lengths)


def word_pieces(written: str) -> WordPieces | None:
    """The fast tokenizer for a tokenizer.json, or None where it is not BERT's with lower case and without special tokens."""
    told = json.loads(written)
    parts = [(told.get(part) or {}).get("type") for part in ("normalizer", "pre_tokenizer", "model")]
    plain = parts == ["BertNormalizer", "BertPreTokenizer", "WordPiece"] and not told["added_tokens"]
    if not plain or not told["normalizer"]["lowercase"]:
        return None
    most = (told.get("truncation") or {}).get("max_length") or np.iinfo(np.int32).max
    return WordPieces(Tokenizer.from_str(json.dumps(told | {"truncation": None, "padding": None})), most)
