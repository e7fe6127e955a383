"""Several answers in one record beside a field that says which of them counts: scores, ranks, the place of the best, the right option.

    >>> from spark_jobs.ingest.sources.fields import folded
    >>> record = {"question": "Which?", "answers": ["oats", "rye"], "correctIndex": 1}
    >>> settled(record, judged(folded(record)))
    {'question': 'Which?', 'options': ['oats', 'rye'], 'correctIndex': 1}
    >>> record = {"prompt": "Why?", "responses": ["No.", "So."], "scores": [1, 9]}
    >>> settled(record, judged(folded(record)))
    {'prompt': 'Why?', 'responses': ['So.'], 'scores': [1, 9]}

Four rules, in this order: an object of marks under texts offers options, the marked ones are right; answers are options where a field
names one by its label or number; lists of marks, scores and ranks (`listed.py`) and a field that names the best leave the answers that
count; whoever is read first may be the worst: what names none of them for sure is rejected.
"""

import re
from string import ascii_uppercase
from typing import Any, NamedTuple

from spark_jobs.ingest.sources.choices import GOLD, whole_number
from spark_jobs.ingest.sources.fields import Fields, Record, answer_name, find_name, fold, folded, said_name
from spark_jobs.ingest.sources.listed import best_of, list_names
from spark_jobs.ingest.sources.options import Options, bare_label, has_options, options_in
from spark_jobs.ingest.sources.preference import CHOSEN, REJECTED
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, in_cell

_OFFERED = ("answers", "possibleanswers")
_RIGHT = (*GOLD, "correctanswer", "correct", "correctoption")
# names that say which of several answers is the best: by its place from 0 where they end so, else by its text or its letter
_BEST = re.compile(
    r"(?:human|overall|final)?(?:accepted(?=(?:answer)?id)|best|better|chosen|preferred|selected|winning|winner|preference|choice)"
    r"(?:answer|response|completion|output|generation)?(?P<place>index|idx|id)?"
)
_TIES = frozenset({"", "none", "tie", "tied", "draw", "equal", "same", "both"})
_PLACED = re.compile(r".*(?:index|idx|indx|number|letter)")
_NUMBER = re.compile(r"-?\d+")
# may be the id of a record or of an answer, or an answer in words of its own
_LENIENT = ("key", "answerid", "correctanswer")
_YES_OR_NO = frozenset({"true", "false", "yes", "no"})
# options as names of their marks: {"rye": 1, "oats": 0}
_MARKED = ("targetscores", "answers", "choices", "options")


class Judged(NamedTuple):
    """The record's names for several answers, for lists that judge them, for places of the best; for options and the right one.

    marked: the names that may hold options under their texts. own: the name of an answer beside them.
    """

    answers: str | None
    lists: tuple[str, ...]
    places: tuple[str, ...]
    offered: str | None
    right: str | None
    marked: tuple[str, ...]
    own: str | None


def judged(fields: Fields) -> Judged | None:
    """What of records with these names may judge several answers; None if nothing does."""
    answers, marked = answer_name(fields), tuple(fields[name] for name in _MARKED if name in fields)
    lists = tuple(name for name in list_names(fields) if answers not in (None, name))
    # the sides of a pair are texts, which `preference` reads
    pair = find_name(fields, CHOSEN) is not None and find_name(fields, REJECTED) is not None
    bests = [(name, found["place"]) for known, name in fields.items() if (found := _BEST.fullmatch(known))]
    places = tuple(name for name, by_place in bests if name != answers and answers and (by_place or not pair))
    offered = None if has_options(fields) else find_name(fields, _OFFERED)
    right = find_name(fields, _RIGHT) if offered else None
    own = said_name({known: name for known, name in fields.items() if name not in marked})
    return Judged(answers, lists, places, offered, right, marked, own) if lists or places or right or marked else None


