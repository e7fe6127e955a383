"""The evaluation on toy rows: every arm and seed is there, budgets are equal, facts are counted by hand."""

from pathlib import Path
from typing import Any

import pytest
import toy

from trainers.downstream import EvaluationParams, evaluation, facts

PARAMS = EvaluationParams.model_validate({
    "base": toy.TINY, "examples": 20, "steps": 3, "batch": 2, "block": 32, "heldout_items": 5, "seeds": [0, 1, 2],
})  # fmt: skip


def record(n: int, original: str, text: str) -> dict[str, Any]:
    return {"id": f"rec_{n}", "original_id": original, "prompt": f"Question {n}?", "answer": text, "text": text}


def inputs(**changed: list[dict[str, Any]]) -> dict[str, Any]:
    records = [
        record(0, "pkg.mod.open#purpose", "It opens a file."),
        record(1, "pkg.mod.open#returns", "It returns a stream of bytes."),
        record(2, "pkg.mod.close#purpose", "It closes a file."),
        *(record(n, f"chat-{n}", f"Some other text number {n} about ladders.") for n in range(3, 40)),
    ]
    rows = {
        "gold/training_set": [{"id": f"rel_{n}", "prompt": f"Ask {n}", "answer": "A kettle has parts."} for n in range(8)],
        "silver/unique_instructions": records,
        "silver/quality": [{"id": row["id"], "high": n % 2 == 0} for n, row in enumerate(records)],
        "gold/distilled": [
            {"id": "dst_1", "group_id": "grp_1", "member_ids": ["rec_0", "rec_1"], "prompt": "open?", "answer": "It opens a file and returns a stream of bytes."},
            {"id": "dst_2", "group_id": "grp_2", "member_ids": ["rec_5", "rec_6"], "prompt": "x?", "answer": "No truth is known of these."},
        ],
        "gold/distilled_refused": [{"group_id": "grp_3", "member_ids": ["rec_0", "rec_1"], "text": "<answer>It opens a file.</answer>"}],
        "gold/mixture": toy.mixture_rows(),
        "bronze/references": [
            {"id": "raw_1", "role": "truth", "name": "pkg.mod.open", "text": "It opens a file. It returns a stream of bytes. It raises OSError.",
             "facts": ["opens a file", "returns a stream of bytes", "raises OSError"]},
            {"id": "raw_2", "role": "benchmark", "name": "pkg.mod.close", "text": "It closes a file.", "facts": ["closes a file"]},
        ],
    }  # fmt: skip
    return {key: toy.dataset(key, value) for key, value in (rows | changed).items()}


def test_every_arm_and_seed_has_its_losses_on_equally_many_examples(tmp_path: Path) -> None:
    context = toy.context(tmp_path / "a")
    [(key, table)] = evaluation(inputs(), PARAMS, context)
    rows = table.to_pylist()
    assert key == "reports/evaluation"
    losses = {(row["arm"], row["seed"]): row["value"] for row in rows if row["metric"] == "heldout_loss"}
    assert losses.keys() == {(arm, seed) for arm in ("released", "random", "high_only") for seed in (0, 1, 2)}
    assert all(0 < loss < 20 for loss in losses.values()) and len(set(losses.values())) == 9
    assert {row["value"] for row in rows if row["metric"] == "train_examples"} == {8.0}
    assert {row["items"] for row in rows if row["metric"] == "heldout_loss"} == {5}
    assert {(row["base"], row["arm"] == "distilled") for row in rows} == {("scratch", False), (None, True)}
    [(_, again)] = evaluation(inputs(), PARAMS, toy.context(tmp_path / "b"))
    assert again.equals(table)


def test_a_named_model_is_each_arms_fresh_start_and_adapters_alone_are_trained(
    toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    named = {"base": toy_sft["base"], "lora": {"rank": 4, "alpha": 8, "last_blocks": 1}, "seeds": (0, 1)}
    params = EvaluationParams.model_validate(PARAMS.model_dump() | named)
    [(_, table)] = evaluation(inputs(), params, toy.context(tmp_path / "a"))
    losses = {(row["arm"], row["seed"]): row["value"] for row in table.to_pylist() if row["metric"] == "heldout_loss"}
    assert len(losses) == 6 and len(set(losses.values())) == 6
    assert {row["base"] for row in table.to_pylist() if row["arm"] == "released"} == {toy_sft["base"]}
    [(_, again)] = evaluation(inputs(), params, toy.context(tmp_path / "b"))
    assert again.equals(table), "an arm began where the one before it had ended"
    from trainers.starting_points import starting_point

    fresh, _ = starting_point(params, lambda: pytest.fail("a named model has a tokenizer"))
    trained = {name for name, weight in fresh(0).named_parameters() if weight.requires_grad}
    assert trained and all("lora_" in name and ".layers.1." in name for name in trained)


def test_training_on_what_is_asked_lowers_the_loss_more_than_training_on_something_else(tmp_path: Path) -> None:
    targets = [
        {"id": f"rel_{n}", "prompt": "", "answer": row["target"]}
        for n, row in enumerate(toy.mixture_rows())
        if row["split"] == "sft"
    ]
    [(_, table)] = evaluation(
        inputs(**{"gold/training_set": targets}), PARAMS.model_copy(update={"steps": 30}), toy.context(tmp_path / "a")
    )
    mean = {
        arm: sum(row["value"] for row in table.to_pylist() if (row["arm"], row["metric"]) == (arm, "heldout_loss")) / 3
        for arm in ("released", "random")
    }
    assert mean["released"] < mean["random"]


def test_facts_are_counted_over_the_groups_whose_truth_is_known() -> None:
    found = {row["metric"]: row["value"] for row in facts(inputs(), PARAMS)}
    assert found == {
        "facts_best_member": pytest.approx(1 / 3), "facts_distilled": pytest.approx(1 / 2),  # two thirds of what was accepted, one of what was not
        "facts_concatenation": pytest.approx(2 / 3), "facts_full": 1.0,
    }  # fmt: skip


def test_no_truth_gives_no_figure_rather_than_zero() -> None:
    assert list(facts(inputs(**{"bronze/references": []}), PARAMS)) == []


def test_the_loss_of_many_texts_is_that_of_each_token_read_alone() -> None:
    import torch

    from trainers import tiny
    from trainers.language_modelling import loss_per_token

    shape = PARAMS.base
    texts = [f"A ladder has {'many ' * n}rungs." for n in range(20)]
    tokenizer = tiny.tokenizer_from(texts, shape.vocabulary, shape.positions)
    model = tiny.model_from(shape, tokenizer, 0).eval()
    losses: list[float] = []
    for text in texts:
        tokens = torch.tensor([*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id][:12])
        likely = torch.log_softmax(model(input_ids=tokens[None]).logits[0], -1)
        losses += [-likely[at, token].item() for at, token in enumerate(tokens[1:])]
    assert loss_per_token(model, tokenizer, texts, 12) == pytest.approx(sum(losses) / len(losses), rel=1e-5)
