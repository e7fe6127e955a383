"""Fingerprints tell keys apart, and partitions of them give the counts of a loop; so does the balance of a stage."""

import random
from collections import Counter

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import lake.engines.batches
from lake.engines.balance import imbalance
from lake.engines.keys import Column, fingerprints, tallies
from lake.stages import Balance


def test_equal_values_have_equal_fingerprints_in_any_batch() -> None:
    texts = [
        "rec_" + "0" * 24,
        "raw_" + "0" * 24,
        "rec_" + "0" * 23 + "1",
        "rec_" + "0" * 24 + "\n",
        "",
        "é",
        "e\u0301",
        "5",
    ]
    whole = fingerprints(pa.array([*texts, None])).tolist()
    assert [fingerprints(pa.array([text]))[0].tolist() for text in texts] == whole[:-1]
    assert fingerprints(pa.array(texts).slice(1, 2)).tolist() == whole[1:3]
    assert whole[-1] == [0, 0] and len({tuple(one) for one in whole}) == len(whole)
    assert fingerprints(pa.array([5])).tolist() == fingerprints(pa.array(["5"])).tolist()


def test_an_id_is_kept_as_it_is() -> None:
    (found,) = fingerprints(pa.array(["rec_0123456789abcdef01234567"])).tolist()
    assert found == [int.from_bytes(b"rec_" + bytes.fromhex("01234567"), "big"), 0x89ABCDEF01234567]


def test_every_digit_of_a_hash_counts() -> None:
    hashes = ["0123456789abcdef" * 4]
    hashes += [hashes[0][:place] + "e" + hashes[0][place + 1 :] for place in (0, 15, 16, 31, 32, 47, 48, 63)]
    others = [hashes[0].upper(), hashes[0][:-1], f"{hashes[0]}0"]
    found = fingerprints(pa.array([*hashes, *others, "rec_" + "0" * 24])).tolist()
    assert len({tuple(one) for one in found}) == len(found) == 13


def test_a_number_with_a_fraction_is_no_key() -> None:
    with pytest.raises(TypeError, match="texts or whole numbers, not double"):
        fingerprints(pa.array([0.5]))


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_every_key_is_in_one_partition_with_its_counts(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake.engines.batches, "BATCH_ROWS", 7)
    chance = random.Random(limit)
    listed = {place: [f"k{chance.randrange(30)}" for _ in range(60)] for place in ("one", "two")}
    columns = {place: Column(ds.dataset(pa.table({"key": texts})), "key") for place, texts in listed.items()}
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    partitions = 0
    for tally in tallies(columns, limit=limit):
        partitions += 1
        for key, counts in zip(tally.fingerprints.tolist(), tally.counts.tolist(), strict=True):
            assert tuple(key) not in found
            found[tuple(key)] = tuple(counts)
    names = sorted({*listed["one"], *listed["two"]})
    times = {place: Counter(texts) for place, texts in listed.items()}
    keys = map(tuple, fingerprints(pa.array(names)).tolist())
    assert found == {key: (times["one"][name], times["two"][name]) for key, name in zip(keys, names, strict=True)}
    assert (partitions > 1) == (limit < 30)


def test_keys_that_share_half_their_bits_are_told_apart() -> None:
    texts = [f"rec_{high:08x}{low:016x}" for high in range(4) for low in range(4)] * 2
    random.Random(1).shuffle(texts)
    (tally,) = tallies({"ids": Column(ds.dataset(pa.table({"id": texts})), "id")})
    assert tally.counts.tolist() == [[2]] * 16


@pytest.mark.parametrize("limit", [1, 1000])
def test_books_name_keys_that_are_lost_doubled_or_foreign(limit: int) -> None:
    tables = {
        "all": ds.dataset(pa.table({"id": ["a", "b", "c", "c"]})),
        "carried": ds.dataset(pa.table({"raw_id": ["a", "b"]})),
        "left": ds.dataset(pa.table({"id": ["b", "x"]})),
    }
    balance = Balance("all", "id", (("carried", "raw_id"), ("left", "id")))
    wrong = imbalance(balance, tables, limit)
    assert (wrong.lost, wrong.doubled, wrong.foreign, str(wrong)) == (1, 1, 1, "1 lost, 1 doubled, 1 foreign")
    right = tables | {"left": ds.dataset(pa.table({"id": ["c"]}))}
    assert not imbalance(balance, right, limit)
    nameless = right | {"carried": ds.dataset(pa.table({"raw_id": ["a", "b", None]}))}
    assert imbalance(balance, nameless, limit).foreign == 1
