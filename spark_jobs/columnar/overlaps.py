"""Which texts share a run of eight words with a benchmark item, and the run itself: what `contamination` does not block is told.

No pair is missed: every run of eight words of every item is looked up in every text, by hash, and what is found is compared word by
word. Left out are runs that an item has from its benchmark's template (stock, see `contamination`), which tell nothing of the item. Words are
those of `word_hashes`: case, layout and punctuation do not count, nor do the operators of code and mathematics, so that more is told
there than is meant; a sign of a script without spaces is a word.

    text    so he asked how many cows are left on the farm when winter comes
    item    a farmer sells half of his cows; how many cows are left on the farm when spring comes?
    shared  9 words: how many cows are left on the farm when
    covered 9 of the item's 17 words
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from spark_jobs.columnar.bloom import bloom_filter
from spark_jobs.columnar.contamination import NGRAM, item_grams, reference_grams, stock_grams
from spark_jobs.columnar.word_hashes import words_of

_SHOWN = 60  # words of a run
_MEASURED = "id string, raw_id string, benchmark string, shared bigint, covered double, stretch string"
OVERLAPS = "id string, raw_id string, benchmark string, items bigint, shared bigint, covered double, stretch string"


def overlaps(texts: DataFrame, benchmark: DataFrame) -> DataFrame:
    """OVERLAPS: for each text that shares a run with items of a benchmark the one with the longest run, and how many items there are.

    `texts` has id, prompt, text (which begins with the prompt); `benchmark` has id, source, text. shared: words of the longest run;
    covered: share of the item's words that lie in shared runs; stretch: the run in lower case.
    """
    if benchmark.isEmpty():
        return texts.sparkSession.createDataFrame([], OVERLAPS)
    grams = reference_grams(benchmark).persist()
    own = grams.join(stock_grams(grams), ["source", "gram"], "left_anti").select(F.col("id").alias("raw_id"), "gram")
    own = own.distinct().persist()
    pairs = item_grams(texts, bloom_filter(own, "gram")).join(own, "gram").select("id", "raw_id").distinct()
    items = benchmark.select(
        F.col("id").alias("raw_id"), F.col("source").alias("benchmark"), F.col("text").alias("item")
    )
    measured = pairs.join(texts.select("id", "text"), "id").join(items, "raw_id").mapInArrow(_measured, _MEASURED)
    worst = Window.partitionBy("id").orderBy(F.desc("shared"), F.desc("covered"), "raw_id")
    found = measured.where(F.col("shared") >= NGRAM).withColumns(
        {"rank": F.row_number().over(worst), "items": F.count("*").over(Window.partitionBy("id"))}
    )
    return found.where("rank = 1").select("id", "raw_id", "benchmark", "items", "shared", "covered", "stretch")


def _measured(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        pairs = zip(batch["text"].to_pylist(), batch["item"].to_pylist(), strict=True)
        found = [shared_run(words_of(text), words_of(item)) for text, item in pairs]
        columns = [*(batch[name] for name in ("id", "raw_id", "benchmark")), *map(pa.array, zip(*found, strict=True))]
        if found:
            names = ["id", "raw_id", "benchmark", "shared", "covered", "stretch"]
            yield pa.RecordBatch.from_arrays(columns, names=names)


def shared_run(text: Sequence[str], item: Sequence[str]) -> tuple[int, float, str]:
    """How long the longest run of words is that both have, the share of the item's words in runs of eight that both have, and the run.

    >>> shared_run("a b c d e f g h i j".split(), "x b c d e f g h i y".split())
    (8, 0.8, 'b c d e f g h i')
    """
    longest = SequenceMatcher(None, text, item, autojunk=False).find_longest_match()
    known = {tuple(text[at : at + NGRAM]) for at in range(len(text) - NGRAM + 1)}
    held = {
        at + step
        for at in range(len(item) - NGRAM + 1)
        if tuple(item[at : at + NGRAM]) in known
        for step in range(NGRAM)
    }
    run = text[longest.a : longest.a + longest.size]
    return longest.size, len(held) / max(len(item), 1), " ".join([*run[:_SHOWN], *(["…"] if len(run) > _SHOWN else [])])
