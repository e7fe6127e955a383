"""The judges `perplexity` and `difficulty`: one figure about each answer, from the losses of a language model that writes nothing.

- perplexity: exp of the answer's mean loss after its prompt. Papers differ on which end is better; here it is the low one.
- difficulty: instruction-following difficulty, the answer's mean loss after its prompt over that without it (Li et al. 2024, "From Quantity to
  Quality", arXiv 2308.12032); a small model orders samples much like a large one (Superfiltering, arXiv 2402.00530). Published is: the
  higher the better, and above 1 the prompt does not fit. `better` turns either round.

A loss says how expected an answer is, not whether it is right, and nothing of rarity, complexity or informativeness: only `overall` is
filled. It is 1 + how many of nine cut points the figure is better than; they are params, because a figure hangs on the model, and fixed,
so that a record's rating does not hang on what else the lake holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inference.judge_params import RateParams
from inference.losses import AnswerLosses
from inference.text_engines.vllm import checkpoint_digest
from lake.ids import content_id
from lake.models.embedded import ALIAS
from lake.models.named import model_folder
from lake.tables import TABLES

LOSS_VERSION = "loss-1"  # of how a figure is made; raised when the same model would give another
_ROWS = 256  # rated between two reports of progress: enough to bring alike lengths together
_DIGITS = 3  # of a figure: the last ones that do not hang on what else is in its batch

Figures = NDArray[np.float64]


class LossJudge:
    """Rates records by the losses of one model; `name` is the digest of all that decides a rating."""

    columns = ("id", "prompt", "answer")

    def __init__(self, params: RateParams) -> None:
        engine = params.engine
        folder = model_folder(engine.model or ALIAS)
        self._dtype = "float32" if engine.dtype == "auto" else engine.dtype
        self._losses = AnswerLosses(folder, engine.tokens, self._dtype)
        self._kind, self._most = engine.kind, params.max_chars
        self._cuts = np.array(engine.cuts)
        self._low = engine.better_end == "low"
        parts = (engine.kind, checkpoint_digest(folder, self._dtype), engine.tokens, *self._cuts, engine.better_end)
        self.name = content_id("judge", *map(str, parts))

    def rated(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """The rows of silver/ratings, in order."""
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                yield self._rated(batch.slice(start, _ROWS))

    def _rated(self, batch: pa.RecordBatch) -> pa.Table:
        prompts = [(text or "")[-self._most :] for text in batch["prompt"].to_pylist()]
        figures = self.figures(prompts, [text[: self._most] for text in batch["answer"].to_pylist()])
        rated = zip(batch["id"].to_pylist(), figures.tolist(), self.overall(figures), strict=True)
        return pa.Table.from_pylist([self._row(*row) for row in rated], schema=TABLES["silver/ratings"].schema)

    def figures(self, prompts: Sequence[str], answers: Sequence[str]) -> Figures:
        """The figure of each pair, shape (pairs,); NaN for an answer without a token."""
        losses = self._losses.losses(prompts, answers)
        with np.errstate(divide="ignore", over="ignore"):  # what is not finite becomes an error of its row
            found = np.exp(losses) if self._kind == "perplexity" else losses / self._losses.losses_alone(answers)
        return found.round(_DIGITS)

    def overall(self, figures: Figures) -> list[int]:
        """1..10 for each figure: 10 where it is better than all cut points."""
        above = np.searchsorted(self._cuts, figures, side="right")
        return (len(self._cuts) - above + 1 if self._low else above + 1).tolist()

    def bill(self, kept: int) -> Mapping[str, float]:
        """Nothing is billed."""
        return {}

    def _row(self, record: str, figure: float, overall: int) -> dict[str, Any]:
        row = {"id": record, "judge": self.name, "prompt_version": LOSS_VERSION}
        if np.isnan(figure):
            return row | {"state": "skipped", "error": "nothing_to_rate: the answer is empty"}
        if np.isinf(figure):
            return row | {"state": "failed", "error": "judge_failed: the figure is not finite"}
        return row | {"state": "rated", "figure": figure, "overall": overall}
