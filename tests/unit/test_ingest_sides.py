"""Two answers in fields of their own, and a field that names the better one."""

from typing import Any

import pytest
from raw_files import lines, said

PROMPT = {"prompt": "Which is dark?"}


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found


@pytest.mark.parametrize(
    ("record", "verdicts"),
    [
        ({"response_a": "oats", "response_b": "rye"}, [{"winner": "b"}, {"winner": "B"}, {"winner": "model_b"}, {"winner": "response_b"}, {"preference": "b"}]),
        ({"response_0": "oats", "response_1": "rye"}, [{"better_response_id": 1}, {"better_response_id": "1", "safer_response_id": 0}]),
        ({"output_1": "oats", "output_2": "rye"}, [{"preference": 2}, {"preference": "2"}, {"preference": 2.0}]),
    ],
)  # fmt: skip
def test_the_better_of_two_is_read(record: dict[str, Any], verdicts: list[dict[str, Any]]) -> None:
    for verdict in verdicts:
        assert one({**PROMPT, **record, **verdict}) == ("Which is dark?", "rye")
        assert one({**PROMPT, "system": "Say.", **record, **verdict})[0] == "system: Say."


@pytest.mark.parametrize("verdict", ["tie (bothbad)", "gpt-4", 2, 1.99, True, None, "ab", ""])
def test_a_verdict_that_names_neither_is_told(verdict: Any) -> None:
    assert one({**PROMPT, "response_a": "oats", "response_b": "rye", "winner": verdict}) == "ambiguous_option"


def test_of_two_that_are_equal_the_first_is_read_and_of_three_none() -> None:
    two = {**PROMPT, "response_a": "oats", "response_b": "rye"}
    assert one({**two, "winner": "tie"}) == ("Which is dark?", "oats")
    assert one(two) == "unknown_shape"
    assert one({**PROMPT, "output_0": "a", "output_1": "b", "output_2": "c", "preference": 1}) == "unknown_shape"
