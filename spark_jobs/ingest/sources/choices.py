"""Multiple choice: the options of a question in the forms in use, and the option that an answer's label, number or text names."""

import re
from collections.abc import Callable
from string import ascii_uppercase
from typing import Any

from spark_jobs.ingest.sources.fields import Fields, Record, find_name, fold
from spark_jobs.ingest.sources.labels import best_answers
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, in_cell

Options = list[tuple[str, str]]  # label and text, in order

# one field with all options, or a field for each: both are in use
_LISTS = ("choices", "options", "endings", "candidates", "answerchoices", "answeroptions", "mcoptions", "alternatives")
_LETTERS, _DIGITS = ("a", "b", "c", "d", "e", "f"), ("0", "1", "2", "3", "4", "5", "6")
# without a prefix a letter alone names an option, a number alone a column
_COLUMNS = (
    ("", _LETTERS),
    *((prefix, labels) for prefix in ("op", "opt", "option", "choice", "answer", "ending", "alternative") for labels in (_LETTERS, _DIGITS)),
    *((prefix, _DIGITS) for prefix in ("sol", "solution")),
)  # fmt: skip
# names of the gold option that are of use only where there are options
GOLD = (
    "answerkey", "answeridx", "answerindex", "answerid", "answerletter", "correctanswerindex", "correctanswerindx", "correctindex",
    "correctidx", "correctoptionindex", "correctletter", "correctchoice", "correctanswerletter", "goldindex", "goldidx", "gold",
    "goldoption", "key", "correctanswerkey", "answernumber", "rightanswer", "rightoption", "gt", "truth",
)  # fmt: skip
# these number the options from 0, whatever the options themselves are called
_FROM_ZERO = re.compile(r"(?:gold)?labels?|gold|gt|cop|.*(?:idx|index|indx)")
# a number alone under these is none of its own
_CLASSES = frozenset({"label", "labels", "goldlabel", "cop", "correctoption"})
_NO_OPTION = re.compile(r"[A-Z]|-\d+")
_WRITTEN = re.compile(r"(?:^|[\s;,|])\(?([A-Ha-h1-8])(?:[).:]|\s\))\s*")
_TEXT_OF_OPTION = ("text", "option", "answer", "content", "value", "choice")
_NAMED = re.compile(
    r"(?:THE )?(?:CORRECT |RIGHT )?(?:OPTION|CHOICE|ANSWER|ENDING|SOL|SOLUTION|OPT?)(?: IS)?[\s_:(]*(?=\w$)"
)
_WHOLE_NUMBER = re.compile(r"(\d+)\.0+")
# several letters in one text: `AC`, `A, C`, `A and C`
_LETTERS_IN_ONE = re.compile(r"\(?[A-H]\)?(?:(?:\s*[,;|/&+]\s*|\s+(?:and\s+)?)?\(?[A-H]\)?)+")


def options(fields: Fields) -> Callable[[Record], Options]:
    """A function that gives the options of a record with these names; it gives none where there are none."""
    name = options_name(fields)
    if name is not None:
        return lambda record: options_in(record[name])
    columns = _columns(fields)
    return lambda record: [
        (label, as_text(record[column])) for label, column in columns if record[column] not in (None, "")
    ]


def options_name(fields: Fields) -> str | None:
    """The record's name for the field with all its options, or None."""
    return find_name(fields, _LISTS)


def has_options(fields: Fields) -> bool:
    """Whether records with these names offer options."""
    return find_name(fields, _LISTS) is not None or bool(_columns(fields))


def options_text(offered: Options) -> str:
    """The options as lines, each with its label unless it brings one itself."""
    return "\n".join(_line(label, text) for label, text in offered)


