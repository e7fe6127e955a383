"""Several answers in fields of their own beside a field that names the better one: {prompt, response_a, response_b, winner}."""

import re
from typing import Any

from spark_jobs.ingest.sources.choices import whole_number
from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Record, field_value, find_name, fold, names_beside
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, beside_text
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, with_system

_PROMPTS = ("prompt", "question", "instruction", "query", "input")
_ANSWERS = ("response", "output", "completion", "generation")
_LABELS = ("ab", "01", "12")
_VERDICTS = (
    "winner", "preference", "preferred", "better", "betterresponse", "betterresponseid", "preferredresponse", "preferredoutput",
    "betterresponseidx", "chosenresponse", "bestresponse",
)  # fmt: skip
# what may stand before the label of the better one
_BEFORE_LABEL = re.compile(r"(?:model|response|output|completion|generation)?")
_TIES = frozenset({"tie", "tied", "draw", "equal", "same", "both"})


def reader(fields: Fields) -> Reader | None:
    """Turns of records with a prompt, two answers and a field that names the better one, or None if they have not all of these."""
    prompt, verdict, system = find_name(fields, _PROMPTS), find_name(fields, _VERDICTS), find_name(fields, SYSTEM)
    answers = _answers(fields)
    if prompt is None or verdict is None or answers is None:
        return None
    beside = names_beside(fields, prompt)

    def read(record: Record) -> list[Turn] | None:
        best = record[_better(answers, record[verdict], verdict)]
        return with_system(
            field_value(record, system),
            turns_of_exchange(record[prompt], beside_text(record, beside, record[prompt]), best),
        )

    return read


def _answers(fields: Fields) -> dict[str, str] | None:
    """The names of the two answers by their labels; None where there are none, or three."""
    for prefix in _ANSWERS:
        found = {label: fields[prefix + label] for label in "ab012345" if prefix + label in fields}
        if "".join(found) in _LABELS:
            return found
    return None


def _better(answers: dict[str, str], verdict: Any, name: str) -> str:
    """The name of the better answer, the first of two that are equal. Raises RecordRejected where the verdict names none of them."""
    said = fold(as_text(whole_number(verdict)))
    if said in _TIES:
        return next(iter(answers.values()))
    label = said[_BEFORE_LABEL.match(said).end() :]  # pyright: ignore[reportOptionalMemberAccess]
    if isinstance(verdict, bool) or label not in answers:
        told = f"the field {name!r} is {verdict!r}, which names none of {' and '.join(map(repr, answers.values()))}"
        raise RecordRejected("ambiguous_option", told)
    return answers[label]
