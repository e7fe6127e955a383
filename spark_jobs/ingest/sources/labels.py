"""Marks beside a text by which its owner says what it is worth: that an answer is bad, or the best; that a turn is not to be learned.

    >>> fields = folded({"prompt": "Why?", "completion": "No.", "label": False})
    >>> [mark(fields["label"], False) for mark in (bad_answer,)]
    ["the field 'label' is False, which calls the answer bad"]
    >>> best_answers([{"text": "No.", "score": 1}, {"text": "So.", "score": 7}])
    [{'text': 'So.', 'score': 7}]

A mark counts only as far as it leaves no doubt: labels that may be classes are left alone (see `bad_answer`).
"""

import re
from collections.abc import Callable
from typing import Any

from spark_jobs.ingest.sources.fields import Fields, Record, fold, folded, is_record

# false, or a word that says so: the answer is bad
_GOOD = frozenset(
    {"label", "iscorrect", "correct", "correctness", "isgood", "good", "isaccepted", "accepted", "isselected", "selected",
     "ischosen", "chosen", "isbest", "isvalid", "valid", "ispreferred", "desirable", "isdesirable", "acceptable",
     "isacceptable", "ktotag", "passed", "approved", "isapproved", "ishelpful", "helpful", "thumbsup", "isthumbsup", "liked", "upvoted"}
)  # fmt: skip
# true, or a word that says so: the answer is bad
_BAD = frozenset(
    {
        "isrejected",
        "rejected",
        "isbad",
        "bad",
        "iswrong",
        "wrong",
        "isincorrect",
        "incorrect",
        "undesirable",
        "thumbsdown",
        "isthumbsdown",
        "disliked",
        "downvoted",
    }
)
# one of the words alone says so
_VERDICTS = frozenset(
    {"status", "verdict", "judgement", "judgment", "evaluation", "feedback", "vote", "thumb", "thumbs", "reaction", "quality",
     "review", "decision", "qualitylabel", "feedbacklabel", "userfeedback", "humanfeedback"}
)  # fmt: skip
_RATINGS = frozenset(
    {"rating", "ratings", "stars", "starrating", "userrating", "humanrating", "overallrating", "qualityrating", "answerrating",
     "responserating"}
)  # fmt: skip
_BAD_WORDS = frozenset(
    {"false", "bad", "wrong", "incorrect", "rejected", "reject", "undesirable", "unacceptable", "dispreferred", "thumbs_down",
     "thumbs down", "thumbsdown", "thumbs-down", "downvote", "downvoted", "dislike", "disliked", "poor", "worst", "lowest",
     "not selected", "not_selected", "unselected", "fail", "failed", "invalid", "👎"}
)  # fmt: skip
_VERDICT_WORDS = _BAD_WORDS | {"ignore", "negative", "down", "-1", "low"}
_LOWEST = re.compile(r"[01](?:\.0+)?\s*(?:/\s*\d+|(?:out )?of \d+|stars?)?")
_WEIGHTS = frozenset(
    {"weight", "sampleweight", "lossweight", "lossmask", "loss", "train", "trainable", "trainon", "fortraining", "usefortraining", "training",
     "trainonturn"}
)  # fmt: skip
_EXCLUDED = frozenset({"donottrain", "excludefromtraining", "exclude", "excluded", "masked"})
_BEST = frozenset(
    {"selected", "isselected", "accepted", "isaccepted", "best", "isbest", "chosen", "ischosen", "iscorrect", "correct",
     "preferred", "ispreferred", "label", "gold", "isgold"}
)  # fmt: skip
_SCORES = ("score", "rating", "votes", "upvotes", "likes", "reward", "stars", "quality", "fraction")
_RIGHT_WORDS = frozenset({"correct", "right", "good", "accepted", "chosen", "preferred", "selected", "passed", "valid"})
_RANKS = ("rank", "ranking", "position")

Mark = Callable[[str, Any], str | None]


def label_names(fields: Fields) -> tuple[str, ...]:
    """The record's names for what may call its answer bad."""
    marks = _GOOD | _BAD | _VERDICTS | _RATINGS | {"score"}
    annotated = {"answer"} if "taskhash" in fields or "inputhash" in fields else set[str]()
    return tuple(name for known, name in fields.items() if known in marks or known in annotated)


