"""silver/ratings: one judge's rating of each record, or the reason why there is none.

Does not do yet: several judges, calibration between judges, a second question where an answer cannot be parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pyarrow as pa
from pydantic import Field

from inference.batch import answered, in_batches
from inference.engines import Completion, EngineParams, Request, open_engine
from inference.prompts import RATE_VERSION, rate
from lake.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.tables import TABLES

RATINGS = "silver/ratings"
CRITERIA = ("rarity", "complexity", "informativeness", "overall")

_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")


class RateParams(Params):
    """Who judges, and how much of a record it is shown."""

    engine: EngineParams = Field(default=EngineParams(), description="the judge")
    batch_size: int = Field(default=512, ge=1, le=100_000, description="records in one shard: what a kill may repeat")
    max_chars: int = Field(default=8_000, ge=100, description="the judge sees a longer record only up to here")
    max_tokens: int = Field(default=64, ge=32, le=4_096, description="of the judge's answer")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    seed: int = 7

    @property
    def loads_no_model(self) -> bool:
        """The rules need no process of their own."""
        return self.engine.kind == "rules"


def ratings(inputs: ArrowInputs, params: RateParams, context: JobContext) -> ArrowRows:
    """silver/ratings in batches: one row a record, with four integers 1..10 or with an error, never with zeros in their place.

    error: `judge_failed: ...` where the engine gave no text, `unparsable_rating: ...` where the text holds no rating.
    """
    records = inputs["silver/unique_instructions"]
    total = records.count_rows()
    rows = (row for batch in records.to_batches(columns=["id", "text"]) for row in batch.to_pylist())
    done = failed = 0
    with open_engine(params.engine) as engine:
        asked = answered(rows, lambda row: _request(row, params), engine, context.lake, params.batch_size)
        for batch in in_batches((completion for _, completion in asked), params.batch_size):
            table = _table(batch, engine.model)
            done += len(batch)
            failed += len(batch) - table["error"].null_count
            context.progress(done, total)
            yield RATINGS, table
    context.metrics.update(records=done, unrated=failed)


def parse_rating(text: str) -> dict[str, int] | None:
    """The four criteria from the first JSON object in `text` that gives each as an integer 1..10, or None."""
    for found in _FLAT_OBJECT.finditer(text):
        try:
            members = cast("dict[str, Any]", json.loads(found[0]))
        except ValueError:
            continue
        lowered = {name.lower(): value for name, value in members.items()}
        rating = {name: lowered.get(name) for name in CRITERIA}
        if all(type(value) is int and 1 <= value <= 10 for value in rating.values()):
            return cast("dict[str, int]", rating)
    return None


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
        error = f"unparsable_rating: {completion.text[:200]}"
    return {"id": completion.id, "judge": judge, "prompt_version": RATE_VERSION, "error": error, **(rating or {})}
