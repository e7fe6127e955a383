"""Curves that must end a training, each beside one that must not."""

from collections.abc import Sequence

import pytest

from trainers.stop_rules import reason_to_stop

QUALITY = "rewards/quality/mean"
RISES = [0.2] * 5 + [0.4] * 5
FALLS = RISES[::-1]
LEVEL = [0.3] * 10


def curve(**series: Sequence[float]) -> list[dict[str, float]]:
    """Points as they are logged: series by name, with `quality` for the reward's mean; held-out rewards stand in entries of their own."""
    names = {"quality": QUALITY, "heldout": "heldout_reward"}
    return [
        {"step": step + 1, names.get(name, name): value}
        for name, values in series.items()
        for step, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("broken", "kept", "word"),
    [
        (curve(kl=[0.1] * 5 + [0.9] * 5), curve(kl=[0.1] * 5 + [0.49] * 5), "KL"),
        (curve(kl=[0.9] * 5), curve(kl=[0.9] * 4), "KL"),
        (curve(quality=RISES, evidence=FALLS), curve(quality=RISES, evidence=LEVEL), "evidence"),
        (curve(quality=RISES, evidence=FALLS), curve(quality=LEVEL, evidence=FALLS), "evidence"),
        (curve(quality=RISES, evidence=FALLS), curve(quality=RISES[1:], evidence=FALLS[1:]), "evidence"),
        (curve(reward=RISES, heldout=[0.5, 0.6, 0.4]), curve(reward=RISES, heldout=[0.5, 0.4, 0.47]), "held-out"),
        (curve(reward=RISES, heldout=[0.5, 0.4]), curve(reward=LEVEL, heldout=[0.5, 0.4]), "held-out"),
        (curve(reward=RISES, heldout=[0.5, 0.4]), curve(reward=RISES, heldout=[0.4]), "held-out"),
    ],
)  # fmt: skip
def test_a_curve_that_breaks_a_rule_ends_the_training(
    broken: list[dict[str, float]], kept: list[dict[str, float]], word: str
) -> None:
    said = reason_to_stop(broken, 0.5, "quality")
    assert said is not None and word in said
    assert reason_to_stop(kept, 0.5, "quality") is None


def test_without_a_reward_for_quality_its_rule_does_not_hold() -> None:
    assert reason_to_stop(curve(quality=RISES, evidence=FALLS), 0.5, None) is None
