"""What questions ask about: the named part of a program, and which aspect of it; and the one question that asks for what is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from texts.words import words

DOES, TAKES, RETURNS, FAILS = range(4)
_WORDINGS = ("what does {} do", "which arguments does {} take", "what does {} return", "when does {} fail")
_NOUNS = ("purpose", "arguments", "result", "errors")
_ONE_THING = re.compile(r"the (?:purpose|argument `[^`]+`|result) of ")
MOST_NAMED = 4  # arguments that a question names; of more it asks which there are

NAMED = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.\w+)+|(?<![\w.])\w*[A-Za-z]_\w+")
_DOTTED = r"[A-Za-z_]\w*(?:\.\w+)+"
# `part (owner) - what is it for` asks about the owner; `name (module) - what's the point of it` about the name
_PART_OF = re.compile(r"\W*\w+ \((?P<owner>(?:[^()]|\([^()]*\))+)\) - what is it for")
_OF_MODULE = re.compile(
    rf"(?<![\w.])(?!(?:back|out|comes?|exceptions?|errors?|results?|values?|something) from )(?P<name>[A-Za-z_][\w.]*) (?:from |\()(?P<module>{_DOTTED})|(?P<owner>{_DOTTED})'s (?P<part>[A-Za-z_][\w.]*)"
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


@dataclass(frozen=True)
class Told:
    """What is told of a subject: which of DOES, TAKES, RETURNS and FAILS, and the arguments that are named in it."""

    aspects: frozenset[int]
    arguments: tuple[str, ...] = ()


def question_about(told: Mapping[str, Told]) -> str:
    """One question that names the subjects and asks for what is told of each, and for nothing else.

    >>> question_about({"`f`": Told(frozenset({DOES, TAKES}), ("x", "y"))})
    'What does `f` do, and what do its arguments `x` and `y` mean?'
    >>> question_about({"`f`": Told(frozenset({TAKES}), ("x",)), "`g`": Told(frozenset({RETURNS})), "`h`": Told(frozenset({RETURNS}))})
    'What are the argument `x` of `f`, and the result of `g` and `h`?'
    """
    if len(told) == 1:
        [(subject, only)] = told.items()
        return _capital(f"{listed(_asked_of(subject, only), two=', ')}?")
    subjects: dict[str, list[str]] = {}  # of the same aspects
    for subject, one in told.items():
        subjects.setdefault(listed(_named(one)), []).append(subject)
    parts = [f"{aspects} of {listed(names)}" for aspects, names in subjects.items()]
    one_thing = len(parts) == 1 and _ONE_THING.match(parts[0])
    return f"What {'is' if one_thing else 'are'} {listed(parts, '; ', ', ')}?"


def listed(parts: Sequence[str], comma: str = ", ", two: str = " ") -> str:
    """The parts as a list in a sentence; `two`: what stands before the "and" of a list of two.

    >>> listed(["a", "b"]), listed(["a", "b", "c"]), listed(["is it a", "is it b"], two=", ")
    ('a and b', 'a, b, and c', 'is it a, and is it b')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{comma.join(parts[:-1])}{two if len(parts) == 2 else comma}and {parts[-1]}"


def _asked_of(subject: str, told: Told) -> list[str]:
    asked: list[str] = []
    for aspect in sorted(told.aspects):
        named = told.arguments if aspect == TAKES and len(told.arguments) <= MOST_NAMED else ()
        if named:
            verb, noun = ("do", "arguments") if len(named) > 1 else ("does", "argument")
            whose = f"its {noun} {_quoted(named)}" if asked else f"the {noun} {_quoted(named)} of {subject}"
            asked.append(f"what {verb} {whose} mean")
        else:
            asked.append(_WORDINGS[aspect].format("it" if asked else subject))
    return asked


def _named(told: Told) -> list[str]:
    """Each aspect as a noun."""
    nouns: list[str] = []
    for aspect in sorted(told.aspects):
        if aspect == TAKES and 0 < len(told.arguments) <= MOST_NAMED:
            nouns.append(f"the argument{'s' * (len(told.arguments) > 1)} {_quoted(told.arguments)}")
        else:
            nouns.append(f"the {_NOUNS[aspect]}")
    return nouns


def _quoted(names: Sequence[str]) -> str:
    return listed([f"`{name}`" for name in names])


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _candidates(question: str) -> list[str]:
    if part := _PART_OF.match(question):
        return _candidates(part["owner"])
    composed = [
        f"{found['module'] or found['owner']}.{(found['name'] or found['part']).rstrip('.')}"
        for found in _OF_MODULE.finditer(question)
    ]
    return composed or NAMED.findall(question)


def _subject(question: str, ranked: Sequence[str]) -> str:
    asked = part["owner"] if (part := _PART_OF.match(question)) else question
    parts = {part for word in words(asked) for part in word.replace("'s", "").split(".")}
    return next((name for name in ranked if parts.issuperset(name.split("."))), "")
