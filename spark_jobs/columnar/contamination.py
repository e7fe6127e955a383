"""Which training texts contain a benchmark item: complete by construction, through a join on n-gram hashes.

The rule is coverage of the benchmark item, not any hit: more than half of its own words lie in 8-grams that the training text
shares. On GSM8K's own splits any shared 8-gram flags 80 of 1,319 test items, mostly stock phrases; this rule flags 3. Words of an
8-gram that stands in several items of a benchmark are stock (an order, a template) and no item's own; an item that has no others
must be covered whole. A text shorter than 8 words, or a question of stock words in front of options, must be the whole prompt or the
whole text, word for word. What shares less
is told by `overlaps`. Does not yet: find paraphrases or translations. Why it is so: docs/decisions/0009-contamination.md.

An item of ten words, of which the first nine are an order that others have too. The gram at place 2 is the only one that holds a
word of its own, the tenth; a training text must share it.

    >>> words = word_hashes(pa.array(["tell in a single word what the text says wolves"]))
    >>> own = own_words(words, from_lengths(np.array([0, 1], np.uint64), np.array([2])))
    >>> own.tolist()
    [False, False, False, False, False, False, False, False, False, True]
    >>> grams = covering_grams(words, own, np.array([True]))
    >>> grams.to_pydict()["covers"], grams["gram"].to_pylist() == _cells(shingles(words, NGRAM).values[2:]).to_pylist()
    ([[9]], True)

A text is one hash too, of all its words in their order:

    >>> wholes = whole_hashes(word_hashes(pa.array(["A boat!", "a boat", "boat a"])))
    >>> bool(wholes[0] == wholes[1]), bool(wholes[0] == wholes[2])
    (True, False)
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from spark_jobs.columnar.bloom import bloom_filter, may_contain
from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.packed_rows import binary_rows
from spark_jobs.columnar.ragged import Places, Ragged, from_lengths, row_sums
from spark_jobs.columnar.shingles import shingles
from spark_jobs.columnar.word_hashes import word_hashes
from texts.benchmark_items import known_by, without_answer

COVERAGE = 0.5
NGRAM = 8  # words
STOCK_SHARE = 0.01  # of a benchmark's items, and at least two: an n-gram that so many have is a template

# A probe is a text by which an item is known, told from the item's others by its length in words. own: how many words count, its own
# or, where all are stock, all; gram: one that holds such words; covers: their places.
_PROBE = "benchmark_id string, probe bigint, all_stock boolean, own bigint, gram binary, covers array<bigint>"
_FOUND = "id string, benchmark_id string, covered double"


def contaminated(items: DataFrame, benchmark: DataFrame, coverage: float = COVERAGE) -> DataFrame:
    """id, benchmark_id, covered for each item that holds more than `coverage` of a benchmark item's own words: its worst case.

    `items` has id, prompt, text (which begins with the prompt); `benchmark` has id, source, text.
    """
    probes = benchmark_probes(benchmark).persist()
    if probes.isEmpty():
        return items.sparkSession.createDataFrame([], _FOUND)
    shared = item_grams(items, bloom_filter(probes, "gram")).join(probes, "gram")
    places = F.array_distinct(F.flatten(F.collect_set("covers")))  # grams overlap, and must not count a word twice
    covered = (F.size(places) / F.col("own")).alias("covered")
    hits = shared.groupBy("id", "benchmark_id", "probe", "all_stock", "own").agg(covered)
    hits = hits.where((F.col("covered") == 1) | (~F.col("all_stock") & (F.col("covered") > coverage)))
    worst_first = Window.partitionBy("id").orderBy(F.desc("covered"), "benchmark_id")
    ranked = hits.withColumn("rank", F.row_number().over(worst_first))
    return ranked.where("rank = 1").select("id", "benchmark_id", "covered")


def evidence() -> Column:
    """What is told of a row that `contaminated` found: `holds 80 % of raw_...`."""
    return F.format_string("holds %.0f %% of %s", F.col("covered") * 100, F.col("benchmark_id"))


def benchmark_probes(benchmark: DataFrame) -> DataFrame:
    """The grams of each probe as _PROBE, those without an own word left out; one gram, the whole, where a probe must be whole."""
    grams = reference_grams(benchmark).persist()
    places = grams.join(stock_grams(grams), ["source", "gram"])
    places = places.groupBy("id").agg(F.collect_set("place").alias("stock"))
    return benchmark.select("id", "source", "text").join(places, "id", "left").mapInArrow(_probes, _PROBE)


def reference_grams(benchmark: DataFrame) -> DataFrame:
    """id, source, item, gram, place: every n-gram of every reference, and the item that the reference is, whatever the order of its words."""
    schema = "id string, source string, item bigint, gram binary, place bigint"
    return benchmark.select("id", "source", "text").mapInArrow(_reference_grams, schema)


def stock_grams(grams: DataFrame) -> DataFrame:
    """source, gram: the n-grams that so many items of a benchmark have that they are none's own."""
    sizes = grams.groupBy("source").agg(F.count_distinct("item").alias("size"))
    holders = grams.groupBy("source", "gram").agg(F.count_distinct("item").alias("holders")).join(sizes, "source")
    stock = holders.where((F.col("holders") > 1) & (F.col("holders") >= STOCK_SHARE * F.col("size")))
    return stock.select("source", "gram")


