"""What of a record is the target: its question apart from what was given with it, and code as a block of code."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter

from inference.baseline.hanging import alone
from texts.words import content_words, sentences, words

LONGEST_GIVEN = 60  # words of a question and what is given with it: more would make each variant that has it a good one
_FROM_GIVEN = 0.6  # of an answer's words that carry meaning: it says again what was given, and can be understood without
_LEAST_SAID = 5  # words of a sentence that tells what the question alone does not
_POINTS = re.compile(
    r"\b(?:this|these|those|following|below|above|provided|supplied|mentioned|listed|attached|here)\b|^extract\b"
    r"|\b(?:the|a|an) given (?:text|passage|paragraph|article|code|snippet|list|table|data|input)s?\b|:$",
    re.IGNORECASE,
)
_ON_CODE = re.compile(
    r"\b(?:fix|debug|correct|refactor|optimi[sz]e|translate|complete|missing|improve|modify|rewrite|explain|errors?|bugs?|snippet|analy[sz]e|identify|output of)\b",
    re.IGNORECASE,
)
_UNNAMED = re.compile(r"\b(?:given|each|he|she|they|them|his|her|hers|their|him|its|the (?:author|writer|speaker|text))\b", re.IGNORECASE)
_CODE_LINE = re.compile(
    r"[{};]\s*$|^\s*(?:[)\]}]+[;,]?|#|//|/\*|\*|@\w|<[!/\w])|^\s*(?:def|class|import|from|return|for|if|elif|else|while|try|except|with|function|const|let"
    r"|var|public|private|static|async|export|using|namespace|template|SELECT|FROM|WHERE|INSERT|CREATE|echo|fi|done|do|then)\b"
    r"|^\s*[\w.\[\]\"']+(?:, \w+)*(?:: \w+)? [-+*/%|&]?= ?\S|^\s*[\w.]+\(.*\)\s*$|:\s*$"
)
_STATEMENT = re.compile(r"[{};]\s*$|^\s*(?:def \w+\(|import \w+|return\b|#include|[\w.]+\(.*\)$|\w+ = \S)")
_PROSE_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+\w+ \w+|^[A-Z][a-z]+(?: [a-z]+){3}|^(?:For|If|From|With|While|Do|Let) [a-z]+ [a-z]+ [a-z]+")
_SAID = 10  # words of a line without a sign of code: a sentence
_SIGN = re.compile(r"[{}=;<>\"'`|]|^\s*(?:#|//|/\*|\*|--)")
_MOSTLY = 0.8  # of the lines
_LEAST_LINES = 3
_LANGUAGES = {"c++": "cpp", "c#": "csharp", "shell": "bash"}
_LANGUAGE = re.compile(
    r"(?<![\w#+])(C\+\+|C#|Python|JavaScript|TypeScript|Java|Bash|Shell|SQL|HTML|CSS|Ruby|PHP|Kotlin|Swift|Rust|Go|Perl|Scala|C(?=[ ,.?]))(?![\w#+])"
)
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|(?m:^\s*#[^\n]*)|/\*.*?\*/|`[^`]*`", re.DOTALL)
_PAIRS = ("()", "[]", "{}")
_IN_JAVA = re.compile(r"^(?:System\.|[\w.]+\(.*\);|[\w<>\[\]]+ \w+ = )", re.MULTILINE)
_DECLARES = re.compile(r"^\s*(?:public|private|protected|static|class)\b", re.MULTILINE)
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


def is_code(answer: str) -> bool:
    """Whether the answer is code from its first line to its last, in no block of its own."""
    lines = [line for line in answer.split("\n") if line.strip()]
    if "```" in answer or len(lines) < _LEAST_LINES or any(map(_is_prose, lines)):
        return False
    return sum(map(bool, map(_CODE_LINE.search, lines))) >= _MOSTLY * len(lines)


def has_bare_code(text: str) -> bool:
    """Whether lines of code stand in prose without a block of their own."""
    return "```" not in text and sum(bool(_STATEMENT.search(line)) for line in text.split("\n")) >= _LEAST_LINES


def _is_prose(line: str) -> bool:
    return bool(_PROSE_LINE.match(line)) or (len(words(line)) >= _SAID and not _SIGN.search(line))


def language(question: str) -> str:
    """The language that the question asks for, as a block of code names it; "" where it names none or several.

    >>> language("Write it in C++."), language("Port this Java class to Python.")
    ('cpp', '')
    """
    named = {name.lower() for name in _LANGUAGE.findall(question)}
    return _LANGUAGES.get(one := named.pop(), one) if len(named) == 1 else ""


def broken(code: str, of_language: str) -> str:
    """What shows that code is not whole; "" where nothing does."""
    bare = Counter(_STRING.sub("", code))
    if open_one := next((pair for pair in _PAIRS if bare[pair[0]] != bare[pair[1]]), ""):
        return f"not every one of {open_one} is closed"
    if of_language == "java" and _DECLARES.search(code) and (outside := _IN_JAVA.search(code)):
        return f'a statement outside of any method: "{outside[0]}"'
    if of_language == "python":
        try:
            with warnings.catch_warnings(action="ignore"):
                ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
            return f"it is no Python: {type(why).__name__}"
    return ""


def _needed(asked: str, given: str, answer: str, code: bool) -> bool:
    """Whether a question is asked of what is given with it: it points there, or cannot be understood alone, or is told more there."""
    if _POINTS.search(asked):
        return True
    if code:
        return bool(_ON_CODE.search(asked))
    told = set(content_words(answer))
    source = len(told & set(content_words(given))) >= _FROM_GIVEN * len(told)
    short = len(words(asked)) + len(words(given)) <= LONGEST_GIVEN
    more = not source and any(len(words(one)) >= _LEAST_SAID for one in sentences(given))
    return (short and more) or bool(_UNNAMED.search(asked)) or not all(alone("", [asked]))
