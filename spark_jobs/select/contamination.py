"""Which training texts contain a benchmark item: complete by construction, through a join on n-gram hashes.

The rule is coverage of the benchmark item, not any hit: more than half of its words lie in 8-grams that the training text
shares. On GSM8K's own splits any shared 8-gram flags 80 of 1,319 test items, mostly stock phrases; this rule flags 3. An item
shorter than 8 words must be the whole prompt or the whole text, word for word. Does not yet: find paraphrases or translations.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from spark_jobs.columnar.word_hashes import Hashes, Ragged, mix, take_rows, words
from spark_jobs.dedupe import minhash

NGRAM = 8
_GRAMS = "id string, words int, place int, gram bigint"


def contaminated(items: DataFrame, benchmark: DataFrame, coverage: float = 0.5) -> DataFrame:
    """id, benchmark_id, covered for each item that holds more than `coverage` of a benchmark item's words: its worst case.

    `items` has id, prompt, text; `benchmark` has id, text. A benchmark text counts twice: whole, and its first line (the question).
    """
    probes = benchmark.select("id", "text").unionByName(
        benchmark.select("id", F.split("text", "\n", 2)[0].alias("text"))
    )
    wanted = probes.where("trim(text) != ''").select(
        F.struct("id", F.xxhash64("text")).cast("string").alias("id"), "text", F.col("id").alias("benchmark_id")
    )
    grams = wanted.select("id", "text").mapInArrow(_probe_grams, _GRAMS).join(wanted.select("id", "benchmark_id"), "id")
    own = items.select("id", "text").unionByName(items.select("id", F.col("prompt").alias("text")))
    shared = grams.withColumnRenamed("id", "probe").join(
        own.mapInArrow(_item_grams, "item string, gram bigint"), "gram"
    )
    hits = _covered(shared.select("item", "probe", "benchmark_id", "words", "place").distinct())
    worst = Window.partitionBy("item").orderBy(F.desc("covered"), "benchmark_id")
    found = hits.where(F.col("covered") > coverage).withColumn("rank", F.row_number().over(worst)).where("rank = 1")
    return found.select(F.col("item").alias("id"), "benchmark_id", "covered")


def _covered(places: DataFrame) -> DataFrame:
    """item, benchmark_id, covered: the share of the probe's words inside the shared n-grams."""
    following = F.lead("place").over(Window.partitionBy("item", "probe").orderBy("place"))
    span = F.least(F.lit(NGRAM), "words", F.coalesce(following - F.col("place"), F.lit(NGRAM)))
    spans = (
        places.withColumn("span", span)
        .groupBy("item", "probe", "benchmark_id", "words")
        .agg(F.sum("span").alias("span"))
    )
    return spans.select("item", "benchmark_id", (F.col("span") / F.col("words")).alias("covered"))


def _probe_grams(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each probe's n-grams with their places; a short probe is one gram: all its words."""
    for batch in batches:
        tokens, _ = words(batch["text"])
        grams = _with_whole(tokens)
        places = np.arange(len(grams.values)) - grams.offsets[:-1][grams.rows]
        ids = batch["id"].take(pa.array(grams.rows))
        counts = pa.array(tokens.lengths[grams.rows].astype(np.int32))
        yield pa.RecordBatch.from_arrays(
            [ids, counts, pa.array(places.astype(np.int32)), pa.array(grams.values.view(np.int64))],
            names=["id", "words", "place", "gram"],
        )


def _item_grams(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each item's n-grams, or all its words as one gram where it is shorter."""
    for batch in batches:
        grams = _with_whole(words(batch["text"])[0])
        ids = batch["id"].take(pa.array(grams.rows))
        yield pa.RecordBatch.from_arrays([ids, pa.array(grams.values.view(np.int64))], names=["item", "gram"])


def _with_whole(tokens: Ragged) -> Ragged:
    """The n-grams of the long rows and one gram of the short ones; a gram of fewer words never equals an n-gram."""
    long = minhash.shingles(tokens, NGRAM)
    short = np.flatnonzero((tokens.lengths > 0) & (tokens.lengths < NGRAM))
    counts = long.lengths.copy()
    counts[short] = 1
    offsets = np.concatenate([[0], np.cumsum(counts)])
    values = np.zeros(offsets[-1], np.uint64)
    is_short = np.zeros(len(counts), np.bool_)
    is_short[short] = True
    values[~np.repeat(is_short, counts)] = long.values
    values[offsets[:-1][short]] = _whole_rows(take_rows(tokens, short))
    return Ragged(values, offsets)


def _whole_rows(rows: Ragged) -> Hashes:
    """One hash of all words of each row, in order."""
    found = mix(rows.lengths.astype(np.uint64))
    for step in range(NGRAM - 1):
        longer = np.flatnonzero(rows.lengths > step)
        found[longer] = mix(found[longer] + rows.values[rows.offsets[:-1][longer] + step])
    return found
