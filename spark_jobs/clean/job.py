"""Bronze to silver: texts repaired, languages named, personal data marked, and what no one can learn from rejected with its reason.

    bronze batch -> turns flattened, texts repaired -> prompt, answer, language, personal data, as columns
    -> rules in order, each a mask over the batch; the first that holds for a row is its reason
    -> rows without a reason to silver, the others to the table of the rejected

A batch is cleaned column by column: cheap passes over the column find the few texts that something dearer must look at. Each record
is judged by itself; only copies of passages are found across rows.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake.harness.job import JobContext, SparkInputs, SparkRows
from lake.ids import sha256_text
from lake.stages import STAGES
from lake.tables.schema import TEXTS
from spark_jobs.clean.changes import Changes, changes
from spark_jobs.clean.markup import without_debris
from spark_jobs.clean.params import CleanParams, PassageParams, TextParams
from spark_jobs.clean.rules import Rule, passage_rules, record_rules
from spark_jobs.clean.text import passage_key, repair
from spark_jobs.clean.turn_columns import turn_columns
from spark_jobs.columnar.worker_files import written_by_workers
from spark_jobs.recognisers.language import languages
from spark_jobs.recognisers.personal import masked, personal_kinds
from texts.subjects import subjects

_COPY = "exact_passage"

Cleaner = Callable[[pa.RecordBatch], pa.RecordBatch]


def instructions(inputs: SparkInputs, params: CleanParams, context: JobContext) -> SparkRows:
    """silver/instructions, the records that a rule rejected, and what was changed in any of them.

    Metrics: `rejected/<reason>/<source>`, `changed/<kind>/<source>`, and `changed_share`, the share of the records that were changed.
    """
    bronze = inputs["bronze/instructions"].select("id", "source", "licence", "original_id", "messages")
    frames = _clean(bronze, "silver/instructions", lambda batch: clean_records(batch, params), context)
    _count_rejected(frames["silver/instructions_rejected"], context)
    _count_changed(frames["silver/instructions_changed"], context)
    return frames


def passages(inputs: SparkInputs, params: PassageParams, context: JobContext) -> SparkRows:
    """silver/passages and those that a rule rejected, or that are a copy of the passage that their detail names.

    Of copies a published one stays, else the one with the smallest id.
    """
    bronze = inputs["bronze/passages"].select("id", "source", "licence", "title", "text")
    frames = _clean(bronze, "silver/passages", lambda batch: clean_passages(batch, params), context)
    rows, rejected = frames["silver/passages"], frames["silver/passages_rejected"]
    # asked twice: whether there are any, and which
    copies = _copies(rows, context.before.get("silver/passages")).persist()
    if not copies.isEmpty():
        rows = rows.join(copies, "id", "left_anti")
        detail = F.concat(F.lit("the same text as "), "original").alias("detail")
        exit_columns = F.lit("duplicate").alias("outcome"), F.lit(_COPY).alias("reason"), detail
        rejected = rejected.unionByName(copies.select(F.col("raw_id").alias("id"), "source", *exit_columns))
    _count_rejected(rejected, context)
    return {"silver/passages": rows, "silver/passages_rejected": rejected}


def clean_records(batch: pa.RecordBatch, params: CleanParams) -> pa.RecordBatch:
    """The silver columns of a batch of bronze records, and `reason` and `detail` where a rule rejects one."""
    told: list[Changes] = []

    def repaired(texts: pa.StringArray, records: NDArray[np.int64]) -> pa.StringArray:
        texts, stripped, after = _repaired(texts, records, params)
        shown = masked(after) if params.personal == "mask" else after
        told.append(changes(texts, stripped, after, shown, records, len(batch)))
        return shown

    turns = turn_columns(batch["messages"], repaired)
    # language and personal data are of the record, wherever in it they show: what tells a number may stand in another turn
    text = pc.binary_join_element_wise(turns.prompt, turns.answer, "\n")
    language = languages(text, params.default_language, params.language_confidence)
    columns = {
        **_identity(batch, "rec"),
        "original_id": batch["original_id"],
        "language": language,
        "item_type": turns.item_type,
        "messages": turns.messages,
        "prompt": turns.prompt,
        "answer": turns.answer,
        "text": text,
        "text_hash": pa.array([sha256_text(one) for one in text.to_pylist()]),
        "subjects": _subjects(turns.prompt, language),
        "personal": pa.array([[]] * len(text), TEXTS) if params.personal == "keep" else personal_kinds(text),
        **told[0]._asdict(),
    }
    return _with_reasons(columns, list(record_rules(turns, text, language, params)))


def clean_passages(batch: pa.RecordBatch, params: PassageParams) -> pa.RecordBatch:
    """The silver columns of a batch of bronze passages, and `reason` and `detail` where a rule rejects one."""
    alone = np.arange(len(batch))
    text = _repaired(batch["text"], alone, params)[2]
    language = languages(text, params.default_language, params.language_confidence)
    columns = {
        **_identity(batch, "psg"),
        "language": language,
        "title": _repaired(batch["title"], alone, params)[2],
        "text": text,
        "text_key": pa.array([sha256_text(one) for one in passage_key(text).to_pylist()], pa.string()),
    }
    return _with_reasons(columns, list(passage_rules(text, language, params)))


def _subjects(prompts: pa.StringArray, languages: pa.StringArray) -> pa.ListArray:
    """What each prompt names."""
    both = zip(prompts.to_pylist(), languages.to_pylist(), strict=True)
    return pa.array([subjects(prompt, language) for prompt, language in both], TEXTS)


def _repaired(
    texts: pa.StringArray, records: NDArray[np.int64], params: TextParams
) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray]:
    """The texts as they were, without markup, and repaired; texts of the same number in `records` are turns of one record."""
    texts = pc.fill_null(texts, "")
    stripped = without_debris(texts, records) if params.strip_markup else texts
    return texts, stripped, repair(stripped)


def _identity(batch: pa.RecordBatch, kind: str) -> dict[str, pa.Array]:
    """Where the row comes from; its id is the raw record's with another kind in front: raw_x becomes rec_x."""
    ids = pc.replace_substring_regex(batch["id"], "^raw_", f"{kind}_")
    return {"id": ids, "raw_id": batch["id"], "source": batch["source"], "licence": batch["licence"]}


