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
# what no list, heading, verse or dialogue has
_STATEMENT = re.compile(
    r".*(?:[{}]|\);)$|[^=]*= .*;$|def \w+\(|import \w+|return\b|#include|[\w.]+\(.*\)$|\w+ = (?!.*\w [a-z]{2})\S|</?\w"
    r"|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|FROM|WHERE)\b|(?:if|while) \[|(?:fi|done|esac)$|echo \S"
    r"|for \w+(?:, \w+)* in .*:$|with (?=.*\().*:$|(?:if|elif|while) (?=.*[=<>()\[\]]).*:$|(?:try|finally|except\b.*):$|from [\w.]+ import\b"
    r"|[\w., ]+ = [\w.]*[\[({]|\w+(?:, \w+)+ = \S|(?:let|const|var|my) [$%@]?\w+(?: = |;)"
)
_PROSE_LINE = re.compile(
    r"^\s*(?:[-*•]|\d+[.)])\s+\w+ \w+|^[A-Z][a-z]+(?: [a-z]+){3}|^(?:For|If|From|With|While|Do|Let) [a-z]+ [a-z]+ [a-z]+"
)
_SAID = 10  # words of a line without a sign of code: a sentence
_SIGN = re.compile(r"[{}=;<>\"'`|]|^\s*(?:#|//|/\*|\*|--)")
_MOSTLY = 0.8  # of the lines
_LEAST_LINES = 3
_LANGUAGES = {"c++": "cpp", "c#": "csharp", "shell": "bash"}
_WORDS = "C|Go|Rust|Ruby|Shell|Swift"  # that are no language wherever they stand
_LANGUAGE = re.compile(
    r"(?<![\w#+])(?:C\+\+|C#|Python|JavaScript|TypeScript|Java|Bash|SQL|HTML|CSS|PHP|Kotlin|Perl|Scala"
    rf"|(?:{_WORDS})(?= (?:language|program|function|method|class|code|script|struct|snippet|server|module|library)s?\b)"
    rf"|(?-i:(?:(?<=\b[Ii]n )|(?<=\b[Uu]se )|(?<=\b[Uu]sing ))(?:{_WORDS})(?! [A-Z])))(?![\w#+])",
    re.IGNORECASE,
)
# an escape is taken by itself, too, so that no quote is tried twice
_LITERAL = r"\\.|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|//[^\n]*|^[^\S\n]*#[^\n]*|/\*.*?(?:\*/|\Z)|`[^`]*`|(?<!\w)"
_LITERALS = re.compile(_LITERAL + r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'", re.DOTALL | re.MULTILINE)
_OF_CHARACTERS = re.compile(_LITERAL + r"'(?:\\[^'\n]++|[^'\\\n]|\\')'", re.DOTALL | re.MULTILINE)
_SEVERAL = re.compile(r"(?<!\w)'[^'\n]{2,}'")
_OF_C = ("c", "cpp", "csharp", "java")  # where single quotes hold one character
_NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)  # what the parser raises
_COMPOUND = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.For,
    ast.While,
    ast.With,
    ast.Try,
    ast.If,
)
_PAIRS = ("()", "[]", "{}")
_IN_JAVA = re.compile(r"^(?:System\.|[\w.]+\(.*\);|[\w<>\[\]]+ \w+ = )", re.MULTILINE)
_DECLARES = re.compile(r"^[^\S\n]*(?:public|private|protected|static|class)\b", re.MULTILINE)


def is_code(answer: str) -> bool:
    """Whether the answer is code from its first line to its last, in no block of its own."""
    lines = [line for line in answer.split("\n") if line.strip()]
    if "```" in answer or len(lines) < _LEAST_LINES:
        return False
    if _is_python(answer):
        return True
    if any(map(_is_prose, lines)):
        return False
    return has_bare_code(answer) and sum(map(bool, map(_CODE_LINE.search, lines))) >= _MOSTLY * len(lines)


def has_bare_code(text: str) -> bool:
    """Whether lines of code stand in prose without a block of their own."""
    return "```" not in text and sum(bool(_STATEMENT.match(line.strip())) for line in text.split("\n")) >= _LEAST_LINES


def _is_python(text: str) -> bool:
    """Whether it is a program of Python that defines, imports, tests or repeats something: words alone may be read as Python, too."""
    try:
        return any(isinstance(one, _COMPOUND) for one in _parse(text))
    except _NO_PYTHON:
        return False


def _is_prose(line: str) -> bool:
    return bool(_PROSE_LINE.match(line)) or (len(words(line)) >= _SAID and not _SIGN.search(line))


def language(question: str) -> str:
    """The language that the question asks for, as a block of code names it; "" where it names none or several.

    >>> language("Write it in C++."), language("Port this Java class to Python."), language("Go and buy vitamin C.")
    ('cpp', '', '')
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
    literals = _OF_CHARACTERS if of_language in (*_OF_C, "rust") else _LITERALS
    bare = literals.sub("", code)
    if of_language in _OF_C and (several := _SEVERAL.search(bare)):
        return f"a string in single quotes: {several[0]}"
    signs = Counter(bare)
    return next((f"not every one of {pair} is closed" for pair in _PAIRS if signs[pair[0]] != signs[pair[1]]), "")


def _not_python(code: str) -> str:
    try:
        _parse(code)
    except _NO_PYTHON as why:
        return f"it is no Python: {type(why).__name__}"
    return ""


def _parse(code: str) -> list[ast.stmt]:
    with warnings.catch_warnings(action="ignore"):
        return ast.parse(code).body
