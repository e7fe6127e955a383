"""TRL's trainer for SFT, with batches of like length in an order that a resumed training finds again."""

from typing import Any

import torch
from datasets import Dataset, concatenate_datasets
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices
from trl.trainer.sft_trainer import SFTTrainer

from trainers.epoch_order import OrderOfEpoch

_NOTHING = {"input_ids": [0, 0], "labels": [-100, -100], "seq_lengths": [2]}


class LengthGroupedSft(SFTTrainer):
    """SFT that puts rows of like length into one batch.

    Among several processes an epoch's last rows may be too few for all. They are filled up with rows that teach nothing; accelerate would repeat
    others. given: the rows without these, packed ones with the lengths of what they hold.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        given = self.train_dataset
        columns = [name for name in _NOTHING if name in given.column_names]
        rows = self.given = given.select_columns(columns)
        self._lengths = [len(ids) for ids in rows["input_ids"]]
        at_once = self.args.train_batch_size * self.args.world_size
        self._missing = -len(rows) % at_once if self.args.world_size > 1 else 0
        if self._missing:
            nothing = {name: _NOTHING[name] for name in columns}
            rows = concatenate_datasets([rows, Dataset.from_list([nothing] * self._missing, features=rows.features)])
        self.train_dataset = rows

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        lengths, rows = self._lengths, len(self._lengths)
        batch = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size

        def order(epoch: int) -> list[int]:
            generator = torch.Generator().manual_seed(self.args.seed + epoch)
            indices = get_length_grouped_indices(lengths, batch, generator=generator)
            return [*indices, *range(rows, rows + self._missing)]

        return OrderOfEpoch(order)
