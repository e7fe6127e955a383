"""Which of several answers is the best, by a field of any name that says so: where it names none for sure, the first is not read."""

from typing import Any

import pytest
from raw_files import lines, said

PROMPT = {"prompt": "Which is dark?"}
NAMES = ["oats", "rye", "corn"]


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found if isinstance(found, str) else found[-1]


@pytest.mark.parametrize("name", ["chosen", "preferred", "winner", "best", "better", "preference", "choice", "best_response", "human_preference"])  # fmt: skip
def test_a_field_that_names_the_best(name: str) -> None:
    for best, read in (("rye", "rye"), (" RYE", "rye"), ("B", "rye"), ("(B)", "rye"), ("tie", "oats"), ("", "oats"), (None, "oats"), (0, "oats"), (3, "corn")):  # fmt: skip
        assert one({**PROMPT, "responses": NAMES, name: best}) == read, best
    for best in (1, 2, 4, -1, "1", "model_b", "D", {"role": "assistant"}):
        assert one({**PROMPT, "responses": NAMES, name: best}) == "ambiguous_option", best


def test_the_file_shows_how_the_best_is_counted() -> None:
    asked = [{**PROMPT, "responses": NAMES, "winner": place} for place in (1, 2, 3)]
    assert [found[-1] for found in said("x.json", asked)] == NAMES
    asked = [{**PROMPT, "responses": NAMES, "winner": place} for place in (0, 1, 2)]
    assert [found[-1] for found in said("x.json", asked)] == NAMES


def test_the_sides_of_a_pair_are_no_names_of_an_answer() -> None:
    pair = {**PROMPT, "responses": NAMES, "chosen": "Barley.", "rejected": "Salt."}
    assert one(pair) == "Barley."


@pytest.mark.parametrize("name", ["rm_scores", "all_rm_scores", "response_scores", "helpfulness_scores", "quality", "reward", "human_preference", "preferences", "avg_rating"])  # fmt: skip
def test_numbers_of_each_answer_under_names_that_say_how_they_count(name: str) -> None:
    assert one({**PROMPT, "responses": NAMES, name: [0.1, 0.9, 0.5]}) == "rye"
    assert one({**PROMPT, "responses": NAMES, name: [0.1]}) == "oats"


@pytest.mark.parametrize("name", ["toxicity_scores", "perplexity_score", "f_scores"])
def test_numbers_that_may_be_higher_for_worse(name: str) -> None:
    assert one({**PROMPT, "responses": NAMES, name: [0.1, 0.9, 0.5]}) == "ambiguous_option"
    assert one({**PROMPT, "responses": NAMES, name: [1, 1, 1]}) == "oats"


@pytest.mark.parametrize(
    "more",
    [{"labels": ["bad", "good", "bad"]}, {"verdicts": ["incorrect", "correct", "wrong"]}, {"scores": dict(zip(NAMES, (1, 5, 2), strict=True))}],
)  # fmt: skip
def test_words_of_each_answer_and_scores_under_their_texts(more: dict[str, Any]) -> None:
    assert one({**PROMPT, "responses": NAMES, **more}) == "rye"
