"""TRL's trainer for GRPO, with prompts in an order that a resumed training finds again."""

from typing import Any, cast

from torch.utils.data import Sampler
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import RepeatSampler

from trainers.epoch_order import OrderOfEpoch


class Grpo(GRPOTrainer):
    """GRPO whose prompts of an epoch are shuffled anew, by seed and epoch."""

    def _get_train_sampler(self, dataset: Any = None) -> Sampler[int]:
        args = cast(Any, self.args)
        prompts, repeats = (
            args.generation_batch_size // self.num_generations,
            self.num_iterations * args.steps_per_generation,
        )
        rows = cast(Any, self.train_dataset)
        return OrderOfEpoch(
            lambda epoch: RepeatSampler(rows, self.num_generations, prompts, repeats, seed=args.seed + epoch)
        )
