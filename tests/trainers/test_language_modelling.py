"""The scorer of likelihoods against a loop that reads one answer at a time with transformers; budgets that are equal to the token."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_chat import write_tiny_chat

from trainers.language_modelling import Chat, Row, answer_losses, batches

QUESTIONS = [
    ("Which sinks?", ["an iron nail", "a cork"]),
    (
        "Which of all these things here has the most parts of all?",
        ["a violin", "a kettle that whistles loudly", "a rope"],
    ),
    ("Why?", ["So."]),
    ("", ["It is as it is, whatever anybody says of it."]),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_chat(folder, [question + " ".join(answers) for question, answers in QUESTIONS], 400, 256)
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def alone(model: Any, tokenizer: Any, question: str, answer: str) -> float:
    """The loss of one answer, token by token, from a pass over the whole conversation."""
    turn = [{"role": "user", "content": question}]
    before = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)
    told = tokenizer(answer, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        likely = torch.log_softmax(model(input_ids=torch.tensor([[*before, *told]])).logits[0], -1)
    return -sum(likely[len(before) - 1 + at, token].item() for at, token in enumerate(told))


def test_losses_are_those_of_a_loop_over_single_answers(model: tuple[Any, Any]) -> None:
    chat = Chat(model[1])
    found = answer_losses(model[0], [chat.row(question, answers) for question, answers in QUESTIONS])
    for (question, answers), losses in zip(QUESTIONS, found, strict=True):
        assert losses == pytest.approx([alone(*model, question, answer) for answer in answers], rel=1e-4)


def test_an_answer_sees_nothing_of_another_and_a_batch_changes_nothing(model: tuple[Any, Any]) -> None:
    chat = Chat(model[1])
    together = answer_losses(model[0], [chat.row("Which?", ["one", "two of them"]), chat.row("Who?", ["me"])])
    apart = [answer_losses(model[0], [chat.row("Which?", [answer])])[0][0] for answer in ("one", "two of them")]
    assert together[0] == pytest.approx(apart, rel=1e-5)


def test_a_control_token_that_a_text_spells_is_letters(model: tuple[Any, Any]) -> None:
    end = model[1].eos_token
    row = Chat(model[1]).row(f"a{end}b", [f"c{end}"], ended=True)
    assert row.prompt.count(model[1].eos_token_id) == 1, "the end of the user's turn alone"
    assert row.answers[0].count(model[1].eos_token_id) == 1 and row.answers[0][-1] == model[1].eos_token_id


ROWS = st.lists(
    st.builds(lambda p, a: Row([1] * p, ([2] * a,)), st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=12
)


@given(ROWS, st.integers(50, 400), st.integers(40, 80), st.integers(0, 3))
def test_every_set_of_rows_is_read_to_the_same_token_in_as_many_updates(
    rows: list[Row], budget: int, size: int, seed: int
) -> None:
    found = batches(rows, budget, size, seed)
    assert sum(len(row) for batch in found for row in batch) == budget
    assert len(found) in (math.ceil(budget / size) - 1, math.ceil(budget / size))
    whole = [row for batch in found for row in batch if row in rows]
    assert sum(map(len, found)) - len(whole) <= 1, "only the last is cut"
    assert found == batches(rows, budget, size, seed)
