"""The snapshot of high-rated records that MIXTURE may take as targets: silver/best_records.

It is kept apart from silver/quality so that a delivery trains nothing by itself: MIXTURE reads this table alone, and the table changes only
when enough records are new to it. A record in it stays an original like any other; gold/training_set does not read it. A record that was
withdrawn since leaves it on `--rebuild`.
"""

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables import TABLES
from spark_jobs.columnar.contamination import COVERAGE, contaminated
from spark_jobs.columnar.withdrawn import withdrawn_records

BEST = "silver/best_records"
_COLUMNS = TABLES[BEST].schema.names
_ONE_QUESTION = ("qa", "code")  # of a chat, or a call of a tool, the prompt is more than one question


class BestParams(Params):
    """How many records are kept, and when new ones are taken in."""

    most: int = Field(
        default=20_000, ge=1, description="records kept at most: those of the smallest ids, which are hashes"
    )
    refresh_share: float = Field(
        default=0.1,
        ge=0.0,
        description="new records are taken in once they are more than this share of those kept; MIXTURE is made anew then",
    )
    contamination_coverage: float = Field(
        default=COVERAGE, gt=0, lt=1, description="a record holding more of a benchmark item's own words is not kept"
    )


def best_records(inputs: SparkInputs, params: BestParams, context: JobContext) -> SparkRows:
    """The high-rated records that may be passed on in other words; given only what is new, those to be added: often none.

    Records that an earlier run left for later count as new again, so that small deliveries add up.
    """
    before = context.before
    if not before:
        return {BEST: _fit(_all_of(inputs, before), inputs, before, params).orderBy("id").limit(params.most)}
    kept = before[BEST].select("id")
    count = before[BEST].count()
    enough = params.refresh_share * count
    fresh = _all_of(inputs, before).join(kept, "id", "left_anti").persist()
    # most deliveries end here, before any text is compared with a benchmark
    fit = _fit(fresh, inputs, before, params) if fresh.count() > enough else fresh.limit(0)
    added = fit.orderBy("id").limit(max(0, params.most - count)).persist()
    return {BEST: added if added.count() > enough else added.limit(0)}


def _all_of(inputs: SparkInputs, before: SparkInputs) -> DataFrame:
    """The high-rated records, new and old, with `text`; those with personal data or an unfit licence are left out."""
    high = _whole("silver/quality", inputs, before).where("high").select("id", F.col("curated").alias("score"))
    gone = withdrawn_records(inputs["bronze/instructions_withdrawn"])
    fit = (
        (F.size(F.coalesce("personal", F.array())) == 0)
        & F.col("licence").isNotNull()
        & ~F.col("licence").contains("-ND-")  # its weak versions would be derivatives
        & F.col("item_type").isin(*_ONE_QUESTION)
    )
    records = _whole("silver/unique_instructions", inputs, before).where(fit)
    return records.join(high, "id").join(gone, "id", "left_anti").select(*_COLUMNS, "text")


def _fit(records: DataFrame, inputs: SparkInputs, before: SparkInputs, params: BestParams) -> DataFrame:
    """The records that hold no item of a benchmark."""
    benchmark = _whole("bronze/references", inputs, before).where("role = 'benchmark'")
    leaked = contaminated(records.select("id", "prompt", "text"), benchmark, params.contamination_coverage)
    return records.join(leaked, "id", "left_anti").select(*_COLUMNS)


def _whole(key: str, inputs: SparkInputs, before: SparkInputs) -> DataFrame:
    return inputs[key].unionByName(before[key]) if before else inputs[key]
