"""A question that offers its answers, taken apart: what is asked, the right answer and the wrong ones, each without its label.

Three forms are known. Options as lines behind the question, each with a letter or a number (the form in which records with options are read);
options in a row, each behind a word and its number (`Answer1: tea Answer2: rice`, as in LLM-Adapters, arXiv 2304.01933); and answers
that offer themselves, true against false and yes against no. An order in front of the question, up to `question:`, is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"^\(?([A-Z]|\d)[).:]\s*(\S.*)$")
_IN_A_ROW = re.compile(r"\b(answer|solution|option|ending|choice)\s?(\d)\s*:\s*", re.IGNORECASE)
_ANSWER_FORMAT = re.compile(r"\s*^answer format:.*\Z", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_ORDER = re.compile(r"\A(?:please|answer|choose|pick|select)\b[^\n?]*\bquestion\s*:\s*", re.IGNORECASE)
_ANSWER_IS = re.compile(r"\A(?:the )?(?:correct |right )?answer(?: is)?:? +", re.IGNORECASE)
_OPPOSITES = {"true": "false", "false": "true", "yes": "no", "no": "yes"}
_NUMBERS = "123456789"
_RUNS = tuple(run[:size] for run in ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _NUMBERS) for size in range(2, len(run) + 1))


@dataclass(frozen=True)
class ChoiceQuestion:
    """What is asked, the right answer, and the wrong ones in the order offered."""

    question: str
    answer: str
    wrong: tuple[str, ...]


def choice_question(prompt: str, answer: str) -> ChoiceQuestion | None:
    """The question that the prompt asks with its options; None where there are none, or the answer is not one of them.

    >>> choice_question("Which sinks?\\nA. cork\\nB. iron", "B. iron")
    ChoiceQuestion(question='Which sinks?', answer='iron', wrong=('cork',))
    >>> choice_question("Please choose the answer to the question: It sinks:\\n\\nAnswer1: cork Answer2: iron", "the answer is answer2")
    ChoiceQuestion(question='It sinks:', answer='iron', wrong=('cork',))
    >>> choice_question("does iron sink?", "true")
    ChoiceQuestion(question='does iron sink?', answer='true', wrong=('false',))
    """
    asked = _ANSWER_FORMAT.sub("", prompt).strip()
    said = _ANSWER_IS.sub("", answer.strip().rstrip("."))
    for question, options in (_lines(asked), _in_a_row(asked)):
        right = _chosen(options, answer.strip(), said)
        if right is not None:
            wrong = tuple(dict.fromkeys(text for text in options.values() if text != right))
            return ChoiceQuestion(plain_question(question), right, wrong) if wrong and question else None
    opposite = _OPPOSITES.get(said.casefold())
    return ChoiceQuestion(plain_question(asked), said, (opposite,)) if opposite and asked else None


def plain_question(prompt: str) -> str:
    """The prompt without an order that ends in `question:`.

    >>> plain_question("Please answer the following question with true or false, question: is it so?")
    'is it so?'
    """
    return _ORDER.sub("", prompt).strip()


def _lines(prompt: str) -> tuple[str, Mapping[str, str]]:
    """The question, and the options that end the prompt, by label: a run from A or from 1."""
    lines = prompt.split("\n")
    found: list[tuple[str, str]] = []
    while lines and (line := _LINE.match(lines[-1].strip())):
        found.insert(0, (line[1], line[2].strip()))
        lines.pop()
    labels = "".join(label for label, _ in found)
    return "\n".join(lines).strip(), dict(found) if labels in _RUNS else {}


def _in_a_row(prompt: str) -> tuple[str, Mapping[str, str]]:
    """The question, and the options behind it, by word and number."""
    marks = list(_IN_A_ROW.finditer(prompt))
    if len(marks) < 2 or [mark[2] for mark in marks] != list(_NUMBERS[: len(marks)]):
        return prompt, {}
    ends = [*(mark.start() for mark in marks[1:]), len(prompt)]
    options = {
        f"{mark[1].casefold()}{mark[2]}": prompt[mark.end() : end].strip()
        for mark, end in zip(marks, ends, strict=True)
    }
    return prompt[: marks[0].start()].strip(), options


def _chosen(options: Mapping[str, str], answer: str, said: str) -> str | None:
    """The option that an answer is: its line, its text or its label."""
    line = _LINE.match(answer)
    named = options.get(line[1]) if line else None
    if named is not None and line and line[2].strip() == named:
        return named
    by_text = next((text for text in options.values() if text.casefold() in (answer.casefold(), said.casefold())), None)
    return by_text or options.get(said.upper()) or options.get(said.casefold())
