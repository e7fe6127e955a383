"""What must not be lost, cut or invented on the way in: parts of an answer, rows of a table, lists of records."""

import csv
import io
import json
from typing import Any

import pytest
from raw_files import details, lines, rows_of, said

from spark_jobs.ingest.containers import delimited

ASK = {"question": "Which is dark?"}
PROMPT = {"prompt": "Which is dark?"}
NAMES = ["oats", "rye", "corn"]
TOLD = {"question": "What is dill?", "answer": "A herb."}


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found if isinstance(found, str) else found[-1]


def dense(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize(
    "answer",
    [
        {"pros": ["cheap", "warm"], "cons": ["bitter", "stains"]}, {"ingredients": ["flour"], "steps": ["mix"]}, {"choices": ["oats", "rye"], "topic": "bread"},
        {"candidates": [{"name": "Ada"}, {"name": "Bo"}]},
    ],
)  # fmt: skip
def test_lists_of_an_object_that_was_asked_for_are_kept_whole(answer: dict[str, Any]) -> None:
    assert one({"instruction": "Tell me.", "output": answer}) == dense(answer)


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ({"scores": [9, 1, 2], "is_correct": [False, True, True]}, "corn"), ({"is_correct": [0, 1, 1], "votes": [9, 3, 2]}, "rye"),
        ({"ranks": [1, 3, 2], "correct": ["0", "1", "1"]}, "corn"), ({"scores": [9, 9, 1], "labels": [0, 1, 1]}, "rye"),
        ({"scores": [1, 5, 5], "ranks": [1, 3, 2]}, "corn"), ({"likes": ["9", "10", "8"]}, "rye"), ({"scores": "[1, 9, 2]"}, "rye"),
        ({"labels": [2, 5, 1]}, "oats"), ({"labels": [0, 0, 0]}, "oats"), ({"labels": ["A", "B", "C"]}, "oats"), ({"is_correct": [0, 0, 0]}, "bad_answer"),
        ({"is_correct": [1, 0, 0], "correct": [0, 1, 1]}, "ambiguous_option"), ({"rank": [-1, 1, 2]}, "ambiguous_option"), ({"scores": [None, 9, 1]}, "oats"),
        ({"is_correct": [0, 1]}, "ambiguous_option"), ({"is_correct": [None, 1, 0]}, "ambiguous_option"), ({"correct": ["B"]}, "ambiguous_option"), ({"correct": [None] * 3}, "oats"),
    ],
)  # fmt: skip
def test_marks_leave_the_right_answers_and_scores_choose_among_these(more: dict[str, Any], read: str) -> None:
    assert one({**PROMPT, "responses": NAMES, **more}) == read


def test_the_only_answer_of_a_list_may_be_called_bad() -> None:
    assert one({**PROMPT, "responses": ["oats"], "is_correct": [False]}) == "bad_answer"


def test_answers_and_their_scores_in_cells_of_a_table() -> None:
    row = io.StringIO()
    csv.writer(row).writerow(["Which is dark?", dense(NAMES), "[1, 9, 2]"])
    assert said("x.csv", f"prompt,responses,scores\n{row.getvalue()}") == [("Which is dark?", "rye")]


@pytest.mark.parametrize(
    "more",
    [{"key": 17}, {"key": "a17"}, {"correct": True}, {"correct_answer": "oats"}, {"answer_id": 1234}, {"gold": None}],
)
def test_a_number_that_is_no_place_leaves_a_question_with_its_answers(more: dict[str, Any]) -> None:
    assert said("x.jsonl", lines({**ASK, "answers": NAMES, **more})) == [("Which is dark?", "oats")]


def test_a_number_that_may_be_a_place_or_something_else_is_not_guessed() -> None:
    assert one({"question": "How many legs has it?", "answers": ["eight", "8 legs"], "correct_answer": "8"}) == "8"
    for more in ({"key": 1}, {"correct": 1}, {"correct": 0}):
        assert one({**ASK, "answers": NAMES, **more}) == "ambiguous_option"
    # keys that count the records of a file, and marks of a whole file, do not show how places are counted
    for name in ("key", "correct"):
        marked = [{**ASK, "answers": NAMES, name: number} for number in (1, 1)]
        assert said("x.json", marked) == ["ambiguous_option"] * 2
    counted = [{**ASK, "answers": NAMES, "correct": place} for place in (1, 0, 2)]
    assert [found[-1] for found in said("x.json", counted)] == ["B. rye", "A. oats", "C. corn"]


