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

from inference.baseline.asking import NAMED, TAKES, Told, aspects_asked, listed, question_about, subjects_of
from inference.baseline.degrade import LONG
from inference.baseline.statements import NOISE, Member, Statement, closed, gathered, laid_out, points_back
from texts.formats import FORMATS
from texts.rubric import faults
from texts.words import content_words

_MOST_QUESTIONS = 6
_OWN = 0.1  # share of two questions' content words that only one has, up to which both ask the same
_ALIKE = 0.88  # share of letters in common from which one question is a mistyped other
_ASKS = re.compile(
    r"(?:what|which|who|when|where|why|how|is|are|can|could|do|does|did|has|have|should|will|would|may|must)\b",
    re.IGNORECASE,
)
# a few words that name something without asking; those that say how it is
_TOPIC = re.compile(r"(?:\w[^\s.,?!:;]* ?){1,9}[.?]?")
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|did|does|keeps?|tastes?|goes|went|smells?|feels?|won't|doesn't|didn't)\b"
)
# a single question, which names what it is about
_ONE_QUESTION = re.compile(_ASKS.pattern + r"(?! (?:it|this|that|they|these|those)\b)[^.?!\n]{8,140}\?", re.IGNORECASE)


def fuse(item_type: str, members: Sequence[str]) -> str | None:
    """One well-formed item made of the members' sentences, or None where they do not hold all its parts."""
    parts = [_fields(item_type, member) for member in members]
    fields = {name: _chosen(name, [one[name] for one in parts if one.get(name)]) for name in FORMATS[item_type].fields}
    questions = [one.get("question", "") for one in parts]
    subjects = subjects_of(questions)
    statements = gathered(
        [
            Member(one.get(LONG[item_type], ""), subject, _only(aspects_asked(question)) if subject else None)
            for one, subject, question in zip(parts, subjects, questions, strict=True)
        ]
    )
    if item_type == "qa" and len(set(questions)) > 1 and all(subjects):
        fields["question"] = question_about(_told(statements))
    elif item_type == "qa":
        firm = [one for one in statements if not points_back(one.text)]
        answered = {one.member for one in firm}
        kept, asking = _questions([text if n in answered else "" for n, text in enumerate(questions)])
        fields["question"] = _one_question(kept)
        if len(kept) > 1:  # answers in the order of the questions
            statements = sorted(firm, key=lambda s: (s.member, s.place))
        statements = [one for one in statements if one.member in asking]
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


def _told(statements: Sequence[Statement]) -> dict[str, Told]:
    """What the statements tell of each subject, in the order in which `laid_out` tells it."""
    told: dict[str, Told] = {}
    for one in sorted(statements, key=lambda s: (s.member, s.place)):
        known = told.get(f"`{one.subject}`", Told(frozenset()))
        names = one.entry.split(", ") if one.aspect == TAKES and one.entry else []
        arguments = dict.fromkeys((*known.arguments, *names))
        told[f"`{one.subject}`"] = Told(known.aspects | {one.aspect}, tuple(arguments))
    return told


def _questions(questions: Sequence[str]) -> tuple[list[str], set[int]]:
    """Of the members' questions those to be asked, in the members' order, and the members who ask one of them.

    Of two that ask the same the cleaner is taken; what is no question, and more than one sentence, is left out.
    """
    cleaned = [_asked(question) if question else "" for question in questions]
    rough = _roughness([question for question in dict.fromkeys(cleaned) if question])
    order = sorted(
        rough, key=lambda q: (not _ONE_QUESTION.fullmatch(q), rough[q] > 1, -_shared(q, cleaned), cleaned.index(q))
    )
    kept: list[str] = []
    held: set[str] = set()
    for question in order:
        if any(_ask_the_same(question, other) for other in kept):
            held.add(question)
        elif not kept or (
            len(kept) < _MOST_QUESTIONS and _ONE_QUESTION.fullmatch(question) and _ONE_QUESTION.fullmatch(kept[0])
        ):
            kept.append(question)
            held.add(question)
    return sorted(kept, key=cleaned.index), {n for n, question in enumerate(cleaned) if question in held}


def _one_question(questions: Sequence[str]) -> str:
    """
    >>> _one_question(["How long does rice take?", "What about brown rice?"])
    'How long does rice take, and what about brown rice?'
    """
    if len(questions) < 2:
        return "".join(questions)
    clauses = [f"{question[0].lower()}{question[1:].rstrip('?.')}" for question in questions]
    one = f"{listed(clauses, two=', ')}?"
    return one[0].upper() + one[1:]


def _ask_the_same(question: str, other: str) -> bool:
    """Whether one question is the other mistyped, or has nearly the same content words."""
    stems, others = set(content_words(question)), set(content_words(other))
    alike = SequenceMatcher(None, question, other).ratio() >= _ALIKE
    return alike or len(stems ^ others) <= _OWN * len(stems | others)


def _shared(question: str, others: Iterable[str]) -> int:
    stems = set(content_words(question))
    return sum(len(stems & set(content_words(other))) for other in others)


def _asked(question: str) -> str:
    """The question without a greeting, with a capital and a closing mark, on one line; of a few words that ask nothing, about these."""
    bare = " ".join(NOISE.sub("", question.strip()).split())
    bare = bare.removesuffix(" pls").removesuffix(" please")
    if _ASKS.match(bare):
        return closed(bare.rstrip("?.") + "?", "?")
    if not NAMED.search(bare) and " or " not in bare and _TOPIC.fullmatch(bare):
        return f"What {'if' if _VERB.search(bare) else 'about'} {bare.rstrip('?.')}?"
    return closed(bare)
