"""Extractive fusion: one item from the sentences of a group's members, cleaned, deduplicated and put in order.

Every statement is a member's own, so the result is faithful by construction, but for the question and a few labels
("Returns:") where all members ask about one part of a program. It is only as good as what the members say: it neither
resolves contradictions nor rephrases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from inference.baseline.asking import NAMED, aspects_asked, question_about, subjects_of
from inference.baseline.degrade import LONG
from inference.baseline.statements import NOISE, Member, closed, gathered, laid_out
from texts.formats import FORMATS
from texts.rubric import faults
from texts.words import content_words

_MOST_QUESTIONS = 6
_OWN = 0.3  # share of a question's content words that those before it must lack for it to ask something of its own
_ALIKE = 0.88  # share of letters in common from which one question is a mistyped other
_ASKS = re.compile(r"\W*(?:what|which|who|when|where|why|how|is|are|can|do|does|should|will|would)\b", re.IGNORECASE)


def fuse(item_type: str, members: Sequence[str]) -> str | None:
    """One well-formed item made of the members' sentences, or None where they do not hold all its parts."""
    parts = [_fields(item_type, member) for member in members]
    fields = {name: _chosen(name, [one[name] for one in parts if one.get(name)]) for name in FORMATS[item_type].fields}
    questions = [one.get("question", "") for one in parts]
    subjects = subjects_of(questions)
    if item_type == "qa":
        fields["question"] = _question(questions, subjects)
    statements = gathered(
        [
            Member(one.get(LONG[item_type], ""), subject, _only(aspects_asked(question)) if subject else None)
            for one, subject, question in zip(parts, subjects, questions, strict=True)
        ]
    )
    fields[LONG[item_type]] = " ".join(s.text for s in statements) if item_type == "paragraph" else laid_out(statements)
    try:
        return FORMATS[item_type].render(fields)
    except ValueError:  # a part is missing, or a sentence looks like a marker
        return None


def _only(aspects: set[int]) -> int | None:
    return next(iter(aspects)) if len(aspects) == 1 else None


def _fields(item_type: str, member: str) -> dict[str, str]:
    """What the member has of an item; text without a marker is the long text.

    A paragraph may be asked of questions and answers: the answer is its text then.
    """
    own = FORMATS[item_type].sections(member)
    if item_type == "paragraph" and FORMATS["qa"].parse(member):
        own = [(name.replace("answer", LONG[item_type]), body) for name, body in FORMATS["qa"].sections(member)]
    fields: dict[str, str] = {}
    for name, body in own:
        fields.setdefault(name or LONG[item_type], body)
    return fields


def _chosen(name: str, values: Sequence[str]) -> str:
    """The cleanest of the values; among equals the commonest, then the longest; of letters, the commonest."""
    count = Counter(values)
    if name == "answer":
        return min(count, key=lambda value: (-count[value], value), default="")
    rough = _roughness([*count])
    return min(count, key=lambda value: (rough[value], -count[value], -len(value), value), default="")


def _roughness(texts: Sequence[str]) -> dict[str, float]:
    """The rubric's penalties for each text, plus one for what opens in lower case without being a name."""
    opens_small = (float(text[:1].islower() and not NAMED.match(text)) for text in texts)
    return {text: taken + small for text, taken, small in zip(texts, faults(texts), opens_small, strict=True)}


def _question(questions: Sequence[str], subjects: Sequence[str]) -> str:
    """The question that asks all that the members ask: about the names they ask about, else their own questions in a row.

    Theirs stand in the members' order, which is that of the answers; one that asks nothing of its own is left out.
    """
    if len(set(questions)) > 1 and all(subjects):
        asked_of: dict[str, set[int]] = {}
        for asking, subject in zip(questions, subjects, strict=True):
            asked_of.setdefault(subject, set()).update(aspects_asked(asking))
        return " ".join(question_about(f"`{subject}`", aspects) for subject, aspects in asked_of.items())
    cleaned = [_asked(question) for question in questions if question]
    rough = _roughness([*dict.fromkeys(cleaned)])
    order = sorted(rough, key=lambda q: (rough[q] > 1, -_shared(q, cleaned), cleaned.index(q)))
    kept: list[str] = []
    asked: set[str] = set()
    for question in order:
        stems = set(content_words(question))
        mistyped = any(SequenceMatcher(None, question, other).ratio() >= _ALIKE for other in kept)
        if not kept or (len(kept) < _MOST_QUESTIONS and len(stems - asked) > _OWN * len(stems) and not mistyped):
            kept.append(question)
            asked |= stems
    return " ".join(sorted(kept, key=cleaned.index))


def _shared(question: str, others: Iterable[str]) -> int:
    stems = set(content_words(question))
    return sum(len(stems & set(content_words(other))) for other in others)


def _asked(question: str) -> str:
    """The question without a greeting, with a capital and a closing mark, on one line."""
    bare = " ".join(NOISE.sub("", question.strip()).split())
    bare = bare.removesuffix(" pls").removesuffix(" please")
    return closed(bare, "?" if _ASKS.match(bare) else ".")
