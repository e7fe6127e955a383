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
# 3.14 is a number of its own, and so is a year
_NUMBER = re.compile(
    r"\A(?:(?!(?:1[5-9]|20)\d\d)\d{1,4}[.)]|Q(?:uestion)?[ \t]?\d*[.:)])(?:\s+|(?=[A-Z]|[^\W\d_a-zA-Z]))"
)
_RIGHT = re.compile(r"(?i)[ \t]*\**(?:(?:correct |right )?answers?|ans|correct)\**[ \t]*[:=]\**[ \t]*(.*)")
_LETTERS = re.compile(r"(?i)\(?([A-H])(?:\)|(?![^\W_]))(?:(?:[ \t]*[,;&/][ \t]*|[ \t]+and[ \t]+)\(?[A-H]\b\)?)*")
_BEFORE_REASON = re.compile(r"\A[.,;:\s]*(?:[-–—]\s+)?")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")
_ABOUT = re.compile(r"(?i)\W{0,8}(?:explanation|feedback|reason|rationale|solution|hint|because|note|comment)\b")
_NUMERIC = re.compile(r"#=?\s*(-?\d+(?:\.\d+)?)(?::[\d.]+)?")
_TITLE = re.compile(r"\A(?:::[^\n]{0,200}?::)?\s{0,8}(?:\[(?:html|moodle|plain|markdown)\])?")
_OUTSIDE = r"[^{}\\]*(?:\\.[^{}\\]*)*"  # of braces; a backslash takes the next sign along
_BRACES = re.compile(rf"((?=[^{{}}]){_OUTSIDE})\{{({_OUTSIDE})\}}({_OUTSIDE})", re.DOTALL)
# a gap stands behind a blank, or in a script that has none between its words
_GAP = re.compile(r"[\s\u0e00-\u109f\u1780-\u17ff\u2e80-\u9fff][(\"'“«「]?\Z")
_GIVEN = re.compile(r"([=~])((?:\\.|[^=~\\])*)", re.DOTALL)
_SHARE = re.compile(r"\A\s*%(-?\d+(?:\.\d+)?)%")
_TRUTHS = {"T": "True", "TRUE": "True", "F": "False", "FALSE": "False"}
_ASKED = ("?", "？", "؟")
_ENDED = (*_ASKED, ".", "!", "。", "！", "…")
_BEHIND_THE_END = re.compile(r"(?:[\s\"'”’»」*_]|</?[A-Za-z]\w*>|[(（][^()（）]*[)）])+\Z")
_SET_APART = re.compile(r"(?:\A|\s)([=~])")
_HINT = re.compile(r"(?i)\n[ \t]{0,8}\**(?:correct|right|ans)|\{\s{0,8}(?:[=~]|true|false|[tf][}#]|#=?-?\d)")


def quiz_turns(text: str) -> list[tuple[str, str]] | None:
    """The question with its options, and the right one, of a text that is one question of a quiz; None for any other text."""
    # nearly all texts are told by this
    if _HINT.search(text) is None:
        return None
    return _lettered(text) or _gift(text)


def answers_end_questions(text: str) -> bool:
    """Whether a text is a quiz of which only the lines with the answers part the questions: blank lines stand nowhere, or within them too."""
    if _HINT.search(text) is None:
        return False
    blocks = [list(map(names_right, block.splitlines())) for block in _BLANK_LINES.split(text) if block.strip()]
    return any(sum(block) > 1 or block == [True] for block in blocks) and _lettered(_first_question(text)) is not None


def _first_question(text: str) -> str:
    lines = text.splitlines()
    end = next((place for place, line in enumerate(lines, 1) if names_right(line)), 0)
    return "\n".join(lines[:end])


def names_right(line: str) -> bool:
    """Whether a line of a quiz names the right option by its letter."""
    return _right(line.strip(), ascii_uppercase) is not None


def is_about_answer(line: str) -> bool:
    """Whether a line says more about the answer above it, and is no question."""
    return _ABOUT.match(line) is not None


def _lettered(text: str) -> list[tuple[str, str]] | None:
    lines = text.splitlines()
    said = [place for place, line in enumerate(lines) if line.strip()]
    options = [_OPTION.fullmatch(lines[place]) for place in said]
    begin = next((at for at, option in enumerate(options) if option), 0)
    offered = [(found[1].upper(), found[1], found[2].strip()) for found in takewhile(bool, options[begin:]) if found]
    end = begin + len(offered)
    labels = "".join(label for label, _, _ in offered)
    # where options follow, another question does
    if not begin or end == len(said) or len(labels) < 2 or not ascii_uppercase.startswith(labels) or any(options[end:]):
        return None
    right = _right(lines[said[end]], labels)
    below = lines[said[end] + 1 :]
    if right is None or any(map(_RIGHT.fullmatch, below)):
        return None
    letters, about = right
    told = [f"{own}. {words}" for _, own, words in offered]
    chosen = [line for line, label in zip(told, labels, strict=True) if label in letters]
    # a line that repeats the option says no more
    above = [about] if about.strip(" .").casefold() not in "\n".join(chosen).casefold() else []
    more = "\n".join([*above, *below]).strip("\n")
    question = _NUMBER.sub("", "\n".join(lines[: said[begin]]).strip(), count=1)
    return _exchange(question, told, "\n".join(chosen) + (f"\n\n{more}" if more.strip() else ""))


