"""The evaluation on toy rows: budgets are equal, what is held out is trained on by nobody, a killed run goes on, time cuts whole arms."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy

from lake.harness.job import JobContext
from lake.harness.unfinished import Unfinished
from lake.storage.store import Lake
from texts.embed.vector_bytes import to_bytes
from trainers import evaluation_runs
from trainers.arms import Example, HeldOut, examples, long_tail
from trainers.downstream import evaluation
from trainers.evaluation_params import ARMS, EvaluationParams
from trainers.facts import facts
from trainers.heldout_items import Item, guessing, heldout_items

PARAMS = EvaluationParams.model_validate({
    "base": toy.TINY, "arms": ["released", "random", "distilled"], "seeds": [0, 1], "tokens": 1200, "batch_tokens": 200, "max_length": 120,
    "learning_rate": 3e-3, "candidates": 30, "items": 12, "written": 2, "written_tokens": 8, "resamples": 100,
})  # fmt: skip
LEAK = "What is the weight of a ladder of seven steps in the old harbour?"


def record(n: int, original: str, text: str) -> dict[str, Any]:
    return {
        "id": f"rec_{n:02d}", "original_id": original, "prompt": f"Question {n}?", "answer": text, "text": text, "text_hash": f"h{n:02d}",
    }  # fmt: skip


def benchmark(n: int, question: str, answer: str, wrong: list[str]) -> dict[str, Any]:
    return {
        "id": f"raw_b{n}", "source": "quiz", "role": "benchmark", "name": f"q{n}", "text": f"{question}\n{answer}",
        "question": question, "answer": answer, "wrong": wrong, "facts": [],
    }  # fmt: skip


def inputs(**changed: list[dict[str, Any]]) -> dict[str, Any]:
    records = [
        record(0, "pkg.mod.open#purpose", "It opens a file."),
        record(1, "pkg.mod.open#returns", "It returns a stream of bytes."),
        record(2, "pkg.mod.close#purpose", "It closes a file."),
        *(record(n, f"chat-{n}", f"Some other text number {n} about ladders.") for n in range(3, 24)),
    ]
    released = [row["target"] for row in toy.mixture_rows() if row["split"] == "sft"]
    vectors = to_bytes(np.eye(24, 4, dtype=np.float32) + 0.1)
    rows = {
        "gold/training_set": [{"id": f"rel_{n:02d}", "split": "train", "prompt": "", "answer": text} for n, text in enumerate(released)]
        + [{"id": "rel_x", "split": "train", "prompt": LEAK, "answer": "Nobody knows."}, {"id": "rel_v", "split": "validation", "prompt": "v", "answer": "v"}],
        "silver/unique_instructions": records,
        "silver/quality": [{"id": row["id"], "curated": float(n % 5), "high": n % 2 == 0} for n, row in enumerate(records)],
        "silver/embeddings": [{"text_hash": row["text_hash"], "embedder": "e", "vector": vector} for row, vector in zip(records, vectors.to_pylist(), strict=True)],
        "silver/groups": [{"group_id": f"grp_{n // 3}", "id": f"rec_{n:02d}"} for n in range(9)],
        "gold/distilled": [
            {"id": "dst_1", "group_id": "grp_1", "member_ids": ["rec_00", "rec_01"], "prompt": "open?", "answer": "It opens a file and returns a stream of bytes."},
            {"id": "dst_2", "group_id": "grp_2", "member_ids": ["rec_05", "rec_06"], "prompt": "x?", "answer": "No truth is known of these."},
        ],
        "gold/distilled_refused": [{"group_id": "grp_3", "member_ids": ["rec_00", "rec_01"], "text": "<answer>It opens a file.</answer>"}],
        "gold/mixture": toy.mixture_rows(),
        "bronze/references": [
            {"id": "raw_1", "role": "truth", "name": "pkg.mod.open", "text": "It opens a file. It returns a stream of bytes. It raises OSError.",
             "facts": ["opens a file", "returns a stream of bytes", "raises OSError"]},
            benchmark(1, LEAK, "a lot", ["nothing", "seven steps"]),
            benchmark(2, "What is the weight of a ladder of nine steps in the old harbour?", "ten stones", ["nothing"]),
            benchmark(3, "Why do candles burn?", "Wax feeds the flame.", []),
        ],
    }  # fmt: skip
    return {key: toy.dataset(key, value) for key, value in (rows | changed).items()}


def context(folder: Path) -> JobContext:
    return replace(
        toy.context(folder / "artifacts"),
        lake=Lake(str(folder / "lake")),
        unfinished=Unfinished(folder / "unfinished", str(folder)),
    )


def run(where: JobContext, params: EvaluationParams = PARAMS) -> dict[str, list[dict[str, Any]]]:
    return {key: table.to_pylist() for key, table in evaluation(inputs(), params, where)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[dict[str, Any]]], JobContext]:
    where = context(tmp_path_factory.mktemp("whole"))
    return run(where), where


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One entry for each training that was begun; the fourth is killed."""
    begun: list[int] = []
    train = evaluation_runs.train

    def counted(*given: Any) -> None:
        begun.append(1)
        if len(begun) == 4:
            raise KeyboardInterrupt
        train(*given)

    monkeypatch.setattr(evaluation_runs, "train", counted)
    yield begun


