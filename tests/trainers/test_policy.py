"""What TRL is made to compute here: logits where a label is and nowhere else, and a policy that has its penalty."""

import doctest
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import toy

from lake.harness.environment import prepare
from trainers.grpo_recipe import GrpoRecipe

prepare(offline=True)


@pytest.fixture(scope="module")
def loaded(toy_sft: dict[str, Any]) -> tuple[Any, Any]:
    from trainers import checkpoint

    return checkpoint.load(toy_sft["base"])


def grpo(loaded: tuple[Any, Any], folder: Path, **recipe: Any) -> Any:
    """A trainer of the toy model that rewards nothing."""
    from trl.trainer.grpo_config import GRPOConfig

    from trainers.dataset import conversations
    from trainers.grpo_trainer import Grpo
    from trainers.trl_setup import shared_arguments

    made = GrpoRecipe.model_validate(toy.GRPO | {"beta": 0.0} | recipe)
    rows, _ = conversations(toy.dataset("gold/mixture", toy.mixture_rows()), "grpo", lambda _: True)
    return Grpo(
        frequency_penalty=made.frequency_penalty, args=GRPOConfig(**shared_arguments(made, 7, toy.context(folder))), model=loaded[0],
        reward_funcs=[lambda completions, **_: [0.0] * len(completions)], train_dataset=rows.remove_columns("completion"),
        processing_class=loaded[1],
    )  # fmt: skip


def test_logits_are_computed_for_labels_alone_and_are_the_same(
    loaded: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from trl.trainer import utils

    from trainers.trl_setup import score_labels_alone

    model, _ = loaded
    utils.add_fused_lm_head(model)
    ids = torch.randint(4, 200, (3, 40), generator=torch.Generator().manual_seed(7))
    labels = ids.masked_fill(torch.arange(40) < torch.tensor([[30], [10], [38]]), -100)
    scored: list[int] = []
    compute = utils._ChunkedLogProbFunction.apply  # pyright: ignore[reportPrivateUsage]

    def counted(hidden: Any, *others: Any) -> Any:
        scored.append(len(hidden))
        return compute(hidden, *others)

    monkeypatch.setattr(utils._ChunkedLogProbFunction, "apply", counted)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(utils, "_use_triton", lambda device: False)
    losses, gradients = [], []
    for prepare_it in (lambda: None, score_labels_alone):
        prepare_it()
        model.zero_grad()
        loss = model(input_ids=ids, labels=labels, fused_lm_head=True).loss
        loss.backward()
        losses.append(loss.detach())
        gradients.append(model.model.layers[0].mlp.up_proj.weight.grad.clone())
    assert scored == [3 * 39, 10 + 30 + 2]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-6, atol=0)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-8)


def test_the_policy_is_what_its_answers_were_drawn_from(loaded: tuple[Any, Any], tmp_path: Path) -> None:
    import torch

    from trainers.generation import FrequencyPenalty

    model, _ = loaded
    trainer = grpo(loaded, tmp_path / "a", frequency_penalty=1.5, temperature=0.7)
    ids = torch.randint(4, 12, (2, 30), generator=torch.Generator().manual_seed(7))  # few tokens: they repeat
    prompt, mask = 18, torch.ones_like(ids)
    logps, entropies, _ = trainer._get_per_token_logps_and_entropies(
        model, ids, mask, 30 - prompt, compute_entropy=True
    )
    penalty = FrequencyPenalty(1.5, prompt)
    for at in range(prompt, 30):
        logits = model(input_ids=ids[:, :at]).logits[:, -1]
        drawn_from = (penalty(ids[:, :at], logits) / 0.7).log_softmax(1)
        torch.testing.assert_close(
            logps[:, at - prompt], drawn_from.gather(1, ids[:, at : at + 1])[:, 0], atol=1e-4, rtol=1e-4
        )
        torch.testing.assert_close(
            entropies[:, at - prompt], -(drawn_from.exp() * drawn_from).sum(1), atol=1e-4, rtol=1e-4
        )


def test_without_a_penalty_the_policy_is_trls_own_and_a_small_one_comes_near_it(
    loaded: tuple[Any, Any], tmp_path: Path
) -> None:
    import torch

    ids = torch.randint(4, 200, (2, 30), generator=torch.Generator().manual_seed(7))
    found = []
    for at, penalty in enumerate((0.0, 1e-9)):
        trainer = grpo(loaded, tmp_path / str(at), frequency_penalty=penalty)
        found.append(
            trainer._get_per_token_logps_and_entropies(
                trainer.model, ids, torch.ones_like(ids), 12, compute_entropy=True
            )[:2]
        )
    for plain, penalised in zip(*found, strict=True):
        torch.testing.assert_close(plain, penalised, atol=1e-5, rtol=1e-5)


def test_a_penalty_is_in_the_drawing(loaded: tuple[Any, Any], tmp_path: Path) -> None:
    import torch

    trainer = grpo(loaded, tmp_path / "a", frequency_penalty=2.0)
    ids = torch.full((1, 8), 5)
    drawn = trainer.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False
    )
    plain = type(trainer.model).generate(
        trainer.model, input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False
    )
    most = [int(torch.bincount(answer[0, 8:]).max()) for answer in (drawn, plain)]
    assert most[0] < most[1]


def test_vllm_that_generates_beside_the_training_is_told_of_memory_lengths_and_the_penalty(
    loaded: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trl.generation import vllm_generation

    told: list[dict[str, Any]] = []
    monkeypatch.setattr(vllm_generation, "LLM", lambda **settings: told.append(settings), raising=False)
    monkeypatch.setattr(vllm_generation, "is_vllm_available", lambda: True)
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")  # so that what is set there goes with the test
        monkeypatch.delenv(name)
    memory = {
        "vllm_gpu_memory_utilization": 0.45,
        "vllm_importance_sampling_mode": "token_truncate",
        "vllm_importance_sampling_clip_max": 2.0,
    }
    trainer = grpo(loaded, tmp_path / "a", use_vllm=True, frequency_penalty=0.5, **memory)
    [settings] = told
    assert (settings["gpu_memory_utilization"], settings["max_model_len"]) == (0.45, toy.GRPO["length"])
    assert (trainer.vllm_importance_sampling_mode, trainer.vllm_importance_sampling_clip_max) == ("token_truncate", 2.0)
    assert trainer.vllm_generation.generation_kwargs == {"frequency_penalty": 0.5}


def test_the_worked_example_of_the_penalised_policy_is_true() -> None:
    found = doctest.testmod(import_module("trainers.grpo_trainer"))
    assert found.attempted > 0 and found.failed == 0
