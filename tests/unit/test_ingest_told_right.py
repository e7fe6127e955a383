"""Which of several answers is the right one, as fields, marks and names of lists tell; what is about a text and no part of it."""

import json
from typing import Any

import pytest
from raw_files import lines, rows_of, said

ASK = {"question": "Which is dark?"}
TWO = ["Rye", "Oats"]
GOOD = {"question": "What is dill?", "answer": "A herb."}
OFFER = "Which is dark?\nA. Rye\nB. Oats"


def read(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found


def answers(asked: list[dict[str, Any]]) -> list[str]:
    return [found if isinstance(found, str) else found[-1] for found in said("x.json", asked)]


@pytest.mark.parametrize(
    "name",
    ["negatives", "bad_pairs", "Rejected pairs", "negative_questions", "wrong_qa", "bad_qa_pairs", "invalid_rows", "rejectedResponses",
     "negative_passages", "incorrect_entries", "hard_negatives"],
)  # fmt: skip
def test_lists_that_are_called_wrong_are_not_read(name: str) -> None:
    _, rows = rows_of("x.json", {"positives": [GOOD], name: [GOOD, GOOD]})
    assert [row.get("reason") for row in rows] == [None, "bad_answer"]


@pytest.mark.parametrize("name", ["correct_index", "answer_idx", "gold", "gt", "right_answer", "truth", "correct"])
@pytest.mark.parametrize("right", [9, "9", -1, "-1", "Corn", 0.5])
def test_a_right_answer_that_is_none_of_them_is_told(name: str, right: Any) -> None:
    assert read({**ASK, "answers": TWO, name: right}) == "ambiguous_option"


def test_no_place_where_there_should_be_one() -> None:
    assert read({**ASK, "answers": TWO, "correct_index": None}) == "ambiguous_option"
    assert read({**ASK, "possible_answers": TWO, "correct_answer": 5}) == "ambiguous_option"
    assert read({**ASK, "answers": TWO, "best_index": None, "scores": [1, 2]})[-1] == "Oats"


@pytest.mark.parametrize("right", ["oats", " OATS ", ["Oats"]])
def test_a_right_answer_in_another_case_is_found(right: Any) -> None:
    assert read({**ASK, "answers": TWO, "gold": right})[-1] == "Oats"


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ({"contexts": ["a b.", "c."], "labels": ["AIM", "END"], "meshes": ["m"], "reasoning_required_pred": ["y", "e", "s"]}, "a b.\nc."),
        ([{"id": 1, "title": "T", "text": "s", "score": 0.5}, {"id": 2, "title": "U", "text": "r", "score": 0.1}], "T\ns\n\nU\nr"),
        ({"sentences": ["a", "b"], "labels": [0, 1]}, "a\nb"), ([["T", "s"], ["U", "r"]], "T\ns\n\nU\nr"), ([{"text": "s", "url": "u", "is_selected": 1}], "s"),
    ],
)  # fmt: skip
def test_what_is_about_a_context_is_no_part_of_it(context: Any, text: str) -> None:
    assert read({**ASK, "context": context, "answer": "yes"}) == (f"Which is dark?\n\n{text}", "yes")


@pytest.mark.parametrize("name", ["options", "choices", "answers", "target_scores"])
@pytest.mark.parametrize("marks", [{"Rye": False, "Oats": True}, {"Rye": 0, "Oats": 1}])
@pytest.mark.parametrize("own", [{}, {"answer": "Oats"}, {"target": "oats"}, {"answer": "B"}, {"output": "Oats"}])
def test_options_under_their_texts_with_marks(name: str, marks: dict[str, Any], own: dict[str, Any]) -> None:
    asked, answer = read({**ASK, name: marks, **own})
    assert asked == OFFER and answer.removeprefix("B. ").casefold() == "oats"
    assert read({**ASK, name: marks, "answer": "Rye"}) == "ambiguous_option"


