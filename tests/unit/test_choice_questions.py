"""Questions with options, in the forms that benchmark files have: what is asked, the right answer and the wrong ones."""

from typing import Any

import pytest

from spark_jobs.ingest.job import reference_columns

WANTED = ("Which of these sinks?", "an iron nail", ["a cork", "a feather", "an oak leaf"])
TEXTS = ["a cork", "an iron nail", "a feather", "an oak leaf"]
IN_A_ROW = " ".join(f"Answer{n}: {text}" for n, text in enumerate(TEXTS, 1))


@pytest.mark.parametrize(
    "record",
    [
        {"question": WANTED[0], "choices": {"text": TEXTS, "label": ["A", "B", "C", "D"]}, "answerKey": "B"},
        {"question": WANTED[0], "choices": TEXTS, "answer": 1},
        {"question": WANTED[0], "options": [f"{label}) {text}" for label, text in zip("ABCD", TEXTS, strict=True)], "answer": "B"},
        {"question": {"stem": WANTED[0], "choices": [{"text": t, "label": n} for n, t in zip("1234", TEXTS, strict=True)]}, "answerKey": "2"},
        {"instruction": f"Please choose the correct answer to the question: {WANTED[0]}\n\n{IN_A_ROW}\n\nAnswer format: answer1/answer2/answer3/answer4",
         "input": "", "output": "the correct answer is answer2", "answer": "answer2"},
        {"Question": WANTED[0], "Best Answer": TEXTS[1], "Correct Answers": "a nail; an iron nail", "Incorrect Answers": "; ".join([TEXTS[0], *TEXTS[2:]])},
        {"question": WANTED[0], "correct_answer": TEXTS[1], "distractor1": TEXTS[0], "distractor2": TEXTS[2], "distractor3": TEXTS[3]},
    ],
    ids=["arc", "mmlu", "aqua", "arc_first", "llm_adapters", "truthfulqa", "sciq"],
)  # fmt: skip
def test_a_question_is_taken_apart_in_every_shape(record: dict[str, Any]) -> None:
    read = reference_columns(record, "benchmark")
    assert read is not None
    assert (read["question"], read["answer"], read["wrong"]) == WANTED


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"question": "is iron heavy?", "answer": True}, ("is iron heavy?", "true", ["false"])),
        ({"question": "is iron heavy?", "answer": "No"}, ("is iron heavy?", "No", ["yes"])),
        ({"question": "What sinks?", "answer": "An iron nail.\nIt is heavy."}, ("What sinks?", "An iron nail.\nIt is heavy.", [])),
        # lines with letters that are no options of the answer, and one option alone
        ({"question": "Sort:\nA. cork\nB. iron", "answer": "iron, cork"}, ("Sort:\nA. cork\nB. iron", "iron, cork", [])),
        ({"question": "What?\nAnswer1: cork", "answer": "answer1"}, ("What?\nAnswer1: cork", "answer1", [])),
    ],
)  # fmt: skip
def test_true_and_false_offer_themselves_and_an_open_question_has_no_wrong_answers(
    record: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    read = reference_columns(record, "benchmark")
    assert read is not None
    assert (read["question"], read["answer"], read["wrong"]) == wanted
