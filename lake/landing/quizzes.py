"""Questions of a quiz in one text: options behind letters with a line that names the right one (Aiken), and GIFT's braces.

>>> quiz_turns("1. Which is a drink?\\na) rice\\nb) tea\\nAnswer: b")
[('user', 'Which is a drink?\\na. rice\\nb. tea'), ('assistant', 'b. tea')]
>>> quiz_turns("::Drinks:: Which is a drink? {=tea ~rice}")
[('user', 'Which is a drink?\\nA. tea\\nB. rice'), ('assistant', 'A. tea')]
"""

import re
from itertools import takewhile
from string import ascii_uppercase

_OPTION = re.compile(r"[ \t]*\(?([A-Ha-h])[).:][ \t]*(\S.*)")
_NUMBER = re.compile(r"\A(?:\d{1,4}[.)][ \t]*|Q(?:uestion)?[ \t]?\d*[.:)][ \t]*)?")
_RIGHT = re.compile(
    r"[ \t]*\**(?:(?:correct |right )?answer|ans|correct)\**[ \t]*[:=]\**[ \t]*\(?([A-H])(?:[).:].*)?[ \t]*",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\A(?:::[^\n]{0,200}?::)?\s{0,8}(?:\[(?:html|moodle|plain|markdown)\])?")
_GIVEN = re.compile(r"([=~])((?:\\.|[^=~\\])*)", re.DOTALL)
_TRUTHS = {"T": "True", "TRUE": "True", "F": "False", "FALSE": "False"}
_HINT = re.compile(r"(?i)\n[ \t]{0,8}\**(?:correct|right|ans)|\{\s{0,8}(?:[=~]|true|false|[tf][}#])")


def quiz_turns(text: str) -> list[tuple[str, str]] | None:
    """The question with its options, and the right one, of a text that is one question of a quiz; None for any other text."""
    # nearly all texts are told by this
    if _HINT.search(text) is None:
        return None
    return _lettered(text) or _gift(text)


def _lettered(text: str) -> list[tuple[str, str]] | None:
    lines = [line for line in text.splitlines() if line.strip()]
    options = [_OPTION.fullmatch(line) for line in lines]
    begin = next((place for place, option in enumerate(options) if option), 0)
    offered = [(found[1], found[2].strip()) for found in takewhile(bool, options[begin:]) if found]
    end = begin + len(offered)
    named = _RIGHT.fullmatch(lines[end]) if begin and end < len(lines) else None
    labels = "".join(label.upper() for label, _ in offered)
    # an answer that names none of them is none; where options follow, another question does
    if named is None or len(labels) < 2 or not ascii_uppercase.startswith(labels) or any(options[end:]):
        return None
    right, more = labels.find(named[1].upper()), "\n".join(lines[end + 1 :])
    if right < 0:
        return None
    told = [f"{label}. {words}" for label, words in offered]
    question = _NUMBER.sub("", "\n".join(lines[:begin]).strip(), count=1)
    return _exchange(question, told, f"{told[right]}\n\n{more}" if more else told[right])


def _gift(text: str) -> list[tuple[str, str]] | None:
    said = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    before, opened, rest = said.partition("{")
    inside, closed, after = rest.partition("}")
    asked = _TITLE.sub("", before.strip(), count=1)
    if not opened or not closed or not asked.strip() or {"{", "}"} & set(after):
        return None
    question = " ".join(f"{asked} _____ {after}".split() if after.strip() else asked.split())
    # feedback stands behind #
    truth = _TRUTHS.get(inside.partition("#")[0].strip().upper())
    if truth is not None:
        return _exchange(question, [], truth)
    given = [(mark, _plain(words)) for mark, words in _GIVEN.findall(inside)]
    right = [words for mark, words in given if mark == "="]
    # pairs that are to be matched are no options
    if inside.strip()[:1] not in ("=", "~") or not right or not all(words for _, words in given) or "->" in inside:
        return None
    if len(right) == len(given):
        return _exchange(question, [], right[0])
    lines = [f"{label}. {words}" for label, (_, words) in zip(ascii_uppercase, given, strict=False)]
    return _exchange(
        question, lines, "\n".join(line for line, (mark, _) in zip(lines, given, strict=False) if mark == "=")
    )


def _plain(words: str) -> str:
    """The words of an answer without its feedback, its share of the points, and backslashes."""
    bare = re.sub(r"^%-?[\d.]+%", "", re.split(r"(?<!\\)#", words)[0].strip())
    return re.sub(r"\\(.)", r"\1", bare).strip()


def _exchange(question: str, options: list[str], answer: str) -> list[tuple[str, str]]:
    return [("user", "\n".join([question, *options])), ("assistant", answer)]