def answer_text(offered: Options, answer: Any, name: str = "answer", from_zero: bool = False) -> Any:
    """The option that the answer names by its label, its text or, as a whole number, its place; else the answer as it is.

    name: the field of the answer, which may say that places count from 0, as `from_zero` does of whole numbers. Raises RecordRejected where
    two options could be meant.

    >>> offered = [("A", "tea"), ("B", "rice")]
    >>> answer_text(offered, "b)"), answer_text(offered, 1, "label"), answer_text(offered, "rice"), answer_text(offered, "soup")
    ('B. rice', 'B. rice', 'rice', 'soup')
    """
    answer = in_cell(answer)
    if not offered or isinstance(answer, bool | dict) or answer is None:
        return answer
    if isinstance(answer, list):
        return _several(offered, answer, name, from_zero)
    answer = whole_number(answer) if not any(text_of == answer for _, text_of in offered) else answer
    by_name = _FROM_ZERO.fullmatch(fold(name)) is not None
    text = as_text(answer).strip()
    if not (by_name and text.isdecimal()):
        same = [text_of for _, text_of in offered if text_of.strip().casefold() == text.casefold()]
        named = _labelled(offered, text, isinstance(answer, int))
        if same or named:
            return _one(offered, answer, same, named)
    if letters := _letters(offered, text):
        return _several(offered, letters, name, from_zero)
    return _placed(offered, answer, text, by_name or (from_zero and isinstance(answer, int)))


def check_no_class(name: str, answer: Any) -> None:
    """Raises RecordRejected for a number alone under the name of a label: that of a class, or of an option that is not there."""
    if (
        fold(name) in _CLASSES
        and not isinstance(answer, bool)
        and re.fullmatch(r"\d+", str(whole_number(answer)).strip())
    ):
        told = f"the field {name!r} is {answer!r}, the number of a class or of an option that is not there"
        raise RecordRejected("ambiguous_option", told)


