"""What of a record is the target: its question apart from what was given with it, and code as a block of code."""

from __future__ import annotations

import re

from inference.baseline.hanging import alone
from inference.record_code import ON_CODE, is_code, language
from texts.words import content_words, sentences

_FROM_GIVEN = 0.6  # of the words of an answer that says again what was given
_POINTS = re.compile(
    r"\b(?:this|these|those|following|below|above|supplied|mentioned|listed|attached|here)\b|^extract\b"
    r"|\bthe provided\b|\b(?:text|passage|paragraph|article|code|list|data|information|table) provided\b"
    r"|\b(?:the|a|an) given (?:text|passage|paragraph|article|code|snippet|list|table|data|input)s?\b|:$",
    re.IGNORECASE,
)
# a person or a thing that only the text names: "the kettle", but not "the capital of Hull" nor "the river Ouse"
_UNNAMED = re.compile(
    r"\b(?:given|each|he|she|they|them|his|her|hers|their|him|its|the (?!(?:[\w-]+ ){0,2}(?:of |between |(?-i:[A-Z]))))\b",
    re.IGNORECASE,
)
_ASKED = re.compile(r"(?:What|Who|Whose|Where|When|Why|How|Which|Is|Are|Was|Were|Does|Did)\b")
_DEFINES = re.compile(r"\b(?:(?:is|was) (?:an?|the|one)|are|were)\b")
_NO_MARK = re.compile(
    r"(?:What|Who|Where|When|Why|How)(?: (?:kind|sort|type) of [\w-]+)? (?:is|are|was|were|do|does|did)\b(?!.*\band\b)[^.!?:,\n]*\w"
)
_QUOTED = re.compile(r"\"[^\"\n]*+\"|'[^'\n]*+'")
_VALUE = r"(?:[-+]?\d[\d.]*+|[\[{(][^A-Za-z\n;]*+(?:[A-Za-z]\w*+\s*+[:=][^A-Za-z\n;]*+)*)"
_NAMED = r"(?:[\w:<>$*&\[\]]++ ){0,2}[\w$\[\]]++ ?= ?"  # int sizes[] =
_DATA = re.compile(
    rf"(?:(?:Example|Sample|Input|Given)[\w ]*: ?)?(?:{_NAMED})?{_VALUE}(?:[,;] ?(?:{_NAMED})?{_VALUE})*;?"
    r"|(?:/|https?://)\S+|\S+\.(?:txt|csv|json|xml|html)"
)


def presented(question: str, answer: str) -> tuple[str, str]:
    """The question and the answer as the target shows them.

    What was given with the question is left out where the question can be asked without it: a text that is the answer's own source, or, of
    code, an example of an input. Code that stands bare becomes a block; a question mark that is missing is put.

    >>> presented("Write a Python function that doubles a number.\\n\\n7", "def twice(n):\\n    m = n * 2\\n    return m")
    ('Write a Python function that doubles a number.', '```python\\ndef twice(n):\\n    m = n * 2\\n    return m\\n```')
    """
    question, answer = question.strip(), answer.strip()
    code = is_code(answer)
    asked, _, given = question.partition("\n\n")
    if given and not _POINTS.search(asked) and (_is_data(asked, given) if code else _is_source(asked, given, answer)):
        question = asked.strip()
    if _NO_MARK.fullmatch(question):
        question += "?"
    return question, f"```{language(question)}\n{answer}\n```" if code else answer


def _is_data(asked: str, given: str) -> bool:
    """Whether what came with a question for code is nothing but values, and nothing is to be done with code."""
    lines = _QUOTED.sub("0", given).split("\n")
    return all(_DATA.fullmatch(line.strip()) for line in lines if line.strip()) and not ON_CODE.search(asked)


def _is_source(asked: str, given: str, answer: str) -> bool:
    """Whether an answer is taken from a text that says what it is about, which the question names: one that asks about the world."""
    opening = sentences(given)[0]
    defines, told = _DEFINES.search(opening), set(content_words(answer))
    if not defines or not _ASKED.match(asked) or _UNNAMED.search(asked) or not all(alone("", [asked])):
        return False
    is_named = not set(content_words(asked)).isdisjoint(content_words(opening[: defines.start()]))
    return is_named and len(told & set(content_words(given))) >= _FROM_GIVEN * len(told)
