"""Multiple choice: the options of a question in the forms in use, and the option that an answer's label or number names."""

from collections.abc import Callable
from string import ascii_uppercase
from typing import Any

from spark_jobs.ingest.sources.fields import Fields, Record, find_name
from spark_jobs.ingest.sources.turns import as_text

Options = list[tuple[str, str]]  # label and text, in order

# one field with all options, or a field for each: both are in use
_LISTS = ("choices", "options", "endings", "candidates", "answerchoices", "answeroptions", "mcoptions")
_COLUMNS = (
    ("", ("a", "b", "c", "d", "e", "f")),
    ("op", ("a", "b", "c", "d", "e")),
    ("option", ("a", "b", "c", "d", "e")),
    ("choice", ("a", "b", "c", "d", "e")),
    ("option", ("1", "2", "3", "4", "5")),
    ("choice", ("1", "2", "3", "4", "5")),
    ("sol", ("1", "2")),
)


def options(fields: Fields) -> Callable[[Record], Options]:
    """A function that gives the options of a record with these names; it gives none where there are none."""
    name = find_name(fields, _LISTS)
    if name is not None:
        return lambda record: _options_in(record[name])
    columns = _columns(fields)
    return lambda record: [
        (label, as_text(record[column])) for label, column in columns if record[column] not in (None, "")
    ]


def has_options(fields: Fields) -> bool:
    """Whether records with these names offer options."""
    return find_name(fields, _LISTS) is not None or bool(_columns(fields))


def options_text(offered: Options) -> str:
    """The options as lines, each with its label unless it brings one itself."""
    return "\n".join(_line(label, text) for label, text in offered)


def answer_text(offered: Options, answer: Any) -> Any:
    """The option that the answer names by its label or, as a whole number, by its place from 0; else the answer as it is.

    >>> offered = [("A", "tea"), ("B", "rice")]
    >>> answer_text(offered, "b)"), answer_text(offered, 1), answer_text(offered, "soup")
    ('B. rice', 'B. rice', 'soup')
    """
    if not offered or isinstance(answer, bool | list | dict):
        return answer
    # a number is a place from 0 (MMLU); as text it may be a label first (ARC has labels 1 to 4)
    if isinstance(answer, int):
        return _line(*offered[answer]) if 0 <= answer < len(offered) else answer
    label = as_text(answer).strip().rstrip(").").lstrip("(").upper()
    named = next((option for option in offered if option[0].upper() == label), None)
    if named is None and label.isdecimal() and int(label) < len(offered):
        named = offered[int(label)]
    return answer if named is None else _line(*named)


def _columns(fields: Fields) -> list[tuple[str, str]]:
    for prefix, labels in _COLUMNS:
        columns = [(label.upper(), fields[prefix + label]) for label in labels if prefix + label in fields]
        # one such field alone is something else: `a` is an answer as well
        if len(columns) > 1:
            return columns
    return []


def _options_in(value: Any) -> Options:
    if isinstance(value, dict):
        texts, labels = value.get("text"), value.get("label")
        if isinstance(texts, list) and isinstance(labels, list):
            return [(as_text(label), as_text(text)) for label, text in zip(labels, texts, strict=False)]
        return [(str(label), as_text(text)) for label, text in value.items()]
    # there are no labels for more
    if not isinstance(value, list) or len(value) > len(ascii_uppercase):
        return []
    return [_option(ascii_uppercase[place], option) for place, option in enumerate(value)]


def _option(label: str, option: Any) -> tuple[str, str]:
    if isinstance(option, dict) and "text" in option:
        return as_text(option.get("label", label)), as_text(option["text"])
    return label, as_text(option)


def _line(label: str, text: str) -> str:
    # some sets write the label into the option: A) tea
    labelled = text.lstrip("( ").upper().startswith(tuple(f"{label.upper()}{mark}" for mark in ").:"))
    return text if labelled else f"{label}. {text}"
