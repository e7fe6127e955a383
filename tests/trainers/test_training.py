"""Real TRL on a toy model: what a checkpoint's row says is true of the checkpoint."""

import doctest
import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import toy

from lake.errors import StageFailed, UserError
from lake.harness.environment import prepare
from lake.ids import sha256_folder
from texts.audit import Audited
from trainers.grpo import GrpoParams, distiller
from trainers.rewards import REWARDS
from trainers.rewards.cheats import CHEATS
from trainers.sft import SftParams
from trainers.sft import distiller as fine_tune

prepare(offline=True)


def test_fine_tuning_learns_and_says_so(fine_tuned: dict[str, Any]) -> None:
    row, losses = fine_tuned["row"], [point["value"] for point in fine_tuned["row"]["curve"] if point["name"] == "loss"]
    assert row["steps"] == 6 and row["train_rows"] == 20 and row["dropped_rows"] == 0
    assert all(math.isfinite(loss) for loss in losses) and losses[-1] < losses[0]
    assert 0 <= row["format_rate"] <= 1
    assert fine_tuned["metrics"]["eos_in_mask"] == 1.0


def test_a_checkpoint_is_safetensors_and_reloads_to_the_same_weights(
    fine_tuned: dict[str, Any], tmp_path: Path
) -> None:
    from trainers import checkpoint

    folder = Path(fine_tuned["row"]["uri"])
    assert not [path for path in folder.rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".pth")]
    assert sha256_folder(folder) == fine_tuned["row"]["digest"]
    checkpoint.save(*checkpoint.load(str(folder)), tmp_path)
    assert checkpoint.weight_change(folder, tmp_path) == 0