def training_names(fields: Fields) -> tuple[str, ...]:
    """The record's names for what may say that it is not to be learned from."""
    return tuple(name for known, name in fields.items() if known in _WEIGHTS or known in _EXCLUDED)


def bad_answer(name: str, value: Any) -> str | None:
    """Why the field calls the answer bad, as a sentence; None where it does not, or may mean something else."""
    known = fold(name)
    if known in _GOOD:
        bad = value is False or (known != "chosen" and _is_zero(value)) or _says(value, _BAD_WORDS)
    elif known in _BAD:
        bad = value is True or (_is_number(value) and value == 1) or _says(value, {"true", "yes", "1"})
    elif known in _VERDICTS or known == "answer":
        bad = value is False or (_is_number(value) and value < 0) or _says(value, _VERDICT_WORDS)
    elif known in _RATINGS:
        bad = _is_lowest(value) or _says(value, _VERDICT_WORDS)
    else:
        bad = _is_number(value) and value < 0
    return f"the field {name!r} is {value!r}, which calls the answer bad" if bad else None


def untrained(name: str, value: Any) -> str | None:
    """Why the field says that nothing is to be learned from this, as a sentence; None where it does not."""
    if fold(name) in _EXCLUDED:
        off = value is True or _says(value, {"true"})
    else:
        off = value is False or _is_zero(value) or _says(value, {"false", "no"})
    return f"the field {name!r} is {value!r}: its owner does not want it to be learned" if off else None


def best_answers(answers: list[Any]) -> list[Any]:
    """Of several answers, the best by what stands beside each; all of them where nothing does. Those called bad are never among them.

    >>> best_answers(["one", "two"]), best_answers([{"text": "a", "is_correct": False}])
    (['one', 'two'], [])
    """
    records = [answer for answer in answers if is_record(answer)]
    if not records or len(records) < len(answers):
        return answers
    names = folded(records[0])
    good = [answer for answer in records if not any(bad_answer(name, answer.get(name)) for name in label_names(names))]
    marked = [
        answer for answer in good if any(_is_true(answer.get(name)) for known, name in names.items() if known in _BEST)
    ]
    return _highest(marked or good, names)


def _highest(answers: list[Record], names: Fields) -> list[Any]:
    """The answers from the highest score (or the first rank) downwards; in their order where there is none."""
    if len(answers) < 2:
        return list(answers)
    scores = [name for name in names if name.endswith("score") and name not in _SCORES]
    for known, sign in (*((name, -1) for name in (*_SCORES, *scores)), *((name, 1) for name in _RANKS)):
        name = names.get(known)
        marks = [] if name is None else [number_in(answer.get(name)) for answer in answers]
        if marks and None not in marks:
            signed = [sign * mark for mark in marks if mark is not None]
            return [answer for answer, mark in zip(answers, signed, strict=True) if mark == min(signed)]
    return list(answers)


def _says(value: Any, words: frozenset[str] | set[str]) -> bool:
    return isinstance(value, str) and value.strip().casefold() in words


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_in(value: Any) -> float | None:
    """A mark as a number, also where a table or XML holds it as a text; None for anything else, and for the number that is none."""
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?\d+(?:\.\d+)?\s*", value) else None
    return value if _is_number(value) and value == value else None


def yes_or_no(value: Any) -> bool | None:
    """Whether a mark says yes; None where it says neither yes nor no."""
    no = value is False or _is_zero(value) or _says(value, _BAD_WORDS | {"no"})
    return True if _is_true(value) or _says(value, _RIGHT_WORDS) else False if no else None


def _is_zero(value: Any) -> bool:
    return (_is_number(value) and value == 0) or _says(value, {"0", "0.0"})


def _is_true(value: Any) -> bool:
    return value is True or (_is_number(value) and value == 1) or _says(value, {"true", "yes", "1"})


def _is_lowest(value: Any) -> bool:
    """Whether a rating is the lowest that scales in use have: nothing, or one of several stars."""
    if _is_number(value):
        return value <= 0 or (type(value) is int and value == 1)
    return isinstance(value, str) and _LOWEST.fullmatch(value.strip().casefold()) is not None
