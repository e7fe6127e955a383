"""Questions of a quiz in one text: options behind letters with a line that names the right one (Aiken), and GIFT's braces.

    >>> quiz_turns("1. Which is a drink?\\na) rice\\nb) tea\\nAnswer: b")
    [('user', 'Which is a drink?\\na. rice\\nb. tea'), ('assistant', 'b. tea')]
    >>> quiz_turns("::Drinks:: Which is a drink? {=tea ~rice}")
    [('user', 'Which is a drink?\\nA. tea\\nB. rice'), ('assistant', 'A. tea')]
"""

import re
from string import ascii_uppercase

_OPTION = re.compile(r"(?m)^[ \t]*\(?(?P<label>[A-Ha-h])[).:][ \t]*(?P<text>\S.*)$")
_LETTERED = re.compile(
    r"\s*(?:\d{1,4}[.)][ \t]*|Q(?:uestion)?[ \t]?\d*[.:)][ \t]*)?(?P<question>\S.*?)\n"
    r"(?P<options>(?:[ \t]*\(?[A-Ha-h][).:][ \t]*\S.*\n+){2,8})"
    r"[ \t]*\**(?i:(?:correct |right )?answer|ans|correct)\**[ \t]*[:=]\**[ \t]*\(?(?P<right>[A-Ha-h])(?:[).:][^\n]*)?[ \t]*(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_GIFT = re.compile(r"\s*(?:::.*?::)?\s*(?:\[\w+\])?(?P<before>[^{}]+)\{(?P<answers>[^{}]*)\}(?P<after>[^{}]*)", re.DOTALL)
_GIVEN = re.compile(r"([=~])((?:\\.|[^=~\\])*)", re.DOTALL)
_TRUTHS = {"T": "True", "TRUE": "True", "F": "False", "FALSE": "False"}
_HINT = re.compile(r"(?i)\n[ \t]*\**(?:correct|right|ans)|\{\s*(?:[=~]|true|false|[tf]\s*[}#])")


def quiz_turns(text: str) -> list[tuple[str, str]] | None:
    """The question with its options, and the right one, of a text that is one question of a quiz; None for any other text."""
    # nearly all texts are told by this
    if _HINT.search(text) is None:
        return None
    return _lettered(text) or _gift(text)


def _lettered(text: str) -> list[tuple[str, str]] | None:
    found = _LETTERED.fullmatch(text.rstrip())
    if found is None:
        return None
    options = [(option["label"], option["text"].strip()) for option in _OPTION.finditer(found["options"])]
    labels = "".join(label.upper() for label, _ in options)
    right = found["right"].upper()
    # an answer that names none of them is none
    if not ascii_uppercase.startswith(labels) or right not in labels:
        return None
    lines = [f"{label}. {words}" for label, words in options]
    answer = "\n\n".join(part for part in (lines[labels.index(right)], (found["more"] or "").strip()) if part)
    return _exchange(found["question"].strip(), lines, answer)


def _gift(text: str) -> list[tuple[str, str]] | None:
    said = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    found = _GIFT.fullmatch(said)
    if found is None:
        return None
    question = " ".join(f"{found['before'].strip()} {'_____ ' + found['after'].strip() if found['after'].strip() else ''}".split())
    # feedback stands behind #
    truth = _TRUTHS.get(found["answers"].partition("#")[0].strip().upper())
    if truth is not None:
        return _exchange(question, [], truth)
    given = [(mark, _plain(words)) for mark, words in _GIVEN.findall(found["answers"])]
    right = [words for mark, words in given if mark == "="]
    # pairs that are to be matched are no options
    if not right or not all(words for _, words in given) or any("->" in words for words in right):
        return None
    if len(right) == len(given):
        return _exchange(question, [], right[0])
    lines = [f"{label}. {words}" for label, (_, words) in zip(ascii_uppercase, given, strict=False)]
    return _exchange(question, lines, "\n".join(line for line, (mark, _) in zip(lines, given, strict=False) if mark == "="))


def _plain(words: str) -> str:
    """The words of an answer without its feedback, its share of the points, and backslashes."""
    bare = re.sub(r"^%-?[\d.]+%", "", re.split(r"(?<!\\)#", words)[0].strip())
    return re.sub(r"\\(.)", r"\1", bare).strip()


def _exchange(question: str, options: list[str], answer: str) -> list[tuple[str, str]]:
    return [("user", "\n".join([question, *options])), ("assistant", answer)]
