"""What questions ask about: the named part of a program, and which aspect of it; and the one question that asks it all."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from texts.words import words

DOES, TAKES, RETURNS, FAILS = range(4)
_WORDINGS = ("what does {} do", "which arguments does {} take", "what does {} return", "when does {} fail")

NAMED = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.\w+)+|(?<![\w.])\w*[A-Za-z]_\w+")
_DOTTED = r"[A-Za-z_]\w*(?:\.\w+)+"
_OF_MODULE = re.compile(
    rf"(?P<name>[A-Za-z_][\w.]*) (?:from |\()(?P<module>{_DOTTED})|(?P<owner>{_DOTTED})'s (?P<part>[A-Za-z_][\w.]*)"
)
_DOES = re.compile(r"\bdo(?:es)? (?:do|mean)\b|\bdoes [^ ,?]+ do\b", re.IGNORECASE)
_CUES: Mapping[int, re.Pattern[str]] = MappingProxyType(
    {
        FAILS: re.compile(
            r"\b(?:errors?|exceptions?|rais\w+|fails?|wrong|throws?|catch|blow up|bad input)\b", re.IGNORECASE
        ),
        RETURNS: re.compile(
            r"\b(?:returns?|returned|outputs?|results?|get back|gives? (?:me|back)|comes? out)\b|give back",
            re.IGNORECASE,
        ),
        TAKES: re.compile(
            r"\b(?:arg(?:ument)?s?|param(?:eter)?s?|pass|inputs?|wants|goes in|goes into|hand over|give to|value should|meaning of"
            r"|need \w+ when|what is \w+ in|explain \w+ for)\b|- what is it for",
            re.IGNORECASE,
        ),
    }
)


def aspects_asked(question: str) -> set[int]:
    """Which of DOES, TAKES, RETURNS and FAILS the words of the question ask; DOES where they name no other."""
    asked = {aspect for aspect, cue in _CUES.items() if cue.search(question)}
    return asked | {DOES} if not asked or _DOES.search(question) else asked


def subjects_of(questions: Sequence[str]) -> list[str]:
    """For each question the name it asks about, "" for none; `part of a.b`, `a.b's part` and `a.b.part` are one name."""
    candidates = {name for question in questions for name in _candidates(question)}
    ranked = sorted(candidates, key=lambda name: (-name.count("."), -len(name), name))
    return [_subject(question, ranked) for question in questions]


def question_about(subject: str, aspects: Collection[int]) -> str:
    """One question that asks these aspects of the subject."""
    asked: list[str] = []
    for aspect, wording in enumerate(_WORDINGS):
        if aspect in aspects:
            asked.append(wording.format("it" if asked else subject))
    if len(asked) == 1:
        asked.append("what should a caller know")
        return f"{asked[0][0].upper()}{asked[0][1:]}, and {asked[1]}?"
    listed = f"{', '.join(asked[:-1])}{',' if len(asked) > 2 else ''} and {asked[-1]}?"
    return listed[0].upper() + listed[1:]


def _candidates(question: str) -> list[str]:
    composed = [
        f"{found['module'] or found['owner']}.{found['name'] or found['part']}"
        for found in _OF_MODULE.finditer(question)
    ]
    return composed or NAMED.findall(question)


def _subject(question: str, ranked: Sequence[str]) -> str:
    parts = {part for word in words(question) for part in word.replace("'s", "").split(".")}
    return next((name for name in ranked if parts.issuperset(name.split("."))), "")
