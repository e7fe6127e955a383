"""What stands beside the text of a record and decides whether it is read: labels, marks of training, things to look at."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from spark_jobs.ingest.sources.fields import ANSWER, Fields, Record, find_name, fold
from spark_jobs.ingest.sources.labels import bad_answer, label_names, training_names, untrained
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.options import has_options
from spark_jobs.ingest.sources.preference import CHOSEN, REJECTED
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import context_text, in_cell, thought

_TALKS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "text", "chat")
_MEDIA = ("image", "images", "imageurl", "imageurls", "imagepath", "imagebytes", "video", "videos", "audio", "audios")
_REASONING = (
    "reasoningcontent",
    "thinking",
    "thinkingcontent",
    "chainofthought",
    "reasoning",
    "reasoningtrace",
    "cot",
    "complexcot",
    "think",
    "thoughts",
    "thoughtprocess",
)
# on a line of its own, or where the words begin or end: elsewhere it may be spoken of
_PICTURE = re.compile(r"(?:^|\n)[ \t]*<\|?(?:image|image_pad|image_?\d{1,2})\|?>|<image>\s*\Z")

# an element that is closed is one of a document
_ELEMENT = re.compile(r"<image>(?:(?!</?image>).)*</image>", re.DOTALL)


class Check(NamedTuple):
    """A field that may forbid to read its record: the reason, the judgement on its value, the name of the answer it may repeat."""

    reason: str
    name: str
    judge: Callable[[str, Any], str | None]
    answer: str | None


def checks(fields: Fields) -> tuple[Check, ...]:
    """The fields of records with these names that may forbid to read them."""
    labels = label_names(fields)
    named = (fields[name] for name in ANSWER if name in fields and fields[name] not in labels)
    answer = next(named, None)
    if answer is None and find_name(fields, (*_TALKS, *CHOSEN)) is None:
        return ()
    pair = find_name(fields, CHOSEN) is not None and find_name(fields, REJECTED) is not None
    # beside options a label is the answer; the two sides of a pair are texts
    calls = () if has_options(fields) or pair else labels
    # a conversation alone says nothing about whose label it is: a text with a label is a class, not an answer
    if answer is None and find_name(fields, _TALKS[:-2]) is None:
        calls = ()
    return (
        *(Check("bad_answer", name, bad_answer, answer) for name in calls),
        *(Check("not_for_training", name, untrained, None) for name in training_names(fields)),
        *(Check("other_media", name, _shown, None) for name in map(fields.get, _MEDIA) if name is not None),
    )


def check(record: Record, found: tuple[Check, ...]) -> None:
    """Raises RecordRejected if one of the fields forbids to read the record."""
    for reason, name, judge, answer in found:
        value = record[name]
        why = judge(name, value)
        # a class is written beside the answer that names it: it says nothing about the answer
        if why is not None and not (answer is not None and _same(record[answer], value)):
            raise RecordRejected(reason, why)


def check_shown(turns: list[Turn]) -> None:
    """Raises RecordRejected if the user's words hold the place of a picture (`<image>`): the text alone does not say what it shows."""
    for turn in turns:
        words = turn["content"] if turn["role"] == "user" else ""
        if "<" in words and (found := _PICTURE.search(_ELEMENT.sub("", words))):
            raise RecordRejected(
                "other_media", f"the words of the user hold {found.group().strip()!r}, the place of a picture"
            )


def reasoning_name(fields: Fields) -> str | None:
    """The record's name for what was thought before its answer, or None."""
    return find_name(fields, _REASONING)


def with_reasoning(turns: list[Turn], reasoning: Any) -> list[Turn]:
    """The turns, the last answer behind what was thought before it, where that is a text and not said already."""
    words = reasoning.strip() if isinstance(reasoning, str) else ""
    answers = [place for place, turn in enumerate(turns) if turn["role"] == "assistant"]
    if not answers or not context_text(words) or any(words in turn["content"] for turn in turns):
        return turns
    last = turns[answers[-1]]
    said = {"role": last["role"], "content": f"{thought(words)}\n{last['content']}"}
    return [*turns[: answers[-1]], said, *turns[answers[-1] + 1 :]]


def _same(answer: Any, label: Any) -> bool:
    return fold(str(answer)) == fold(str(label))


def _shown(name: str, value: Any) -> str | None:
    value = in_cell(value)
    empty = value in (None, False, "", [], {}) or (isinstance(value, str) and not context_text(value).strip())
    return (
        None
        if empty
        else f"the field {name!r} holds something to look at or to listen to: the text alone does not say it"
    )
