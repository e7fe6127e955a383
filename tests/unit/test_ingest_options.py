"""The gold option, given as a letter, a text or a number: the option that is meant, or the reason why nobody can tell."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from raw_files import details, lines, said

from spark_jobs.ingest.job import instruction_columns
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.splits import split_file

NAMES = ["oats", "rye", "corn"]
ASK = {"question": "Which is dark?"}


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found if isinstance(found, str) else found[-1]


@pytest.mark.parametrize(
    "more",
    [
        {"options": NAMES, "answer": "B"}, {"options": NAMES, "answer": "b"}, {"options": NAMES, "answer": "(B)"}, {"options": NAMES, "answer": "B."},
        {"options": NAMES, "answer": "B. rye"}, {"options": NAMES, "answer": "Option B"}, {"options": NAMES, "answer": "choice_b"},
        {"options": NAMES, "answer": ["B"]}, {"options": NAMES, "answer_index": 1}, {"choices": NAMES, "answer_idx": "1"},
        {"options": NAMES, "label": 1}, {"endings": NAMES, "label": "1"}, {"options": NAMES, "gold": 1}, {"options": NAMES, "labels": [0, 1, 0]},
        {"options": {"A": "oats", "B": "rye"}, "answer": "B"}, {"options": '["oats", "rye"]', "answer": "B"}, {"options": "['oats', 'rye']", "answer": "B"},
        {"options": "A) oats B) rye C) corn", "answer": "B"}, {"options": ["A. oats", "B. rye"], "answer": "B"}, {"A": "oats", "B": "rye", "answer": "B"},
        {"option_a": "oats", "option_b": "rye", "correct_option": "option_b"}, {"opa": "oats", "opb": "rye", "cop": 1},
        {"choices": {"text": NAMES, "label": ["A", "B", "C"]}, "answerKey": "B"}, {"options": [{"label": "A", "text": "oats"}, {"label": "B", "text": "rye"}], "answer": "B"},
        {"options": [{"text": "oats", "is_correct": False}, {"text": "rye", "is_correct": True}]},
        {"choices": [{"option": "oats", "correct": 0}, {"option": "rye", "correct": 1}]},
    ],
)  # fmt: skip
def test_the_gold_option_by_letter_place_or_mark(more: dict[str, Any]) -> None:
    assert one({**ASK, **more}) == "B. rye"


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"options": NAMES, "answer": "rye"}, "rye"),
        ({"options": NAMES, "answer": "Rye"}, "Rye"),
        ({"options": ["1", "2", "3"], "answer": "2"}, "2"),
        ({"options": NAMES, "answer": ["A", "C"]}, "A. oats\nC. corn"),
        ({"option1": "oats", "option2": "rye", "answer": "2"}, "2. rye"),
        ({"option1": "oats", "option2": "rye", "answer": 2}, "2. rye"),
        ({"sol1": "oats", "sol2": "rye", "label": 1}, "2. rye"),
        ({"sol1": "oats", "sol2": "rye", "label": "0"}, "1. oats"),
        ({"options": NAMES, "answer": 0}, "A. oats"),
        ({"options": NAMES, "answer": "soup"}, "soup"),
    ],
)
def test_the_gold_option_by_text_and_own_numbers(more: dict[str, Any], answer: str) -> None:
    assert one({**ASK, **more}) == answer


@pytest.mark.parametrize("answer", [7, "7", "2", "1", "E", -1, "-1", 1, 2])
def test_a_place_that_may_count_from_0_or_from_1_is_not_guessed(answer: Any) -> None:
    record = {**ASK, "options": NAMES, "answer": answer}
    assert one(record) == "ambiguous_option"
    assert repr(answer) in details("x.jsonl", lines(record))[0]


def test_other_records_of_the_file_say_how_places_count() -> None:
    asked = [{**ASK, "id": place, "options": NAMES, "answer": place} for place in (1, 2, 0)]
    assert [found[-1] for found in said("x.jsonl", lines(*asked))] == ["B. rye", "C. corn", "A. oats"]
    asked[2] = {**asked[2], "answer": 3}
    assert [found[-1] for found in said("x.jsonl", lines(*asked))] == ["A. oats", "B. rye", "C. corn"]
    texts = [{**one, "answer": str(one["answer"])} for one in asked]
    assert [found[-1] for found in said("x.json", texts)] == ["A. oats", "B. rye", "C. corn"]
    both = [*asked, {**ASK, "options": NAMES, "answer": 0}]
    assert said("x.jsonl", lines(*both))[:3] == ["ambiguous_option"] * 3


def test_options_that_nobody_can_part_stay_in_the_question() -> None:
    assert said("x.jsonl", lines({**ASK, "options": "oats or rye", "answer": "rye"})) == [
        ("Which is dark?\noats or rye", "rye")
    ]


def test_a_sentence_with_a_gap_and_options() -> None:
    assert one({"sentence": "Bread of _ is dark.", "option1": "oats", "option2": "rye", "answer": "2"}) == "2. rye"


def test_a_split_counts_as_its_file_does(tmp_path: Path) -> None:
    asked = [{**ASK, "id": place, "options": NAMES, "answer": place % 3 + 1} for place in range(40)]
    path = tmp_path / "x.jsonl"
    path.write_text(lines(*asked))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    file = {
        "uri": str(path),
        "path": "x.jsonl",
        "source": "s",
        "licence": None,
        "kind": "instructions",
        "sha256": sha256,
    }
    whole = list(file_rows(file, instruction_columns))
    parts = [row for split in split_file(file, 300) for row in file_rows(split, instruction_columns)]
    assert parts == whole
    assert [row["messages"][-1]["content"] for row in whole[:3]] == ["A. oats", "B. rye", "C. corn"]
