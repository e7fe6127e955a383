"""Faults: probes that change one thing that an answer states, and are otherwise as good as it is."""

import random
import re
from collections.abc import Mapping
from types import MappingProxyType

from texts.formats import FORMATS
from texts.opposites import SETS
from texts.probes.honest import Honest, Probe, foreign_to
from texts.spelling import VAGUE
from texts.words import FUNCTION_WORDS, sentences, words

_FIGURE = re.compile(r"(?<![\w.,])\d+(?:\.\d+)?(?![\w]|[.,]\d)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b|\b[a-z]+_\w+\b|\b[A-Z][a-z]+[A-Z]\w+\b")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|will|must|should|does|do|has|have|may|could)\b(?! not)")
_NOT = re.compile(r" not\b|n't\b")
_VERB = re.compile(r" (?:is|are|was|were|has|have|can|must) ")
_LIMIT = r"only (?:if|when|for|in|on|at|by|to|with|from|during|after|before)|except|provided that|as long as|in case of"
_CONDITION = re.compile(rf",? \b(?:if|unless|when|until|{_LIMIT})\b [^,.;]+")
# of what opens a condition, and of words in it, what turns it round
_TURNED = """if unless; unless if; until after; when before; only even; except including; wet dry; dry wet; hot cold; cold hot; deep shallow;
open shut; full empty; empty full; alive dead; dead alive; young old; old young; large small; small large; high low; low high;
strong weak; weak strong; new old; right left; left right; early late; late early; good bad; bad good; same other; present absent;
won lost; lost won; began ended; ended began; arrived left; agreed refused; started stopped; opened closed; more less; less more; first last; last first; true false; false true; no every"""
_TURNING = {word: other for word, other in (pair.split() for pair in _TURNED.split(";"))}
_SCOPE = MappingProxyType(
    {
        "all": "some", "every": "some", "each": "some", "always": "sometimes", "must": "may", "should": "must", "may": "must",
        "can": "must", "some": "all", "many": "all", "most": "all", "often": "always", "usually": "always", "before": "after",
        "after": "before", "more": "less", "first": "last", "only": "also", "and": "or", "or": "and", "several": "all",
    }
)  # fmt: skip
_UNIT_SETS = [line.split() for line in SETS.split(";") if re.search(r"\b(?:mm|metres|meters|metre|meter|mg|grams|ml|litres|ms|days|kb|bytes|dollars|mw|celsius)\b", line)]  # fmt: skip


def _figure(honest: Honest, rng: random.Random) -> str | None:
    found = [*_FIGURE.finditer(honest.body)]
    if not found:
        return None
    one = rng.choice(found)
    return honest.replaced(one, str(int(float(one[0])) + rng.choice((1, 3, 10))))


def _name(honest: Honest, rng: random.Random) -> str | None:
    found, others = (
        [*_NAME.finditer(honest.body)],
        set(_NAME.findall(honest.other)) - set(words(" ".join(honest.members))),
    )
    if not found or not others:
        return None
    return honest.replaced(rng.choice(found), rng.choice(sorted(others)))


def _negation(honest: Honest, rng: random.Random) -> str | None:
    there = [*_NOT.finditer(honest.body)]
    if there and rng.random() < 0.5:
        return honest.replaced(rng.choice(there), "")
    found = [*_AUXILIARY.finditer(honest.body)]
    if not found:
        return None
    one = rng.choice(found)
    return honest.replaced(one, f"{one[0]} not")


def _unit(honest: Honest, rng: random.Random) -> str | None:
    measured = [
        (match, others)
        for match in re.finditer(r"(?<=\d )[A-Za-zµ]+\b|(?<=\d)%", honest.body)
        if (others := _other_units(match[0]))
    ]
    if not measured:
        return None
    match, others = rng.choice(measured)
    return honest.replaced(match, rng.choice(others))


def _other_units(unit: str) -> list[str]:
    if unit == "%":
        return [" kg"]
    return [other for units in _UNIT_SETS if unit.lower() in units for other in units if other != unit.lower()]


def _scope(honest: Honest, rng: random.Random) -> str | None:
    found = [match for match in re.finditer(r"\b[a-z]+\b", honest.body) if match[0] in _SCOPE]
    if not found:
        return None
    one = rng.choice(found)
    return honest.replaced(one, _SCOPE[one[0]])


