"""Who may be grouped: the new low-rated records, and of the earlier singletons those near one of them, with what grouping reads of each."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.harness.job import SparkInputs
from lake.tables.reasons import COMPARED_ALONE
from spark_jobs.columnar.cached_vectors import vectors_of
from spark_jobs.columnar.cells import sample_vectors
from spark_jobs.columnar.lookup import semi_join
from spark_jobs.columnar.vectors import with_scaled_vectors
from spark_jobs.columnar.withdrawn import withdrawn_records
from spark_jobs.group.cell_search import GroupSearch, near_newcomers
from spark_jobs.group.claims import claims
from spark_jobs.group.columns import CANDIDATE, UNMET
from texts.licences import CLASSES

_FEW = 50_000  # new vectors that may lie beside every task: 77 MB of 384 components


def low_rated_records(inputs: SparkInputs, within_source: bool) -> DataFrame:
    """`record_facts` of the low-rated records that are new; those that were withdrawn are excluded."""
    low = inputs["silver/quality"].where("not high").select("id")
    records = record_facts(inputs["silver/unique_instructions"], within_source).join(low, "id", "left_semi")
    gone = withdrawn_records(inputs["bronze/instructions_withdrawn"]).withColumn("gone", F.lit(True))
    excluded = F.when(F.col("gone"), "withdrawn").otherwise(F.col("excluded"))
    records = records.join(gone, "id", "left").withColumn("excluded", excluded).drop("gone")
    return records.withColumn("fresh", F.lit(True))


def near_vectors(
    records: DataFrame, inputs: SparkInputs, before: Mapping[str, Any], digest: str, search: GroupSearch
) -> DataFrame:
    """Scaled vectors (id, fresh, vector) of the new `records` that may be grouped, and of the earlier singletons near one of them.

    Of older rows no more than ids and vectors is looked at: few of them are near, and only their texts are read then. Where the
    new ones are too many to lie beside every task, all earlier singletons are taken.
    """
    new, old = (vectors_of(rows["silver/embeddings"], digest) for rows in (inputs, before))
    fresh = records.where("excluded is null").select("id", "text_hash", "fresh").persist()
    embedded_before = fresh.join(new, "text_hash", "left_anti")
    new = with_scaled_vectors(new.unionByName(semi_join(old, embedded_before, "text_hash")))
    fresh = fresh.join(new, "text_hash").persist()

    alone = before["silver/singletons"].where(F.col("reason").isin(*COMPARED_ALONE)).select("id")
    alone = alone.join(withdrawn_records(inputs["bronze/instructions_withdrawn"]), "id", "left_anti")
    earlier = before["silver/unique_instructions"].select("id", "text_hash").join(alone, "id", "left_semi")
    earlier = earlier.withColumn("fresh", F.lit(False)).persist()
    old = with_scaled_vectors(semi_join(old, earlier, "text_hash"))
    if (count := fresh.count()) <= _FEW:
        old = near_newcomers(old, sample_vectors(fresh, count, _FEW, f"near {search.sizes.seed}"), search)
    return fresh.unionByName(earlier.join(old, "text_hash")).drop("text_hash")


def records_again(near: DataFrame, before: Mapping[str, Any], within_source: bool) -> DataFrame:
    """`record_facts` of the earlier records of `near`, not `fresh`."""
    ids = near.where("not fresh").select("id")
    # not a semi-join, which Spark would do before the filter
    records = semi_join(before["silver/unique_instructions"], ids, "id").join(ids, "id")
    return record_facts(records, within_source).withColumn("fresh", F.lit(False))


def with_claims(records: DataFrame) -> DataFrame:
    """The records with the claims of their answers in place of the texts."""

    def claimed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            prompt, answer = (batch[name].fill_null("") for name in ("prompt", "answer"))
            yield batch.drop_columns(["prompt", "answer"]).append_column("claims", claims(prompt, answer))

    schema = records.drop("prompt", "answer").withColumn("claims", F.lit(b"")).schema
    return records.mapInArrow(claimed, schema)


def record_facts(records: DataFrame, within_source: bool) -> DataFrame:
    """What grouping reads of a record, its `kind`, and `excluded`: the reason why it may not be grouped at all, or null."""
    classes = F.create_map(*(F.lit(text) for pair in CLASSES.items() for text in pair))
    licence_class = F.coalesce(F.try_element_at(classes, "licence"), "licence").alias("licence_class")
    kind = ["licence_class", "language", "item_type", *(["source"] if within_source else [])]
    excluded = (
        F.when(F.size(F.coalesce("personal", F.array())) > 0, "personal_data")
        .when(F.col("licence").isNull(), "unknown_licence")
        .when(F.col("licence").contains("-ND-"), "no_derivatives")  # an item fused from it would be one
    )
    facts = records.select(
        "id",
        "source",
        "licence",
        licence_class,
        "language",
        "item_type",
        "subjects",
        "prompt",
        "answer",
        "text_hash",
        excluded.alias("excluded"),
    )
    return facts.withColumn("kind", F.to_json(F.struct(*kind)))


def with_vectors(records: DataFrame, vectors: DataFrame, key: str) -> DataFrame:
    """The records as CANDIDATE, and `excluded`; `vector` is null where a record is excluded or `vectors` has none for its `key`."""
    columns = {
        "vector": F.when(F.col("excluded").isNull(), F.col("vector")),
        "contradicted": F.lit(False),
        "nearest_id": F.lit(None).cast("string"),
        "nearest_cosine": F.lit(None).cast("double"),
        "met": F.lit(UNMET).cast("tinyint"),
    }
    return records.join(vectors, key, "left").withColumns(columns).select(*CANDIDATE.names, "excluded")
