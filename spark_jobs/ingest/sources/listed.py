"""Lists beside several answers that say of each what it is worth: marks leave the right ones, of which scores and ranks choose."""

import re
from collections.abc import Mapping
from typing import Any

from spark_jobs.ingest.sources.fields import Fields, fold
from spark_jobs.ingest.sources.labels import number_in, yes_or_no
from spark_jobs.ingest.sources.rejected import RecordRejected

# one an answer, in a list beside the answers: which are right comes before which is best
_MARKS = ("iscorrect", "correctness", "correct", "verdicts", "judgements", "judgments", "labels")
# what is counted; how it is meant is known under the names that say no more, or whose it is
_COUNTS = r"(?:scores?|ratings?|rewards?|votes|upvotes|likes|quality|qualities|grades?|preferences?)"
_LISTED = re.compile(
    rf"(?:overall|mean|average|avg|total|final|human|ai|llm|model|judge|gpt4?|annotator|user|answer|response|completion|pm|rm|allrm|reward"
    rf"|rewardmodel|preference|quality|helpfulness)?{_COUNTS}"
)
_SAID_OF_EACH = re.compile(rf".*{_COUNTS}")
_LISTED_RANKS = ("ranks", "rank", "ranking", "rankings")


def best_of(answers: list[Any], judged: Mapping[str, list[Any]]) -> list[Any]:
    """The answers that marks call right, and of these those with the best scores and the first ranks, by lists with one for each answer.

    Raises RecordRejected where marks call no answer right, and where ranks may as well be the answers in their order.

    >>> answers = ["Nay.", "No.", "So."]
    >>> best_of(answers, {"is_correct": [0, 1, 1], "scores": [9, 1, 2]}), best_of(answers, {"ranks": [2, 1, 3]}), best_of(answers, {"scores": [1]})
    (['So.'], ['No.'], ['Nay.', 'No.', 'So.'])
    """
    kept = list(range(len(answers)))
    for name, values in judged.items():
        told = any(value is not None for value in values)
        if told and len(values) == len(answers):
            kept = _best_places(name, values, kept)
        elif told and fold(name) in _MARKS[:-1]:
            raise _not_for_each(name)
    return [answers[place] for place in kept]


def list_names(fields: Fields) -> tuple[str, ...]:
    """The record's names for lists that may judge its answers one by one, marks before scores and these before ranks."""
    counts = [name for name in fields if _SAID_OF_EACH.fullmatch(name)]
    known = sorted(counts, key=lambda name: _LISTED.fullmatch(name) is None)
    return tuple(fields[name] for name in (*_MARKS, *known, *_LISTED_RANKS) if name in fields)


def _best_places(name: str, values: list[Any], kept: list[int]) -> list[int]:
    """Which of the places are left by a list beside the answers; all of them where it holds anything else than judgements."""
    known, marks, numbers = fold(name), list(map(yes_or_no, values)), list(map(number_in, values))
    of_yes_and_no = all(isinstance(value, bool) for value in values)
    # other numbers under this name are grades
    graded = known == "correctness" and None in marks and None not in numbers
    if of_yes_and_no or (known in _MARKS and not graded):
        # labels may be classes, which say nothing of better and worse
        if known == "labels" and not of_yes_and_no and (None in marks or len(set(marks)) == 1):
            return kept
        if None in marks:
            raise _not_for_each(name)
        return _marked_places(name, marks, kept)
    scores = [number for number in numbers if number is not None]
    if len(scores) < len(values):
        return kept
    if known not in (*_LISTED_RANKS, *_MARKS) and len(set(scores)) > 1 and not _LISTED.fullmatch(known):
        raise RecordRejected(
            "ambiguous_option", f"the numbers in {name!r} may be higher for better or for worse answers"
        )
    best = max if known not in _LISTED_RANKS else min
    first = scores.index(min(scores))
    ordered = known.startswith("ranking") and sorted(scores) != scores and first != scores[0] - min(scores)
    if known in _LISTED_RANKS and (ordered or min(scores) < 0):
        raise RecordRejected(
            "ambiguous_option", f"the field {name!r} may hold something else than the rank of each answer"
        )
    return [place for place in kept if scores[place] == best(scores[other] for other in kept)]


def _not_for_each(name: str) -> RecordRejected:
    return RecordRejected("ambiguous_option", f"the field {name!r} does not say of each answer whether it is right")


def _marked_places(name: str, marks: list[bool | None], kept: list[int]) -> list[int]:
    right = [place for place in kept if marks[place]]
    if right:
        return right
    if any(marks):
        raise RecordRejected(
            "ambiguous_option", f"the field {name!r} calls another answer right than what stands beside it"
        )
    raise RecordRejected("bad_answer", f"every answer of the record is called bad by the marks in {name!r}")
