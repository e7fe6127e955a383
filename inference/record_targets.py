"""What of a record is the target: its question apart from what was given with it, and code as a block of code."""

from __future__ import annotations

import re

from inference.baseline.hanging import alone
from inference.record_code import ON_CODE, is_code, language
from texts.words import content_words, sentences, words

LONGEST_GIVEN = 60  # words of a question and what is given with it: more would make each variant that has it a good one
_FROM_GIVEN = 0.6  # of the words of an answer that says again what was given, and can be understood without
_LEAST_SAID = 5  # words of a sentence that tells what the question alone does not
_POINTS = re.compile(
    r"\b(?:this|these|those|following|below|above|supplied|mentioned|listed|attached|here)\b|^extract\b"
    r"|\bthe provided\b|\b(?:text|passage|paragraph|article|code|list|data|information|table) provided\b"
    r"|\b(?:the|a|an) given (?:text|passage|paragraph|article|code|snippet|list|table|data|input)s?\b|:$",
    re.IGNORECASE,
)
_UNNAMED = re.compile(
    r"\b(?:given|each|he|she|they|them|his|her|hers|their|him|its|the (?:author|writer|speaker|text))\b", re.IGNORECASE
)
_MARK = re.compile(r"(?<=\S)\[(?:\d{1,3}|[a-z]|citation needed)\]")
_BLANKS = re.compile(r"(?<=\S) {2,}(?=\S)")
_ASKS = re.compile(r"(?:What|Who|Whose|Where|When|Why|How|Which|Is|Are|Was|Were|Do|Does|Did|Can|Could)\b[^.!?:\n]*\w")


def presented(question: str, answer: str) -> tuple[str, str]:
    """The question and the answer as the target shows them.

    What was given with the question, a text or an example of an input, is left out where the question can be asked without it, and
    with a text the marks of its page. Code that stands bare becomes a block; a question mark that is missing is put.

    >>> presented("Write a Python function that doubles a number.\\n\\n7", "def twice(n):\\n    m = n * 2\\n    return m")
    ('Write a Python function that doubles a number.', '```python\\ndef twice(n):\\n    m = n * 2\\n    return m\\n```')
    """
    question, answer = question.strip(), answer.strip()
    code = is_code(answer)
    asked, _, given = question.partition("\n\n")
    if given and not _needed(asked.strip(), given, answer, code):
        question = asked.strip()
    if _ASKS.fullmatch(question):
        question += "?"
    if code:
        return question, f"```{language(question)}\n{answer}\n```"
    return question, _BLANKS.sub(" ", _MARK.sub("", answer) if given else answer)


def _needed(asked: str, given: str, answer: str, code: bool) -> bool:
    """Whether a question is asked of what is given with it: it points there, or cannot be understood alone, or is told more there."""
    if _POINTS.search(asked):
        return True
    if code:
        return bool(ON_CODE.search(asked))
    told = set(content_words(answer))
    source = len(told & set(content_words(given))) >= _FROM_GIVEN * len(told)
    short = len(words(asked)) + len(words(given)) <= LONGEST_GIVEN
    more = not source and any(len(words(one)) >= _LEAST_SAID for one in sentences(given))
    return (short and more) or bool(_UNNAMED.search(asked)) or not all(alone("", [asked]))
