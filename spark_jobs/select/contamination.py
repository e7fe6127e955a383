"""Which training texts contain a benchmark item: complete by construction, through a join on n-gram hashes.

The rule is coverage of the benchmark item, not any hit: more than half of its words lie in 8-grams that the training text
shares. On GSM8K's own splits any shared 8-gram flags 80 of 1,319 test items, mostly stock phrases; this rule flags 3. An item
shorter than 8 words must be the whole prompt or the whole text, word for word. Does not yet: find paraphrases or translations.

A text of nine words has two 8-grams, one of two words is one gram, one without words has none:

    >>> words = word_hashes(pa.array(["how is a small boat kept dry in winter", "a boat", "?"]))
    >>> grams = ngrams_or_whole(words)
    >>> grams.lengths.tolist()
    [2, 1, 0]
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Ragged, from_lengths, take_rows
from spark_jobs.columnar.shingles import shingles
from spark_jobs.columnar.word_hashes import word_hashes

NGRAM = 8  # words
_PROBE_GRAMS = "probe string, words int, place int, gram bigint"


def contaminated(items: DataFrame, benchmark: DataFrame, coverage: float = 0.5) -> DataFrame:
    """id, benchmark_id, covered for each item that holds more than `coverage` of a benchmark item's words: its worst case.

    `items` has id, prompt, text; `benchmark` has id, text. A benchmark text is two probes: whole, and its first line (the
    question). So is an item: its text, and its prompt alone.
    """
    first_lines = benchmark.select("id", F.split("text", "\n", 2)[0].alias("text"))
    probes = benchmark.select("id", "text").unionByName(first_lines)
    probes = probes.where("trim(text) != ''").select(
        F.struct("id", F.xxhash64("text")).cast("string").alias("probe"), "text", F.col("id").alias("benchmark_id")
    )
    probe_grams = probes.select("probe", "text").mapInArrow(_probe_grams, _PROBE_GRAMS)
    probe_grams = probe_grams.join(probes.select("probe", "benchmark_id"), "probe")
    own = items.select("id", "text").unionByName(items.select("id", F.col("prompt").alias("text")))
    shared = probe_grams.join(own.mapInArrow(_item_grams, "item string, gram bigint"), "gram")
    hits = _covered(shared.select("item", "probe", "benchmark_id", "words", "place").distinct())
    worst_first = Window.partitionBy("item").orderBy(F.desc("covered"), "benchmark_id")
    ranked = hits.where(F.col("covered") > coverage).withColumn("rank", F.row_number().over(worst_first))
    return ranked.where("rank = 1").select(F.col("item").alias("id"), "benchmark_id", "covered")


def _covered(places: DataFrame) -> DataFrame:
    """item, benchmark_id, covered: the share of the probe's words inside the shared n-grams.

    Of a probe of 20 words with shared 8-grams at the places 0, 3 and 10, the words 0 to 17 are covered: 3 + 7 + 8 of 20.
    """
    # overlapping n-grams must not count a word twice: each counts only up to where the next one begins
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
        words = word_hashes(batch["text"])
        grams = ngrams_or_whole(words)
        rows = grams.row_of_value
        places = np.arange(len(grams.values)) - grams.offsets[:-1][rows]
        columns = [
            *(batch["probe"].take(pa.array(rows)), pa.array(words.lengths[rows].astype(np.int32))),
            # Spark has no unsigned numbers: the same 64 bits, read as signed
            *(pa.array(places.astype(np.int32)), pa.array(grams.values.view(np.int64))),
        ]
        yield pa.RecordBatch.from_arrays(columns, names=["probe", "words", "place", "gram"])


def _item_grams(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each item's n-grams, or all its words as one gram where it is shorter."""
    for batch in batches:
        grams = ngrams_or_whole(word_hashes(batch["text"]))
        ids = batch["id"].take(pa.array(grams.row_of_value))
        yield pa.RecordBatch.from_arrays([ids, pa.array(grams.values.view(np.int64))], names=["item", "gram"])


def ngrams_or_whole(words: Ragged) -> Ragged:
    """The NGRAM-word shingles of the long rows and one gram of the short ones; a gram of fewer words never equals an n-gram."""
    long = shingles(words, NGRAM)
    short = np.flatnonzero((words.lengths > 0) & (words.lengths < NGRAM))
    counts = long.lengths.copy()
    counts[short] = 1
    is_short = np.zeros(len(counts), np.bool_)
    is_short[short] = True
    grams = from_lengths(np.zeros(counts.sum(), np.uint64), counts)
    grams.values[~np.repeat(is_short, counts)] = long.values
    grams.values[grams.offsets[:-1][short]] = _hash_of_row(take_rows(words, short))
    return grams


def _hash_of_row(rows: Ragged) -> Hashes:
    """One hash of all words of each row (fewer than NGRAM), in order, uint64 (rows,)."""
    hashes = mix(rows.lengths.astype(np.uint64))
    for step in range(NGRAM - 1):
        longer = np.flatnonzero(rows.lengths > step)
        hashes[longer] = mix(hashes[longer] + rows.values[rows.offsets[:-1][longer] + step])
    return hashes