def _with_reasons(columns: dict[str, pa.Array], rules: list[Rule]) -> pa.RecordBatch:
    """The columns, with the reason and detail of the first rule that rejects each row, null where none does."""
    reason = detail = pa.nulls(len(columns["id"]), pa.string())
    # from the last rule to the first: each writes over those behind it
    for rule in reversed(rules):
        reason = pc.if_else(rule.rejects, pa.scalar(rule.reason), reason)
        detail = pc.if_else(rule.rejects, pa.scalar(rule.detail), detail)
    return pa.RecordBatch.from_pydict({**columns, "reason": reason, "detail": detail})


def _clean(bronze: DataFrame, key: str, clean: Cleaner, context: JobContext) -> dict[str, DataFrame]:
    """The rows of `key` that no rule rejected, and those of its side tables; cleaned and written by the workers."""
    sides = STAGES[key].sides

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        for batch in batches:
            rows = clean(batch)
            passes = pc.is_null(rows["reason"])
            yield key, rows.filter(passes)
            yield f"{key}_rejected", _exits(rows.filter(pc.invert(passes)))
            if f"{key}_changed" in sides:
                yield f"{key}_changed", _changed(rows)

    return written_by_workers(bronze, make, (key, *sides), context)


def _exits(rejected: pa.RecordBatch) -> pa.RecordBatch:
    outcome = pa.array(["rejected"] * len(rejected), pa.string())
    columns = {"id": rejected["raw_id"], "source": rejected["source"], "outcome": outcome}
    return pa.RecordBatch.from_pydict(columns | {name: rejected[name] for name in ("reason", "detail")})


def _changed(rows: pa.RecordBatch) -> pa.RecordBatch:
    some = rows.filter(pc.greater(pc.list_value_length(rows["kinds"]), 0))
    columns = {"id": some["raw_id"], **{name: some[name] for name in ("source", "kinds", "before", "after")}}
    return pa.RecordBatch.from_pydict(columns)


def _copies(rows: DataFrame, published: DataFrame | None) -> DataFrame:
    """The rows whose `text_key` a published row has, too, or one of them with a smaller id; `original` is the id of that one."""
    candidates = rows.select("id", "raw_id", "source", "text_key", F.lit(True).alias("fresh"))
    if published is not None:
        known = published.select("id", "text_key", F.lit(False).alias("fresh"))
        candidates = candidates.unionByName(known, allowMissingColumns=True)
    # false sorts before true: a published row is the original whatever its id
    original = F.min(F.struct("fresh", "id")).over(Window.partitionBy("text_key"))["id"]
    return candidates.withColumn("original", original).where("fresh and id != original")


def _count_rejected(rejected: DataFrame, context: JobContext) -> None:
    for row in rejected.groupBy("reason", "source").count().collect():
        context.metrics[f"rejected/{row['reason']}/{row['source']}"] = float(row["count"])


def _count_changed(changed: DataFrame, context: JobContext) -> None:
    written = {key: files.staged.rows for key, files in context.worker_files.items()}
    records = written["silver/instructions"] + written["silver/instructions_rejected"]
    for row in changed.select("source", F.explode("kinds").alias("kind")).groupBy("kind", "source").count().collect():
        context.metrics[f"changed/{row['kind']}/{row['source']}"] = float(row["count"])
    context.metrics["changed_share"] = written["silver/instructions_changed"] / max(records, 1)
