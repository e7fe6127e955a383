"""Conversations and quizzes in plain text: templates around a prompt, speakers in small letters, questions that no blank lines part."""

from typing import Any

import pytest
from raw_files import lines, rows_of, said

from lake.landing.quizzes import quiz_turns

READ = [("What is dill?", "A herb."), ("What is mace?", "A spice.")]
QUIZ = [("Which is dark?\nA. oats\nB. rye", "B. rye"), ("Which is light?\nA. oats\nB. rye", "A. oats")]


@pytest.mark.parametrize(
    ("prompt", "end"),
    [
        ("### Instruction:\nWhat is dill?\n\n### Response:\n", ""),
        ("### Instruction:\nWhat is dill?\n\n### Response:", "</s>"),
        ("<s>[INST] What is dill? [/INST] ", " </s>"),
        ("<|im_start|>user\nWhat is dill?<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
        ("<start_of_turn>user\nWhat is dill?<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"),
    ],
)
@pytest.mark.parametrize("names", [("prompt", "completion"), ("prompt", "response"), ("instruction", "output")])
def test_a_template_around_a_prompt_is_no_part_of_it(prompt: str, end: str, names: tuple[str, str]) -> None:
    assert said("x.jsonl", lines(dict(zip(names, (prompt, f"A herb.{end}"), strict=True)))) == READ[:1]


def test_a_colon_at_the_end_of_a_prompt_and_a_tag_at_the_end_of_an_answer_stay() -> None:
    for prompt, answer in (("Name it:\n", "<b>dill</b>"), ("See #1 response:\n", "So. </s>")):
        assert said("x.jsonl", lines({"prompt": prompt, "completion": answer})) == [(prompt, answer)]


def test_the_end_of_an_answer_parts_it_from_the_next_question() -> None:
    text = "USER: What is dill?\nASSISTANT: A herb.</s>USER: What is mace?\nASSISTANT: A spice.</s>"
    ((*turns,),) = said("x.jsonl", lines({"text": text}))
    assert [turn.partition(": ")[2] for turn in turns] == [word for pair in READ for word in pair]


@pytest.mark.parametrize(
    ("asks", "tells", "between"),
    [
        ("question: {}", "answer: {}", "\n\n"), ("instruction: {}\ninput:", "output: {}", "\n\n"), ("user: {}", "assistant: {}", "\n\n"), ("Q1. {}", "A1. {}", "\n\n"),
        ("Question: {}", "Answer: {}", "\n---\n"), ("Q: {}", "A: {}", "\n===\n"), ("**Q: {}**\n", "A: {}", "\n\n"), ("**Q:** {}\n", "**A:** {}", "\n\n"),
    ],
)  # fmt: skip
def test_questions_and_answers_in_a_text(asks: str, tells: str, between: str) -> None:
    text = between.join(f"{asks.format(question)}\n{tells.format(answer)}" for question, answer in READ)
    assert said("x.txt", f"{text}\n") == READ
    assert rows_of("x.txt", text)[0] == "instructions"


@pytest.mark.parametrize("within", ["\n", "\n\n"])
@pytest.mark.parametrize("more", ["", "Explanation: It is so."])
def test_a_quiz_that_no_blank_lines_part(within: str, more: str) -> None:
    text = within.join(
        part
        for asked, answer in QUIZ
        for part in (*asked.split("\n"), f"ANSWER: {answer[0]}", *([more] if more else []))
    )
    kind, rows = rows_of("x.txt", text)
    assert kind == "instructions" and len(rows) == 2
    read: list[Any] = said("x.txt", text)
    assert [asked for asked, _ in read] == [asked for asked, _ in QUIZ]
    assert all(told.startswith(answer) and more in told for (_, told), (_, answer) in zip(read, QUIZ, strict=True))


def test_gift_without_blank_lines_is_a_quiz() -> None:
    text = "::a:: Which is dark? {~oats =rye}\n::b:: Which is light? {=oats ~rye}\n"
    assert said("x.txt", text) == QUIZ


@pytest.mark.parametrize(
    ("text", "asked", "answer"),
    [
        ("When was it? {#1822:5}", "When was it?", "1822"), ("How many? {#8}", "How many?", "8"), ("How much? {#-1.5:0.1}", "How much?", "-1.5"),
        ("Which? {~%50%oats ~%50%rye ~%-100%tin}", "Which?\nA. oats\nB. rye\nC. tin", "A. oats\nB. rye"),
    ],
)  # fmt: skip
def test_numbers_and_shared_points_in_gift(text: str, asked: str, answer: str) -> None:
    assert quiz_turns(text) == [("user", asked), ("assistant", answer)]
    for other in ("Which? {~%20%oats ~%-20%rye}", "When? {#1..5}", "A colour {#123}"):
        assert quiz_turns(other) is None
