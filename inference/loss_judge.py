"""The judges `perplexity` and `difficulty`: one figure about each answer, from the losses of a language model that writes nothing.

- perplexity: exp of the answer's mean loss after its prompt. Papers differ on which end is better; here it is the low one.
- difficulty: instruction-following difficulty, the answer's mean loss after its prompt over that without it (Li et al. 2024, "From Quantity to
  Quality", arXiv 2308.12032); a small model orders samples much like a large one (Superfiltering, arXiv 2402.00530). Published is: the
  higher the better, and above 1 the prompt does not fit. `better` turns either round.

A loss says how expected an answer is, not whether it is right, and nothing of rarity, complexity or informativeness: only `overall` is
filled. It is 1 + how many of nine cut points the figure is better than; they are params, because a figure hangs on the model, and fixed,
so that a record's rating does not hang on what else the lake holds. Code is expected far better than prose: with the same cut points for
both, a low perplexity mostly says that a record is code.

To the runner the figure of a pair is the answer to a request: it is cached and journalled as other answers are, so that a killed run goes on and other
cut points cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inference.batch import answered, in_batches
from inference.judge_params import JudgeParams, RateParams
from inference.losses import AnswerLosses
from inference.text_engines import Completion, Request
from inference.text_engines.vllm import checkpoint_digest
from lake.harness.job import JobContext
from lake.ids import content_id
from lake.models.embedded import ALIAS
from lake.models.named import model_folder
from lake.tables import TABLES

LOSS_VERSION = "loss-1"  # of how a figure is made; raised when the same model would give another
_ROOM = 32  # pairs computed together: what a kill may repeat
_SHARD = 128  # pairs committed together: enough to bring alike lengths together
_DIGITS = 3  # of a figure: the last ones that do not hang on what else is in its batch

Figures = NDArray[np.float64]


class LossEngine:
    """A Generator whose answer to a request, a prompt and an answer to it, is the figure of this answer, as text."""

    cached = True

    def __init__(self, params: JudgeParams) -> None:
        folder = model_folder(params.model or ALIAS)
        dtype = "float32" if params.dtype == "auto" else params.dtype
        self.checkpoint = checkpoint_digest(folder, dtype)
        self.model = content_id("losses", params.kind, self.checkpoint, params.tokens)
        self._kind = params.kind
        self._losses = AnswerLosses(folder, params.tokens, dtype)

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request, in order; `nan` for an answer without a token."""
        waiting = iter(requests)
        while together := list(islice(waiting, _ROOM)):
            prompts, answers = zip(
                *([turn["content"] for turn in request.messages] for request in together), strict=True
            )
            for request, figure in zip(together, self.figures(prompts, answers).tolist(), strict=True):
                yield Completion(request.id, str(figure))

    def figures(self, prompts: Sequence[str], answers: Sequence[str]) -> Figures:
        """The figure of each pair, shape (pairs,); NaN for an answer without a token."""
        losses = self._losses.losses(prompts, answers)
        with np.errstate(divide="ignore", over="ignore"):  # what is not finite becomes an error of its row
            found = np.exp(losses) if self._kind == "perplexity" else losses / self._losses.losses_alone(answers)
        return found.round(_DIGITS)

    def close(self) -> None:
        """The model is given back with the engine."""


class LossJudge:
    """Rates records by the losses of one model; `name` is the digest of all that decides a rating."""

    columns = ("id", "item_type", "prompt", "answer")

    def __init__(self, params: RateParams, context: JobContext) -> None:
        judge = params.engine
        self._engine, self._lake = LossEngine(judge), context.lake
        self._most, self._overall = params.max_chars, judge.overall
        parts = (judge.kind, self._engine.checkpoint, judge.tokens, *judge.cuts, judge.better_end)
        of_types = (f"{name} {cuts}" for name, cuts in sorted(judge.cuts_of.items()))
        self.name = content_id("judge", *map(str, parts), *of_types)

    def rated(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """The rows of silver/ratings, in order."""
        records = (row for batch in batches for row in batch.to_pylist())
        found = answered(records, self._request, self._engine, self._lake, _SHARD)
        for batch in in_batches((self._row(record, completion) for record, completion in found), _SHARD):
            yield pa.Table.from_pylist(batch, schema=TABLES["silver/ratings"].schema)

    def bill(self, kept: int) -> Mapping[str, float]:
        """Nothing is billed."""
        return {}

    def _request(self, record: Mapping[str, Any]) -> Request:
        turns = {"user": (record["prompt"] or "")[-self._most :], "assistant": (record["answer"] or "")[: self._most]}
        messages = [{"role": role, "content": text} for role, text in turns.items()]
        return Request(record["id"], "rate", messages, prompt_version=LOSS_VERSION)

    def _row(self, record: Mapping[str, Any], completion: Completion) -> dict[str, Any]:
        row = {"id": record["id"], "judge": self.name, "prompt_version": LOSS_VERSION}
        if completion.text is None:
            return row | {"state": "failed", "error": f"judge_failed: {completion.error}"}
        figure = float(completion.text)
        if np.isnan(figure):
            return row | {"state": "skipped", "error": "nothing_to_rate: the answer is empty"}
        if np.isinf(figure):
            return row | {"state": "failed", "error": "judge_failed: the figure is not finite"}
        return row | {"state": "rated", "figure": figure, "overall": self._overall(figure, record["item_type"])}
