"""Whether an answer is code, in which language it was asked for, and whether it is whole.

Patterns for the common languages; only Python is parsed. That code does what was asked is not looked at.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter

from texts.words import words

# what is done with code that is there already
ON_CODE = re.compile(
    r"\b(?:fix|debug|correct|refactor|optimi[sz]e|translate|complete|missing|improve|modify|rewrite|explain|errors?|bugs?|analy[sz]e|identify|output of)\b",
    re.IGNORECASE,
)
_CODE_LINE = re.compile(
    r"[{};]\s*$|^\s*(?:[)\]}]+[;,]?|#|//|/\*|\*|@\w|<[!/\w])|^\s*(?:def|class|import|from|return|for|if|elif|else|while|try|except|with|function|const|let"
    r"|var|public|private|static|async|export|using|namespace|template|SELECT|FROM|WHERE|INSERT|CREATE|echo|fi|done|do|then)\b"
    r"|^\s*[\w.\[\]\"']+(?:, \w+)*(?:: \w+)? [-+*/%|&]?= ?\S|^\s*[\w.]+\(.*\)\s*$|:\s*$"
)
_STATEMENT = re.compile(
    r"[{}]\s*$|\);\s*$|= .*;\s*$|^\s*(?:def \w+\(|import \w+|return\b|#include|[\w.]+\(.*\)$|\w+ = \S)"
)
_PROSE_LINE = re.compile(
    r"^\s*(?:[-*•]|\d+[.)])\s+\w+ \w+|^[A-Z][a-z]+(?: [a-z]+){3}|^(?:For|If|From|With|While|Do|Let) [a-z]+ [a-z]+ [a-z]+"
)
_SAID = 10  # words of a line without a sign of code: a sentence
_SIGN = re.compile(r"[{}=;<>\"'`|]|^\s*(?:#|//|/\*|\*|--)")
_MOSTLY = 0.8  # of the lines
_LEAST_LINES = 3
_LANGUAGES = {"c++": "cpp", "c#": "csharp", "shell": "bash"}
_LANGUAGE = re.compile(
    r"(?<![\w#+])(C\+\+|C#|Python|JavaScript|TypeScript|Java|Bash|Shell|SQL|HTML|CSS|Ruby|PHP|Kotlin|Swift|Rust|Go|Perl|Scala|C(?=[ ,.?]))(?![\w#+])"
)
_STRING = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|(?m:^[^\S\n]*#[^\n]*)|/\*.*?\*/|`[^`]*`", re.DOTALL
)
_NO_LITERAL = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_CHARACTERS = re.compile(r"(?<!\w)'[^'\\\n]{2,}'")  # where single quotes hold one
_OF_C = ("c", "cpp", "csharp", "java")
_PAIRS = ("()", "[]", "{}")
_IN_JAVA = re.compile(r"^(?:System\.|[\w.]+\(.*\);|[\w<>\[\]]+ \w+ = )", re.MULTILINE)
_DECLARES = re.compile(r"^[^\S\n]*(?:public|private|protected|static|class)\b", re.MULTILINE)


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
    one = named.pop() if len(named) == 1 else ""
    return _LANGUAGES.get(one, one)


def broken(code: str, of_language: str) -> str:
    """What shows that code is not whole; "" where nothing does."""
    if of_language == "python":
        return _not_python(code)
    if of_language == "java" and _DECLARES.search(code) and (outside := _IN_JAVA.search(code)):
        return f'a statement outside of any method: "{outside[0]}"'
    if of_language in _OF_C and (several := _CHARACTERS.search(_NO_LITERAL.sub("", code))):
        return f"a string in single quotes: {several[0]}"
    bare = Counter(_STRING.sub("", code))
    return next((f"not every one of {pair} is closed" for pair in _PAIRS if bare[pair[0]] != bare[pair[1]]), "")


def _not_python(code: str) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        return f"it is no Python: {type(why).__name__}"
    return ""
