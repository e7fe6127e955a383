"""Threads of forums with their answers, and tables as programs export them: ranges of a spreadsheet, Anki's notes, blanks before quotes."""

from typing import Any

import pytest
from raw_files import lines, rows_of, said

READ = [("What is dill?", "A herb."), ("What is mace?", "A spice.")]
ANSWERS = [{"answer_id": 11, "body": "oats", "score": 9}, {"answer_id": 12, "body": "rye", "score": 5}]


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found


@pytest.mark.parametrize("body", ["body", "selftext"])
def test_a_thread_asks_with_its_title_and_its_text(body: str) -> None:
    thread = {"title": "Dark grain", body: "Which is dark?", "answers": ANSWERS}
    assert one(thread) == ("Dark grain\n\nWhich is dark?", "oats")
    assert one({**thread, "title": "Which?", body: ""}) == ("Which?", "oats")
    columns = {"a_id": ["x", "y"], "text": ["oats", "rye"], "score": [3, 9]}
    assert one({**thread, "answers": columns}) == ("Dark grain\n\nWhich is dark?", "rye")


@pytest.mark.parametrize("asked", [{"question": "Which is dark?"}, {"title": "Grain", "body": "Which is dark?"}])
@pytest.mark.parametrize("name", ["accepted_answer_id", "AcceptedAnswerId", "best_answer_id"])
def test_the_accepted_answer_is_named_by_its_id(asked: dict[str, Any], name: str) -> None:
    assert one({**asked, "answers": ANSWERS, name: 12})[-1] == "rye"
    assert one({**asked, "answers": ANSWERS, name: "12"})[-1] == "rye"
    assert one({**asked, "answers": ANSWERS, name: None})[-1] == "oats"
    assert one({**asked, "answers": ANSWERS, name: 99}) == "ambiguous_option"


def test_a_titled_text_beside_one_answer_is_no_thread() -> None:
    assert one({"title": "Grain", "body": "Rye is dark.", "accepted_answer": "Rye."}) == "unknown_shape"


def test_a_range_of_a_spreadsheet() -> None:
    values = [["question", "answer"], *map(list, READ)]
    assert said("x.json", {"range": "A1:B3", "majorDimension": "ROWS", "values": values}) == READ
    assert said("x.json", {"values": [["n", *row] for row in values], "range": "A1"}) == READ


@pytest.mark.parametrize("stated", ["tab", "Tab", "semicolon", "|"])
@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.tsv"])
def test_notes_as_anki_exports_them(stated: str, name: str) -> None:
    delimiter = {"tab": "\t", "semicolon": ";"}.get(stated.lower(), stated)
    notes = "".join(f"{question}{delimiter}{answer}\n" for question, answer in READ)
    text = f"#separator:{stated}\n#html:false\n#tags column:3\n{notes}"
    assert said(name, text) == READ
    assert rows_of(name, text)[0] == "instructions"


@pytest.mark.parametrize("header", ["question, answer", '"question", "answer"'])
def test_blanks_before_quotes(header: str) -> None:
    text = f'{header}\n"What is dill?", "A herb, green."\n"What is mace?", "A spice."\n'
    assert said("x.csv", text) == [("What is dill?", "A herb, green."), READ[1]]
    assert said("x.csv", "question,answer\nWhat is dill?, A herb.\n") == [("What is dill?", " A herb.")]


def test_a_table_that_is_asked_about_is_no_list_of_records() -> None:
    table = [["question", "answer"], *map(list, READ)]
    assert one({"table": table, "question": "How many?", "answer": "Two."})[1] == "Two."