def item_grams(items: DataFrame, known: bytes) -> DataFrame:
    """id, gram: the n-grams of each item's text, and its text and its prompt as one gram each; only what may be in `known`."""

    def grams(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            words, prompts = (word_hashes(batch[name]) for name in ("text", "prompt"))
            pieces, every = shingles(words, NGRAM), np.arange(batch.num_rows)
            hashes = np.concatenate([pieces.values, whole_hashes(words), whole_hashes(prompts)])
            rows = np.concatenate([pieces.row_of_value, every, every])
            maybe = may_contain(known, hashes)
            ids = batch["id"].take(pa.array(rows[maybe]))
            yield pa.RecordBatch.from_arrays([ids, _cells(hashes[maybe])], names=["id", "gram"])

    return items.select("id", "prompt", "text").mapInArrow(grams, "id string, gram binary")


def _reference_grams(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each n-gram of a reference with its place, and the reference's `item`: equal for the same words, whatever their order.

    An item that stands twice, with its options in another order or with another answer, is one item.
    """
    for batch in batches:
        asked = word_hashes(pa.array([without_answer(text) for text in batch["text"].to_pylist()], pa.string()))
        items = row_sums(mix(asked.values), asked)
        grams = shingles(word_hashes(batch["text"]), NGRAM)
        rows = pa.array(grams.row_of_value)
        columns = [*(batch[name].take(rows) for name in ("id", "source")), pa.array(items.view(np.int64)).take(rows)]
        columns += [_cells(grams.values), pa.array(_places(grams))]
        yield pa.RecordBatch.from_arrays(columns, names=["id", "source", "item", "gram", "place"])


def _probes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of _PROBE for references with id, text and `stock`, the places of their stock n-grams or null."""
    for batch in batches:
        texts = batch["text"].to_pylist()
        parts = [known_by(text) for text in texts]
        references = pa.array(np.repeat(np.arange(len(parts)), [len(part) for part in parts]))
        words = word_hashes(pa.array([text for part in parts for text in part], pa.string()))
        stock = [places or [] for places in batch["stock"].take(references).to_pylist()]
        places = np.array([place for of_one in stock for place in of_one], np.uint64)
        stock_places = from_lengths(places, np.array([len(of_one) for of_one in stock], np.int64))
        entire = [
            len(part) >= len(without_answer(text)) for text, of_one in zip(texts, parts, strict=True) for part in of_one
        ]
        grams = covering_grams(words, own_words(words, stock_places), np.array(entire, np.bool_))
        ids = batch["id"].take(references).take(grams["row"])
        yield grams.drop_columns(["row"]).add_column(0, "benchmark_id", ids)


def own_words(words: Ragged, stock: Ragged) -> NDArray[np.bool_]:
    """Whether each word lies in no stock n-gram, bool (words,); `stock` has the places of each row's, some beyond the row's end."""
    starts, ends = words.offsets[:-1][stock.row_of_value], words.offsets[1:][stock.row_of_value]
    first = np.minimum(starts + stock.values.astype(np.int64), ends)
    open_grams = np.zeros(len(words.values) + 1, np.int64)  # +1 where an n-gram begins, -1 behind its last word
    np.add.at(open_grams, first, 1)
    np.add.at(open_grams, np.minimum(first + NGRAM, ends), -1)
    return np.cumsum(open_grams)[:-1] == 0


def covering_grams(words: Ragged, own: NDArray[np.bool_], entire: NDArray[np.bool_]) -> pa.RecordBatch:
    """The grams of each row that hold an own word, or any word where a row has no own one, with `row` and the rest of _PROBE.

    A row of fewer than NGRAM words, or one without own words that is not `entire`, bool (rows,), has one gram: all its words, which
    count as one.
    """
    all_stock = row_sums(own.astype(np.uint64), words) == 0
    as_one = (words.lengths < NGRAM) | (all_stock & ~entire)
    counts = (own | all_stock[words.row_of_value]) & ~as_one[words.row_of_value]
    grams = shingles(words, NGRAM)
    within = np.arange(NGRAM) + (_places(grams) + words.offsets[:-1][grams.row_of_value])[:, None]
    kept, ones = np.flatnonzero(counts[within].any(axis=1)), np.flatnonzero(as_one & (words.lengths > 0))
    rows = np.concatenate([grams.row_of_value[kept], ones])
    places = (_places(grams)[kept, None] + np.arange(NGRAM))[counts[within[kept]]]
    sizes = np.concatenate([[0], counts[within[kept]].sum(axis=1), np.ones(len(ones), np.int64)])
    counted = np.where(as_one, 1, row_sums(counts.astype(np.uint64), words)).astype(np.int64)
    return pa.RecordBatch.from_pydict(
        {
            "row": pa.array(rows),
            "probe": pa.array(words.lengths[rows]),
            "all_stock": pa.array(all_stock[rows]),
            "own": pa.array(counted[rows]),
            "gram": _cells(np.concatenate([grams.values[kept], whole_hashes(words)[ones]])),
            "covers": pa.ListArray.from_arrays(
                np.cumsum(sizes).astype(np.int32), np.concatenate([places, np.zeros(len(ones), np.int64)])
            ),
        }
    )


def whole_hashes(words: Ragged) -> Hashes:
    """One hash of all words of each row in their order, uint64 (rows,)."""
    return row_sums(mix(words.values + mix(_places(words).astype(np.uint64))), words)


def _places(values: Ragged) -> Places:
    """The place of each value in its row, from 0, int64 (total,)."""
    return np.arange(len(values.values)) - values.offsets[:-1][values.row_of_value]


def _cells(hashes: Hashes) -> pa.Array:
    """Each hash as 8 bytes: Spark has no unsigned numbers."""
    return binary_rows(hashes[:, None])
