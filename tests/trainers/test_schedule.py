"""The published schedule against its equations (method, section 4.1), on tensors small enough to compute by hand.

advantage   A = (R - mean) / (std + 1e-4) over the completions of one prompt (the method adds 1e-6)
ratio       w = pi(y_t) / pi_old(y_t)
loss        mean over tokens of -min(w A, clip(w, 0.8, 1.3) A), at most -3 A where A < 0 (dual clipping), + 0.01 (exp(d) - d - 1),
            d = log pi_ref(y_t) - log pi(y_t)
"""

from pathlib import Path
from typing import Any

import pytest
import toy

from lake.harness.environment import prepare
from trainers.grpo_recipe import GrpoRecipe
from trainers.recipe_files import load

prepare(offline=True)

RATIOS = [[0.5, 0.9, 1.2], [4.5, 1.1, 0.7], [0.7, 1.0, 1.4], [1.0, 2.0, 0.3]]
TO_REFERENCE = [[0.1, -0.2, 0.0], [0.3, 0.0, -0.1], [0.0, 0.2, 0.1], [-0.3, 0.1, 0.0]]
REWARDS = [1.0, 0.0, 0.25, 0.75]
WRITTEN = [[1, 1, 1], [1, 1, 0], [1, 1, 1], [1, 0, 0]]  # tokens before the answer's end


@pytest.fixture
def trainer(toy_sft: dict[str, Any], tmp_path: Path) -> Any:
    """The trainer of recipe paper's schedule, of a toy model that is never asked."""
    from trl.trainer.grpo_config import GRPOConfig

    from trainers import checkpoint
    from trainers.dataset import conversations
    from trainers.grpo_trainer import Grpo
    from trainers.trl_setup import shared_arguments

    paper = load(GrpoRecipe, "grpo", "paper")
    recipe = paper.model_copy(
        update={"use_vllm": False, "gradient_checkpointing": False, "bf16": False, "max_completion_length": 16}
    )
    model, tokenizer = checkpoint.load(toy_sft["base"])
    model.config._name_or_path = toy_sft["base"]
    rows, _ = conversations(toy.dataset("gold/mixture", toy.mixture_rows() * 10), "grpo", lambda _: True)
    return Grpo(
        frequency_penalty=0.0, args=GRPOConfig(**shared_arguments(recipe, 7, toy.context(tmp_path / "a"))), model=model,
        reward_funcs=[lambda completions, **_: [0.0] * len(completions)], train_dataset=rows.remove_columns("completion"),
        processing_class=tokenizer,
    )  # fmt: skip


def test_the_loss_is_the_published_one(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    ratios, to_reference, mask = (torch.tensor(part) for part in (RATIOS, TO_REFERENCE, WRITTEN))
    old = torch.full((4, 3), -2.0)
    logps = (old + ratios.log()).requires_grad_()
    rewards = torch.tensor(REWARDS)
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    monkeypatch.setattr(
        trainer, "_get_per_token_logps_and_entropies", lambda *_, **__: (logps, torch.zeros(4, 3), None)
    )
    trainer.current_gradient_accumulation_steps = 1
    steps = trainer.args.steps_per_generation
    inputs = {
        "prompt_ids": torch.ones(4, 2, dtype=torch.long), "prompt_mask": torch.ones(4, 2, dtype=torch.long),
        "completion_ids": torch.ones(4, 3, dtype=torch.long), "completion_mask": mask, "advantages": advantages,
        "old_per_token_logps": old, "ref_per_token_logps": (logps + to_reference).detach(),
        "num_items_in_batch": mask.sum() * steps,  # of all parts of a rollout
    }  # fmt: skip
    loss = trainer._compute_loss(trainer.model.train(), inputs)
    total = 0.0
    for row in range(4):
        for token in range(3):
            w, a, d = RATIOS[row][token], float(advantages[row]), TO_REFERENCE[row][token]
            policy = -min(w * a, min(max(w, 0.8), 1.3) * a)
            policy = min(policy, -3 * a) if a < 0 else policy
            kl = float(torch.tensor(d).exp()) - d - 1
            total += (policy + 0.01 * kl) * WRITTEN[row][token]
    assert float(loss.detach()) == pytest.approx(total / sum(map(sum, WRITTEN)), rel=1e-5)
    assert trainer._metrics["train"]["kl"][-1] == pytest.approx(
        sum((float(torch.tensor(d).exp()) - d - 1) * m for ds, ms in zip(TO_REFERENCE, WRITTEN, strict=True) for d, m in zip(ds, ms, strict=True))
        / sum(map(sum, WRITTEN)),
        rel=1e-4,
    )  # fmt: skip


def test_advantages_are_centred_and_scaled_within_a_prompt(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    rewards = iter(REWARDS + [0.5] * 4)
    prompt = [{"prompt": [{"role": "user", "content": text}]} for text in "ab" for _ in range(4)]
    trainer.reward_funcs = [lambda completions, **_: [next(rewards) for _ in completions]]
    trainer.reward_func_names, trainer.reward_weights = ["fixed"], torch.ones(1)
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    made = trainer._generate_and_score_completions(prompt)
    first = torch.tensor(REWARDS)
    expected = torch.cat([(first - first.mean()) / (first.std() + 1e-4), torch.zeros(4)])
    torch.testing.assert_close(made["advantages"].cpu(), expected, atol=1e-5, rtol=1e-5)
    assert trainer._metrics["train"]["frac_reward_zero_std"][-1] == pytest.approx(0.5)