def settled(record: Record, found: Judged) -> Record:
    """The record with the answers that count alone, or with its options under that name; the record itself where nothing is to settle."""
    if (marked := _with_marked_options(record, found)) is not None:
        return marked
    if (offering := as_options(record, found)) and not _is_beyond(record, found):
        right, offered = str(found.right), options_in(record[str(found.offered)])
        if in_doubt(right, record[right], offered):
            told = f"the field {right!r} is {record[right]!r}, the place of one answer, or what is said of all of them"
            raise RecordRejected("ambiguous_option", told)
        return offering
    answers = in_cell(record[found.answers]) if found.answers else None
    lists = {name: values for name in found.lists if (values := _of_each(answers, record[name])) is not None}
    right = _right_ones(record, found, bool(lists))
    if not isinstance(answers, list):
        return record
    # a place that is empty judges nothing where something else does
    places = [name for name in found.places if len(answers) > 1 and not (lists and not as_text(record[name]).strip())]
    bests = {name: _best_named(answers, record[name], name) for name in places if name not in lists}
    judgements = {name: marks for name, marks in bests.items() if marks}
    if right and len(right) == len(answers):
        judgements[str(found.right)] = right
    best = best_of(answers, judgements | lists)
    if len(best) == len(answers):
        return record
    # a place of the best is no label of what is left
    rest = {name: value for name, value in record.items() if name not in judgements or name == found.right}
    return {**rest, str(found.answers): best}


def as_options(record: Record, found: Judged) -> Record | None:
    """The record with its answers as options, where another field names one of them or gives a number; else None."""
    if not found.offered or not found.right or not _names_one(record[found.offered], record[found.right]):
        return None
    return {("options" if name == found.offered else name): value for name, value in record.items()}


def in_doubt(name: str, right: Any, offered: Options) -> bool:
    """Whether a number beside answers may be something else than one of them: a mark that they are right, the key of the record."""
    text = str(whole_number(right)).strip()
    if any(text == label for label, _ in offered):
        return False
    return (fold(name) == "key" and text.isdecimal()) or (fold(name) == "correct" and text in ("0", "1"))


def _is_beyond(record: Record, found: Judged) -> bool:
    """Whether a number is the place of no answer under a name that may be something else."""
    if not found.offered or not found.right or fold(found.offered) != "answers" or fold(found.right) not in _LENIENT:
        return False
    text, offered = str(whole_number(record[found.right])).strip(), options_in(record[found.offered])
    is_label = any(text == label for label, _ in offered)
    return _NUMBER.fullmatch(text) is not None and not is_label and not 0 <= int(text) <= len(offered)


def _right_ones(record: Record, found: Judged, judged_by_lists: bool) -> list[bool] | None:
    """For each of several answers whether its text is the right one; None where no text says so.

    Raises RecordRejected where the text is that of none of them, and where there should be a place: the first may be wrong.
    """
    answers = in_cell(record[found.offered]) if found.offered and found.right else None
    right = in_cell(record[found.right]) if found.right else None
    listed = isinstance(right, list) and found.right in found.lists
    if not isinstance(answers, list) or len(answers) < 2 or isinstance(right, bool | dict) or listed:
        return None
    wanted = {as_text(one).strip().casefold() for one in (right if isinstance(right, list) else [right])} - {""}
    right_ones = [as_text(answer).strip().casefold() in wanted for answer in answers]
    if any(right_ones):
        return right_ones
    name, first_is_read = str(found.right), found.answers == found.offered
    silent = not wanted and (judged_by_lists or not _PLACED.fullmatch(fold(name)))
    marked = fold(name) == "correct" and bool(wanted) and wanted <= _YES_OR_NO
    if not first_is_read or fold(name) in _LENIENT or silent or marked:
        return None
    raise RecordRejected(
        "ambiguous_option", f"the field {name!r} is {right!r}, which is none of {len(answers)} answers"
    )


