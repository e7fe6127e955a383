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
from spark_jobs.ingest.sources.fields import Fields, Record, answer_name, find_name, fold, said_name
from spark_jobs.ingest.sources.labels import best_of, list_names
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, in_cell

_OFFERED = ("answers", "possibleanswers")
_RIGHT = (*GOLD, "correctanswer", "correct", "correctoption")
_PLACE = re.compile(
    r"(?:best|chosen|preferred|selected|winning|winner)(?:answer|response|completion|output|generation)?(?:index|idx)"
)
# options as names of their marks: {"rye": 1, "oats": 0}
_MARKED = ("targetscores", "answers")


class Judged(NamedTuple):
    """The record's names for several answers, for lists that judge them, for places of the best; for options and the right one.

    marked: the name that may hold options under their texts, where `own`, an answer beside it, is empty.
    """

    answers: str | None
    lists: tuple[str, ...]
    places: tuple[str, ...]
    offered: str | None
    right: str | None
    marked: str | None
    own: str | None


def judged(fields: Fields) -> Judged | None:
    """What of records with these names may judge several answers; None if nothing does."""
    answers, marked = answer_name(fields), find_name(fields, _MARKED)
    lists = tuple(name for name in list_names(fields) if answers not in (None, name))
    places = tuple(name for known, name in fields.items() if answers and _PLACE.fullmatch(known))
    offered = None if has_options(fields) else find_name(fields, _OFFERED)
    right = find_name(fields, _RIGHT) if offered else None
    own = said_name({known: name for known, name in fields.items() if name != marked})
    return Judged(answers, lists, places, offered, right, marked, own) if lists or places or right or marked else None


def settled(record: Record, found: Judged) -> Record:
    """The record with the answers that count alone, or with its options under that name; the record itself where nothing is to settle."""
    own = as_text(record[found.own]).strip() if found.marked and found.own else ""
    if found.marked and not own and (marks := _marks_of_options(record[found.marked], found.marked)):
        rest = {name: value for name, value in record.items() if name != found.marked}
        best = [text for text, mark in marks.items() if mark == max(marks.values())]
        return {**rest, "options": list(marks), found.own or "answer": best[0] if len(best) == 1 else best}
    if found.right and (offering := as_options(record, found)):
        if in_doubt(found.right, record[found.right]):
            told = f"the field {found.right!r} is {record[found.right]!r}, the place of one answer, or what is said of all of them"
            raise RecordRejected("ambiguous_option", told)
        return offering
    answers = in_cell(record[found.answers]) if found.answers else None
    if not isinstance(answers, list):
        return record
    judgements = {name: _best_place(answers, record[name], name) for name in found.places if len(answers) > 1}
    right = as_text(record[found.right]).strip() if found.right else ""
    if found.right and right in (texts := [as_text(answer).strip() for answer in answers]):
        judgements[found.right] = [text == right for text in texts]
    lists = {name: values for name in found.lists if isinstance(values := in_cell(record[name]), list)}
    best = best_of(answers, judgements | lists)
    return record if len(best) == len(answers) else {**record, str(found.answers): best}


def as_options(record: Record, found: Judged) -> Record | None:
    """The record with its answers as options, where another field names one of them; else None."""
    if not found.offered or not found.right or not _names_one(record[found.offered], record[found.right]):
        return None
    return {("options" if name == found.offered else name): value for name, value in record.items()}


def in_doubt(name: str, right: Any) -> bool:
    """Whether a number beside answers may be something else than the place of one: a mark that they are right, the key of the record."""
    text = str(whole_number(right)).strip()
    return (fold(name) == "key" and text.isdecimal()) or (fold(name) == "correct" and text in ("0", "1"))


def _marks_of_options(value: Any, name: str) -> dict[str, float]:
    """The mark of each option that an object has for a name; empty where its values are no marks: any numbers under a name that says so, else 0 and 1.

    Raises RecordRejected where they choose none.
    """
    value = in_cell(value)
    marks = list(value.values()) if isinstance(value, dict) else []
    scored = fold(name) == "targetscores"
    if len(marks) < 2 or not all(isinstance(mark, int | float) if scored else mark in (0, 1) for mark in marks):
        return {}
    if len(set(marks)) == 1:
        raise RecordRejected("ambiguous_option", f"the marks in {name!r} are all {marks[0]}: they choose no option")
    return {str(text): mark for text, mark in value.items()}


def _names_one(answers: Any, right: Any) -> bool:
    """Whether the answers are options of which `right` names one by its label or place: texts beside it may be other wordings."""
    offered = options_in(answers) if isinstance(in_cell(answers), list | dict) else []
    right = whole_number(right)
    if len(offered) < 2 or isinstance(right, bool) or not isinstance(right, int | str):
        return False
    text = as_text(right).strip().strip("().")
    labels = {label.casefold() for label, _ in offered}
    # a number that is no place is an id, or an answer in digits
    placed = text.isdecimal() and int(text) <= len(offered)
    return (placed or text.casefold() in labels) and all(text != own.strip() for _, own in offered)


def _best_place(answers: list[Any], place: Any, name: str) -> list[bool]:
    """For each answer whether it is the one at a place, counted from 0, or under its letter; RecordRejected where there is none."""
    labels = [f"{label}." for label, _ in options_in(answers)]
    text = str(labels.index(place) if place in labels else whole_number(place)).strip()
    if isinstance(place, bool) or not text.isdecimal() or int(text) >= len(answers):
        told = f"the field {name!r} is {place!r}, which is the place of none of {len(answers)} answers"
        raise RecordRejected("ambiguous_option", told)
    return [at == int(text) for at in range(len(answers))]
