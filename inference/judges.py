"""Who rates: the rules by themselves, an engine that is asked by prompts, a model's losses, or a file."""

from __future__ import annotations

import json
import re
from collections.abc import Generator as Stream
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, cast

import pyarrow as pa
import pyarrow.dataset as ds

from inference.batch import answered, in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.judge_params import RateParams
from inference.prompts import RATE_VERSION, rate
from inference.text_engines import Completion, Generator, Rater, Request, open_engine
from inference.text_engines.metered import billed
from lake.engines.parallel import in_processes, usable_cores
from lake.harness.job import JobContext
from lake.tables import TABLES
from texts.rubric import Rating

RATINGS = "silver/ratings"
CRITERIA = Rating._fields

MANY = 20_000  # records: about as long to rate as processes take to start
_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")


class Judge(Protocol):
    """A judge of records. columns: what it reads of silver/unique_instructions. name: digest of all that decides a rating."""

    @property
    def name(self) -> str: ...

    @property
    def columns(self) -> Sequence[str]: ...

    def rated(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """One row of silver/ratings for each record, in order."""
        ...

    def bill(self, kept: int) -> Mapping[str, float]:
        """What it used, as figures of the report; `kept`: how many ratings came of it."""
        ...


@contextmanager
def open_judge(params: RateParams, records: ds.Dataset, number: int, context: JobContext) -> Stream[Judge]:
    """The judge that `params` name, for so many of these records of silver/unique_instructions."""
    if params.engine.by_losses:
        from inference.loss_judge import LossJudge  # imports torch

        yield LossJudge(params, context)
        return
    if params.engine.kind == "file":
        from inference.file_judge import FileJudge  # imports us

        judge = FileJudge(params.engine)
        yield judge
        judge.tell_unused()
        return
    with open_engine(params.engine) as engine:
        if isinstance(engine, Rater):
            yield _Direct(engine, params, number)
            return
        judge = _Prompted(engine, params, context)
        judge.foretell(records, number)
        yield judge


def parse_rating(text: str) -> dict[str, int] | None:
    """The four criteria from the first JSON object in `text` that gives each as an integer 1..10, or None."""
    for match in _FLAT_OBJECT.finditer(text):
        try:
            members = cast("dict[str, Any]", json.loads(match[0]))
        except ValueError:
            continue
        lowered = {name.lower(): value for name, value in members.items()}  # judges vary the case of the names
        rating = {name: lowered.get(name) for name in CRITERIA}
        # not isinstance: to Python, true is an int as well
        if all(type(value) is int and 1 <= value <= 10 for value in rating.values()):
            return cast("dict[str, int]", rating)
    return None


class _Direct:
    """An engine that needs no prompts, on all cores where that is worth starting processes for."""

    columns = ("id", "text")

    def __init__(self, engine: Rater, params: RateParams, total: int) -> None:
        self.name = cast(Generator, engine).model
        self._rate = partial(_rate_batch, engine, self.name, params.max_chars)
        self._processes = usable_cores() if total >= MANY else 1

    def rated(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        return in_processes(self._rate, batches, self._processes)

    def bill(self, kept: int) -> Mapping[str, float]:
        return {}


def _rate_batch(engine: Rater, judge: str, max_chars: int, batch: pa.RecordBatch) -> pa.Table:
    rated = engine.rate([text[:max_chars] for text in batch["text"].to_pylist()])
    criteria = dict(zip(CRITERIA, map(list, zip(*rated, strict=True)), strict=True))
    return ratings_table({"id": batch["id"], **criteria}, judge=judge, prompt_version=RATE_VERSION, state="rated")


def ratings_table(columns: Mapping[str, Any], **same: str) -> pa.Table:
    """Rows of silver/ratings of these columns, with what is the `same` in all of them; the other columns are null."""
    rows = len(columns["id"])
    constants = {name: [value] * rows for name, value in same.items()}
    schema = TABLES[RATINGS].schema
    given = {**columns, **constants}
    return pa.Table.from_pydict(
        {field.name: given.get(field.name, pa.nulls(rows, field.type)) for field in schema}, schema=schema
    )


class _Prompted:
    """An engine that answers prompts."""

    columns = ("id", "text")

    def __init__(self, engine: Generator, params: RateParams, context: JobContext) -> None:
        self._engine, self._params, self._context = engine, params, context
        self.name = engine.model

    def rated(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        size = self._params.batch_size
        rows = (row for batch in batches for row in batch.to_pylist())
        completions = answered(rows, self.request, self._engine, self._context.lake, size)
        for batch in in_batches((completion for _, completion in completions), size):
            yield _table(batch, self._engine.model)

    def foretell(self, records: ds.Dataset, number: int) -> None:
        """Tells what rating so many of the records will take, by some of them, evenly spread over all."""
        total = records.count_rows()
        places = sorted({total * n // SAMPLE for n in range(SAMPLE)}) if total else []
        sample = map(self.request, records.take(places, columns=list(self.columns)).to_pylist())
        foretell(self._engine, self._params.engine, [Asked(number, list(sample))], self._context.lake, RATINGS)

    def request(self, row: Mapping[str, Any]) -> Request:
        """The rating of one record, as it is asked for."""
        params = self._params
        text = cast(str, row["text"])[: params.max_chars]
        return rate(row["id"], text, max_tokens=params.max_tokens, temperature=params.temperature, seed=params.seed)

    def bill(self, kept: int) -> Mapping[str, float]:
        return billed(self._engine, kept)


def _table(completions: Iterable[Completion], judge: str) -> pa.Table:
    return pa.Table.from_pylist([_row(completion, judge) for completion in completions], schema=TABLES[RATINGS].schema)


def _row(completion: Completion, judge: str) -> dict[str, Any]:
    row = {"id": completion.id, "judge": judge, "prompt_version": RATE_VERSION, "said": completion.text}
    if completion.text is None:
        return row | {"state": "failed", "error": f"judge_failed: {completion.error}"}
    rating = parse_rating(completion.text)
    if rating is None:
        cut = "cut off: " if completion.truncated else ""
        return row | {"state": "unparsable", "error": f"unparsable_rating: {cut}{completion.text[:200]}"}
    return row | {"state": "rated", **rating}
