"""The rules, each a mask over a batch, in order: the first one that holds for a row is its reason.

A rule rejects a record. That an assistant declines to answer is another thing, and one of the rules (`boilerplate_refusal`).
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.clean.answers import blanks, cut_off
from spark_jobs.clean.params import CleanParams, PassageParams, TextParams
from spark_jobs.clean.refusals import declines
from spark_jobs.clean.repetition import repetitive
from spark_jobs.clean.turn_columns import TurnColumns


class Rule(NamedTuple):
    """One rule applied to a batch: its reason, which rows it rejects (boolean, one a row), and the sentence for their detail."""

    reason: str
    rejects: pa.BooleanArray
    detail: str


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
