"""When GRPO ends before its last step: the policy went too far, or it learns to please the reward and nothing else.

All three look at what was logged, so that a resumed training stops where an undisturbed one would. A mean is over five points of the curve, at its
beginning and at its end; a rise or fall counts from 0.05 on.

- the mean KL divergence from the start exceeds the recipe's `most_kl`;
- the reward for quality rises while the evidence falls: what answers are worth to their groups, which no wording can raise;
- the reward rises on training prompts while it falls on held-out ones.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from trainers.ranks import of_rank_zero

HELDOUT = "heldout_reward"
EVIDENCE = "evidence"
_POINTS = 5
_CHANGE = 0.05

History = Sequence[Mapping[str, float]]


class Watch(TrainerCallback):
    """Ends a training that breaks a rule; `reason` then says which, as a sentence.

    quality: the name of the reward for quality, None without one. every, heldout: after how many steps held-out answers are rewarded, and what
    gives their mean reward for a model.
    """

    def __init__(self, most_kl: float, quality: str | None, every: int | None, heldout: Callable[[Any], float]) -> None:
        self._most_kl, self._quality, self._every, self._heldout = most_kl, quality, every, heldout
        self.reason: str | None = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Rewards held-out answers now and then, into the curve."""
        if self._every and state.global_step % self._every == 0:
            # ranks stop together only if their curves are the same
            reward = of_rank_zero(self._heldout(model), args.device)
            state.log_history.append({"step": state.global_step, HELDOUT: reward})

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Looks at the rules; the step that breaks one is the last, and no checkpoint to go on from is made of it."""
        self.reason = reason_to_stop(state.log_history, self._most_kl, self._quality)
        if self.reason:
            control.should_training_stop, control.should_save = True, False


def reason_to_stop(history: History, most_kl: float, quality: str | None) -> str | None:
    """The rule that the curve breaks, as a sentence; None where it breaks none."""
    kl = _values(history, "kl")[-_POINTS:]
    if len(kl) == _POINTS and fmean(kl) > most_kl:
        return f"the KL divergence is {fmean(kl):.2f} nats, more than {most_kl:g}"
    evidence = _change(_values(history, EVIDENCE))
    if quality and _change(_values(history, f"rewards/{quality}/mean")) >= _CHANGE and evidence <= -_CHANGE:
        return f"the reward {quality} rises while the evidence falls by {-evidence:.2f}"
    heldout = _values(history, HELDOUT)
    if len(heldout) > 1 and heldout[-1] - heldout[0] <= -_CHANGE and _change(_values(history, "reward")) >= _CHANGE:
        return f"the reward rises in training and falls by {heldout[0] - heldout[-1]:.2f} on held-out items"
    return None


def _values(history: History, name: str) -> list[float]:
    return [entry[name] for entry in history if entry.get(name) is not None]


def _change(values: Sequence[float]) -> float:
    """The mean of the last points less that of the first; 0 while they overlap."""
    return fmean(values[-_POINTS:]) - fmean(values[:_POINTS]) if len(values) >= 2 * _POINTS else 0.0
