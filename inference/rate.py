"""silver/ratings: one judge's rating of each record, or the reason why there is none.

Does not do yet: several judges, calibration between judges, a second question where an answer cannot be parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, cast

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import Field

from inference.batch import answered, in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.prompts import RATE_VERSION, rate
from inference.text_engines import Completion, EngineParams, Generator, Rater, Request, open_engine
from inference.text_engines.metered import billed
from lake.engines.parallel import in_processes, usable_cores
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.tables import TABLES
from texts.rubric import Rating

RATINGS = "silver/ratings"
CRITERIA = Rating._fields

_BATCH = 4_096  # records that one process rates at a time
_MANY = 20_000  # records: about as long to rate as processes take to start

_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")


class RateParams(Params):
    """Who judges, and how much of a record it is shown."""

    engine: EngineParams = Field(default=EngineParams(), description="the judge")
    batch_size: int = Field(default=512, ge=1, le=100_000, description="records in one shard: what a kill may repeat")
    max_chars: int = Field(default=8_000, ge=100, description="the judge sees a longer record only up to here")
    max_tokens: int = Field(default=64, ge=32, le=4_096, description="of the judge's answer")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="of sampling a rating; 0: greedy")
    seed: int = Field(default=7, description="of sampling, and part of each request's id")

    @property
    def loads_no_model(self) -> bool:
        """The rules need no process of their own."""
        return self.engine.kind == "rules"


def ratings(inputs: ArrowInputs, params: RateParams, context: JobContext) -> ArrowRows:
    """silver/ratings in batches: one row a record, with four integers 1..10 or with an error, never with zeros in their place.

    error: `judge_failed: ...` where the engine gave no text, `unparsable_rating: ...` where the text holds no rating. A record
    that was rated before is not read again when only new ones are given.
    """
    records = inputs["silver/unique_instructions"]
    total = records.count_rows()
    done = failed = 0
    with open_engine(params.engine) as engine:
        if isinstance(engine, Rater):
            tables = _rate_directly(records, total, engine, params)
        else:
            tables = _rate_by_prompts(records, engine, params, context)
        for table in tables:
            done += table.num_rows
            failed += table.num_rows - table["error"].null_count
            context.progress(done, total)
            yield RATINGS, table
        context.metrics.update(billed(engine, done - failed))
    context.metrics.update(records=done, unrated=failed)


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


def _rate_directly(records: ds.Dataset, total: int, engine: Rater, params: RateParams) -> Iterator[pa.Table]:
    """The ratings of an engine that needs no prompts, by all cores where that is worth starting processes for."""
    rate_batch = partial(_rate_batch, engine, cast(Generator, engine).model, params.max_chars)
    batches = records.to_batches(columns=["id", "text"], batch_size=_BATCH, batch_readahead=2, fragment_readahead=1)
    filled = (batch for batch in batches if batch.num_rows)
    return in_processes(rate_batch, filled, usable_cores() if total >= _MANY else 1)


def _rate_batch(engine: Rater, judge: str, max_chars: int, batch: pa.RecordBatch) -> pa.Table:
    rated = engine.rate([text[:max_chars] for text in batch["text"].to_pylist()])
    columns = dict(zip(Rating._fields, zip(*rated, strict=True), strict=True))
    same = {"judge": judge, "prompt_version": RATE_VERSION, "error": None}
    constants = {name: [value] * len(rated) for name, value in same.items()}
    return pa.Table.from_pydict({"id": batch["id"], **columns, **constants}, schema=TABLES[RATINGS].schema)


def _rate_by_prompts(
    records: ds.Dataset, engine: Generator, params: RateParams, context: JobContext
) -> Iterator[pa.Table]:
    """The ratings of an engine that answers prompts, batch by batch."""
    foretell(engine, params.engine, [_asked(records, params)], context.lake, RATINGS)
    rows = (row for batch in records.to_batches(columns=["id", "text"]) for row in batch.to_pylist())
    completions = answered(rows, lambda row: _request(row, params), engine, context.lake, params.batch_size)
    for batch in in_batches((completion for _, completion in completions), params.batch_size):
        yield _table(batch, engine.model)


def _asked(records: ds.Dataset, params: RateParams) -> Asked:
    """How many records are asked about, and requests about some of them, evenly spread over all."""
    total = records.count_rows()
    places = sorted({total * n // SAMPLE for n in range(SAMPLE)}) if total else []
    sample = records.take(places, columns=["id", "text"]).to_pylist()
    return Asked(total, [_request(row, params) for row in sample])


def _request(row: Mapping[str, Any], params: RateParams) -> Request:
    text = cast(str, row["text"])[: params.max_chars]
    return rate(row["id"], text, max_tokens=params.max_tokens, temperature=params.temperature, seed=params.seed)


def _table(completions: Iterable[Completion], judge: str) -> pa.Table:
    return pa.Table.from_pylist([_row(completion, judge) for completion in completions], schema=TABLES[RATINGS].schema)


def _row(completion: Completion, judge: str) -> dict[str, Any]:
    rating = None if completion.text is None else parse_rating(completion.text)
    error = None
    if completion.text is None:
        error = f"judge_failed: {completion.error}"
    elif rating is None:
        cut = "cut off: " if completion.truncated else ""
        error = f"unparsable_rating: {cut}{completion.text[:200]}"
    return {"id": completion.id, "judge": judge, "prompt_version": RATE_VERSION, "error": error, **(rating or {})}
