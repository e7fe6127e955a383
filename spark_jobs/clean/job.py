"""Bronze to silver: texts repaired, languages named, personal data marked, and what no one can learn from rejected with its reason.

    bronze batch -> turns flattened, texts repaired -> prompt, answer, language, personal data, as columns
    -> rules in order, each a mask over the batch; the first that holds for a row is its reason
    -> rows without a reason to silver, the others to the table of the rejected

A batch is cleaned column by column: cheap passes over the column find the few texts that something dearer must look at. Each record
is judged by itself; only copies of passages are found across rows.

A rule rejects a record. That an assistant declines to answer is another thing, and one of the rules (`boilerplate_refusal`).
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.ids import sha256_text
from lake.tables.schema import TEXTS
from spark_jobs.clean.answers import blanks, cut_off
from spark_jobs.clean.language import languages
from spark_jobs.clean.markup import without_debris
from spark_jobs.clean.personal import personal_kinds
from spark_jobs.clean.refusals import declines
from spark_jobs.clean.repetition import repetitive
from spark_jobs.clean.text import passage_key, repair
from spark_jobs.clean.turn_columns import TurnColumns, turn_columns
from spark_jobs.columnar.worker_files import written_by_workers

_COPY = "exact_passage"

Cleaner = Callable[[pa.RecordBatch], pa.RecordBatch]


class Rule(NamedTuple):
    """One rule applied to a batch: its reason, which rows it rejects (boolean, one a row), and the sentence for their detail."""

    reason: str
    rejects: pa.BooleanArray
    detail: str


class TextParams(Params):
    """How texts of instructions and of passages are repaired, and in which languages they may be."""

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
    """Which records are rejected. Every rule is off at its lowest value or at false."""

    empty_prompt: bool = Field(default=True, description="reject records in which nobody asks anything")
    empty_answer: bool = Field(default=True, description="reject records without an answer")
    boilerplate_refusal: bool = Field(default=True, description="reject short answers that only decline")
    refusal_words: int = Field(
        default=60,
        ge=1,
        description="only answers of at most so many words can be rejected for declining: a longer one goes on to answer",
    )
    truncated: bool = Field(default=True, description="reject answers that end inside a phrase, code or JSON")
    placeholder: bool = Field(default=True, description="reject texts in which a template's {{name}} was left")
    repetition: bool = Field(default=True, description="reject answers that say the same again and again")
    repetition_words: int = Field(default=40, ge=10, description="shorter answers are never repetitive")
    distinct_trigrams: float = Field(
        default=0.25, ge=0, le=1, description="share of an answer's word 3-grams that must be distinct"
    )
    min_characters: int = Field(default=2, ge=0, description="of prompt and answer together")
    max_characters: int = Field(default=40_000, ge=1, description="of prompt and answer together")
    personal: bool = Field(default=True, description="mark personal data")


class PassageParams(TextParams):
    """Which passages are rejected."""

    min_characters: int = Field(default=80, ge=0, description="of the text")
    max_characters: int = Field(default=100_000, ge=1, description="of the text")


def instructions(inputs: SparkInputs, params: CleanParams, context: JobContext) -> SparkRows:
    """silver/instructions and the records that a rule rejected; metrics `rejected/<reason>/<source>` count these."""
    bronze = inputs["bronze/instructions"].select("id", "source", "licence", "original_id", "messages")
    rows, rejected = _clean(bronze, "silver/instructions", lambda batch: clean_records(batch, params), context)
    _count_rejected(rejected, context)
    return {"silver/instructions": rows, "silver/instructions_rejected": rejected}


def passages(inputs: SparkInputs, params: PassageParams, context: JobContext) -> SparkRows:
    """silver/passages and those that a rule rejected, or that are a copy of the passage that their detail names.

    Of copies a published one stays, else the one with the smallest id.
    """
    bronze = inputs["bronze/passages"].select("id", "source", "licence", "title", "text")
    rows, rejected = _clean(bronze, "silver/passages", lambda batch: clean_passages(batch, params), context)
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
    turns = turn_columns(batch["messages"], lambda texts, records: _repaired(texts, records, params))
    # language and personal data are of the record, wherever in it they show
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
        "personal": personal_kinds(text) if params.personal else pa.array([[]] * len(text), TEXTS),
    }
    return _with_reasons(columns, list(record_rules(turns, text, language, params)))


def clean_passages(batch: pa.RecordBatch, params: PassageParams) -> pa.RecordBatch:
    """The silver columns of a batch of bronze passages, and `reason` and `detail` where a rule rejects one."""
    alone = np.arange(len(batch))
    text = _repaired(batch["text"], alone, params)
    language = languages(text, params.default_language, params.language_confidence)
    columns = {
        **_identity(batch, "psg"),
        "language": language,
        "title": _repaired(batch["title"], alone, params),
        "text": text,
        "text_key": pa.array([sha256_text(one) for one in passage_key(text).to_pylist()], pa.string()),
    }
    return _with_reasons(columns, list(passage_rules(text, language, params)))


def record_rules(
    turns: TurnColumns, text: pa.StringArray, language: pa.StringArray, params: CleanParams
) -> Iterator[Rule]:
    """The rules for instructions that are on, in order: the first one that holds is the reason."""
    answer = turns.answer
    if params.empty_prompt:
        yield Rule("empty_prompt", pc.invert(turns.has_question), "no user turn before the answer has any text")
    if params.empty_answer:
        yield Rule("empty_answer", pc.equal(answer, ""), "there is no answer")
    if params.boilerplate_refusal:
        yield Rule(
            "boilerplate_refusal", declines(answer, turns.prompt, params.refusal_words), "the answer only declines"
        )
    if params.truncated:
        detail = "the answer ends in the middle of a phrase, of code or of JSON"
        yield Rule("truncated", cut_off(answer, language, turns.prompt), detail)
    if params.placeholder:
        yield Rule(
            "placeholder", blanks(turns.prompt, answer), "a template's blank in double braces was never filled in"
        )
    if params.repetition:
        mask = repetitive(answer, turns.prompt, params.repetition_words, params.distinct_trigrams)
        detail = f"less than {params.distinct_trigrams:.0%} of the answer's word 3-grams are distinct"
        yield Rule("repetition", mask, detail)
    yield from _length_rules(text, params.min_characters, params.max_characters)
    yield from _language_rule(language, params)


def passage_rules(text: pa.StringArray, language: pa.StringArray, params: PassageParams) -> Iterator[Rule]:
    """The rules for passages, in order: the first one that holds is the reason."""
    yield Rule("empty", pc.equal(text, ""), "the passage has no text")
    yield from _length_rules(text, params.min_characters, params.max_characters)
    yield from _language_rule(language, params)


def _length_rules(text: pa.StringArray, least: int, most: int) -> Iterator[Rule]:
    length = pc.utf8_length(text)
    yield Rule("too_short", pc.less(length, least), f"shorter than {least} characters")
    yield Rule("too_long", pc.greater(length, most), f"longer than {most} characters")


def _language_rule(language: pa.StringArray, params: TextParams) -> Iterator[Rule]:
    if params.languages:
        supported = pc.is_in(language, pa.array(params.languages))
        detail = f"not in one of the languages {', '.join(params.languages)}"
        yield Rule("unsupported_language", pc.invert(supported), detail)


def _repaired(texts: pa.StringArray, records: NDArray[np.int64], params: TextParams) -> pa.StringArray:
    """The texts repaired; texts of the same number in `records` are turns of one record."""
    texts = pc.fill_null(texts, "")
    return repair(without_debris(texts, records) if params.strip_markup else texts)


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


def _clean(bronze: DataFrame, key: str, clean: Cleaner, context: JobContext) -> tuple[DataFrame, DataFrame]:
    """The rows of `key` that no rule rejected, and those of its table of the rejected; cleaned and written by the workers."""
    rejected_key = f"{key}_rejected"

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        for batch in batches:
            rows = clean(batch)
            passes = pc.is_null(rows["reason"])
            yield key, rows.filter(passes)
            rejected = rows.filter(pc.invert(passes))
            outcome = pa.array(["rejected"] * len(rejected), pa.string())
            columns = {"id": rejected["raw_id"], "source": rejected["source"], "outcome": outcome}
            columns |= {"reason": rejected["reason"], "detail": rejected["detail"]}
            yield rejected_key, pa.RecordBatch.from_pydict(columns)

    frames = written_by_workers(bronze, make, (key, rejected_key), context)
    return frames[key], frames[rejected_key]


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
