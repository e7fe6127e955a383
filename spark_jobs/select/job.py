"""The training set: distilled items and originals within a budget, and a reason for everything left out.

After LM-Mixup (arXiv 2510.20449; method §5.5, §5.6), but for what is taken first: by default what adds most to what the set covers
(`gain`), not what is rarest. docs/selection.md says how and why. Where things are: this file, the stage; `candidates`, what may be
released, and its score; `placed`, vectors and cells; `gain`, what a row adds; `quotas`, what the budget has room for; `sides`, distilled
items and originals one after the other.

Does not: weigh what is to be covered (each row of the pool counts the same), search across cells, or look again at gains when a quota
has closed: what a full source had next still counts as covered for the rest of its cell.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext, SparkInputs, SparkRows
from lake.tables.reasons import NOT_SELECTED
from spark_jobs.columnar.cached_vectors import vectors_of
from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.columnar.embedders import embedder
from spark_jobs.select.candidates import (
    EXAMPLE,
    distilled_candidates,
    original_candidates,
    with_block_reason,
)
from spark_jobs.select.overlapping import TABLE as OVERLAPS
from spark_jobs.select.overlapping import benchmark_overlaps
from spark_jobs.select.params import SelectParams
from spark_jobs.select.placed import in_cells, own_vectors, with_hash
from spark_jobs.select.sides import selected
from texts.licences import CLASSES
from texts.tokens import BYTES_A_TOKEN

VECTORS = "gold/training_set_vectors"


def training_set(inputs: SparkInputs, params: SelectParams, context: JobContext) -> SparkRows:
    """The selected examples, and one exit for each original and each distilled item that is not among them.

    A member of a distilled item does not appear on its own: its outcome is the item's. A record that nobody rated left earlier.
    """
    originals, items = original_candidates(inputs), distilled_candidates(inputs, params.language_confidence)
    checked = cut_lineage(with_block_reason(originals.unionByName(items).persist(), inputs, params))
    allowed = checked.where("reason is null").drop("reason", "detail")
    model = embedder(params.embedder, context.lake)
    rows, cached = with_hash(compared(checked, params)), inputs["silver/embeddings"]
    own = own_vectors(rows, cached, inputs.get(VECTORS), model, context.lake)
    vectors = vectors_of(cached, model.digest).unionByName(
        own.select("text_hash", "vector").dropDuplicates(["text_hash"])
    )
    placed = cut_lineage(in_cells(rows, vectors, params.rows_per_cell))
    released, left = selected(with_size(allowed, params.unit), placed, params, context)
    chosen = cut_lineage(allowed.join(released, "origin_id", "left_semi"))
    named = chosen.withColumns({"id": example_id(), "split": split(params.validation_share)})
    blocked = checked.where("reason is not null").select(*left.columns)
    return {
        "gold/training_set": named.select(*EXAMPLE),
        "gold/training_set_exits": exits(blocked.unionByName(left)),
        OVERLAPS: benchmark_overlaps(chosen, checked, inputs),
        VECTORS: own,
    }


def compared(checked: DataFrame, params: SelectParams) -> DataFrame:
    """The candidates that are looked at beside one another; those with an `origin` may be released.

    The set is to cover what the pool is about, so that rows below the floor are served too; what is blocked otherwise is not. Rarity
    is, as published, asked among what may be released.
    """
    served = F.col("reason").isNull() | ((F.col("reason") == "quality_floor") & F.lit(params.order == "coverage"))
    return checked.where(served).withColumn("origin", F.when(F.col("reason").isNull(), F.col("origin")))


def with_size(allowed: DataFrame, unit: str) -> DataFrame:
    """What quotas look at: origin_id, origin, score, sources, licence_class and size, 1 or the estimated tokens."""
    classes = F.create_map(*(F.lit(text) for pair in CLASSES.items() for text in pair))
    licence = F.element_at("licences", 1)  # those of one item are of one class
    octets = F.octet_length("prompt") + F.octet_length("answer")
    size = F.lit(1) if unit == "rows" else F.ceil(octets / BYTES_A_TOKEN).cast("int")
    licence_class = F.coalesce(F.try_element_at(classes, licence), licence).alias("licence_class")
    return allowed.select(
        "origin_id", "origin", "score", "sources", licence_class, F.greatest(size, F.lit(1)).alias("size")
    )


def split(validation_share: float) -> Column:
    """train or validation, from a hash of the origin's id: an example keeps its side whatever else is released."""
    place = F.conv(F.substring(F.sha2("origin_id", 256), 1, 8), 16, 10).cast("bigint")
    return F.when(place < int(validation_share * 2**32), "validation").otherwise("train")


def example_id() -> Column:
    """lake.ids.content_id("rel", origin_id), as columns."""
    length = F.unhex(F.lpad(F.hex(F.octet_length("origin_id")), 16, "0"))
    digest = F.sha2(F.concat(length, F.col("origin_id").cast("binary")), 256)
    return F.concat(F.lit("rel_"), F.substring(digest, 1, 24))


def exits(left: DataFrame) -> DataFrame:
    """Why each candidate that is not released was left out: withdrawn, blocked with its reason, or not selected."""
    # of an item that carries withdrawn records the others are only blocked with it
    withdrawn = (F.col("reason") == "withdrawn") & (F.col("origin") == "original")
    blocked = ~F.col("reason").isin(*NOT_SELECTED)
    return left.select(
        F.col("origin_id").alias("id"),
        F.array_join("sources", ", ").alias("source"),
        F.when(withdrawn, "withdrawn").when(blocked, "blocked").otherwise("not_selected").alias("outcome"),
        "reason",
        "detail",
    )
