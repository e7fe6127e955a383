"""The options of a question in the forms in use: one field with all of them, or a field for each."""

import re
from collections.abc import Callable
from string import ascii_uppercase
from typing import Any

from spark_jobs.ingest.sources.fields import Fields, Record, find_name, folded, is_record
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
_WRITTEN = re.compile(r"(?:^|[\s;,|])\(?([A-Ha-h1-8])(?:[).:]|\s\))\s*")
_TEXT_OF_OPTION = (
    "text",
    "option",
    "answer",
    "content",
    "value",
    "choice",
    "answertext",
    "optiontext",
    "choicetext",
    "body",
)
_CALLED = re.compile(
    r"(?:THE )?(?:CORRECT |RIGHT )?(?:OPTION|CHOICE|ANSWER|ENDING|SOL|SOLUTION|OPT?)(?: IS)?[\s_:(]*(?=\w$)"
)


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
    return "\n".join(option_line(label, text) for label, text in offered)


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
        told = [(str(label), as_text(text)) for label, text in value.items() if text is not None]
        # option_a and option_b are A and B
        return [(bare_label(label) if _CALLED.match(label.upper()) else label, text) for label, text in told]
    # there are no labels for more
    if not isinstance(value, list) or len(value) > len(ascii_uppercase):
        return []
    return [_option(ascii_uppercase[place], option) for place, option in enumerate(value)]


def _written(text: str) -> Options:
    """The options in one text, each behind its letter or number, or parted by line ends, `|` or `;`; none where it has no such marks."""
    marks = list(_WRITTEN.finditer(text))
    parted = next((parts for mark in "\n|;" if len(parts := [part.strip() for part in text.split(mark)]) > 1), [])
    if not marks and parted and all(parted):
        return list(zip(ascii_uppercase, parted, strict=False))
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
    name = find_name(folded(option), _TEXT_OF_OPTION) if isinstance(option, dict) else None
    if name is None:
        return label, as_text(option)
    # the label is a letter; elsewhere it may say whether the option is right
    own = next((option[name] for name in ("label", "id", "key", "letter") if name in option), None)
    return own if isinstance(own, str) and len(own) < 3 else label, as_text(option[name])


def bare_label(text: str) -> str:
    """The label that a text names, in capitals, without the words and marks around it.

    >>> bare_label("(b)"), bare_label("option_b"), bare_label("The correct answer is B.")
    ('B', 'B', 'B')
    """
    return _CALLED.sub("", text.upper().strip("() .:"))


def label_of_id(value: Any, named: Any) -> Any:
    """The label of the option that has this id, as `B.`, or those of several; what is named as it is where no option has it."""
    if isinstance(named, list):
        return [label_of_id(value, one) for one in named]
    offered = in_cell(value)
    ids = [option.get("id") for option in offered] if isinstance(offered, list) and all(map(is_record, offered)) else []
    return f"{options_in(offered)[ids.index(named)][0]}." if named is not None and named in ids else named


def option_line(label: str, text: str) -> str:
    """An option as a line, behind its label unless it brings that itself."""
    # some sets write the label into the option: A) tea
    labelled = text.lstrip("( ").upper().startswith(tuple(f"{label.upper()}{mark}" for mark in ").:"))
    return text if labelled else f"{label}. {text}"