@pytest.mark.parametrize("place", [None, -1, "none", 1.5, True, 4, [1]])
def test_a_place_that_is_none_is_told(place: Any) -> None:
    record = lines({**PROMPT, "responses": NAMES, "best_response_index": place})
    assert said("x.jsonl", record) == ["ambiguous_option"]
    assert "'best_response_index'" in details("x.jsonl", record)[0]


def test_places_that_agree_and_places_that_do_not() -> None:
    both = {**PROMPT, "responses": NAMES, "chosen_index": 1, "best_index": 1}
    assert one(both) == "rye"
    assert one({**both, "best_index": 2}) == "ambiguous_option"
    assert one({**both, "is_correct": [0, 0, 1]}) == "ambiguous_option"


def test_a_file_that_counts_its_places_from_one() -> None:
    counted = [{**PROMPT, "responses": NAMES, "chosen_index": at, "best_index": at} for at in (3, 1, 2)]
    assert [found[-1] for found in said("x.json", counted)] == ["corn", "oats", "rye"]
    assert said("x.json", [{**one, "chosen_index": 0} for one in counted])[1:] == ["ambiguous_option"] * 2


@pytest.mark.parametrize("marks", [{"tea": 0, "rye": 0}, {"tea": 0.5, "rye": 0.5}, {"tea": 1, "rye": 1}])
def test_marks_that_are_all_equal_choose_no_option(marks: dict[str, float]) -> None:
    assert one({"input": "Which?", "target_scores": marks}) == "ambiguous_option"
    if 0.5 not in marks.values():
        assert one({**ASK, "answers": marks}) == "ambiguous_option"


@pytest.mark.parametrize("name", ["choices", "options", "target_scores", "answers"])
def test_an_answer_of_its_own_counts_more_than_marks(name: str) -> None:
    own = "One for it, none against it."
    assert one({**ASK, "answer": own, name: {"for": 1, "against": 0}}) == own
    if name in ("target_scores", "answers"):
        assert one({**ASK, "answer": None, name: {"rye": 1, "oats": 0}}) == "rye"


@pytest.mark.parametrize("name", ["gold", "rightAnswer", "correct", "answer_key", "key", "truth"])
def test_the_text_of_the_right_answer_among_several_counts(name: str) -> None:
    assert said("x.jsonl", lines({**ASK, "answers": NAMES, name: "rye"})) == [("Which is dark?", "rye")]


@pytest.mark.parametrize(
    "context",
    [
        [{"title": "Bug 1", "text": "It fails.", "priority": "high"}, {"title": "Bug 2", "text": "It hangs.", "priority": "low"}],
        {"title": ["T"], "text": ["one", "two"]}, {"author": ["Bo", "Al"], "text": ["one", "two"]},
        {"title": ["T"], "text": ["one"], "year": [1999]}, [["2020", "born"], ["2021", "died"]], {"title": "T", "text": ["one"], "paid": True},
    ],
)  # fmt: skip
def test_a_context_loses_no_field_and_no_text(context: Any) -> None:
    ((asked, _),) = said("x.jsonl", lines({**ASK, "context": context, "answer": "Rye."}))
    words = json.dumps(context)
    assert all(word in asked for word in [*words.replace("[", "").split('"')[1::2]])


@pytest.mark.parametrize("answer", [0, 0.0, False])
def test_an_answer_that_is_zero_is_one(answer: Any) -> None:
    assert said("x.jsonl", lines({"messages": [{"role": "user", "content": "What is 1 - 1?"}], "output": answer})) == [
        ("What is 1 - 1?", dense(answer))
    ]


def test_a_code_without_tests_is_no_answer() -> None:
    for asked in ("prompt", "instruction"):
        assert one({asked: "A gift card of the store", "code": "XK-12-33"}) == "unknown_shape"


