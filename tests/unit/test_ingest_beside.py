"""What stands beside a question and its answer: every part of what is asked, thoughts, speakers, verdicts; numbers that are no answer."""

from typing import Any

import pytest
from raw_files import details, lines, said

ASK = {"question": "Which is dark?"}
READ = ("Which is dark?", "Rye.")


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found


@pytest.mark.parametrize("response", ["output", "response", "answer", "completion"])
@pytest.mark.parametrize("asked", ["instruction", "prompt"])
def test_every_part_of_what_is_asked_is_kept(asked: str, response: str) -> None:
    parts = {asked: "Say.", "context": "Rye keeps.", "question": "Which is dark?", response: "Rye."}
    assert one(parts) == ("Say.\n\nWhich is dark?\n\nRye keeps.", "Rye.")
    assert one({asked: "Say.", "input": "Which?", "context": "Rye keeps.", response: "Rye."}) == (
        "Say.\n\nWhich?\n\nRye keeps.",
        "Rye.",
    )
    assert one({asked: "Say.", "input": "Which?", "context": "Which?", response: "Rye."}) == ("Say.\n\nWhich?", "Rye.")


def test_a_definition_comes_before_the_input_that_it_is_about() -> None:
    for given, told in (("inputs", "targets"), ("input", "output")):
        assert one({"definition": "Say.", given: "Which?", told: "Rye."}) == ("Say.\n\nWhich?", "Rye.")


def test_a_table_is_part_of_the_question_about_it() -> None:
    table = {"header": ["grain"], "rows": [["rye"]]}
    assert one({"table": table, **ASK, "answer": "Rye."})[0] == (
        'Which is dark?\n\n{"header":["grain"],"rows":[["rye"]]}'
    )


@pytest.mark.parametrize("name", ["Complex_CoT", "thoughts", "thought_process"])
def test_thoughts_come_before_the_answer(name: str) -> None:
    assert one({**ASK, name: "It keeps.", "answer": "Rye."}) == (
        "Which is dark?",
        "<think>\nIt keeps.\n</think>\nRye.",
    )


PAIRS = [["user", "Which is dark?"], ["assistant", "Rye."]]
LINES = ["Human: Which is dark?", "Assistant: Rye."]


@pytest.mark.parametrize("talk", [PAIRS, [["human", "Which is dark?"], ["gpt", "Rye."]], LINES])
@pytest.mark.parametrize("name", ["conversations", "conversation", "dialogue", "chat"])
def test_who_speaks_is_no_part_of_what_is_said(name: str, talk: Any) -> None:
    assert one({name: talk}) == READ


def test_pairs_of_a_speaker_and_words_are_messages() -> None:
    assert one({"messages": PAIRS}) == READ
    assert one({"history": PAIRS, "prompt": "And light?", "response": "Oats."}) == (
        "user: Which is dark?",
        "assistant: Rye.",
        "user: And light?",
        "assistant: Oats.",
    )


@pytest.mark.parametrize(
    "verdict",
    [{"thumbs_up": False}, {"liked": False}, {"thumbs_down": True}, {"downvoted": 1}, {"rating": "bad"}, {"rating": "Poor"}, {"rating": "thumbs_down"}],
)  # fmt: skip
def test_an_answer_that_its_owner_calls_bad(verdict: dict[str, Any]) -> None:
    assert one({**ASK, "answer": "Rye.", **verdict}) == "bad_answer"
    talk = [{"role": "user", "content": "Which?"}, {"role": "assistant", "content": "Rye.", **verdict}]
    assert one({"messages": talk}) == "bad_answer"
    assert one({**ASK, "answer": "Rye.", "thumbs_up": True, "rating": "good", "thumbs_down": False}) == READ


@pytest.mark.parametrize("label", [0, 1, "1", 3, 1.0])
@pytest.mark.parametrize(
    "record", [{**ASK, "passage": "Rye is dark."}, {**ASK, "sentence": "Rye."}, {"prompt": "Which?"}]
)
def test_the_number_of_a_class_is_no_answer(record: dict[str, Any], label: Any) -> None:
    assert one({**record, "label": label}) == "ambiguous_option"
    assert "'label'" in details("x.jsonl", lines({**record, "label": label}))[0]
    assert one({**record, "label": "yes"})[-1] == "yes"


def test_cells_that_are_objects_are_one_row() -> None:
    cell = {"type": "literal"}
    row = {"question": {**cell, "value": "Which is dark?"}, "answer": {**cell, "value": "Rye."}}
    assert said("x.json", {"results": {"bindings": [row, row]}}) == [READ, READ]


@pytest.mark.parametrize(
    "record",
    [
        {"text": "The kiln burned in 1931.", "question": "When did it burn?", "answer": "In 1931."},
        {"instruction": "When did it burn?", "text": "The kiln burned in 1931.", "output": "In 1931."},
        {"prompt": "When did it burn?", "text": "The kiln burned in 1931.", "completion": "In 1931."},
    ],
)
def test_a_text_beside_a_question_is_its_context(record: dict[str, str]) -> None:
    assert said("x.jsonl", lines(record)) == [("When did it burn?\n\nThe kiln burned in 1931.", "In 1931.")]


def test_a_text_that_holds_the_question_is_the_same_exchange_by_a_template() -> None:
    whole = "Below is a task.\n\n### Instruction:\nSay so.\n\n### Response:\nSo."
    record = {"instruction": "Say so.", "input": "", "output": "So.", "text": whole}
    assert said("x.jsonl", lines(record)) == [("Say so.", "So.")]
