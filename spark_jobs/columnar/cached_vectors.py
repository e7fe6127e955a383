"""What silver/embeddings already holds: the job that fills it and the stages that read vectors ask here."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def vectors_of(cached: DataFrame, digest: str) -> DataFrame:
    """text_hash and vector (float32 bytes, unit length) of every text embedded by the embedder with this digest."""
    return cached.where(F.col("embedder") == digest).select("text_hash", "vector")


def texts_without_vector(records: DataFrame, cached: DataFrame | None, digest: str) -> DataFrame:
    """text_hash and text of each record whose text has no vector from the embedder with this digest; no two share a text."""
    texts = records.select("text_hash", "text")
    if cached is None:
        return texts
    return texts.join(cached.where(F.col("embedder") == digest), "text_hash", "left_anti")