@pytest.mark.parametrize("words", ["Read:\n<rss>\n <image>\n  <url>u</url>\n </image>\n</rss>", "What is this?\n<image>u</image>"])  # fmt: skip
def test_an_element_is_no_place_of_a_picture(words: str) -> None:
    assert said("x.jsonl", lines({"instruction": words, "output": "A feed."})) == [(words, "A feed.")]


@pytest.mark.parametrize(
    "words", ["<image>\nDescribe. Answer in <image></image> tags", "<image>\n</image> <image>\nWhat?"]
)
def test_the_place_of_a_picture_beside_an_element(words: str) -> None:
    assert said("x.jsonl", lines({"instruction": words, "output": "A feed."})) == ["other_media"]


@pytest.mark.parametrize("name", ["badminton", "negative_numbers", "invalidation", "wrong_turns", "bad_habits", "Rejection"])  # fmt: skip
def test_a_list_is_called_wrong_by_its_whole_name_only(name: str) -> None:
    assert said("x.json", {name: [TOLD], "tennis": [TOLD]}) == [tuple(TOLD.values())] * 2


@pytest.mark.parametrize("name", ["negative_examples", "Wrong", "rejected", "invalid-data", "bad answers", "incorrect_instances"])  # fmt: skip
@pytest.mark.parametrize("others", [{"good": [TOLD]}, {"definition": "Answer.", "positive_examples": [{"input": "Dill?", "output": "A herb."}]}, {}, {"definition": "Answer."}])  # fmt: skip
def test_a_list_of_wrong_examples_is_one_row_with_its_reason(name: str, others: dict[str, Any]) -> None:
    wrong = [{"input": "Mace?", "output": "A stone."}, {"input": "Dill?", "output": "A stone."}]
    _, rows = rows_of("x.json", {**others, name: wrong})
    assert [row.get("reason") for row in rows] == [
        *([None] if len({"good", "positive_examples"} & others.keys()) else []),
        "bad_answer",
    ]
    assert repr(name) in rows[-1]["detail"] and "2 examples" in rows[-1]["detail"]


@pytest.mark.parametrize(
    ("above", "rows"),
    [
        ("text\nhello world\n", 3), ("prompt\nWrite a poem\n", 3), ('"Our title\nquestion,answer\nmore",x\n', 2), ("#tag1,some label\n", 2), ("#include <stdio.h>,it includes\n#define X,it defines\n", 3),
        ("What is dill?,A herb.\n", 3),
    ],
)  # fmt: skip
def test_a_first_row_is_no_remark(above: str, rows: int) -> None:
    assert len(rows_of("x.csv", f"{above}question,answer\nWhat is mace?,A spice.\n")[1]) == rows


@pytest.mark.parametrize("blank", ["", "\n", "\n\n\n"])
@pytest.mark.parametrize("remarks", [0, 3, 7])
@pytest.mark.parametrize("stated", ["", "sep=;\n"])
def test_registering_and_reading_find_the_same_header(blank: str, remarks: int, stated: str) -> None:
    title = f"{stated}{blank}Our texts\n{blank}" + "# a remark\n" * remarks
    kind, rows = rows_of("x.csv", f"{title}title;text\nRye;It is dark.\n")
    found = (kind, [row.get("text") for row in rows])
    assert found in (("passages", ["It is dark."]), ("instructions", [None] * len(rows)))


def test_a_row_of_dashes_is_a_row_but_below_the_header_of_markdown() -> None:
    assert len(rows_of("x.csv", "question,answer\n,---\n---,---\nWhat?,So.\n")[1]) == 3
    for delimiter in ",;\t|":
        table = "".join(
            delimiter.join(row) + "\n" for row in (("question", "answer"), ("---", ":---:"), ("What?", "So."))
        )
        assert said("x.csv", table) == [("What?", "So.")]


def test_a_long_cell_is_read_at_once() -> None:
    wide = b"|question|answer|\n|" + b" " * 100_000 + b"x|y|\n"
    (row,) = delimited.read(io.BytesIO(wide))
    assert row.value["question"].strip() == "x"