def whole_number(value: Any) -> Any:
    """The whole number that tables with gaps write as `2.0`, as a text where it is one; any other value as it is."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    found = _WHOLE_NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    return found.group(1) if found else value


def _letters(offered: Options, text: str) -> list[str]:
    """The labels of options that a text lists in their order; none where it is anything else."""
    letters = re.findall("[A-H]", text.replace("and", "")) if _LETTERS_IN_ONE.fullmatch(text) else []
    labels = [label for label, _ in offered if label in letters]
    return letters if len(letters) > 1 and letters == labels else []


def _one(offered: Options, answer: Any, same: list[str], named: tuple[str, str] | None) -> Any:
    """The option of this text or label; RecordRejected where a number is the text of one and the label of another."""
    if same and named and named[1] != same[0]:
        raise RecordRejected(
            "ambiguous_option", f"the answer {answer!r} is the text of one option and the label of another"
        )
    return _line(*named) if named else answer if isinstance(answer, str) else same[0]


def _placed(offered: Options, answer: Any, text: str, from_zero: bool) -> Any:
    """The option at a place, counted from 0; the answer itself if it is no number."""
    if not text.isdecimal():
        if _NO_OPTION.fullmatch(text) and offered[0][0].isalnum():
            raise RecordRejected("ambiguous_option", f"the answer {answer!r} names none of the {len(offered)} options")
        return answer
    place = int(text)
    if place < len(offered) and (from_zero or place == 0):
        return _line(*offered[place])
    detail = f"the answer {answer!r} may count {len(offered)} options from 0 or from 1"
    raise RecordRejected("ambiguous_option", detail, doubtful=place <= len(offered))


def _several(offered: Options, answers: list[Any], name: str, from_zero: bool) -> Any:
    """The options that a list names, one a line; a list of as many 0 and 1 as there are options marks them."""
    marks = [answer in (1, True, "1") for answer in answers]
    if len(answers) == len(offered) > 1 and all(answer in (0, 1, "0", "1") for answer in answers):
        chosen = [_line(*option) for option, marked in zip(offered, marks, strict=True) if marked]
        return "\n".join(chosen) if chosen else answers
    if not all(isinstance(answer, str | int) and not isinstance(answer, bool) for answer in answers):
        return answers
    texts = [as_text(answer_text(offered, answer, name, from_zero)) for answer in answers]
    # several accepted wordings are no options: the first of them is the answer
    known = {_line(*option) for option in offered} | {text for _, text in offered}
    return "\n".join(texts) if len(texts) > 1 and known >= set(texts) else texts[0] if len(texts) == 1 else answers


def _labelled(offered: Options, text: str, number: bool) -> tuple[str, str] | None:
    label = text.upper()
    head = label.split(None, 1)[0] if label[1:2] in (")", ".", ":") and " " in label else label
    bare = _NAMED.sub("", head.strip("() .:"))
    # options without labels of their own have letters: a number is then a place
    if number and not any(own == text for own, _ in offered):
        return None
    found = next((option for option in offered if option[0].upper() == bare), None)
    return found if head == label or (found and found[1].casefold() in text.casefold()) else None


def _columns(fields: Fields) -> list[tuple[str, str]]:
    for prefix, labels in _COLUMNS:
        columns = [(label.upper(), fields[prefix + label]) for label in labels if prefix + label in fields]
        # one such field alone is something else: `a` is an answer as well
        if len(columns) > 1:
            return columns
    return []


def options_in(value: Any) -> Options:
    """The options in a field that holds all of them: a list, an object by label, lists of texts and labels, or JSON of these."""
    value = in_cell(value)
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, dict):
        texts, labels = value.get("text"), value.get("label")
        if isinstance(texts, list) and isinstance(labels, list):
            return [(as_text(label), as_text(text)) for label, text in zip(labels, texts, strict=False)]
        only = next(iter(value.values()), None)
        if len(value) == 1 and isinstance(only, list):
            return options_in(only)
        return [(str(label), as_text(text)) for label, text in value.items()]
    # there are no labels for more
    if not isinstance(value, list) or len(value) > len(ascii_uppercase):
        return []
    return [_option(ascii_uppercase[place], option) for place, option in enumerate(value)]


def marked_option(value: Any) -> str | None:
    """The option that a mark beside it calls the right one, as a line; None where there is not exactly one such."""
    value = in_cell(value)
    if not isinstance(value, list) or not value or not all(isinstance(option, dict) for option in value):
        return None
    best = best_answers(value)
    right = [place for place, option in enumerate(value) if option in best]
    return _line(*_option(ascii_uppercase[right[0]], value[right[0]])) if len(right) == 1 < len(value) else None


def _written(text: str) -> Options:
    """The options in one text, each behind its letter or number; the text as the only one where it has no such marks."""
    marks = list(_WRITTEN.finditer(text))
    labels = [mark.group(1).upper() for mark in marks]
    run = ascii_uppercase if labels[:1] == ["A"] else "12345678"
    if len(marks) < 2 or labels != list(run[: len(labels)]) or text[: marks[0].start()].strip():
        return []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [
        (label, text[mark.end() : end].strip(" ;,|\n")) for label, mark, end in zip(labels, marks, ends, strict=True)
    ]


def _option(label: str, option: Any) -> tuple[str, str]:
    # a label and its text: {"A": "tea"}, ["A", "tea"]
    pair = list(next(iter(option.items()))) if isinstance(option, dict) and len(option) == 1 else option
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair):
        own = pair[0].strip("() .:")
        if own in (label, label.lower(), str(ascii_uppercase.index(label)), str(ascii_uppercase.index(label) + 1)):
            return own, pair[1]
    name = next((name for name in _TEXT_OF_OPTION if name in option), None) if isinstance(option, dict) else None
    if name is None:
        return label, as_text(option)
    # the label is a letter; elsewhere it may say whether the option is right
    own = next((option[name] for name in ("label", "id", "key", "letter") if name in option), None)
    return own if isinstance(own, str) and len(own) < 3 else label, as_text(option[name])


def _line(label: str, text: str) -> str:
    # some sets write the label into the option: A) tea
    labelled = text.lstrip("( ").upper().startswith(tuple(f"{label.upper()}{mark}" for mark in ").:"))
    return text if labelled else f"{label}. {text}"
