"""Every reason for which a rule rejects is in the closed list, in the order of the rules, and every one of the list has a rule."""

import pyarrow as pa
import pytest

from lake.tables import TABLES
from lake.tables.reasons import PASSAGE_REJECTED, RECORD_REJECTED
from spark_jobs.clean import job
from spark_jobs.clean.job import clean_passages, clean_records
from spark_jobs.clean.params import CleanParams, PassageParams
from spark_jobs.clean.rules import passage_rules, record_rules
from spark_jobs.clean.turn_columns import turn_columns

MESSAGES = pa.array(
    [[{"role": "user", "content": "Why?"}]], TABLES["bronze/instructions"].schema.field("messages").type
)
TEXT, LANGUAGE = pa.array(["Why?"]), pa.array(["en"])


def test_the_rules_for_instructions_are_those_of_the_list() -> None:
    turns = turn_columns(MESSAGES, lambda texts, records: texts)
    rules = record_rules(turns, TEXT, LANGUAGE, CleanParams(languages=("de",)))
    assert tuple(rule.reason for rule in rules) == RECORD_REJECTED


def test_the_rules_for_passages_are_those_of_the_list_and_copies_come_last() -> None:
    rules = passage_rules(TEXT, LANGUAGE, PassageParams(languages=("de",)))
    assert (*(rule.reason for rule in rules), job._COPY) == PASSAGE_REJECTED


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        (CleanParams(), "empty_answer"),
        (CleanParams(empty_answer=False), None),
        (CleanParams(empty_answer=False, min_characters=99, max_characters=1), "too_short"),
        (CleanParams(empty_answer=False, max_characters=1, languages=("de",)), "too_long"),
    ],
)
def test_the_first_rule_that_rejects_is_the_reason(params: CleanParams, reason: str | None) -> None:
    columns = {"id": ["raw_a"], "source": ["s"], "licence": ["MIT"], "original_id": ["1"]}
    batch = pa.RecordBatch.from_pydict({**columns, "messages": MESSAGES})
    (row,) = clean_records(batch, params).to_pylist()
    assert (row["id"], row["raw_id"], row["reason"]) == ("rec_a", "raw_a", reason)
    assert (row["detail"] is None) == (reason is None)


def test_a_passage_without_text_is_empty_before_it_is_short() -> None:
    columns = {"id": ["raw_a"], "source": ["s"], "licence": ["MIT"], "title": ["Tea"], "text": [" "]}
    (row,) = clean_passages(pa.RecordBatch.from_pydict(columns), PassageParams()).to_pylist()
    assert (row["id"], row["reason"], row["detail"]) == ("psg_a", "empty", "the passage has no text")
