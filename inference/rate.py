"""silver/ratings: one judge's rating of each record, predicted from a sample of them if that is asked for, or the reason why there is none.

Further judges rate a few of the records, which is kept beside in silver/second_ratings. Does not do yet: calibration between judges, a
second question where an answer cannot be parsed.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.beside import SECOND, compared, overall, second_ratings
from inference.judge_params import RateParams
from inference.judges import RATINGS, open_judge
from inference.sampling import PREDICTORS, Sampling
from lake.harness.job import ArrowInputs, ArrowRows, JobContext
from lake.tables import TABLES

_BATCH = 4_096  # records that one process rates at a time


def ratings(inputs: ArrowInputs, params: RateParams, context: JobContext) -> ArrowRows:
    """silver/ratings in batches: one row a record, with a rating of 1..10 or with an error, never with zeros in its place.

    error: `judge_failed: ...` where the judge gave nothing, `unparsable_rating: ...` where its text holds no rating,
    `nothing_to_rate: ...` where the record gave it nothing to look at. A record that was rated before is not read again when only new
    ones are given. silver/rating_predictors gets one row where a predictor was fitted, else none; silver/second_ratings what further judges say.
    """
    records = inputs["silver/unique_instructions"]
    total = records.count_rows()
    ids = compared(records, context.before.get(SECOND), params)
    first: dict[str, int] = {}
    done = failed = predicted = 0
    yield SECOND, TABLES[SECOND].schema.empty_table()
    yield PREDICTORS, TABLES[PREDICTORS].schema.empty_table()
    for key, table in _rows(records, total, params, context):
        if key == RATINGS:
            done += table.num_rows
            failed += table.num_rows - table["error"].null_count
            predicted += table.num_rows - table["margin"].null_count
            first |= overall(table.filter(pc.field("id").isin(pa.array(ids, pa.string()))))
            context.progress(done, total)
        yield key, table
    context.metrics.update(records=done, unrated=failed)
    if predicted:
        context.metrics["predicted"] = predicted
    yield from second_ratings(records, ids, first, params, context)


def _rows(records: ds.Dataset, total: int, params: RateParams, context: JobContext) -> ArrowRows:
    sampling = Sampling(records, context) if params.sample else None
    predictor = sampling.published() if sampling else None
    if sampling and predictor:
        yield from sampling.predicted(predictor)
    elif sampling and params.sample and total > params.sample:
        with open_judge(params, records, params.sample, context) as judge:
            predictor = yield from sampling.fitted(judge, params.sample, params.uncertain)
            context.metrics.update(judge.bill(params.sample))
        yield from sampling.predicted(predictor)
    else:
        yield from _all(records, total, params, context)


def _all(records: ds.Dataset, total: int, params: RateParams, context: JobContext) -> ArrowRows:
    rated = 0
    with open_judge(params, records, total, context) as judge:
        columns = list(judge.columns)
        batches = records.to_batches(columns=columns, batch_size=_BATCH, batch_readahead=2, fragment_readahead=1)
        for table in judge.rated(batch for batch in batches if batch.num_rows):
            rated += table["error"].null_count
            yield RATINGS, table
        context.metrics.update(judge.bill(rated))
