"""Options and the right one: under other names, by ids, in one text, several in one; two fields that name different ones are told."""

from typing import Any

import pytest
from raw_files import details, lines, said

ASK = {"question": "Which is dark?"}
TWO = ["oats", "rye"]
OFFER = "Which is dark?\nA. oats\nB. rye"
READ = (OFFER, "B. rye")


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found


@pytest.mark.parametrize(
    "record",
    [
        {**ASK, "options": [{"id": 101, "text": "oats"}, {"id": 102, "text": "rye"}], "correct_option_id": 102},
        {**ASK, "options": [{"id": "o-1", "text": "oats"}, {"id": "o-2", "text": "rye"}], "correctOptionId": "o-2"},
        {"questionText": "Which is dark?", "answerOptions": [{"answerText": "oats", "isCorrect": False}, {"answerText": "rye", "isCorrect": True}]},
        {**ASK, "answers": {"answer_a": "oats", "answer_b": "rye", "answer_c": None}, "correct_answer": "answer_b"},
        *({**ASK, "options": text, "answer": "B"} for text in ("oats; rye", "oats|rye", "oats\nrye")),
        {"text": "Which is dark?", "options": [{"id": "x", "text": "oats"}, {"id": "y", "text": "rye"}], "accept": ["y"], "answer": "accept", "_task_hash": 7},
    ],
)  # fmt: skip
def test_the_right_option_in_other_forms(record: dict[str, Any]) -> None:
    asked, answer = one(record)
    assert answer.partition(". ")[2] == "rye" and "oats" in asked and "{" not in asked


def test_several_numbers_name_options_that_are_numbered() -> None:
    numbered = {**ASK, "option1": "oats", "option2": "rye", "option3": "corn"}
    assert one({**numbered, "answer": "1,3"})[1] == "1. oats\n3. corn"
    for answer in ("1,3", "1 & 2", "option2"):
        assert one({**ASK, "options": ["oats", "rye", "corn"], "answer": answer}) == "ambiguous_option"
    assert one({**ASK, "options": ["1,3", "1,2"], "answer": "1,3"})[1] in ("A. 1,3", "1,3")


def test_a_letter_that_no_option_has_is_told() -> None:
    for answer in ("B", "(b)", "2"):
        assert one({**ASK, "options": "oats, rye", "answer": answer}) == "ambiguous_option"
    assert one({**ASK, "options": "A oats, B rye", "answer": "B"})[1] == "B"


@pytest.mark.parametrize("other", [{"answer_letter": "A"}, {"label": 0}, {"answer_idx": "A"}, {"correct_option": "oats"}, {"gold": "A"}])  # fmt: skip
def test_two_fields_that_name_different_options_are_told(other: dict[str, Any]) -> None:
    record = {**ASK, "options": ["oats", "barley", "rye"], "answer": "rye", **other}
    assert one(record) == "ambiguous_option"
    assert repr(next(iter(other))) in details("x.jsonl", lines(record))[0]


@pytest.mark.parametrize("other", [{"answer_letter": "B"}, {"label": 1}, {"label": 2}, {"answer_idx": "b"}, {"gold": "rye"}, {"key": "A"}, {"label": "grain"}])  # fmt: skip
def test_fields_that_agree_or_say_something_else_are_no_doubt(other: dict[str, Any]) -> None:
    assert one({**ASK, "options": TWO, "answer": "rye", **other})[1] in ("rye", "B. rye")


@pytest.mark.parametrize("verdict", ["reject", "ignore"])
def test_a_task_that_its_annotator_rejects(verdict: str) -> None:
    task = {"prompt": "Which is dark?", "response": "Salt.", "_task_hash": 7}
    assert one({**task, "answer": verdict}) == "bad_answer"
    assert one({**task, "answer": "accept"}) == ("Which is dark?", "Salt.")
