"""silver/ratings: one judge's rating of each record, or the reason why there is none.

Does not do yet: several judges, calibration between judges, a second question where an answer cannot be parsed.
"""

from __future__ import annotations

from inference.judge_params import RateParams
from inference.judges import RATINGS, open_judge
from lake.harness.job import ArrowInputs, ArrowRows, JobContext

_BATCH = 4_096  # records that one process rates at a time


def ratings(inputs: ArrowInputs, params: RateParams, context: JobContext) -> ArrowRows:
    """silver/ratings in batches: one row a record, with a rating of 1..10 or with an error, never with zeros in its place.

    error: `judge_failed: ...` where the judge gave nothing, `unparsable_rating: ...` where its text holds no rating,
    `nothing_to_rate: ...` where the record gave it nothing to look at. A record that was rated before is not read again when only new
    ones are given.
    """
    records = inputs["silver/unique_instructions"]
    total = records.count_rows()
    done = failed = 0
    with open_judge(params, records, context) as judge:
        batches = records.to_batches(
            columns=list(judge.columns), batch_size=_BATCH, batch_readahead=2, fragment_readahead=1
        )
        for table in judge.rated(batch for batch in batches if batch.num_rows):
            done += table.num_rows
            failed += table.num_rows - table["error"].null_count
            context.progress(done, total)
            yield RATINGS, table
        context.metrics.update(judge.bill(done - failed))
    context.metrics.update(records=done, unrated=failed)
