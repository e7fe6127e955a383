"""Near texts are found as comparing all pairs finds them, and boilerplate is named instead of compared."""

import random
from itertools import combinations

import pytest

from inference import near_pairs, overlap
from inference.near_pairs import NEAR
from inference.overlap import Postings, Vocabulary, clusters
from texts.coverage import shingles

WORDS = [f"{sound}{vowel}{end}" for sound in "bdfgklmnprst" for vowel in "aeiou" for end in "lnrs"]


def near(one: str, other: str) -> bool:
    """The rule itself, of two texts."""
    left, right = shingles(one), shingles(other)
    return len(left & right) >= NEAR * min(len(left), len(right))


def made(count: int, seed: int) -> list[str]:
    """Texts of random words, many of which hold a stretch of an earlier one, of any length."""
    rng = random.Random(seed)
    texts: list[str] = []
    for _ in range(count):
        own = [rng.choice(WORDS) for _ in range(rng.randrange(1, 40))]
        if texts and rng.random() < 0.6:
            lent = rng.choice(texts).split()
            start = rng.randrange(len(lent))
            own[rng.randrange(len(own)) :] = lent[start : start + rng.randrange(1, 40)]
        texts.append(" ".join(own))
    return texts


def by_all_pairs(texts: list[str]) -> list[int]:
    """The first text of each text's cluster, by comparing all pairs until nothing joins."""
    first = list(range(len(texts)))
    for one, other in combinations(range(len(texts)), 2):
        if near(texts[one], texts[other]) and first[one] != first[other]:
            low, high = sorted((first[one], first[other]))
            first = [low if root == high else root for root in first]
    return first


@pytest.mark.parametrize("seed", range(6))
def test_clusters_are_those_of_all_pairs(seed: int) -> None:
    texts = made(150, seed)
    expected = by_all_pairs(texts)
    assert clusters(texts, [[] for _ in texts]) == expected
    assert len(set(expected)) < len(texts), "some are near"
    assert max(map(expected.count, expected)) < 60, "and not all are"


def test_clusters_are_the_same_where_texts_do_not_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_pairs, "_TEXTS", 8)
    monkeypatch.setattr(near_pairs, "_HELD", 50)
    texts = made(150, 6)
    assert clusters(texts, [[] for _ in texts]) == by_all_pairs(texts)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_near_a_set_is_what_is_near_one_of_it(seed: int) -> None:
    texts = made(120, seed)
    vocabulary = Vocabulary()
    heldout = Postings([vocabulary.grams(text) for text in texts[:20]])
    found = [heldout.near(vocabulary.grams(text)) for text in texts[20:]]
    assert found == [any(near(text, held) for held in texts[:20]) for text in texts[20:]]
    assert 0 < sum(found) < len(found)


@pytest.mark.parametrize("common", [3, 500])
def test_a_set_that_grows_finds_what_it_would_find_whole(monkeypatch: pytest.MonkeyPatch, common: int) -> None:
    monkeypatch.setattr(overlap, "COMMON", common)
    texts = made(150, 4)
    vocabulary, kept = Vocabulary(), list[str]()
    postings = Postings()
    for text in texts:
        grams = vocabulary.grams(text)
        assert postings.near(grams) == any(near(text, other) for other in kept)
        if not postings.near(grams):
            postings.add(grams)
            kept.append(text)
    assert 20 < len(kept) < len(texts)


def test_nothing_is_near_no_text() -> None:
    assert not Postings([]).near(Vocabulary().grams("a few words of it"))
    assert clusters([], []) == []


def test_a_shared_group_joins_what_has_no_word_in_common() -> None:
    texts = ["one two three four", "five six seven eight", "nine ten eleven twelve"]
    assert clusters(texts, [["a"], ["b"], ["a", "c"]]) == [0, 1, 0]


def test_order_changes_no_cluster() -> None:
    texts = made(80, 3)
    shuffled = texts[::-1]

    def together(order: list[str]) -> set[frozenset[str]]:
        found = clusters(order, [[] for _ in order])
        return {frozenset(text for text, first in zip(order, found, strict=True) if first == root) for root in found}

    assert together(texts) == together(shuffled)


def test_what_most_texts_say_is_boilerplate_and_joins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "COMMON", 5)
    stock = "this page was left blank on purpose"
    texts = [f"{stock} {' '.join(WORDS[20 * n : 20 * n + 20])}" for n in range(8)]
    assert clusters([*texts, stock], [[] for _ in range(9)]) == [*range(8), None]
