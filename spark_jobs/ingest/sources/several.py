"""Several answers in one record beside a field that says which of them counts: scores, ranks, the place of the best, the right option.

    >>> from spark_jobs.ingest.sources.fields import folded
    >>> record = {"question": "Which?", "answers": ["oats", "rye"], "correctIndex": 1}
    >>> settled(record, judged(folded(record)))
    {'question': 'Which?', 'options': ['oats', 'rye'], 'correctIndex': 1}
    >>> record = {"prompt": "Why?", "responses": ["No.", "So."], "scores": [1, 9]}
    >>> settled(record, judged(folded(record)))
    {'prompt': 'Why?', 'responses': ['So.'], 'scores': [1, 9]}

Whoever is read first may be the worst: where two answers may be meant, the record is rejected.
"""

import re
from typing import Any, NamedTuple

from spark_jobs.ingest.sources.choices import GOLD, has_options, options_in, whole_number
from spark_jobs.ingest.sources.fields import Fields, Record, answer_name, find_name, fold
from spark_jobs.ingest.sources.labels import best_of, score_names
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, in_cell

_OFFERED = ("answers", "possibleanswers")
_RIGHT = (*GOLD, "correctanswer", "correct", "correctoption")
_PLACE = re.compile(
    r"(?:best|chosen|preferred|selected|winning|winner)(?:answer|response|completion|output|generation)?(?:index|idx)"
)
# options as names of their marks: {"rye": 1, "oats": 0}
_MARKED = ("targetscores", "answers", "choices", "options")


class Judged(NamedTuple):
    """The record's names for several answers, for lists that judge them, for the place of the best; for options and the right one.

    marked: the names that may hold options under their texts.
    """

    answers: str | None
    scores: tuple[str, ...]
    place: str | None
    offered: str | None
    right: str | None
    marked: tuple[str, ...]


def judged(fields: Fields) -> Judged | None:
    """What of records with these names may judge several answers; None if nothing does."""
    answers = answer_name(fields)
    scores = tuple(name for name in score_names(fields) if name != answers)
    place = next((name for known, name in fields.items() if _PLACE.fullmatch(known)), None)
    offered = None if has_options(fields) else find_name(fields, _OFFERED)
    right = find_name(fields, _RIGHT)
    marked = tuple(fields[name] for name in _MARKED if name in fields)
    found = Judged(answers, scores, place, offered, right, marked)
    return found if (answers and (scores or place)) or (offered and right) or marked else None


def settled(record: Record, found: Judged) -> Record:
    """The record with the answer that counts alone, or with its options under that name; the record itself where nothing is to settle."""
    for name in found.marked:
        if (texts := _marked_texts(record[name], fold(name) == "targetscores")) is not None:
            return _with_options(record, name, *texts)
    if found.offered and found.right and _names_one(record[found.offered], record[found.right]):
        return {("options" if name == found.offered else name): value for name, value in record.items()}
    if found.answers is None:
        return record
    if found.place is not None:
        best = _at_place(in_cell(record[found.answers]), record[found.place], found.place)
        return {name: best if name == found.answers else value for name, value in record.items() if name != found.place}
    best = record[found.answers]
    for name in found.scores:
        best = best_of(best, record[name], name)
    return record if best is record[found.answers] else {**record, found.answers: best}


def _marked_texts(value: Any, scored: bool) -> tuple[list[str], list[str]] | None:
    """The options that an object has for names, and those with the highest mark; None where its values are no marks.

    scored: whether they are marks by their name; elsewhere one yes among noes is.
    """
    value = in_cell(value)
    if (
        not isinstance(value, dict)
        or len(value) < 2
        or not all(isinstance(mark, int | float) for mark in value.values())
    ):
        return None
    marks = list(value.values())
    if not scored and sorted(marks) != [0] * (len(marks) - 1) + [1]:
        return None
    texts = [str(name) for name in value]
    return texts, [text for text, mark in zip(texts, marks, strict=True) if mark == max(marks)]


def _with_options(record: Record, name: str, texts: list[str], best: list[str]) -> Record:
    rest = {other: value for other, value in record.items() if other != name}
    return {**rest, "options": texts, "answer": best[0] if len(best) == 1 else best}


def _names_one(answers: Any, right: Any) -> bool:
    """Whether the answers are options of which `right` names one by its label or place: texts beside it may be other wordings."""
    offered = options_in(answers) if isinstance(in_cell(answers), list | dict) else []
    right = whole_number(right)
    if len(offered) < 2 or isinstance(right, bool) or not isinstance(right, int | str):
        return False
    text = as_text(right).strip().strip("().")
    labels = {label.casefold() for label, _ in offered}
    return (text.isdecimal() or text.casefold() in labels) and all(text != own.strip() for _, own in offered)


def _at_place(answers: Any, place: Any, name: str) -> Any:
    """The answer at a place, counted from 0; RecordRejected where there is none."""
    place = whole_number(place)
    if not isinstance(answers, list) or isinstance(place, bool) or not str(place).isdecimal():
        return answers
    if int(place) >= len(answers):
        raise RecordRejected("ambiguous_option", f"the field {name!r} is {place}, of {len(answers)} answers")
    return [answers[int(place)]]
