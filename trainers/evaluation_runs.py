"""The trainings of an evaluation and their figures, one after another: what is cached, what a killed run had ended, and when time is up."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from lake.harness.job import ArrowInputs, JobContext
from lake.harness.progress import console
from lake.ids import content_id, sha256_folder, sha256_text
from lake.tables import TABLES
from trainers.arms import HeldOut, examples
from trainers.evaluation_params import Architecture, Arm, EvaluationParams
from trainers.heldout_items import Item, chosen
from trainers.language_modelling import Chat, batches, train
from trainers.measures import VERSION, Figure, Measure
from trainers.starting_points import starting_point

_CACHE = "cache/likelihoods"


@dataclass(frozen=True)
class Run:
    """One arm trained with one seed.

    figures: of single items. training: rows that were drawn, that held a held-out question, that were too long, and that were read, and
    the tokens read. seconds: what it took.
    """

    arm: Arm
    seed: int
    figures: list[Figure]
    training: dict[str, float]
    seconds: float


class EvaluationRuns:
    """What the models of an evaluation can do with `items`: the base, then each arm, seed by seed. params.base: a folder or a small architecture."""

    def __init__(self, inputs: ArrowInputs, items: list[Item], params: EvaluationParams, context: JobContext) -> None:
        records = inputs["silver/unique_instructions"]
        self._fresh, self._tokenizer = starting_point(params, lambda: _some_texts(records, params))
        self._inputs, self._params, self._context = inputs, params, context
        self._measure = Measure(items, self._tokenizer, params)
        self._held_out = HeldOut(items, params.coverage)
        self._base = _digest(params, self._tokenizer)
        # under a hub's name there may be another model by now
        self._home = context.unfinished.inside(self._base[:16]) if context.unfinished else None
        context.metrics["items_too_long"] = self._measure.left_out

    def base_figures(self) -> list[Figure]:
        """Of the untrained base: as kept in the lake for this model and these items, or computed and put there."""
        params = self._params
        options = (params.max_length, params.written, params.written_tokens)
        key = content_id(
            "lik", VERSION, self._base, *options, *(json.dumps(asdict(item)) for item in self._measure.items)
        )
        lake = self._context.lake
        names = ["metric", "item_id", "value"]
        if lake.exists(_CACHE):
            kept = lake.dataset(_CACHE).to_table(columns=names, filter=ds.field("model_and_items") == key)
            if kept.num_rows:
                return kept.to_pylist()
        figures = self._measure.figures(self._fresh(params.seed))
        rows = [figure | {"model_and_items": key} for figure in figures]
        lake.append(_CACHE, pa.Table.from_pylist(rows, schema=TABLES[_CACHE].schema), key)
        return figures

    def trained(self) -> Iterator[Run]:
        """Every arm and seed for which there is time and a row to train on; what was not trained is counted in `trainings_cut`."""
        runs, limit = self._params.runs, self._params.time_limit_s
        self._say_how_long(len(runs))
        seconds: list[float] = []
        for done, (arm, seed) in enumerate(runs):
            run = self._ended(arm, seed)
            if run is None and limit and seconds and sum(seconds) + fmean(seconds) > limit:
                console().print(f"  time is up: {len(runs) - done} of {len(runs)} trainings are left out", style="dim")
                break
            run = run or self._trained(arm, seed)
            seconds.append(run.seconds)
            self._context.progress(done + 1, len(runs))
            yield run
        self._context.metrics["trainings_cut"] = len(runs) - len(seconds)

    def _say_how_long(self, runs: int) -> None:
        """An estimate from reading one batch. A token that is trained on costs about three that are read: once on, twice back."""
        read, limit = self._measure.tokens, self._params.time_limit_s
        minutes = (
            runs * (3 * self._params.tokens + read) * self._measure.seconds_a_token(self._fresh(self._params.seed)) / 60
        )
        at_most = f"; after {limit / 60:.0f} min no further one is begun" if limit else ""
        console().print(
            f"  {runs} trainings on {self._params.tokens:,} tokens, {read:,} tokens read after each: about {minutes:,.0f} min{at_most}",
            style="dim",
        )

    def _trained(self, arm: Arm, seed: int) -> Run:
        began, params, chat = time.monotonic(), self._params, Chat(self._tokenizer)
        drawn = examples(arm, self._inputs, params, seed)
        clean = [example for example in drawn if not self._held_out.holds(example)]
        rows = [chat.row(example.prompt, [example.answer], ended=True) for example in clean if example.answer]
        fitting = [row for row in rows if len(row) <= params.max_length]
        figures: list[Figure] = []
        given = batches(fitting, params.tokens, params.batch_tokens, seed) if fitting else []
        if given:
            model = self._fresh(seed)
            train(model, given, params.learning_rate)
            figures = self._measure.figures(model)
        training = {
            "drawn_rows": len(drawn), "overlapping_rows": len(drawn) - len(clean), "too_long_rows": len(rows) - len(fitting),
            "train_rows": min(len(fitting), sum(map(len, given))), "train_tokens": sum(len(row) for batch in given for row in batch),
        }  # fmt: skip
        run = Run(
            arm,
            seed,
            figures,
            dict(zip(training, map(float, training.values()), strict=True)),
            time.monotonic() - began,
        )
        self._keep(run)
        return run

    def _ended(self, arm: Arm, seed: int) -> Run | None:
        path = self._home.folder / _file(arm, seed) if self._home else None
        return Run(**json.loads(path.read_text())) if path and path.is_file() else None

    def _keep(self, run: Run) -> None:
        if self._home:
            path = self._home.folder / _file(run.arm, run.seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".unfinished")
            half.write_text(json.dumps(asdict(run)))
            half.rename(path)
            self._home.keep(path)


def _file(arm: Arm, seed: int) -> str:
    """What a run that ended is kept in."""
    return f"{arm}-{seed}.json"


def _digest(params: EvaluationParams, tokenizer: Any) -> str:
    """Of all that the untrained base is made of."""
    if isinstance(params.base, Architecture):
        return sha256_text(f"{params.base.model_dump_json()} {params.seed} {tokenizer.backend_tokenizer.to_str()}")
    return sha256_folder(Path(params.base))


def _some_texts(records: ds.Dataset, params: EvaluationParams) -> list[str]:
    """What a small model's tokenizer learns from: the texts of some records."""
    ids = (one for batch in records.to_batches(columns=["id"]) for one in batch["id"].to_pylist())
    wanted = chosen(ids, params.candidates, params.seed)
    table = records.to_table(columns=["id", "prompt", "answer"], filter=ds.field("id").isin(wanted)).sort_by("id")
    return [f"{row['prompt']}\n{row['answer']}" for row in table.to_pylist()]