def test_every_arm_and_seed_is_measured_on_the_same_items_after_as_many_tokens(whole: Any) -> None:
    rows = whole[0]["reports/evaluation"]
    runs = {(arm, seed) for arm in PARAMS.arms for seed in PARAMS.seeds}
    assert {
        (row["arm"], row["seed"]) for row in rows if row["metric"] == "train_tokens" and row["value"] == 1200
    } == runs
    items = Counter((row["arm"], row["seed"], row["metric"]) for row in whole[0]["reports/evaluation_items"])
    assert {arm for arm, _, _ in items} == {*PARAMS.arms, "none"}
    counts = {
        "accuracy": 2,
        "accuracy_norm": 2,
        "nll": 1,
        "mixture_nll": 12,
        "truth_nll": 1,
        "ended": 2,
        "repetition": 2,
    }
    assert all(
        items[arm, seed, metric] == count for arm, seed in {*runs, ("none", 0)} for metric, count in counts.items()
    )
    assert {round(row["chance"], 6) for row in rows if row["metric"] == "accuracy"} == {0.5}, (
        "the most frequent answer gives more than 5/12"
    )
    assert {row["base"] for row in rows if row["metric"] == "mixture_nll"} == {"scratch"}


def test_a_row_that_holds_a_held_out_question_is_told_and_not_trained_on(whole: Any) -> None:
    told = {(row["arm"], row["metric"]): row["value"] for row in whole[0]["reports/evaluation"] if row["seed"] == 0}
    assert told["released", "overlapping_rows"] == 1 and told["released", "drawn_rows"] == 21
    assert told["random", "overlapping_rows"] == 0


def test_training_on_what_is_asked_lowers_the_loss_more_than_training_on_something_else(whole: Any) -> None:
    rows = {row["control"]: row for row in whole[0]["reports/evaluation_comparisons"] if row["metric"] == "mixture_nll"}
    assert rows.keys() == {"random", "distilled", "none"}
    assert all(row["difference"] < 0 and row["seeds"] == 2 for row in rows.values())