def test_an_answer_in_other_words_than_marked_options_stands_alone() -> None:
    for name in ("options", "answers"):
        assert read({**ASK, name: {"Rye": 1, "Oats": 0}, "target": "It is rye."}) == (ASK["question"], "It is rye.")
    lettered = read({**ASK, "options": {"A": 1, "B": 0}, "answer": "B"})
    assert lettered == ("Which is dark?\nA. 1\nB. 0", "B. 0")


def test_booleans_are_marks_and_other_numbers_under_correctness_are_grades() -> None:
    for name in ("answers", "completions"):
        assert read({"prompt": "Why?", name: ["No.", "So."], "labels": [False, False]}) == "bad_answer"
    for grades in ([2, 4], [0.3, 0.9], [1, 4]):
        assert read({"prompt": "Why?", "responses": ["No.", "So."], "correctness": grades})[-1] == "So."
    assert read({"prompt": "Why?", "responses": ["No.", "So."], "correctness": [0, 0]}) == "bad_answer"


@pytest.mark.parametrize("name", ["correct", "key"])
def test_a_number_that_can_only_name_an_answer_is_read(name: str) -> None:
    for number in ("1", 1):
        assert read({**ASK, "answers": {"1": "Rye", "2": "Oats"}, name: number})[-1] == "1. Rye"
        objects = [{"id": "1", "text": "Rye"}, {"id": "2", "text": "Oats"}]
        assert read({**ASK, "answers": objects, name: number})[-1] == "1. Rye"
    quiz = [{"question": f"Is it {place}?", "answers": ["True", "False"], name: place} for place in (0, 1, 1)]
    assert answers(quiz) == ["A. True", "B. False", "B. False"]
    counted = [{"question": f"Is it {place}?", "answers": [*TWO, "Corn"], name: place % 2} for place in range(4)]
    assert answers(counted) == ["A. Rye", "B. Oats"] * 2


def test_keys_that_count_the_records_are_no_places() -> None:
    keyed = [{"question": f"Is it {key}?", "answers": [*TWO, "Corn"], "key": key} for key in (0, 1, 2, 3, 4, 0, 1)]
    assert set(answers(keyed)) <= {"ambiguous_option", "Rye"}


@pytest.mark.parametrize(
    "answer",
    [
        {"Text": "Rye"}, {"Answer": "Rye"}, {"outputText": "Rye"}, [{"Body": "Oats", "Score": 1}, {"Body": "Rye", "Score": 4}],
        {"Text": ["Rye"], "AnswerStart": [3]}, {"choices": [{"text": "Rye", "index": 0}]}, {"candidates": [{"content": "Rye", "author": "1"}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["answer", "answers"])
def test_an_answer_in_an_object_whatever_the_case_of_its_name(name: str, answer: Any) -> None:
    assert read({**ASK, name: answer})[-1] == "Rye"


@pytest.mark.parametrize("answer", [{"Answer": "Rye", "Reason": "It is dark."}, {"Result": 5, "Total": 7}])
def test_an_object_that_says_more_loses_nothing(answer: dict[str, Any]) -> None:
    assert read({**ASK, "answer": answer})[-1] == json.dumps(answer, separators=(",", ":"))


@pytest.mark.parametrize("asked", ["prompt", "instruction"])
def test_a_program_is_an_answer(asked: str) -> None:
    program = "def one():\n    return 1"
    assert read({asked: "Give one.", "code": program}) == ("Give one.", program)
    for beside in ({"language": "python"}, {"tests": ["assert one() == 1"]}, {"test": "assert one() == 1"}):
        assert read({asked: "Give one.", "code": "print(1)", **beside}) == ("Give one.", "print(1)")
        assert read({asked: "A gift card", "code": "XK-12-33", **beside}) == "unknown_shape"
    assert read({asked: "Give one.", "code": "print(1)"}) == "unknown_shape"
