"""The training set: the mix, the budget, what is blocked and why, and that nobody is lost or released twice."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from spark_frames import as_for_many, context, frame, record, rows
from static_models import static_folder

from lake.ids import content_id, sha256_text
from lake.tables.reasons import NOT_RELEASED
from spark_jobs.columnar.vectors import unit
from spark_jobs.select.job import VECTORS, training_set
from spark_jobs.select.params import SelectParams
from texts.embed.embedder import open_embedder

QUESTION = "A farmer has 12 cows and buys 7 more before selling half of them; how many cows are left on the farm?"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A static embedder with random weights: what is similar does not matter where the budget is not the point."""
    return str(static_folder(tmp_path_factory.mktemp("embedder") / "static", 7))


def _inputs(
    spark: SparkSession,
    records: Sequence[dict[str, Any]],
    scores: dict[str, float],
    distilled: Sequence[dict[str, Any]] = (),
    benchmark: str = QUESTION,
    withdrawn: Sequence[str] = (),
    copies: Sequence[dict[str, Any]] = (),
    vectors: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    ids = [row["id"] for row in records] + [member for item in distilled for member in item["member_ids"]]
    given = {name: scores.get(name, 4.5) for name in ids}
    quality = [
        {"id": name, "score": 1.0, "curated": score, "high": True} for name, score in given.items() if score >= 0
    ]
    return {
        "silver/unique_instructions": frame(spark, "silver/unique_instructions", records),
        "silver/quality": frame(spark, "silver/quality", quality),
        "silver/embeddings": frame(spark, "silver/embeddings", vectors),
        "silver/groups": frame(spark, "silver/groups", []),
        "silver/duplicates": frame(spark, "silver/duplicates", copies),
        "bronze/instructions_withdrawn": frame(
            spark, "bronze/instructions_withdrawn", [{"id": one} for one in withdrawn]
        ),
        "gold/distilled": frame(spark, "gold/distilled", distilled),
        "bronze/references": frame(
            spark,
            "bronze/references",
            [
                {"id": "ref_1", "source": "quiz", "role": "benchmark", "text": f"{benchmark}\n9"},
                {"id": "ref_2", "role": "truth", "text": "prompt 0\nanswer"},
            ],
        ),
    }


def _distilled(name: str, members: Sequence[str], **columns: Any) -> dict[str, Any]:
    plain = {
        "sources": ["a"],
        "licences": ["MIT"],
        "language": "en",
        "prompt": f"fused {name}",
        "answer": "whole",
        "coverage": 1.0,
        "faithful": 1.0,
    }
    return {"id": f"dst_{name}", "group_id": f"grp_{name}", "member_ids": list(members), **plain, **columns}


def test_everybody_ends_once_with_the_right_reason(spark: SparkSession, model: str) -> None:
    records = [
        *(record(f"good{n}", f"prompt {n}", "answer") for n in range(4)),
        record("low", "poor", "thing"),
        record("mail", "write to me", "at home", personal=["email"]),
        record("wild", "unknown", "origin", licence=None),
        record("leak", QUESTION.upper(), "There are 9 cows."),
        record("part", "one of", "a group"),
        record("unrated", "never", "rated"),
        record("gone", "a fine", "record"),
        record("still", "two of", "a group"),
        record("away", "two of", "that group"),
        *(record(f"many{n}", f"question {n}", "reply", source="b") for n in range(5)),
    ]
    scores = {"rec_low": 3.9, "rec_unrated": -1.0, "rec_good3": 5.0, "rec_mail": 0.0}
    scores |= {f"rec_many{n}": 5.0 for n in range(5)}
    items = [
        _distilled("kept", ["rec_part"]),
        _distilled("mixed", ["rec_other"], licences=["MIT", None]),
        _distilled("stale", ["rec_still", "rec_away"]),
        _distilled("invented", ["rec_x"], prompt="Whom do I ask?", answer="Write to jane.roe@bakery-lund.se about it."),
        _distilled(
            "strayed", ["rec_y"], answer="Man lässt den Teig über Nacht ruhen und backt ihn am nächsten Morgen aus."
        ),
        _distilled("taught", ["rec_z"], prompt=QUESTION, answer="There are 9 cows."),
        _distilled("noted", ["rec_w"], licences=["CC-BY-4.0"]),
    ]
    around = context()
    withdrawn = ["raw_gone", "raw_away", "raw_unrated"]
    inputs = _inputs(spark, records, scores, items, withdrawn=withdrawn)
    params = SelectParams(
        budget=5, source_share=0.6, licence_shares={"attribution": 0}, order="long_tail", embedder=model
    )
    found = training_set(inputs, params, around)
    chosen, left = rows(found["gold/training_set"], "origin_id"), rows(found["gold/training_set_exits"], "id")
    released = {row["origin_id"] for row in chosen}
    assert released >= {"dst_kept", "rec_good3"} and len(released) == 5
    assert sum(row["sources"] == ["b"] for row in chosen) == 3
    reasons = {row["id"]: (row["outcome"], row["reason"]) for row in left}
    spare = {name: end for name, end in reasons.items() if name.startswith(("rec_good", "rec_many"))}
    assert sorted(spare.values()) == [("not_selected", "over_budget")] * 3 + [("not_selected", "source_quota")] * 2
    assert {name: end for name, end in reasons.items() if name not in spare} == {
        "dst_invented": ("blocked", "personal_data"),
        "dst_mixed": ("blocked", "unknown_licence"),
        "dst_noted": ("not_selected", "licence_quota"),
        "dst_stale": ("blocked", "withdrawn"),
        "dst_strayed": ("blocked", "other_language"),
        "dst_taught": ("blocked", "contamination"),
        "rec_gone": ("withdrawn", "withdrawn"),
        "rec_leak": ("blocked", "contamination"),
        "rec_low": ("blocked", "quality_floor"),
        "rec_mail": ("blocked", "personal_data"),
        "rec_wild": ("blocked", "unknown_licence"),
    }
    assert {row["reason"] for row in left} == set(NOT_RELEASED)
    told = {row["id"]: (row["outcome"], row["raw_id"]) for row in rows(found["gold/training_set_overlaps"], "id")}
    assert told == {"rec_leak": ("blocked", "ref_1"), "dst_taught": ("blocked", "ref_1")}
    details = {row["id"]: row["detail"] for row in left}
    assert details["rec_leak"] == "holds 100 % of ref_1"
    assert details["dst_invented"] == "email"
    assert details["dst_noted"].endswith("better ones filled what its licence class may have")
    assert details["dst_strayed"] == "in de, its members in en"
    assert details["dst_stale"] == "1 of 2 records are no longer in their files"
    assert chosen[0]["messages"] == [
        {"role": "user", "content": "fused kept"},
        {"role": "assistant", "content": "whole"},
    ]
    assert (chosen[0]["member_ids"], chosen[0]["score"]) == (["rec_part"], 4.5), "all of one member is worth what it is"
    assert all(row["id"] == content_id("rel", row["origin_id"]) for row in chosen)
    assert around.metrics["selected/distilled"] == 1 and around.metrics["selected/original"] == 4


def test_an_item_in_the_language_of_its_members_or_in_none_that_can_be_told_is_released(
    spark: SparkSession, model: str
) -> None:
    items = [
        _distilled(
            "german",
            ["rec_a"],
            language="de",
            prompt="Wie lange ruht der Teig?",
            answer="Über Nacht im Kühlen, bis er aufgeht.",
        ),
        _distilled("short", ["rec_b"], language="de", prompt="7 * 6?", answer="42"),
        _distilled(
            "code",
            ["rec_c"],
            prompt="How is a list sorted?",
            answer="```python\nnombres.sort(key=len, reverse=True)\n```",
        ),
        _distilled(
            "names", ["rec_d"], prompt="Who painted Las Meninas?", answer="Diego Velázquez, in the Alcázar of Madrid."
        ),
    ]
    found = training_set(_inputs(spark, [], {}, items), SelectParams(distilled_share=1, embedder=model), context())
    assert {row["id"]: row["detail"] for row in rows(found["gold/training_set_exits"], "id")} == {}


def test_a_record_that_moved_to_another_file_of_its_source_is_not_withdrawn(spark: SparkSession, model: str) -> None:
    records = [record(name, f"prompt {name}", "answer") for name in ("moved", "near", "abroad", "both")]
    copies = [
        {"removed_id": f"rec_{name}_copy", "kept_id": f"rec_{name}", "source": source, "rule": rule, "similarity": 1.0}
        for name, source, rule in (
            ("moved", "a", "exact_record"), ("near", "a", "near"), ("abroad", "b", "exact_record"), ("both", "a", "exact_record"),
        )
    ]  # fmt: skip
    withdrawn = [*(f"raw_{row['id'][4:]}" for row in records), "raw_both_copy"]
    params = SelectParams(embedder=model)
    found = training_set(_inputs(spark, records, {}, withdrawn=withdrawn, copies=copies), params, context())
    assert [row["origin_id"] for row in rows(found["gold/training_set"], "id")] == ["rec_moved"]
    assert {row["id"] for row in rows(found["gold/training_set_exits"], "id")} == {"rec_near", "rec_abroad", "rec_both"}


def test_the_split_is_a_stable_share(spark: SparkSession, model: str) -> None:
    records = [record(f"{n:03}", f"prompt {n}", f"answer {n}") for n in range(400)]
    params = SelectParams(validation_share=0.1, embedder=model)
    first = {
        row["id"]: row["split"]
        for row in rows(training_set(_inputs(spark, records, {}), params, context())["gold/training_set"], "id")
    }
    fewer = training_set(_inputs(spark, records[::-2], {}), params, context())["gold/training_set"].repartition(3)
    assert 0.05 < list(first.values()).count("validation") / len(first) < 0.15
    assert all(first[row["id"]] == row["split"] for row in rows(fewer, "id"))


# Topics are axes. Of topic 0 there are many rows of the best score, of the others few of a lesser one.
_SIZES = (30, 4, 4, 4, 4)


def _topics(model: str) -> tuple[list[dict[str, Any]], dict[str, float], list[dict[str, Any]], dict[str, int]]:
    """Records, scores, their vectors, and the topic of each: rows of a topic have a cosine of about 0.9."""
    noise, digest = np.random.default_rng(3), open_embedder(model).digest
    records, scores, vectors, topic_of = [], dict[str, float](), list[dict[str, Any]](), dict[str, int]()
    for topic, size in enumerate(_SIZES):
        for n in range(size):
            row = record(f"{topic}_{n:02}", f"topic {topic}", f"answer {n}", source=f"s{topic % 2}")
            vector = unit(np.eye(8)[topic] + noise.normal(0, 0.12, 8)).astype(np.float32)
            vectors.append({"text_hash": row["text_hash"], "embedder": digest, "vector": vector.tobytes()})
            records.append(row)
            scores[row["id"]], topic_of[row["id"]] = (5.0 if topic == 0 else 4.2), topic
    return records, scores, vectors, topic_of


def _released(spark: SparkSession, found: tuple[Any, ...], params: SelectParams) -> list[dict[str, Any]]:
    records, scores, vectors, _ = found
    return rows(
        training_set(_inputs(spark, records, scores, vectors=vectors), params, context())["gold/training_set"],
        "origin_id",
    )


def test_coverage_reaches_topics_that_the_best_scores_and_rarity_by_score_do_not(
    spark: SparkSession, model: str
) -> None:
    found = _topics(model)
    covered = _released(spark, found, SelectParams(budget=5, embedder=model))
    rare = _released(spark, found, SelectParams(budget=5, embedder=model, order="long_tail"))
    assert {found[3][row["origin_id"]] for row in covered} == {0, 1, 2, 3, 4}
    assert {found[3][row["origin_id"]] for row in rare} == {0}, "as published, the score goes first"


def test_a_distilled_item_is_ordered_by_its_members_and_held_to_no_floor(spark: SparkSession, model: str) -> None:
    scores = {"rec_u": 2.0, "rec_v": 3.0, "rec_low": 3.9}
    inputs = _inputs(
        spark, [record("low", "a question", "reply")], scores, [_distilled("thin", ["rec_u", "rec_v"], coverage=0.5)]
    )
    found = training_set(inputs, SelectParams(budget=5, embedder=model), context())
    [chosen] = rows(found["gold/training_set"], "origin_id")
    assert (chosen["origin_id"], chosen["score"]) == ("dst_thin", 2.2)  # 5 (1 - (1 - 0.5 x 0.4) (1 - 0.5 x 0.6))
    assert [(row["id"], row["reason"]) for row in rows(found["gold/training_set_exits"], "id")] == [
        ("rec_low", "quality_floor")
    ]


def test_rows_below_the_floor_are_covered_and_never_released(spark: SparkSession, model: str) -> None:
    records, scores, vectors, topic_of = _topics(model)
    kept = [row for row in records if topic_of[row["id"]] == 1 or row["id"] in ("rec_0_00", "rec_0_01")]
    scores |= {row["id"]: 1.0 for row in kept[3:]}  # of topic 1 one row stays above the floor
    (chosen,) = _released(spark, (kept, scores, vectors, topic_of), SelectParams(budget=1, embedder=model))
    assert topic_of[chosen["origin_id"]] == 1, "the better scores of topic 0 serve fewer"
    assert chosen["score"] == 4.2


@pytest.mark.parametrize("order", ["coverage", "long_tail"])
def test_the_same_rows_in_any_order_and_partitions_give_the_same_set(
    spark: SparkSession, model: str, order: Literal["coverage", "long_tail"]
) -> None:
    records, scores, vectors, _ = _topics(model)
    items = [_distilled(f"{n}", [f"rec_m{n}"], prompt=f"what of {n}?", answer=f"it is {n}") for n in range(6)]
    params = SelectParams(budget=12, source_share=0.5, rows_per_cell=10, embedder=model, order=order)
    inputs = _inputs(spark, records, scores, items, vectors=vectors)
    turned = _inputs(spark, records[::-1], scores, items[::-1], vectors=vectors[::-1])
    turned = {key: table.repartition(5) for key, table in turned.items()}
    first = {key: rows(found, "id") for key, found in training_set(inputs, params, context()).items()}
    with as_for_many(spark):
        assert {key: rows(found, "id") for key, found in training_set(turned, params, context()).items()} == first


def test_vectors_of_items_are_kept_and_made_anew_for_another_embedder_alone(
    spark: SparkSession, model: str, tmp_path: Path
) -> None:
    items = [_distilled(f"{n}", [f"rec_m{n}"], prompt=f"what of {n}?", answer=f"it is {n}") for n in range(3)]

    def kept(made: Sequence[Mapping[str, Any]], distilled: Sequence[dict[str, Any]], embedder: str) -> list[Any]:
        given = _inputs(spark, [], {}, distilled) | {VECTORS: frame(spark, VECTORS, made)}
        return rows(training_set(given, SelectParams(embedder=embedder), context())[VECTORS], "id")

    first = kept([], items[:2], model)
    assert [row["id"] for row in first] == ["dst_0", "dst_1"]
    assert {row["embedder"] for row in first} == {open_embedder(model).digest}
    other = [dict(row) | {"vector": np.eye(8, dtype=np.float32)[0].tobytes()} for row in first]
    again = kept(other, items[1:], model)  # one item has gone, one is new
    assert [row["id"] for row in again] == ["dst_1", "dst_2"]
    assert again[0] == other[1] and again[1]["vector"] not in (other[0]["vector"], first[0]["vector"])
    anew = kept(other, items[:2], str(static_folder(tmp_path / "other", 8)))
    assert {row["embedder"] for row in anew} != {row["embedder"] for row in first}
    assert all(row["vector"] != one["vector"] for row, one in zip(anew, other, strict=True))


def test_what_python_makes_of_the_rows_is_made_once(
    spark: SparkSession, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark does not know a persisted frame again where it is joined with what it came of: all items were embedded twice."""
    done, frames = tmp_path / "done", type(spark.range(1))
    original = frames.mapInArrow

    def noted(rows: DataFrame, function: Any, schema: str) -> DataFrame:
        file, place = str(done), f"{function.__qualname__} of frame {id(rows)}"

        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield from function(batches)
            with Path(file).open("a") as out:
                out.write(f"{place}, partition {TaskContext.get().partitionId()}\n")  # pyright: ignore[reportOptionalMemberAccess]

        return original(rows, each, schema)

    monkeypatch.setattr(frames, "mapInArrow", noted)
    records = [record(f"{n}", f"prompt {n}", f"answer {n}") for n in range(4)]
    items = [_distilled(f"{n}", [f"rec_m{n}"], prompt=f"what of {n}?", answer=f"it is {n}") for n in range(3)]
    for table in training_set(_inputs(spark, records, {}, items), SelectParams(embedder=model), context()).values():
        table.collect()
    times = Counter(done.read_text().splitlines())
    assert any("_encoder" in place for place in times) and any("_walk" in place for place in times)
    assert {place for place, count in times.items() if count > 1} == set()


def test_a_budget_in_tokens_and_quotas_are_never_exceeded(spark: SparkSession, model: str) -> None:
    found = _topics(model)
    shares = {"permissive": 0.7}
    params = SelectParams(budget=60, unit="tokens", source_share=0.5, licence_shares=shares, embedder=model)
    chosen = _released(spark, found, params)
    tokens = [-(-len((row["prompt"] + row["answer"]).encode()) // 4) for row in chosen]
    by_source = Counter[str]()
    for row, size in zip(chosen, tokens, strict=True):
        by_source[row["sources"][0]] += size
    assert len(chosen) > 4 and sum(tokens) <= 42 and max(by_source.values()) <= 30
    assert sum(tokens) + max(tokens) > 42, "it is filled until the next one does not fit"


def test_an_original_beside_a_released_item_on_its_topic_makes_room_for_another_topic(
    spark: SparkSession, model: str
) -> None:
    records, scores, vectors, topic_of = _topics(model)
    item = _distilled("one", ["rec_m"], prompt="topic 0", answer="in short")
    text_hash = sha256_text("topic 0\nin short")
    vectors.append({"text_hash": text_hash, "embedder": vectors[0]["embedder"], "vector": vectors[0]["vector"]})
    inputs = _inputs(spark, records, {**scores, "rec_m": 5.0}, [item], vectors=vectors)
    params = SelectParams(budget=5, distilled_share=0.2, embedder=model)
    chosen = rows(training_set(inputs, params, context())["gold/training_set"], "origin_id")
    assert [topic_of.get(row["origin_id"], "item") for row in chosen] == ["item", 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("items", "originals", "expected"), [(9, 9, (3, 3)), (1, 9, (1, 5)), (9, 2, (4, 2)), (0, 0, (0, 0))]
)
def test_a_shortfall_of_one_side_is_filled_by_the_other(
    spark: SparkSession, model: str, items: int, originals: int, expected: tuple[int, int]
) -> None:
    made = [_distilled(f"{n}", [f"rec_m{n}"], prompt=f"what of {n}?", answer=f"it is {n}") for n in range(items)]
    records = [record(f"{n}", f"prompt {n}", f"answer {n}") for n in range(originals)]
    found = training_set(_inputs(spark, records, {}, made), SelectParams(budget=6, embedder=model), context())
    origins = [row["origin"] for row in rows(found["gold/training_set"], "id")]
    assert (origins.count("distilled"), origins.count("original")) == expected
    assert len(origins) + found["gold/training_set_exits"].count() == items + originals


def test_a_licence_that_is_no_class_is_named_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="MIT is of the class permissive: name the class"):
        SelectParams(licence_shares={"MIT": 0.5})
    with pytest.raises(ValueError, match="no licence class 'noncommercial': there are attribution, non-commercial"):
        SelectParams(licence_shares={"noncommercial": 0})
    assert SelectParams(licence_shares={"GPL-3.0-only": 0, "share-alike": 0.1})
