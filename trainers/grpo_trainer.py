"""TRL's trainer for GRPO, with prompts in an order that a resumed training finds again, of the model as it is served: with its penalty.

A frequency penalty changes the distribution that answers are drawn from. Were it in the drawing alone, the ratio to the old policy and the KL
divergence would be those of a policy that wrote none of the completions; so the penalised distribution is the policy throughout:

    log pi(y_t) = log softmax((logits_t - penalty x count_t) / temperature)[y_t],    count_t: how often y_1 .. y_(t-1) hold each token
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, cast

import torch
from torch.utils.data import Sampler
from transformers.generation.logits_process import LogitsProcessorList
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import RepeatSampler

from trainers import rewards
from trainers.epoch_order import OrderOfEpoch
from trainers.few_rows import FewRows
from trainers.generation import FrequencyPenalty
from trainers.rewards import Basis
from trainers.rewards.cheats import PREFIX, shares_of_cheats
from trainers.rewards.grounded import worth_of
from trainers.stop_rules import EVIDENCE


class Grpo(GRPOTrainer):
    """GRPO whose prompts of an epoch are shuffled anew, by seed and epoch. frequency_penalty: of the policy, as vLLM has it."""

    def __init__(self, *, frequency_penalty: float, args: Any, **others: Any) -> None:
        self._penalty = frequency_penalty
        if frequency_penalty and args.use_vllm:
            args.generation_kwargs = {"frequency_penalty": frequency_penalty}
        super().__init__(args=args, **others)
        if not args.use_vllm:
            model = cast(Any, self.model)
            model.generate = _drawing(model.generate, frequency_penalty)

    def _get_train_sampler(self, dataset: Any = None) -> Sampler[int]:
        args, rows = cast(Any, self.args), cast(Any, self.train_dataset)
        prompts = args.generation_batch_size // args.num_generations
        repeats = self.num_iterations * args.steps_per_generation
        return OrderOfEpoch(
            lambda epoch: RepeatSampler(rows, args.num_generations, prompts, repeats, seed=args.seed + epoch)
        )

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **others: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        if not self._penalty:
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy, **others
            )
        logps: list[torch.Tensor] = []
        entropies: list[torch.Tensor] = []
        pieces = (part.split(batch_size or len(input_ids)) for part in (input_ids, attention_mask))
        for ids, mask in zip(*pieces, strict=True):
            with self.accelerator.autocast():
                logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=logits_to_keep + 1).logits[:, :-1]
            answers = ids[:, -logits_to_keep:]
            distribution = penalised_log_softmax(logits.float(), answers, self._penalty, self.temperature)
            logps.append(distribution.gather(2, answers.unsqueeze(2)).squeeze(2))
            if compute_entropy:
                entropies.append(-(distribution.exp() * distribution).sum(2))
        return torch.cat(logps), torch.cat(entropies) if compute_entropy else None, None


def penalised_log_softmax(
    logits: torch.Tensor, answers: torch.Tensor, penalty: float, temperature: float
) -> torch.Tensor:
    """The policy's log-probability of every token at every place of the answers, shape (answers, tokens, vocabulary).

    logits: of the same shape. answers: the ids that were written, shape (answers, tokens).

    >>> at_last = penalised_log_softmax(torch.zeros(1, 3, 2), torch.tensor([[1, 1, 0]]), penalty=1.0, temperature=1.0)[0, 2]
    >>> (at_last[0] - at_last[1]).item()  # the second token was written twice before
    2.0
    """
    counts = torch.zeros_like(logits).scatter_(2, answers.unsqueeze(2), 1.0).cumsum(1)
    before = torch.cat([torch.zeros_like(counts[:, :1]), counts[:, :-1]], dim=1)
    return ((logits - penalty * before) / temperature).log_softmax(2)


def _drawing(generate: Callable[..., Any], penalty: float) -> Callable[..., Any]:
    """How completions are drawn from the policy: as `generate` does, with its penalty."""

    def generated(**arguments: Any) -> Any:
        processor = FrequencyPenalty(penalty, prompt=arguments["input_ids"].shape[1])
        with FewRows():
            return generate(**arguments | {"logits_processor": LogitsProcessorList([processor])})

    return generated


def trl_reward(name: str, basis: Basis) -> Callable[..., list[float]]:
    """A reward of REWARDS as TRL calls it; TRL logs it under the function's name."""

    def reward(completions: Sequence[Sequence[Mapping[str, str]]], log_metric: Any, **columns: Any) -> list[float]:
        texts = [turns[-1]["content"] for turns in completions]
        # the same of each reward; what they are made of is kept
        log_metric(EVIDENCE, fmean(worth_of(texts, columns)))
        for way, share in shares_of_cheats(texts, columns).items():
            log_metric(f"{PREFIX}{way}", share)
        return rewards.REWARDS[name](texts, columns, basis)

    reward.__name__ = name
    return reward
