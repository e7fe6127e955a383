"""Duplicates: what must go, what must stay, and that every removal is justified by a kept row."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from spark_frames import as_for_many, context, frame, rows
from spark_frames import record as plain_record

from spark_jobs.dedupe.job import DedupeParams, unique_instructions
from spark_jobs.dedupe.removals import near_removals

LONG = (
    "please describe in a few plain sentences how a small boat is kept dry during the long winter months near the sea"
)
ANSWER = (
    "cover the boat with a breathing sheet, raise it from the ground, drain every tank and look after it once a month"
)


def _id(name: str) -> str:
    """The id of the record called `name`: ids are ordered as names are."""
    return f"rec_{name.encode().hex()[:24]:0<24}"


def record(name: str, prompt: str, answer: str, **columns: Any) -> dict[str, Any]:
    """A normalised record called `name`."""
    return plain_record(name, prompt, answer, id=_id(name), **columns)


def _inputs(spark: SparkSession, records: DataFrame, withdrawn: Sequence[str] = ()) -> dict[str, DataFrame]:
    gone = [{"id": _id(name).replace("rec_", "raw_")} for name in withdrawn]
    table = "bronze/instructions_withdrawn"
    return {"silver/instructions": records, table: frame(spark, table, gone)}


def _run(
    spark: SparkSession, records: Sequence[dict[str, Any]], **params: Any
) -> tuple[list[str], dict[str, dict[str, Any]], dict[str, float]]:
    """Kept ids, removals by id, figures."""
    around = context()
    found = unique_instructions(
        _inputs(spark, frame(spark, "silver/instructions", records)), DedupeParams(**params), around
    )
    removed = {row["removed_id"]: row for row in rows(found["silver/duplicates"], "removed_id")}
    kept = [row["id"] for row in rows(found["silver/unique_instructions"], "id")]
    assert sorted([*kept, *removed]) == sorted(row["id"] for row in records)
    assert all(row["kept_id"] in kept for row in removed.values())
    return kept, removed, around.metrics


def test_exact_copies_name_the_longest_then_smallest_id(spark: SparkSession) -> None:
    copies = [
        record("c", "What is tar?", "Tar is pitch."),
        record("a", "what is  tar?", "tar is  PITCH."),
        record("b", "What is tar?", "Tar is\n\n\npitch.\n"),
    ]
    kept, removed, figures = _run(spark, copies)
    assert kept == [_id("b")]
    assert {(row["rule"], row["similarity"], row["kept_id"]) for row in removed.values()} == {
        ("exact_record", 1.0, _id("b"))
    }
    assert (
        figures["exact_record"] == 2
        and figures["largest_star"] == 0
        and figures["removed_share/a"] == pytest.approx(2 / 3)
    )


def test_a_near_copy_goes_and_its_measure_is_exact(spark: SparkSession) -> None:
    edited = LONG.replace("small", "little")
    _, removed, _ = _run(spark, [record("a", LONG, ANSWER), record("b", edited, ANSWER)])
    (removal,) = removed.values()
    one, other = (_shingles(f"{prompt} {ANSWER}") for prompt in (LONG, edited))
    assert removal["rule"] == "near"
    assert removal["similarity"] == pytest.approx(len(one & other) / len(one | other))


def test_what_differs_on_one_side_stays(spark: SparkSession) -> None:
    other = "sell it and rent another one whenever the weather is fine, which costs less than any repair ever will"
    sides = {
        "same": (LONG, ANSWER),
        "other_answer": (LONG, other),
        "other_numbers": (LONG.replace("a few", "3"), ANSWER.replace("once a", "4 times a")),
        "short_prompt": ("why", ANSWER),
        "other_short_prompt": ("how", ANSWER),
        "swapped": (ANSWER, LONG),
    }
    kept, removed, _ = _run(spark, [record(name, *pair) for name, pair in sides.items()])
    assert len(kept) == len(sides) and not removed


def test_figures_of_a_template_keep_its_rows_apart(spark: SparkSession) -> None:
    template = [record(f"{n:02}", f"{LONG} number {n}", f"{ANSWER} and pay {n * 7}") for n in range(20)]
    assert len(_run(spark, template)[0]) == 20


def test_a_source_can_be_preferred(spark: SparkSession) -> None:
    copies = [record("a", LONG, ANSWER, source="a"), record("b", LONG, ANSWER, source="b")]
    assert _run(spark, copies)[0] == [_id("a")]
    assert _run(spark, copies, source_priority=("b",))[0] == [_id("b")]


def test_a_shared_last_exchange_of_other_conversations_is_no_duplicate(spark: SparkSession) -> None:
    def talk(name: str, *before: str) -> dict[str, Any]:
        turns = [*before, "And now?", ANSWER]
        roles = ["user", "assistant"] * len(turns)
        prompt = "\n".join(f"{role}: {content}" for role, content in zip(roles, turns[:-1], strict=False))
        messages = [{"role": role, "content": content} for role, content in zip(roles, turns, strict=False)]
        return record(name, prompt, ANSWER, messages=messages)

    kept, removed, _ = _run(
        spark,
        [
            talk("a", "Is it a boat?", "It is."),
            talk("b", "Is it a house?", "It is."),
            talk("c", "is it a\tBoat?", "it is."),
        ],
    )
    assert kept == [_id("a"), _id("b")]
    assert (removed[_id("c")]["kept_id"], removed[_id("c")]["rule"]) == (_id("a"), "exact_record")


def test_opposites_stay_apart(spark: SparkSession) -> None:
    said = {
        "smaller": ("smaller than", "return a < b;"),
        "greater": ("greater than", "return a > b;"),
        "signless": ("smaller than", "return a, b;"),
        "denied": ("not smaller than", "return a < b;"),
        "unit": ("smaller by 2 km than", "return a < b;"),
        "other_unit": ("smaller by 2 mm than", "return a < b;"),
        "power": ("smaller by 2³ than", "return a < b;"),
        "number": ("smaller by 23 than", "return a < b;"),
    }
    records = [record(name, f"{LONG} {asked} it", f"{ANSWER} {told}") for name, (asked, told) in said.items()]
    kept, removed, figures = _run(spark, records)
    assert len(kept) == len(said) and not removed
    assert figures["suite_precision"] == figures["suite_recall"] == 1


def test_a_row_follows_its_exact_copy_to_the_row_that_is_kept(spark: SparkSession) -> None:
    edited = LONG.replace("small", "s")
    trio = [record("a", LONG, ANSWER), record("b", edited, ANSWER), record("c", edited, ANSWER)]
    kept, removed, _ = _run(spark, trio)
    assert kept == [_id("a")]
    assert removed[_id("b")]["kept_id"] == removed[_id("c")]["kept_id"] == _id("a")
    assert removed[_id("b")]["similarity"] == removed[_id("c")]["similarity"] < 1


def test_every_row_is_unique(spark: SparkSession) -> None:
    kept, removed, figures = _run(spark, [record("a", "one", "two"), record("b", "three", "four")])
    assert len(kept) == 2 and not removed and figures["largest_star"] == 0


def test_removals_are_justified_few_are_missed_and_order_does_not_matter(spark: SparkSession) -> None:
    records = _corpus(seed=7)
    kept, removed, _ = _run(spark, records)
    texts = {row["id"]: row for row in records}
    for row in removed.values():
        assert _least_similarity(texts[row["removed_id"]], texts[row["kept_id"]]) >= 0.7
    missed = [a for a in kept for b in kept if a < b and _least_similarity(texts[a], texts[b]) >= 0.7]
    assert len(removed) > 100
    assert len(missed) <= 0.01 * len(removed)
    again = records[::-1]
    shuffled = frame(spark, "silver/instructions", again).repartition(5)
    with as_for_many(spark):
        other = unique_instructions(_inputs(spark, shuffled), DedupeParams.model_validate({}), context())
        assert {row["removed_id"]: row for row in rows(other["silver/duplicates"], "removed_id")} == removed


@pytest.mark.parametrize("few_edges", [0, 40, 1_000])
def test_near_removals_are_the_greedy_choice(spark: SparkSession, few_edges: int) -> None:
    draw = random.Random(7)
    pairs = {tuple(sorted(draw.sample(range(60), 2))) for _ in range(120)}
    edges = [(f"{a:02}", f"{b:02}", draw.random()) for a, b in sorted(pairs)]
    found = near_removals(
        spark.createDataFrame(edges, "better string, worse string, similarity double"), len(edges), few_edges
    )
    kept: set[str] = set()
    for name in (f"{n:02}" for n in range(60)):
        if not any(worse == name and better in kept for better, worse, _ in edges):
            kept.add(name)
    measured = {(better, worse): similarity for better, worse, similarity in edges}
    removals = rows(found, "removed_id")
    assert [row["removed_id"] for row in removals] == sorted({f"{n:02}" for n in range(60)} - kept)
    assert all(measured[row["kept_id"], row["removed_id"]] == row["similarity"] for row in removals)


def test_a_crowded_bucket_loses_nothing_that_is_close(spark: SparkSession) -> None:
    crowd = [record(f"{n:03}", LONG, f"{ANSWER} {'x' * n}") for n in range(120)]
    assert len(_run(spark, crowd, reach=8)[0]) == 1


def test_new_rows_are_compared_with_those_published_before_which_stay(spark: SparkSession) -> None:
    def publish(records: Sequence[dict[str, Any]], before: dict[str, Any]) -> dict[str, Any]:
        inputs = _inputs(spark, frame(spark, "silver/instructions", records))
        return dict(unique_instructions(inputs, DedupeParams.model_validate({}), replace(context(), before=before)))

    other = "sell it and rent another one whenever the weather is fine, which costs less than any repair ever will"
    old = [record("m", LONG, ANSWER), record("n", "why", other), record("z", LONG.replace("small", "s"), ANSWER)]
    published = {"silver/instructions": frame(spark, "silver/instructions", old), **publish(old, {})}
    assert [row["id"] for row in rows(published["silver/unique_instructions"], "id")] == [_id("m"), _id("n")]
    new = [
        record("a", LONG.upper(), ANSWER.capitalize()),
        record("b", LONG.replace("small", "remarkably small"), ANSWER),
        record("c", LONG, other),
        record("d", f"{LONG} please", other),
        record("e", "how", other),
    ]
    found = publish(new, published)
    removed = {
        row["removed_id"]: (row["kept_id"], row["rule"]) for row in rows(found["silver/duplicates"], "removed_id")
    }
    assert removed == {
        _id("a"): (_id("m"), "exact_record"),
        _id("b"): (_id("m"), "near"),
        _id("c"): (_id("d"), "near"),
    }
    assert [row["id"] for row in rows(found["silver/unique_instructions"], "id")] == [_id("d"), _id("e")]
    assert [row["id"] for row in rows(found["silver/signatures"], "id")] == [_id("d"), _id("e")]


def test_a_corrected_record_does_not_go_for_the_withdrawn_one(spark: SparkSession) -> None:
    def removals(records: Sequence[dict[str, Any]], before: dict[str, Any]) -> dict[str, str]:
        inputs = _inputs(spark, frame(spark, "silver/instructions", records), withdrawn=["a"])
        found = unique_instructions(inputs, DedupeParams(), replace(context(), before=before))
        return {row["removed_id"]: row["kept_id"] for row in rows(found["silver/duplicates"], "removed_id")}

    old, corrected = record("a", LONG, ANSWER), record("b", LONG.replace("small", "samll"), ANSWER)
    again, exact = record("c", LONG.replace("small", "very samll"), ANSWER), record("d", LONG, ANSWER)
    # beside it, and where it was published before; an exact copy has its words, and needs no second place
    assert removals([old, corrected, again, exact], {}) == {_id("b"): _id("c"), _id("d"): _id("a")}
    first = unique_instructions(_inputs(spark, frame(spark, "silver/instructions", [old])), DedupeParams(), context())
    before = {"silver/instructions": frame(spark, "silver/instructions", [old]), **dict(first)}
    assert removals([corrected, again, exact], before) == {_id("b"): _id("c"), _id("d"): _id("a")}


def test_rejected_pairs_say_what_failed(spark: SparkSession) -> None:
    other = f"{' '.join(ANSWER.split()[:12])} and then sell it to a friend who knows how to sail on a lake with it"
    inputs = frame(spark, "silver/instructions", [record("a", LONG, ANSWER), record("b", LONG, other)])
    found = unique_instructions(_inputs(spark, inputs), DedupeParams.model_validate({}), context())
    for pair in rows(found["silver/rejected_pairs"], "left"):
        assert (pair["left"], pair["right"]) == (_id("a"), _id("b"))
        assert pair["prompt_similarity"] == 1 and pair["answer_similarity"] < 0.7
        assert pair["reason"] == ("whole_record" if pair["similarity"] < 0.7 else "answer")
    assert found["silver/rejected_pairs"].count() == 1


def test_the_whole_record_alone_can_decide(spark: SparkSession) -> None:
    pair = [record("a", LONG, f"{ANSWER} for 5 years"), record("b", LONG, f"{ANSWER} for 6 years")]
    assert len(_run(spark, pair)[0]) == 2
    assert len(_run(spark, pair, by_side=False)[0]) == 1


def _corpus(seed: int) -> list[dict[str, Any]]:
    """60 records of common words, and three copies of each with 0 to 6 % of the words replaced."""
    draw = random.Random(seed)
    vocabulary = [f"word{chr(97 + a)}{chr(97 + b)}" for a in range(20) for b in range(20)]
    found: list[dict[str, Any]] = []
    for base in range(60):
        prompt, answer = ([draw.choice(vocabulary) for _ in range(40)] for _ in range(2))
        for copy in range(4):
            sides = [
                " ".join(draw.choice(vocabulary) if draw.random() < 0.02 * copy else word for word in side)
                for side in (prompt, answer)
            ]
            found.append(record(f"{base:02}{copy}", *sides))
    return found


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().replace(",", " ").split()
    return {tuple(words[n : n + 3]) for n in range(len(words) - 2)}


def _least_similarity(one: dict[str, Any], other: dict[str, Any]) -> float:
    sides = [(_shingles(one[side]), _shingles(other[side])) for side in ("text", "prompt", "answer")]
    return min(len(a & b) / len(a | b) if a | b else 1.0 for a, b in sides)
