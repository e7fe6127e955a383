"""Judges beside the one that decides: they rate the same few records to be compared with it, and select nothing.

A judge that answers prompts can be compared with itself, too: it is asked about these records again with another seed, which is another
request. What rules, losses and files say of a record does not change, so that they are not asked twice. A delivery's records are drawn
by hash of id, the first ones of those that a sampled judge rates. Of a delivery with fewer records than are compared, too few to tell how a judge
drifts, only those are drawn that would be out of the whole lake: mostly none, and then no judge is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.judge_params import RateParams
from inference.judges import open_judge
from inference.sampling import drawn, lot, only
from lake.harness.job import ArrowRows, JobContext
from lake.ids import content_id
from lake.tables import TABLES
from texts.agreement import agreement

SECOND = "silver/second_ratings"
_BATCH = 512


def compared(records: ds.Dataset, before: ds.Dataset | None, params: RateParams) -> list[str]:
    """The ids of the records that further judges rate; before: silver/second_ratings where only new records are given."""
    if not (params.beside or params.repeat):
        return []
    fresh = drawn(records, params.compared)
    if len(fresh) == params.compared or before is None:
        return fresh
    earlier = before.to_table(columns=["record_id"])["record_id"].to_pylist()
    first = set(nsmallest(params.compared, {*earlier, *fresh}, key=lot))
    return [record for record in fresh if record in first]


def second_ratings(
    records: ds.Dataset, ids: Sequence[str], first: Mapping[str, int], params: RateParams, context: JobContext
) -> ArrowRows:
    """silver/second_ratings of the records `ids`: a row for each further judge, and one where the judge is asked again.

    first: the overall ratings of the judge that decides, of those of `ids` that it rated itself. How far they agree goes into the metrics.
    """
    for name, role, asked in _judges(params) if ids else ():
        second: dict[str, int] = {}
        with open_judge(asked, records, len(ids), context) as judge:
            for table in judge.rated(only(records, ids, judge.columns, _BATCH)):
                second |= overall(table)
                yield SECOND, _as_second(table, name, role)
            prefix = f"{role}_{name}"
            context.metrics.update({f"{prefix}_{what}": n for what, n in judge.bill(len(second)).items()})
        both = sorted(first.keys() & second.keys())
        if found := agreement([first[one] for one in both], [second[one] for one in both]):
            context.metrics.update({f"{prefix}_{what}": value for what, value in found._asdict().items()})


def overall(table: pa.Table) -> dict[str, int]:
    """The overall rating by record id, of the rows of silver/ratings that a judge rated itself."""
    rated = table.filter(pc.field("state") == "rated")
    return dict(zip(rated["id"].to_pylist(), rated["overall"].to_pylist(), strict=True))


def _judges(params: RateParams) -> Iterator[tuple[str, str, RateParams]]:
    """The name of each further judge, its role, and the params under which it rates."""
    for name, engine in zip(params.names_beside, params.beside, strict=True):
        yield name, "beside", params.model_copy(update={"engine": engine})
    if params.repeat:
        yield params.engine.kind, "repeat", params.model_copy(update={"seed": params.seed + 1})


def _as_second(table: pa.Table, name: str, role: str) -> pa.Table:
    rows = table.to_pylist()
    for row in rows:
        row |= {
            "id": content_id("opn", row["id"], row["judge"], role),
            "record_id": row["id"],
            "name": name,
            "role": role,
        }
    return pa.Table.from_pylist(rows, schema=TABLES[SECOND].schema)