def _with_marked_options(record: Record, found: Judged) -> Record | None:
    """The record with the options that an object has for names of their marks; None where it has none.

    An answer of its own that names one of them counts, or it stands alone. Raises RecordRejected where it is not the one that is marked.
    """
    name = next((name for name in found.marked if _marks_of_options(record[name], name)), None)
    if name is None:
        return None
    marks = _marks_of_options(record[name], name)
    rest = {other: value for other, value in record.items() if other != name}
    best = [text for text, mark in marks.items() if mark == max(marks.values())]
    own = as_text(record[found.own]).strip() if found.own else ""
    if not own and len(best) == len(marks):
        told = f"the marks in {name!r} are all {marks[best[0]]}: they choose no option"
        raise RecordRejected("ambiguous_option", told)
    if not own:
        return {**rest, "options": list(marks), found.own or "answer": best[0] if len(best) == 1 else best}
    said = own.strip("(). ").casefold()
    named = [
        text
        for letter, text in zip(ascii_uppercase, marks, strict=False)
        if said in (letter.casefold(), text.casefold())
    ]
    if named and not set(named) & set(best):
        raise RecordRejected("ambiguous_option", f"the answer {own!r} is not the option that {name!r} marks as right")
    return {**rest, "options": list(marks)} if named or said.isdecimal() else rest


def _marks_of_options(value: Any, name: str) -> dict[str, float]:
    """The mark of each option that an object has for a name; empty where its values are no marks: any numbers under a name that says so, else 0 and 1."""
    value = in_cell(value)
    marks = list(value.values()) if isinstance(value, dict) else []
    scored = fold(name) == "targetscores"
    if len(marks) < 2 or not all(isinstance(mark, int | float) if scored else mark in (0, 1) for mark in marks):
        return {}
    # under letters lie the texts of options, which may be numbers
    lettered = fold(name) in ("choices", "options") and all(len(str(text)) == 1 for text in value)
    return {} if lettered else {str(text): mark for text, mark in value.items()}


def _names_one(answers: Any, right: Any) -> bool:
    """Whether the answers are options and `right` the label of one or a number: texts beside it may be other wordings."""
    offered = options_in(answers) if isinstance(in_cell(answers), list | dict) else []
    right = whole_number(right)
    if len(offered) < 2 or isinstance(right, bool) or not isinstance(right, int | str):
        return False
    text = as_text(right).strip().strip("().")
    text = bare_label(text) if bare_label(text) in (label for label, _ in offered) else text
    labels = {label.casefold() for label, _ in offered}
    named = _NUMBER.fullmatch(text) is not None or text.casefold() in labels
    return named and all(text != own.strip() for _, own in offered)


def _of_each(answers: Any, value: Any) -> list[Any] | None:
    """What a list says of each answer, or an object under the answers' texts; None for anything else."""
    value = in_cell(value)
    if isinstance(value, dict) and isinstance(answers, list) and list(value) == answers:
        return list(value.values())
    return value if isinstance(value, list) else None


def _id_of(answer: Any) -> str | None:
    """The id of an answer that is an object; None where it has none."""
    name = (
        find_name(folded(answer), ("id", "answerid", "aid", "responseid", "postid"))
        if isinstance(answer, dict)
        else None
    )
    return as_text(answer[name]) if name else None


def _best_named(answers: list[Any], best: Any, name: str) -> list[bool] | None:
    """For each answer whether a field names it as the best: by its letter, its text, or a place from 0 under a name that says so.

    None where no one is the best. Raises RecordRejected where the field names none of them for sure.
    """
    by_place = _BEST.fullmatch(fold(name))["place"]  # pyright: ignore[reportOptionalSubscript]
    text = as_text(whole_number(best)).strip()
    if (not by_place and (isinstance(best, bool) or text.casefold() in _TIES)) or (by_place == "id" and not text):
        return None
    ids = [_id_of(answer) for answer in answers]
    if by_place == "id" and text in ids:
        return [own == text for own in ids]
    labels = [label for label, _ in options_in(answers)]
    texts = [as_text(answer).strip().casefold() for answer in answers]
    if text.strip("().") in labels:
        return [label == text.strip("().") for label in labels]
    if text.casefold() in texts and not by_place:
        return [one == text.casefold() for one in texts]
    if by_place and not isinstance(best, bool) and text.isdecimal() and int(text) < len(answers):
        return [at == int(text) for at in range(len(answers))]
    told = f"the field {name!r} is {best!r}, which names none of {len(answers)} answers for sure"
    raise RecordRejected("ambiguous_option", told)
