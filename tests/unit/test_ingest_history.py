"""What stands under `history` beside an exchange: rounds, a text that belongs to the question, or something else."""

from typing import Any

import pytest
from raw_files import details, lines, said


@pytest.mark.parametrize(
    "history",
    [["What is dill?", "A herb."], ["What is dill?"], [["2020", "born"], ["2021", "died"]], [["1. 5. 2020", "born"]]],
)
def test_a_history_that_is_no_rounds_is_told(history: Any) -> None:
    record = lines({"prompt": "And mace?", "response": "A spice.", "history": history})
    assert said("x.jsonl", record) == ["unknown_shape"] and "'history'" in details("x.jsonl", record)[0]


def test_a_history_that_says_nothing_and_one_that_is_a_transcript() -> None:
    exchange = {"prompt": "And mace?", "response": "A spice."}
    for nothing in (None, "", "[]", "None", [], {"made": "2020"}):
        assert said("x.jsonl", lines({**exchange, "history": nothing})) == [("And mace?", "A spice.")]
    told = said("x.jsonl", lines({**exchange, "history": "User: What is dill?\nAssistant: A herb."}))
    assert told == [("user: What is dill?", "assistant: A herb.", "user: And mace?", "assistant: A spice.")]


@pytest.mark.parametrize(
    "asked", [["I feel sick.", "How old are you?", "42"], ["👍"], ["2+2?"], ["Hi", "Hello.", "95"], ["12 * 7"]]
)
def test_a_round_may_be_a_number_or_a_sign(asked: list[str]) -> None:
    pairs = [*zip(asked[::2], [*asked[1::2], "So."], strict=True)]
    told = [part for question, answer in pairs for part in (f"user: {question}", f"assistant: {answer}")]
    exchange = {"prompt": "And mace?", "response": "A spice."}
    assert said("x.jsonl", lines({**exchange, "history": pairs})) == [(*told, "user: And mace?", "assistant: A spice.")]


@pytest.mark.parametrize("number", ["42", "2020"])
def test_messages_with_roles_are_rounds_whatever_they_say(number: str) -> None:
    talk = [{"role": "user", "content": number}, {"role": "assistant", "content": "So."}]
    ((first, *_),) = said("x.jsonl", lines({"prompt": "And mace?", "response": "A spice.", "history": talk}))
    assert first == f"user: {number}"


def test_a_history_in_words_is_a_part_of_the_question() -> None:
    record = {"instruction": "Diagnose.", "input": "cough", "output": "Flu.", "history": "Bo has asthma."}
    assert said("x.jsonl", lines(record)) == [("Bo has asthma.\n\nDiagnose.\n\ncough", "Flu.")]
    assert said("x.jsonl", lines({**record, "system": "Be brief."})) == [
        ("system: Be brief.", "user: Bo has asthma.\n\nDiagnose.\n\ncough", "assistant: Flu.")
    ]
