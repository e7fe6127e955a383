"""The fast tokenizer gives exactly the ids of the tokenizer it stands for, whatever the text and the batch."""

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from texts.embed.embedder import open_embedder
from texts.embed.wordpieces import WordPieces, word_pieces

TEXTS = [
    "How do I bake bread?", "", " ", "bread", "BREAD bread's bread-like (bread)", "naïve É e\u0301 ΣΑΣ ﬁn Straße",
    "日本語 text 한국어", "a\x01b\x00c \u200b\u3000x\u2028y\u2019s\x7f", "!\u0301 [CLS] [MASK]x ##ing [UNK]", "x" * 300 + " ok",
    "tab\tnew\x0bline\r\nend", "\U0001f600smile💡", "12,345.67 $ 5€", "word " * 40,
]  # fmt: skip


def _written(most: int | None = None, **changes: object) -> str:
    told = json.loads((open_embedder().folder / "tokenizer.json").read_text(encoding="utf-8"))
    cut = most and {"direction": "Right", "max_length": most, "strategy": "LongestFirst", "stride": 0}
    return json.dumps(told | {"added_tokens": [], "post_processor": None, "padding": None, "truncation": cut} | changes)


def _listed(pieces: WordPieces, texts: list[str]) -> list[list[int]]:
    ids, offsets = pieces(pa.array(texts, pa.string()))
    return [ids[begin:end].tolist() for begin, end in pairwise(offsets)]


@pytest.mark.parametrize("most", [None, 5])
def test_ids_are_those_of_the_tokenizer(most: int | None) -> None:
    pieces = word_pieces(_written(most))
    assert pieces is not None
    slow = Tokenizer.from_str(_written(most))
    wanted = [encoding.ids for encoding in slow.encode_batch(TEXTS, add_special_tokens=False)]
    assert _listed(pieces, TEXTS) == wanted


def test_neither_order_nor_batches_nor_what_was_learned_matter() -> None:
    pieces = word_pieces(_written())
    assert pieces is not None
    whole = _listed(pieces, TEXTS)
    assert _listed(pieces, TEXTS[::-1])[::-1] == whole
    assert [_listed(pieces, [text])[0] for text in TEXTS] == whole
    pieces._forget()
    assert _listed(pieces, TEXTS) == whole


def test_a_slice_of_a_batch_and_no_text_at_all() -> None:
    pieces = word_pieces(_written())
    assert pieces is not None
    ids, offsets = pieces(pa.array(TEXTS, pa.string()).slice(3, 1))
    assert [ids.tolist(), offsets.tolist()] == [_listed(pieces, ["bread"])[0], [0, 1]]
    ids, offsets = pieces(pa.array([], pa.string()))
    assert len(ids) == 0 and np.array_equal(offsets, [0])


def test_another_tokenizer_is_not_stood_for() -> None:
    assert word_pieces(_written(pre_tokenizer={"type": "Whitespace"})) is None
    marked = {"id": 101, "content": "[CLS]", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}  # fmt: skip
    assert word_pieces(_written(added_tokens=[marked])) is None


def test_each_distinct_word_is_tokenised_once_and_ids_stand_text_by_text() -> None:
    pieces = word_pieces(_written())
    assert pieces is not None
    ids, offsets = pieces(pa.array(["Bread!", "bread bread"]))
    assert (ids.tolist(), offsets.tolist()) == ([7852, 999, 7852, 7852], [0, 2, 4])
    assert len(pieces._known) == 2
