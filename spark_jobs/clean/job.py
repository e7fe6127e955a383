"""Bronze to silver: texts repaired, languages named, personal data marked, and what no one can learn from refused with its reason.

A batch is cleaned column by column: cheap passes over the column find the few texts that something dearer must look at.
Each record is judged by itself; only copies of passages are found across rows.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.ids import sha256_text
from lake.tables.schema import TEXTS
from spark_jobs.clean.answers import blanks, cut_off, declines
from spark_jobs.clean.language import languages
from spark_jobs.clean.personal import personal_kinds
from spark_jobs.clean.repetition import repetitive
from spark_jobs.clean.text import exact_key, repair
from spark_jobs.clean.turn_columns import TurnColumns, turn_columns
from spark_jobs.columnar.worker_files import kept

_COPY = "exact_passage"

Cleaner = Callable[[pa.RecordBatch], pa.RecordBatch]
Rule = tuple[str, Any, str]  # reason, mask of the refused rows, detail


class TextParams(Params):
    """What instructions and passages have in common."""

    strip_markup: bool = Field(
        default=True, description="take formatting tags and entities out of texts that are not about markup"
    )
    languages: tuple[str, ...] = Field(default=(), description="ISO 639-1 codes to keep; empty keeps every language")
    default_language: str = Field(
        default="en", min_length=2, max_length=3, description="the language of texts too short to tell"
    )
    language_confidence: float = Field(
        default=0.5, ge=0, le=1, description="below this the text counts as too short to tell"
    )


class CleanParams(TextParams):
    """Which records are refused. Every rule is off at its lowest value or at false."""

    empty_prompt: bool = Field(default=True, description="refuse records in which nobody asks anything")
    empty_answer: bool = Field(default=True, description="refuse records without an answer")
    boilerplate_refusal: bool = Field(default=True, description="refuse short answers that only decline")
    refusal_words: int = Field(
        default=60, ge=1, description="a longer answer that opens like a refusal goes on to answer"
    )
    truncated: bool = Field(default=True, description="refuse answers that end inside a phrase, code or JSON")
    placeholder: bool = Field(default=True, description="refuse texts in which a template's {{name}} was left")
    repetition: bool = Field(default=True, description="refuse answers that say the same again and again")
    repetition_words: int = Field(default=40, ge=10, description="shorter answers are never repetitive")
    distinct_trigrams: float = Field(
        default=0.25, ge=0, le=1, description="share of an answer's word 3-grams that must be distinct"
    )
    min_characters: int = Field(default=2, ge=0, description="of prompt and answer together")
    max_characters: int = Field(default=40_000, ge=1, description="of prompt and answer together")
    personal: bool = Field(default=True, description="mark personal data")


class PassageParams(TextParams):
    """Which passages are refused."""

    min_characters: int = Field(default=80, ge=0, description="of the text")
    max_characters: int = Field(default=100_000, ge=1, description="of the text")


def instructions(inputs: SparkInputs, params: CleanParams, context: JobContext) -> SparkRows:
    """silver/instructions and the records that a rule refused; metrics `rejected/<reason>/<source>` count these."""
    bronze = inputs["bronze/instructions"].select("id", "source", "licence", "original_id", "messages")
    rows, exits = _cleaned(bronze, "silver/instructions", lambda batch: clean_records(batch, params), context)
    return _counted(rows, exits, "silver/instructions", context)


def passages(inputs: SparkInputs, params: PassageParams, context: JobContext) -> SparkRows:
    """silver/passages and those refused, or dropped as a copy of the passage that the detail names.

    Of copies a published one stays, else the one with the smallest id.
    """
    bronze = inputs["bronze/passages"].select("id", "source", "licence", "title", "text")
    rows, exits = _cleaned(bronze, "silver/passages", lambda batch: _clean_passages(batch, params), context)
    copies = _copies(rows, context.before.get("silver/passages")).persist()
    if not copies.isEmpty():
        rows = rows.join(copies, "id", "left_anti")
        detail = F.concat(F.lit("the same text as "), "original").alias("detail")
        told = F.lit("duplicate").alias("outcome"), F.lit(_COPY).alias("reason"), detail
        exits = exits.unionByName(copies.select(F.col("raw_id").alias("id"), "source", *told))
    return _counted(rows, exits, "silver/passages", context)


def _copies(rows: DataFrame, published: DataFrame | None) -> DataFrame:
    """The rows whose `text_key` a better one of them, or a published one, has, too; `original` is its id."""
    fresh = rows.select("id", "raw_id", "source", "text_key", F.lit(True).alias("fresh"))
    if published is not None:
        known = published.select("id", "text_key", F.lit(False).alias("fresh"))
        fresh = fresh.unionByName(known, allowMissingColumns=True)
    original = F.min(F.struct("fresh", "id")).over(Window.partitionBy("text_key"))["id"]
    return fresh.withColumn("original", original).where("fresh and id != original")


def _counted(rows: DataFrame, exits: DataFrame, key: str, context: JobContext) -> SparkRows:
    """Both frames by table, once those that leave are counted by reason and source among the metrics."""
    for row in exits.groupBy("reason", "source").count().collect():
        context.metrics[f"rejected/{row['reason']}/{row['source']}"] = float(row["count"])
    return {key: rows, f"{key}_rejected": exits}


def _cleaned(bronze: DataFrame, key: str, clean: Cleaner, context: JobContext) -> tuple[DataFrame, DataFrame]:
    """The rows that no rule refused, and the exits of the others."""

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        for batch in batches:
            rows = clean(batch)
            stays = pc.is_null(rows["reason"])
            yield key, rows.filter(stays)
            yield f"{key}_rejected", _exits(rows.filter(pc.invert(stays)))

    frames = kept(bronze, make, (key, f"{key}_rejected"), context)
    return frames[key], frames[f"{key}_rejected"]


def _exits(rows: pa.RecordBatch) -> pa.RecordBatch:
    outcome = pa.array(["rejected"] * len(rows), pa.string())
    columns = {"id": rows["raw_id"], "source": rows["source"], "outcome": outcome}
    return pa.RecordBatch.from_pydict({**columns, "reason": rows["reason"], "detail": rows["detail"]})


def clean_records(batch: pa.RecordBatch, params: CleanParams) -> pa.RecordBatch:
    """The silver columns of a batch of bronze records, and `reason` and `detail` where a rule refuses one."""
    turns = turn_columns(batch["messages"], lambda texts: repair(texts, params.strip_markup))
    text = pc.binary_join_element_wise(turns.prompt, turns.answer, "\n")
    language = languages(text, params.default_language, params.language_confidence)
    return _with_reasons(
        {
            **_identity(batch, "rec"),
            "original_id": batch["original_id"],
            "language": language,
            "item_type": turns.item_type,
            "messages": turns.messages,
            "prompt": turns.prompt,
            "answer": turns.answer,
            "text": text,
            "text_hash": pa.array([sha256_text(one) for one in text.to_pylist()]),
            "personal": personal_kinds(text) if params.personal else pa.array([[]] * len(text), TEXTS),
        },
        list(_instruction_rules(turns, text, language, params)),
    )


def _clean_passages(batch: pa.RecordBatch, params: PassageParams) -> pa.RecordBatch:
    text = repair(batch["text"], params.strip_markup)
    language = languages(text, params.default_language, params.language_confidence)
    rules = [
        ("empty", pc.equal(text, ""), "the passage has no text"),
        *_length_rules(text, params.min_characters, params.max_characters),
        *_language_rule(language, params),
    ]
    columns = {
        **_identity(batch, "psg"),
        "language": language,
        "title": repair(batch["title"], params.strip_markup),
        "text": text,
        "text_key": pa.array([sha256_text(one) for one in exact_key(text).to_pylist()], pa.string()),
    }
    return _with_reasons(columns, rules)


def _instruction_rules(
    turns: TurnColumns, text: pa.StringArray, language: pa.StringArray, params: CleanParams
) -> Iterator[Rule]:
    """The rules that are on, in order: the first one that holds is the reason."""
    answer = turns.answer
    if params.empty_prompt:
        yield "empty_prompt", pc.invert(turns.asked), "no user turn before the answer has any text"
    if params.empty_answer:
        yield "empty_answer", pc.equal(answer, ""), "there is no answer"
    if params.boilerplate_refusal:
        yield "boilerplate_refusal", declines(answer, params.refusal_words), "the answer only declines"
    if params.truncated:
        yield "truncated", cut_off(answer, language), "the answer ends in the middle of a phrase, of code or of JSON"
    if params.placeholder:
        yield "placeholder", blanks(text), "a template's blank in double braces was never filled in"
    if params.repetition:
        mask = repetitive(answer, params.repetition_words, params.distinct_trigrams)
        yield "repetition", mask, f"less than {params.distinct_trigrams:.0%} of the answer's word 3-grams are distinct"
    yield from _length_rules(text, params.min_characters, params.max_characters)
    yield from _language_rule(language, params)


def _length_rules(text: pa.StringArray, least: int, most: int) -> Iterator[Rule]:
    length = pc.utf8_length(text)
    yield "too_short", pc.less(length, least), f"shorter than {least} characters"
    yield "too_long", pc.greater(length, most), f"longer than {most} characters"


def _language_rule(language: pa.StringArray, params: TextParams) -> Iterator[Rule]:
    if params.languages:
        kept = pc.is_in(language, pa.array(params.languages))
        yield "unsupported_language", pc.invert(kept), f"not in one of the languages {', '.join(params.languages)}"


def _identity(batch: pa.RecordBatch, kind: str) -> dict[str, pa.Array]:
    ids = pc.replace_substring_regex(batch["id"], "^raw_", f"{kind}_")
    return {"id": ids, "raw_id": batch["id"], "source": batch["source"], "licence": batch["licence"]}


def _with_reasons(columns: dict[str, pa.Array], rules: list[Rule]) -> pa.RecordBatch:
    """The columns and the reason and detail of the first rule that holds for each row, null where none does."""
    rows = len(columns["id"])
    nothing = pa.nulls(rows, pa.string())

    def first(column: int) -> pa.Array:
        return reduce(lambda later, rule: pc.if_else(rule[1], pa.scalar(rule[column]), later), reversed(rules), nothing)

    return pa.RecordBatch.from_pydict({**columns, "reason": first(0), "detail": first(2)})