def test_a_killed_run_goes_on_behind_the_last_arm_and_gives_the_same_rows(
    whole: Any, trained: list[int], tmp_path: Path
) -> None:
    where = context(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(where)
    assert run(where) == whole[0]
    assert len(trained) == 4 + 3, "three had ended, the fourth began anew"


def test_the_base_is_measured_once_for_these_items(whole: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_runs.Measure, "figures", lambda *_: pytest.fail("measured again"))
    where = replace(whole[1], unfinished=None)
    runs = evaluation_runs.EvaluationRuns(inputs(), heldout_items(inputs(), PARAMS), PARAMS, where)
    kept = {(row["metric"], row["item_id"]): row["value"] for row in runs.base_figures()}
    told = whole[0]["reports/evaluation_items"]
    assert kept == {(row["metric"], row["item_id"]): row["value"] for row in told if row["arm"] == "none"}


def test_where_time_ends_whole_arms_are_left_out_and_named(whole: Any, tmp_path: Path) -> None:
    where = context(tmp_path)
    rows = run(where, PARAMS.model_copy(update={"time_limit_s": 1e-6}))
    assert where.metrics["trainings_cut"] == 5
    found = {row["control"]: row for row in rows["reports/evaluation_comparisons"] if row["metric"] == "mixture_nll"}
    assert found["random"]["difference"] is None and "was not compared" in found["random"]["sentence"]
    assert found["none"]["seeds"] == 1 and "1 seed of 2 planned" in found["none"]["sentence"]


@pytest.mark.parametrize(
    ("arm", "wanted"),
    [
        ("released", {("", row["target"]) for row in toy.mixture_rows() if row["split"] == "sft"} | {(LEAK, "Nobody knows.")}),
        ("distilled", {("open?", "It opens a file and returns a stream of bytes."), ("x?", "No truth is known of these.")}),
        ("high_only", {(f"Question {n}?", f"Some other text number {n} about ladders.") for n in range(4, 24, 2)}
         | {("Question 0?", "It opens a file."), ("Question 2?", "It closes a file.")}),
    ],
)  # fmt: skip
def test_an_arm_is_its_rows(arm: Any, wanted: set[tuple[str, str]]) -> None:
    assert {(row.prompt, row.answer) for row in examples(arm, inputs(), PARAMS, 1)} == wanted


def test_guessing_is_blind_or_always_the_same_answer() -> None:
    skewed = [Item(f"{n}", "choice", "quiz", "Is it?", "true" if n < 7 else "false", ("x",)) for n in range(10)]
    varied = [Item(f"{n}", "choice", "quiz", "Which?", f"a{n}", ("x", "y", "z")) for n in range(10)]
    assert (guessing(skewed), guessing(varied)) == (0.7, 0.25)


def test_groups_are_concatenated_whole_and_ranked_arms_take_the_best_first() -> None:
    groups = {row.prompt: row.answer for row in examples("concatenated", inputs(), PARAMS, 0)}
    assert (
        groups["Question 0?\n\nQuestion 1?\n\nQuestion 2?"].startswith("It opens a file.\n\nIt returns")
        and len(groups) == 3
    )
    numbers = [int(row.prompt[9:-1]) for row in examples("ds2", inputs(), PARAMS, 0)]
    assert [number % 5 for number in numbers] == sorted((n % 5 for n in range(24)), reverse=True)
    assert {arm for arm in ARMS if examples(arm, inputs(), PARAMS, 0)} == set(ARMS)


def test_the_long_tail_is_the_mean_distance_to_the_nearest_others() -> None:
    vectors = {
        f"v{n}": row / np.linalg.norm(row) for n, row in enumerate(np.random.default_rng(0).standard_normal((9, 3)))
    }
    found = long_tail(vectors, 4)
    for name, vector in vectors.items():
        others = sorted(1 - float(vector @ other) for key, other in vectors.items() if key != name)
        assert found[name] == pytest.approx(sum(others[:4]) / 4)
    assert long_tail({"one": np.ones(1)}, 4) == {"one": 0.0}


@pytest.mark.parametrize(
    ("prompt", "answer", "held"),
    [
        ("Tell me.", f"They asked: {LEAK} I said so.", True),
        ("why do CANDLES burn", "Wax.", True),  # shorter than eight words: word for word
        ("Why do candles burn so long?", "Wax.", False),
        ("What is the weight of a boat?", "Three steps in the old harbour.", False),
    ],
)
def test_a_row_overlaps_where_it_holds_most_of_a_question(prompt: str, answer: str, held: bool) -> None:
    items = [
        Item("a", "choice", "quiz", LEAK, "x", ("y",)),
        Item("b", "answer", "quiz", "Why do candles burn?", "Wax."),
    ]
    assert HeldOut(items, 0.5).holds(Example(prompt, answer)) is held


def test_near_duplicates_are_one_cluster_and_what_is_held_out_is_chosen_by_hash() -> None:
    found = {item.id: item for item in heldout_items(inputs(), PARAMS)}
    assert found["raw_b1"].cluster == found["raw_b2"].cluster != found["raw_b3"].cluster
    assert (found["raw_b1"].kind, found["raw_b3"].kind, found["raw_1"].kind) == ("choice", "answer", "truth")
    few = heldout_items(inputs(), PARAMS.model_copy(update={"items": 2}))
    assert Counter(item.benchmark for item in few) == {"quiz": 2, "mixture": 2, "truths": 1}


def test_a_named_model_is_each_arms_fresh_start_and_adapters_alone_are_trained(toy_sft: dict[str, Any]) -> None:
    from trainers.starting_points import starting_point

    named = {"base": toy_sft["base"], "lora": {"rank": 4, "alpha": 8, "last_blocks": 1}}
    params = EvaluationParams.model_validate(PARAMS.model_dump() | named)
    fresh, _ = starting_point(params, lambda: pytest.fail("a named model has a tokenizer"))
    trained = {name for name, weight in fresh(0).named_parameters() if weight.requires_grad}
    assert trained and all("lora_" in name and ".layers.1." in name for name in trained)


def test_facts_are_counted_over_the_groups_whose_truth_is_known() -> None:
    found = {row["metric"]: row["value"] for row in facts(inputs(), PARAMS) if "words" not in row["metric"]}
    assert found == {
        "facts_best_member": pytest.approx(1 / 3), "facts_distilled": pytest.approx(1 / 2),  # two thirds of what was accepted, one of what was not
        "facts_concatenation": pytest.approx(2 / 3), "facts_full": 1.0,
    }  # fmt: skip


def test_no_truth_gives_no_figure_rather_than_zero() -> None:
    assert list(facts(inputs(**{"bronze/references": []}), PARAMS)) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"arms": ["random"]}, "must have 'released'"),
        ({"arms": ["released", "released"]}, "names one twice"),
        ({"seeds": [1, 1]}, "names one twice"),
        ({"batch_tokens": 64, "max_length": 512}, "must be >= max_length 512"),
    ],
)  # fmt: skip
def test_params_that_cannot_be_compared_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EvaluationParams.model_validate(wrong)