def _right(line: str, labels: str) -> tuple[str, str] | None:
    """The letters that a line calls right, and what it says behind them; None where it names none of the options, or what is none."""
    named = _RIGHT.fullmatch(line)
    words = named[1].rstrip("* \t") if named else ""
    found = _LETTERS.match(words)
    if found is None:
        return None
    letters = re.findall(r"\b[A-H]\b", found.group().upper().replace("AND", ","))
    about = words[found.end() :]
    # words that begin with a letter by itself: a book
    if not set(letters) <= set(labels) or not (about[:1] in ("", ".", ":") or found.group().endswith(")")):
        return None
    return "".join(letters), _BEFORE_REASON.sub("", about)


def _gift(text: str) -> list[tuple[str, str]] | None:
    said = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    parts = _BRACES.fullmatch(said.strip())
    if parts is None:
        return None
    title = _TITLE.match(parts[1])
    begun, inside, after = parts[1][title.end() if title else 0 :], parts[2].strip(), parts[3].strip()
    asked, titled = _unescaped(begun.strip()), parts[1].startswith("::")
    apart = _GAP.search(begun[-2:]) is not None
    # braces within a word are code, or TeX
    if not asked or (after and not apart):
        return None
    end = _BEHIND_THE_END.sub("", asked[-200:])
    ended, stated = titled or end.endswith(_ENDED), apart and _is_statement(asked)
    # feedback stands behind #
    true = inside.partition("#")[0].strip()
    if true in _TRUTHS:
        # a longer word in braces is to be filled in
        told = ended or (stated and len(true) == 1 and asked[-1].isalpha())
        return _exchange(asked, [], _TRUTHS[true]) if told and not after else None
    if number := _NUMERIC.fullmatch(inside):
        return _exchange(asked, [], number[1]) if ended and not after else None
    given = _given(inside)
    right = [words for mark, words in given if mark == "="]
    # pairs that are to be matched are no options
    if inside[:1] not in ("=", "~") or not right or not all(words for _, words in given) or "->" in inside:
        return None
    question = f"{asked} _____ {_unescaped(after)}" if after else asked
    if len(right) == len(given):
        # one word alone may be a formula
        asks = titled or end.endswith(_ASKED) or (len(right) > 1 and (ended or after))
        return _exchange(question, [], right[0]) if asks else None
    offered = stated and ";" not in inside and set(_SET_APART.findall(inside)) == {"=", "~"}
    if not (ended or after or offered or asked.endswith(":")):
        return None
    lines = [f"{label}. {words}" for label, (_, words) in zip(ascii_uppercase, given, strict=False)]
    return _exchange(
        question, lines, "\n".join(line for line, (mark, _) in zip(lines, given, strict=False) if mark == "=")
    )


def _given(inside: str) -> list[tuple[str, str]]:
    """The answers in the braces, each behind its mark; of answers that share the points those with a share of them are the right ones."""
    given = _GIVEN.findall(inside)
    shares = [float(found[1]) if (found := _SHARE.match(words)) else 0.0 for _, words in given]
    shared = not any(mark == "=" for mark, _ in given) and 99 <= sum(share for share in shares if share > 0) <= 101
    marks = ["=" if shared and share > 0 else mark for (mark, _), share in zip(given, shares, strict=True)]
    return [(mark, _plain(words)) for mark, (_, words) in zip(marks, given, strict=True)]


def _is_statement(words: str) -> bool:
    """Whether words may be a sentence that lacks its end: code mostly begins with a small letter, or is one word; TeX has backslashes."""
    return not words[:1].islower() and "\\" not in words and (len(words.split()) > 1 or _GAP.search(words) is not None)


def _plain(words: str) -> str:
    """The words of an answer without its feedback, its share of the points, and backslashes."""
    return _unescaped(_SHARE.sub("", re.split(r"(?<!\\)#", words)[0].strip())).strip()


def _unescaped(words: str) -> str:
    return re.sub(r"\\([~=#{}:])", r"\1", words)


def _exchange(question: str, options: list[str], answer: str) -> list[tuple[str, str]]:
    return [("user", "\n".join([question, *options])), ("assistant", answer)]
