"""Groups: who may meet, how similar members are, and that every low-rated record is grouped or alone with a reason."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from spark_frames import as_for_many, context, frame, record, rows

from lake.ids import content_id, sha256_text
from lake.tables.reasons import ALONE
from spark_jobs.columnar.lookup import semi_join
from spark_jobs.columnar.vectors import COSINE_ONE, scaled, to_int16_bytes, unit
from spark_jobs.group.cell_search import near_newcomers
from spark_jobs.group.job import GroupParams, groups
from texts.embed.embedder import open_embedder


def _clusters(count: int, size: int, seed: int = 7, noise: float = 0.35) -> np.ndarray:
    """Unit rows around `count` distant centres, `size` rows each."""
    draw = np.random.default_rng(seed)
    centres = np.repeat(unit(draw.normal(size=(count, 32))), size, axis=0)
    return unit(centres + noise * unit(draw.normal(size=centres.shape))).astype(np.float32)


def _inputs(
    spark: SparkSession,
    records: Sequence[dict[str, Any]],
    vectors: np.ndarray,
    high: Sequence[str] = (),
    benchmark: Sequence[str] = (),
    withdrawn: Sequence[str] = (),
) -> dict[str, Any]:
    digest = open_embedder().digest
    cached = [
        {"text_hash": row["text_hash"], "embedder": digest, "vector": vector.tobytes()}
        for row, vector in zip(records, vectors, strict=True)
    ]
    scores = [{"id": row["id"], "score": 1.0, "high": row["id"] in high} for row in records]
    return {
        "silver/unique_instructions": frame(spark, "silver/unique_instructions", records),
        "silver/quality": frame(spark, "silver/quality", scores),
        "silver/embeddings": frame(spark, "silver/embeddings", cached),
        "bronze/references": frame(spark, "bronze/references", map(_reference, benchmark)),
        "bronze/instructions_withdrawn": frame(
            spark, "bronze/instructions_withdrawn", [{"id": one.replace("rec_", "raw_")} for one in withdrawn]
        ),
    }


def _reference(text: str) -> dict[str, Any]:
    return {"id": f"raw_{sha256_text(text)[:8]}", "source": "quiz", "role": "benchmark", "text": text}


def _records(count: int, **columns: Any) -> list[dict[str, Any]]:
    return [record(f"{n:04}", f"prompt {n}", "answer", **columns) for n in range(count)]


def test_groups_are_close_bounded_and_complete(spark: SparkSession) -> None:
    records, vectors, around = _records(300), _clusters(60, 5), context()
    params = GroupParams(rows_per_cell=40)
    found = groups(_inputs(spark, records, vectors, high=["rec_0000"]), params, around)
    members, alone = rows(found["silver/groups"], "id"), rows(found["silver/singletons"], "id")
    assert sorted([row["id"] for row in members + alone]) == [row["id"] for row in records[1:]]
    by_id = {row["id"]: vector for row, vector in zip(records, vectors, strict=True)}
    by_group: dict[str, list[dict[str, Any]]] = {}
    for row in members:
        by_group.setdefault(row["group_id"], []).append(row)
    for group, own in by_group.items():
        cosines = np.array([by_id[row["id"]] for row in own]) @ np.array([by_id[row["id"]] for row in own]).T
        pairs = cosines[np.triu_indices(len(own), 1)]
        assert len(own) == own[0]["size"] and 2 <= len(own) <= 5
        assert pairs.min() >= params.similarity_floor - 5e-4 and own[0]["cohesion"] == pytest.approx(
            pairs.mean(), abs=5e-4
        )
        assert group == content_id("grp", *sorted(row["id"] for row in own))
    figures = around.metrics
    assert figures["groups"] == len(by_group) and figures["singletons"] == len(alone)
    assert figures["cohesion_mean"] > 0.6 > 0.1 > figures["cohesion_random"]
    assert figures["singletons_share"] < 0.2

    again = {
        name: table.repartition(5)
        for name, table in _inputs(spark, records[::-1], vectors[::-1], high=["rec_0000"]).items()
    }
    with as_for_many(spark):
        assert rows(groups(again, params, context())["silver/groups"], "id") == members


def test_kinds_never_mix_and_every_loner_says_why(spark: SparkSession) -> None:
    twin = _clusters(1, 2, noise=0.05)
    other = [("licence", "CC-BY-4.0"), ("language", "de"), ("item_type", "code")]
    barred = [{"personal": ["email"]}, {"licence": None}, {"licence": "CC-BY-ND-4.0"}]
    cases = [[{}, {name: value}] for name, value in other] + [[columns, {}] for columns in barred]
    cases.append([{"licence": "MIT"}, {"licence": "Apache-2.0"}])
    records = [
        record(f"{case}{side}", f"{case} {side}", "x", **columns)
        for case, pair in enumerate(cases)
        for side, columns in enumerate(pair)
    ]
    draw = unit(np.random.default_rng(1).normal(size=(len(cases), 32)))
    vectors = np.vstack([unit(twin * 0.05 + centre) for centre in draw]).astype(np.float32)
    found = groups(_inputs(spark, records, vectors), GroupParams(), context())
    reasons = {row["id"]: row["reason"] for row in rows(found["silver/singletons"], "id")}
    members = rows(found["silver/groups"], "id")
    assert set(reasons.values()) <= set(ALONE)
    assert [(row["id"], row["licence"]) for row in members] == [("rec_60", "MIT"), ("rec_61", "Apache-2.0")]
    assert {(row["licence_class"], row["group_licence"]) for row in members} == {("permissive", "Apache-2.0 AND MIT")}
    assert {reasons[f"rec_{case}{side}"] for case in range(3) for side in (0, 1)} == {"mixed_only"}
    assert [reasons[f"rec_{case}0"] for case in (3, 4, 5)] == ["personal_data", "unknown_licence", "no_derivatives"]
    assert {reasons[f"rec_{case}1"] for case in (3, 4, 5)} == {"no_neighbour"}


def test_who_names_different_things_does_not_meet(spark: SparkSession) -> None:
    """Nine questions that are one but for their subject: three functions, asked about three times each."""
    functions = ["str.split", "str.join", "list.sort"]
    names = [[name] if n else ["maxsplit", name] for name in functions for n in range(3)]
    records = [record(f"{n}", f"what is {n}", "a list", subjects=own) for n, own in enumerate(names)]
    loner = record("9", "what is it", "a list", subjects=["dict.pop"])
    found = groups(_inputs(spark, [*records, loner], _clusters(1, 10, noise=0.05)), GroupParams(), context())
    together: dict[str, set[str]] = {}
    for row in rows(found["silver/groups"], "id"):
        together.setdefault(row["group_id"], set()).update(names[int(row["id"][4:])])
    assert together and all(len(own & set(functions)) == 1 for own in together.values())
    reasons = {row["id"]: row["reason"] for row in rows(found["silver/singletons"], "id")}
    assert reasons["rec_9"] == "other_subject"


def test_who_contradicts_another_does_not_meet_it(spark: SparkSession) -> None:
    """Of three answers to one question two agree; of another two records, far from them, each says the opposite of the other."""
    said = [f"Leave the glue for {minutes} minutes, then sand it." for minutes in (20, 20, 45)]
    said += ["The lid may be opened while it boils.", "The lid may not be opened while it boils."]
    records = [record(f"{n}", f"how is it done {n}", text) for n, text in enumerate(said)]
    vectors = np.vstack([_clusters(1, 3, noise=0.05), _clusters(1, 2, seed=8, noise=0.05)])
    around = context()
    found = groups(_inputs(spark, records, vectors), GroupParams(), around)
    assert [row["id"] for row in rows(found["silver/groups"], "id")] == ["rec_0", "rec_1"]
    alone = {row["id"]: row["reason"] for row in rows(found["silver/singletons"], "id")}
    assert alone == dict.fromkeys(["rec_2", "rec_3", "rec_4"], "contradictory")
    assert around.metrics["contradicted"] == 5.0


@pytest.mark.parametrize("rows_per_cell", [10, 5_000], ids=["two cells", "one cell"])
def test_of_older_rows_only_those_near_a_newcomer_travel(spark: SparkSession, rows_per_cell: int) -> None:
    vectors = np.vstack([_clusters(40, 5), unit(np.random.default_rng(5).normal(size=(40, 32)))]).astype(np.float32)
    is_fresh = np.arange(len(vectors)) % 10 == 0
    fresh, older = scaled(vectors[is_fresh]), scaled(vectors[~is_fresh])
    rows_ = list(enumerate(to_int16_bytes(older).to_pylist()))
    frame_ = spark.createDataFrame(rows_, "number int, vector binary")
    search = GroupParams(rows_per_cell=rows_per_cell).search
    sifted = {row["number"] for row in near_newcomers(frame_, fresh, search).collect()}
    near = set(np.flatnonzero((older @ fresh.T >= search.cosine_floor * COSINE_ONE).any(axis=1)).tolist())
    assert sifted <= near < set(range(len(older)))
    assert len(sifted) >= 0.9 * len(near) if rows_per_cell == 10 else sifted == near
    assert near_newcomers(frame_, fresh[:0], search).isEmpty()


@pytest.mark.parametrize("beside_every_task", [50_000, 10], ids=["few newcomers", "many"])
def test_newcomers_join_one_another_and_the_lonely_but_no_group(
    spark: SparkSession, beside_every_task: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_jobs.group.records._FEW", beside_every_task)
    records, vectors = _records(120), _clusters(30, 4)
    first = [n for n in range(120) if n % 4 < 2 or n >= 60]  # of each early cluster the half, of the late ones all
    late = [n for n in range(120) if n not in first]
    vectors[[0, 1]] = unit(np.random.default_rng(3).normal(size=(2, 32)))  # far from everything, at first
    vectors[2] = unit(vectors[0] + 0.1 * vectors[1])
    old = _inputs(spark, [records[n] for n in first], vectors[first])
    params = GroupParams(rows_per_cell=30)
    first_run = groups(old, params, context())
    before = old | {
        key: frame(spark, key, rows(first_run[key], "id")) for key in ("silver/groups", "silver/singletons")
    }
    new = _inputs(spark, [records[n] for n in late], vectors[late])
    around = replace(context(), before=before)
    grown = groups(new, params, around)

    settled, waiting = (
        {row["id"] for row in rows(before[key], "id")} for key in ("silver/groups", "silver/singletons")
    )
    members, alone = rows(grown["silver/groups"], "id"), rows(grown["silver/singletons"], "id")
    newcomers = {f"rec_{n:04}" for n in late}
    placed = [row["id"] for row in members + alone]
    assert {"rec_0000", "rec_0001"} <= waiting
    assert sorted(placed) == sorted(newcomers | waiting) and not settled & set(placed)
    pairs = {row["id"]: row["group_id"] for row in members}
    assert pairs["rec_0000"] == pairs["rec_0002"]
    unchanged = {row["id"]: row for row in rows(before["silver/singletons"], "id")}
    assert all(row == unchanged[row["id"]] for row in alone if row["id"] in waiting)
    lonely = [row for row in alone if row["id"] in newcomers]
    assert around.metrics["singletons_share"] == pytest.approx(len(lonely) / len(newcomers))


def test_who_holds_a_benchmark_item_joins_nobody(spark: SparkSession) -> None:
    leak = "Why does the harbour master count the gulls before he rings the bell at noon?"
    item = f"{leak}\nHabit."
    records = [
        record("leak", leak, "He says."),
        record("left", "Why the gulls?", "Noon."),
        record("right", "Why a bell?", "Noon."),
    ]
    vectors = _clusters(1, 3, noise=0.05)
    found = groups(_inputs(spark, records, vectors, benchmark=[item]), GroupParams(), context())
    assert [row["id"] for row in rows(found["silver/groups"], "id")] == ["rec_left", "rec_right"]
    (alone,) = rows(found["silver/singletons"], "id")
    evidence = f"holds 100 % of {_reference(item)['id']}"
    assert (alone["id"], alone["outcome"], alone["reason"], alone["detail"]) == (
        "rec_leak", "not_grouped", "contamination", evidence,
    )  # fmt: skip


def test_a_benchmark_that_came_later_keeps_earlier_loners_out(spark: SparkSession) -> None:
    """The run that read the benchmark had no new record to tell it of: the loner is looked at when one comes."""
    leak = "Why does the harbour master count the gulls before he rings the bell at noon?"
    vectors = _clusters(1, 3, noise=0.05)
    old = _inputs(spark, [record("leak", leak, "He says.")], vectors[:1], benchmark=[f"{leak}\nHabit."])
    alone = {"id": "rec_leak", "source": "a", "outcome": "not_grouped", "reason": "no_neighbour", "detail": "before it"}
    before = old | {
        "silver/groups": frame(spark, "silver/groups", []),
        "silver/singletons": frame(spark, "silver/singletons", [alone]),
    }
    records = [record("left", "Why the gulls?", "Noon."), record("right", "Why a bell?", "Noon.")]
    found = groups(_inputs(spark, records, vectors[1:]), GroupParams(), replace(context(), before=before))
    assert [row["id"] for row in rows(found["silver/groups"], "id")] == ["rec_left", "rec_right"]
    assert rows(found["silver/singletons"], "id") == [alone]


def test_what_was_withdrawn_joins_nobody(spark: SparkSession) -> None:
    """Neither a new record nor an earlier loner: whoever joined it could not be released."""
    records, vectors, params = _records(4), _clusters(1, 4, noise=0.05), GroupParams(sd_size=0)
    found = groups(_inputs(spark, records, vectors, withdrawn=["rec_0002"]), params, context())
    assert [row["id"] for row in rows(found["silver/groups"], "id")] == ["rec_0000", "rec_0001", "rec_0003"]
    assert [(row["id"], row["reason"]) for row in rows(found["silver/singletons"], "id")] == [("rec_0002", "withdrawn")]
    old = _inputs(spark, records[:1], vectors[:1])
    first = groups(old, params, context())
    before = old | {key: frame(spark, key, rows(frame_, "id")) for key, frame_ in first.items()}
    new = _inputs(spark, records[1:], vectors[1:], withdrawn=["rec_0000"])
    grown = groups(new, params, replace(context(), before=before))
    assert [row["id"] for row in rows(grown["silver/groups"], "id")] == ["rec_0001", "rec_0002", "rec_0003"]
    assert [row["id"] for row in rows(grown["silver/singletons"], "id")] == ["rec_0000"]


def test_a_new_benchmark_alone_changes_nothing(spark: SparkSession) -> None:
    old = _inputs(spark, _records(6), _clusters(2, 3))
    first = groups(old, GroupParams(), context())
    before = old | {key: frame(spark, key, rows(found, "id")) for key, found in first.items()}
    new = {key: frame(spark, key, []) for key in old} | {
        "bronze/references": frame(spark, "bronze/references", [_reference("prompt 1\nanswer that came late")])
    }
    found = groups(new, GroupParams(), replace(context(), before=before))
    assert found["silver/groups"].isEmpty()
    assert rows(found["silver/singletons"], "id") == rows(before["silver/singletons"], "id")


def test_a_floor_of_one_leaves_everybody_alone(spark: SparkSession) -> None:
    around = context()
    found = groups(_inputs(spark, _records(10), _clusters(2, 5)), GroupParams(similarity_floor=1.0), around)
    assert found["silver/groups"].isEmpty()
    assert around.metrics["singletons_share"] == 1.0


def test_no_low_rated_record_is_no_error(spark: SparkSession) -> None:
    records = _records(3)
    found = groups(
        _inputs(spark, records, _clusters(1, 3), high=[row["id"] for row in records]), GroupParams(), context()
    )
    assert found["silver/groups"].isEmpty() and found["silver/singletons"].isEmpty()


def test_a_lookup_keeps_all_that_is_wanted_and_little_else(spark: SparkSession) -> None:
    wanted = spark.range(0, 3_000, 3).selectExpr("concat('key ', id) as key")
    kept = semi_join(spark.range(3_000).selectExpr("concat('key ', id) as key", "id"), wanted, "key")
    found = {row["id"] for row in kept.collect()}
    assert set(range(0, 3_000, 3)) <= found and len(found) < 1_010