def _qualifier(honest: Honest, rng: random.Random) -> str | None:
    """Without a word that stands before another one, at the beginning of a sentence: "burns" for "deep burns"."""
    found = [
        match
        for match in re.finditer(
            r"(?:(?<=^)|(?<=[.!?] ))(?:(?:The|An?) )?([A-Za-z][a-z]+) (?=([a-z]{4,}) )", honest.body
        )
        if not {match[1].lower(), match[2]} & FUNCTION_WORDS and not match[2].endswith(("s", "ed"))
    ]
    if not found:
        return None
    one = rng.choice(found)
    body = honest.body[: one.start(1)] + honest.body[one.end(1) + 1 :]
    return honest.with_body(body[: one.start(1)] + body[one.start(1)].upper() + body[one.start(1) + 1 :])


def _condition(honest: Honest, rng: random.Random) -> str | None:
    found = [*_CONDITION.finditer(honest.body)]
    return honest.replaced(rng.choice(found), "") if found else None


def _other_condition(honest: Honest, rng: random.Random) -> str | None:
    """With a condition that is turned round in one word: `if wet` for `if dry`, `unless` for `if`."""
    found = [
        (condition.start() + word.start(), word[0])
        for condition in _CONDITION.finditer(honest.body)
        for word in re.finditer(r"\b[a-z]+\b", condition[0])
        if word[0] in _TURNING
    ]
    if not found:
        return None
    start, word = rng.choice(found)
    return honest.with_body(honest.body[:start] + _TURNING[word] + honest.body[start + len(word) :])


def _subject(honest: Honest, rng: random.Random) -> str | None:
    """A statement with the subject of another one, of the group if it has one."""
    parted = [(s, *_VERB.split(s, maxsplit=1)) for s in sentences(honest.body) if _VERB.search(s)]
    elsewhere = [
        _VERB.split(s, maxsplit=1)[0] for member in honest.members for s in sentences(member) if _VERB.search(s)
    ]
    pairs = [
        (sentence, subject, other)
        for sentence, subject, _ in parted
        for other in (re.sub(r"^(?:[A-Z][)]?:?\s|[-*] )", "", one).strip() for one in elsewhere)
        if len(words(subject)) <= 6 and 1 <= len(words(other)) <= 6 and not _same_subject(subject, other)
    ]
    if not pairs:
        return None
    sentence, subject, other = rng.choice(pairs)
    return honest.with_body(honest.body.replace(sentence, other + sentence[len(subject) :], 1))


def _same_subject(one: str, other: str) -> bool:
    ours, theirs = ({word.lower() for word in words(text)} - FUNCTION_WORDS - VAGUE for text in (one, other))
    return len(theirs) < 2 or not ours or bool(ours & theirs)


def _invented(honest: Honest, rng: random.Random) -> str | None:
    """A sentence in the words of the group that nobody said."""
    vocabulary = sorted(
        {w.lower() for w in words(" ".join(honest.members)) if w.isalpha() and len(w) > 4} - FUNCTION_WORDS
    )
    if len(vocabulary) < 4:
        return None
    first, second, third = rng.sample(vocabulary, 3)
    return honest.with_body(f"{honest.body} The {first} needs a {second} before the {third}.")


def _foreign(honest: Honest, rng: random.Random) -> str | None:
    foreign = foreign_to(honest)
    return honest.with_body(f"{honest.body} {rng.choice(foreign)}") if foreign else None


def _question(honest: Honest, rng: random.Random) -> str | None:
    """The item with another item's question."""
    question = re.search(r"^Q: (.+)$", honest.other, re.MULTILINE)
    if "question" not in honest.fields or not question:
        return None
    return FORMATS[honest.item_type].render(honest.fields | {"question": question[1]})


FAULTS: Mapping[str, Probe] = MappingProxyType({
    "figure": _figure, "name": _name, "negation": _negation, "unit": _unit, "scope": _scope, "qualifier dropped": _qualifier,
    "condition dropped": _condition, "condition turned round": _other_condition, "subject of another": _subject, "invented sentence": _invented,
    "another item's sentence": _foreign, "another item's question": _question,
})  # fmt: skip
