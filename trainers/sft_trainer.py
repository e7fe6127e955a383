"""TRL's trainer for SFT, with batches of like length in an order that a resumed training finds again."""

from typing import Any, cast

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices
from trl.trainer.sft_trainer import SFTTrainer

from trainers.epoch_order import OrderOfEpoch


class LengthGroupedSft(SFTTrainer):
    """SFT that puts rows of like length into one batch."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        lengths = [len(ids) for ids in cast(Any, self.train_dataset)["input_ids"]]
        batch = self.args.train_batch_size * self.args.gradient_accumulation_steps

        def order(epoch: int) -> list[int]:
            generator = torch.Generator().manual_seed(self.args.seed + epoch)
            return get_length_grouped_indices(lengths, batch, generator=generator)

        return OrderOfEpoch(order)
