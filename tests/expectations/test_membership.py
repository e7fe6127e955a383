"""Which keys are in which places, and rows brought together by a column, as a loop would find them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import lake.engines.batches
from expectations.frames import elements, field, first, keys, phrases, rows_by
from expectations.membership import membership
from expectations.summaries import summary

NEW = ds.dataset(pa.table({"key": ["a", "b", "b", None]}))
OLD = ds.dataset(pa.table({"key": ["b", "c"]}))
NONE = ds.dataset(pa.table({"key": pa.array([], pa.string())}))


def test_keys_are_counted_by_the_places_they_are_in() -> None:
    found = membership(new=keys(NEW, "key"), old=keys(OLD, "key"), nowhere=keys(NONE, "key"))
    assert [found.count(where) for where in ("new == 1", "old > new", "new + old > 1", "nowhere == 1")] == [2, 1, 1, 0]


def test_of_keys_to_look_up_only_those_in_a_place_are_counted() -> None:
    found = membership(new=keys(NEW, "key"), lookup={"old": keys(OLD, "key")})
    assert (found.count("old == 1"), found.count("new + old > 1"), found.count("new == 1")) == (1, 1, 2)


def test_no_keys_at_all_are_no_patterns() -> None:
    assert membership(one=keys(NONE, "key"), lookup={"other": keys(NEW, "key")}).count("one + other > 0") == 0


@pytest.mark.parametrize("seed", range(10))
def test_small_batches_and_partitions_change_no_count(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake.engines.batches, "BATCH_ROWS", 7)
    chance = random.Random(seed)
    names = [f"rec_{n:024x}" for n in range(20)] + ["é", "e\u0301", "", "rec_0", "漢"]
    places = {place: [chance.choice([*names, None]) for _ in range(40)] for place in ("one", "two", "three")}
    read = {place: keys(ds.dataset(pa.table({"key": listed})), "key") for place, listed in places.items()}
    known = {place: set(listed) - {None} for place, listed in places.items()}
    found = membership(one=read["one"], two=read["two"], lookup={"three": read["three"]}, limit=3)
    assert found.count("one + two > 1") == len(known["one"] & known["two"])
    assert found.count("one > two + three") == len(known["one"] - known["two"] - known["three"])
    assert found.count("three == 1") == len(known["three"] & (known["one"] | known["two"]))


@pytest.mark.parametrize("limit", [5, 1000])
def test_rows_brought_together_are_those_of_a_loop(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake.engines.batches, "BATCH_ROWS", 7)
    chance = random.Random(3)
    rows = [
        {"group": f"g{chance.randrange(9)}", "kind": chance.choice(["x", "y", None]), "size": chance.randrange(5)}
        for _ in range(50)
    ]
    rows.append({"group": None, "kind": "x", "size": 1})
    by_group: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows[:-1]:
        by_group[row["group"]].append(row)
    expected = {
        group: {
            "group": group,
            "rows": len(listed),
            "kind": len({row["kind"] for row in listed}),
            "largest_size": max(row["size"] for row in listed),
        }
        for group, listed in by_group.items()
    }
    found = summary(ds.dataset(pa.Table.from_pylist(rows)), "group", ["kind"], ["size"], limit=limit)
    listed = [row for batch in found.read() for row in batch.to_pylist()]
    assert {row["group"]: row for row in listed} == expected and len(listed) == len(expected)
    largest = first(found.read(), [("rows", "descending"), ("group", "ascending")], 3)
    assert largest == sorted(expected.values(), key=lambda row: (-row["rows"], row["group"]))[:3]


def test_lists_give_their_elements_and_a_condition_that_is_null_chooses_nothing() -> None:
    rows = ds.dataset(pa.table({"ids": [["a", "b"], [], None, ["b", None]], "high": [True, None, True, False]}))
    assert elements(rows, "ids") == (4, 1)
    assert membership(ids=keys(rows, "ids")).count("ids == 1") == 2
    assert membership(ids=keys(rows, "ids", ~field("high"))).count("ids == 1") == 1
    assert rows_by(rows, "high") == Counter({True: 2, False: 1, None: 1})


def test_phrases_are_words_alone() -> None:
    rows = ds.dataset(pa.table({"text": ["Who -- LEAKED it?\nNobody.", "...", None], "more": ["ÉTÉ 1", None, None]}))
    assert [text for batch in phrases(rows, ["text", "more"]) for text in batch.to_pylist()] == [
        "who leaked it nobody été 1"
    ]
    assert [text for batch in phrases(rows, ["text"], parts=str.splitlines) for text in batch.to_pylist()] == [
        "who leaked it",
        "nobody",
    ]