def test_the_same_rows_in_another_order_give_the_same_checkpoint(
    fine_tuned: dict[str, Any], toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    shuffled = toy.dataset("gold/mixture", toy.mixture_rows()[::-1])
    [(_, table)] = fine_tune({"gold/mixture": shuffled}, SftParams(recipe=toy_sft), toy.context(tmp_path / "a"))  # type: ignore[arg-type]
    again = table.to_pylist()[0]
    assert again["digest"] == fine_tuned["row"]["digest"]
    assert again["curve"] == fine_tuned["row"]["curve"]


def test_rows_that_are_too_long_are_dropped_whole_and_counted(fine_tuned: dict[str, Any]) -> None:
    from trainers import checkpoint
    from trainers.dataset import conversations, tokens

    _, tokenizer = checkpoint.load(fine_tuned["row"]["uri"])
    mixture = toy.dataset("gold/mixture", toy.mixture_rows())
    lengths = [tokens(tokenizer, row["prompt"], True) for row in conversations(mixture, "sft", lambda _: True)[0]]
    limit = sorted(lengths)[9]
    kept, dropped = conversations(mixture, "sft", lambda row: tokens(tokenizer, row["prompt"], True) <= limit)
    assert len(kept) == sum(length <= limit for length in lengths) and len(kept) + dropped == len(lengths)
    with pytest.raises(StageFailed, match="none of the 20 rows"):
        conversations(mixture, "sft", lambda _: False)


def test_a_template_that_hides_the_end_of_a_turn_is_refused(
    fine_tuned: dict[str, Any], toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    from trainers import checkpoint
    from trainers.dataset import conversations
    from trainers.sft import _trainer  # pyright: ignore[reportPrivateUsage]

    model, tokenizer = checkpoint.load(fine_tuned["row"]["uri"])
    tokenizer.chat_template = str(tokenizer.chat_template).replace("<|end|>", "")
    rows, _ = conversations(toy.dataset("gold/mixture", toy.mixture_rows()), "sft", lambda _: True)
    with pytest.raises(StageFailed, match="do not teach an answer's end"):
        _trainer(model, tokenizer, rows, SftParams(recipe=toy_sft), toy.context(tmp_path / "a"))  # type: ignore[arg-type]


def test_a_recipe_that_asks_for_no_held_out_answers_has_none_written(
    fine_tuned: dict[str, Any], toy_sft: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainers.generation.written_answers", None)  # to call it would fail
    monkeypatch.setattr("trainers.rewards.REWARDS", {**REWARDS, "letters": toy.letters})
    inputs = {
        "gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows()),
        "models/distiller_sft": toy.dataset("models/distiller_sft", [fine_tuned["row"]]),
    }
    none = {"max_steps": 1, "evaluation_items": 0}
    weights = {"reward_weights": {"coverage": 0.5, "letters": 0.1}}
    tuned = fine_tune(inputs, SftParams(recipe=toy_sft | none), toy.context(tmp_path / "a"))  # type: ignore[arg-type]
    moved = distiller(inputs, GrpoParams(recipe=toy.GRPO | none | weights), toy.context(tmp_path / "b"))  # type: ignore[arg-type]
    [(_, sft)], [(_, grpo)] = tuned, moved
    figures = (sft["format_rate"], grpo["format_rate"], grpo["reward"], grpo["reward_before"])
    assert [figure.to_pylist() for figure in figures] == [[None]] * 4


def test_the_time_limit_ends_training_after_the_step_that_passes_it(toy_sft: dict[str, Any], tmp_path: Path) -> None:
    inputs = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    params = SftParams(recipe=toy_sft | {"max_steps": 1000, "time_limit_s": 0.001})  # type: ignore[arg-type]
    [(_, table)] = fine_tune(inputs, params, toy.context(tmp_path / "a"))
    assert table.to_pylist()[0]["steps"] == 1


def test_the_learning_rate_of_the_curve_is_the_one_that_the_step_was_made_with(
    toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    from transformers import TrainerCallback

    from trainers import checkpoint
    from trainers.dataset import conversations
    from trainers.sft import _trainer  # pyright: ignore[reportPrivateUsage]
    from trainers.trl_setup import train

    used: list[float] = []

    class Watch(TrainerCallback):
        def on_pre_optimizer_step(self, *_: Any, optimizer: Any = None, **__: Any) -> None:
            used.append(optimizer.param_groups[0]["lr"])

    params = SftParams(recipe=toy_sft | {"time_limit_s": 600.0, "lr_scheduler_type": "constant"})  # type: ignore[arg-type]
    rows, _ = conversations(toy.dataset("gold/mixture", toy.mixture_rows()), "sft", lambda _: True)
    context = toy.context(tmp_path / "a")
    trainer = _trainer(*checkpoint.load(toy_sft["base"]), rows, params, context)
    trainer.add_callback(Watch())
    train(trainer, params.recipe, context)
    logged = [entry["learning_rate"] for entry in trainer.state.log_history if "learning_rate" in entry]
    assert logged == used and len(set(used)) == 6, "with a limit it falls, whatever the schedule says"


def test_adapters_move_the_last_blocks_alone_and_are_merged_into_the_checkpoint(
    toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    inputs = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    params = SftParams(recipe=toy_sft | {"lora": {"rank": 4, "alpha": 8, "last_blocks": 1}})  # type: ignore[arg-type]
    [(_, table)] = fine_tune(inputs, params, toy.context(tmp_path / "a"))
    row = table.to_pylist()[0]
    before, after = (toy.weights(folder) for folder in (toy_sft["base"], row["uri"]))
    assert before.keys() == after.keys(), "an adapter was left beside the weights"
    moved = {name for name in before if not before[name].allclose(after[name], atol=0, rtol=2**-7)}
    assert moved == {name for name in before if name.startswith("model.layers.1.") and name.endswith("_proj.weight")}
    losses = [point["value"] for point in row["curve"] if point["name"] == "loss"]
    assert losses[-1] < losses[0]


def test_a_model_that_no_hub_gives_is_one_sentence(
    toy_sft: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(name: str, **_: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    inputs = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    params = SftParams(recipe=toy_sft | {"base": "no/such-model"})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="There is no model 'no/such-model'"):
        list(fine_tune(inputs, params, toy.context(tmp_path / "a")))


def test_the_penalty_of_the_worked_example_is_true() -> None:
    found = doctest.testmod(import_module("trainers.generation"))
    assert found.attempted > 0 and found.failed == 0


def test_grpo_is_not_trained_without_a_judge_that_beats_a_constant(fine_tuned: dict[str, Any], tmp_path: Path) -> None:
    inputs = {  # the toy's targets are no better than its members, by the rubric
        "gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows()),
        "models/distiller_sft": toy.dataset("models/distiller_sft", [fine_tuned["row"]]),
    }
    with pytest.raises(StageFailed, match=r"to learn a quality reward from|better than a constant"):
        list(distiller(inputs, GrpoParams(recipe=toy.GRPO), toy.context(tmp_path / "a")))  # type: ignore[arg-type]


def test_grpo_is_not_trained_by_a_reward_that_fails_its_audit(
    fine_tuned: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainers.audits.audited", lambda *_: [Audited("figure", 100, 60)])
    inputs = {
        "gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows()),
        "models/distiller_sft": toy.dataset("models/distiller_sft", [fine_tuned["row"]]),
    }
    told = "recipe toy does not pass its audit: of 100 answers with figure it puts 60% below the honest ones"
    with pytest.raises(StageFailed, match=told):
        recipe = toy.GRPO | {"reward_weights": {"coverage": 1.0}}
        list(distiller(inputs, GrpoParams(recipe=recipe), toy.context(tmp_path / "a")))  # type: ignore[arg-type]


def test_several_processes_are_told_what_the_rewards_learned(
    fine_tuned: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works: list[Any] = []
    monkeypatch.setattr("trainers.ranks.in_ranks", lambda processes, work, *_: works.append(work) or 1 / 0)
    inputs = {
        "gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows()),
        "models/distiller_sft": toy.dataset("models/distiller_sft", [fine_tuned["row"]]),
    }
    changes = {"processes": 2, "reward_weights": {"published_quality": 1.0}, "audit": "recorded"}
    with pytest.raises(ZeroDivisionError):
        list(distiller(inputs, GrpoParams(recipe=toy.GRPO | changes), toy.context(tmp_path / "a")))  # type: ignore[arg-type]
    _, _, learned = works[0].args
    assert learned.judge is None and learned.libraries.keys() == {"qa"}


def test_grpo_moves_the_weights_and_reports_what_it_saw(
    fine_tuned: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainers.rewards.REWARDS", {**REWARDS, "letters": toy.letters})
    inputs = {
        "gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows()),
        "models/distiller_sft": toy.dataset("models/distiller_sft", [fine_tuned["row"]]),
    }
    params = GrpoParams(recipe=toy.GRPO | {"reward_weights": {"coverage": 0.5, "letters": 0.1}})  # type: ignore[arg-type]
    [(key, table)] = distiller(inputs, params, toy.context(tmp_path / "a"))
    row = table.to_pylist()[0]
    assert key == "models/distiller_grpo" and row["steps"] == 3
    assert row["base"] == fine_tuned["row"]["digest"] != row["digest"]
    assert row["weight_change"] > 0
    assert row["kl"] >= 0 and 0 <= row["frac_reward_zero_std"] < 1
    assert {point["name"] for point in row["curve"]} >= {
        "reward",
        "kl",
        "frac_reward_zero_std",
        "rewards/coverage/mean",
        *(f"cheats/{way}" for way in CHEATS),
    }
    ways = [point["value"] for point in row["curve"] if point["name"] == "cheats/no_answer"]
    assert len(ways) == 3 and all(0 <= share <= 1 for share in ways)


def test_alignment_pays_for_meaning_and_only_in_a_well_formed_answer() -> None:
    from trainers.rewards import Basis
    from trainers.rewards.alignment import alignment_reward

    target = "Q: What boils water?\nA: A kettle heats water until it boils."
    same = "<answer>Q: What heats water to boiling?\nA: Water is brought to the boil by a kettle.</answer>"
    other = "<answer>Q: Who plays the violin?\nA: The orchestra's leader sits in front.</answer>"
    members = [same[8:-9], other[8:-9]]  # each answer gives one of two facts, and so is worth a half
    columns = {"item_type": ["qa"] * 4, "members": [members] * 4, "target": [target] * 4}
    basis = Basis(toy.dataset("gold/mixture", []), "teacher", 100)
    close, far, malformed, doubled = alignment_reward([same, other, target, same + same], columns, basis)
    assert 0.5 >= close > 0.3 > far >= 0
    assert malformed == doubled == 0.0
    assert alignment_reward(["nothing"], {"item_type": ["qa"], "members": [[]], "target": [target]}, basis) == [0.0]


def test_alignment_reads_a_text_to_its_end() -> None:
    from trainers.rewards import Basis

    basis = Basis(toy.dataset("gold/mixture", []), "teacher", 100)
    begun = " ".join(f"The kettle of house {n} heats water until it boils." for n in range(40))
    texts = [
        f"{begun} {end}"
        for end in ("Violins are tuned in perfect fifths. " * 20, "Glaciers grind rock into flour. " * 20)
    ]
    cut = basis.opened.encode(texts)
    whole = basis.vectors(texts)
    assert float(cut[0] @ cut[1]) > 0.9999 > 0.97 > float(whole[0] @ whole[1])


def test_an_end_counts_only_behind_the_answer_and_inside_the_loss() -> None:
    from datasets import Dataset

    from trainers.dataset import share_that_stops

    class Spelling:
        eos_token_id = 9

        def decode(self, ids: list[int]) -> str:
            return "".join("\n" if one == 0 else "x" for one in ids)

    rows = [  # prompts are trained on too: each has an end of its own in the loss
        {"input_ids": [1, 9, 5, 9, 0], "labels": [1, 9, 5, 9, 0]},
        {"input_ids": [1, 9, 5, 9], "labels": [1, 9, 5, -100]},
        {"input_ids": [1, 9, 5, 6], "labels": [1, 9, 5, 6]},
        {"input_ids": [1, 5, 6], "labels": [1, 5, 6]},
    ]
    assert share_that_stops(Dataset.from_list(rows), Spelling()) == 0.25  # type: ignore[arg-type]
    packed = [{"input_ids": [1, 9, 5, 6, 1, 9, 5, 9], "labels": [1, 9, 5, 6, 1, 9, 5, 9], "seq_lengths": [4, 4]}]
    assert share_that_stops(Dataset.from_list(packed), Spelling()) == 0.5  # type: ignore[arg-type]
