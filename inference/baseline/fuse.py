"""Extractive fusion: one item from the sentences of a group's members, cleaned, deduplicated and put in order.

Every statement is a member's own, so the result is faithful by construction, but for the question and a few labels
("Returns:") where all members ask about one part of a program. It is only as good as what the members say: it neither
resolves contradictions nor rephrases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from inference.baseline.asking import TAKES, Told, aspects_asked, question_about, subjects_of
from inference.baseline.choosing import gathered
from inference.baseline.degrade import LONG
from inference.baseline.questions import answers_by_itself, one_question, questions_of, roughness
from inference.baseline.statements import Member, Statement, laid_out, points_back
from texts.formats import FORMATS
from texts.words import words


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
    if not statements:
        return None
    if item_type == "qa" and len(set(questions)) > 1 and all(subjects):
        fields["question"] = question_about(_told(statements))
    elif item_type == "qa":
        fields["question"], statements = _asked_together(questions, parts, statements)
    fields[LONG[item_type]] = " ".join(s.text for s in statements) if item_type == "paragraph" else laid_out(statements)
    try:
        return FORMATS[item_type].render(fields)
    except ValueError:  # a part is missing, or a sentence looks like a marker
        return None


def _asked_together(
    questions: Sequence[str], parts: Sequence[Mapping[str, str]], statements: Sequence[Statement]
) -> tuple[str, list[Statement]]:
    """One question made of the members' own, and the statements that answer it, in its order."""
    firm = [one for one in statements if not points_back(one.text)]
    # where a member's first sentence leans on its question, what follows leans on that
    opening = [(n, one.get(LONG["qa"], "")) for n, one in enumerate(parts)]
    opening += [(one.member, one.text) for one in statements if not one.place]
    answered = {one.member for one in firm} - {member for member, text in opening if points_back(text)}
    written = frozenset(word for one in parts for text in one.values() for word in words(text))
    kept, asking = questions_of([text if n in answered else "" for n, text in enumerate(questions)], written)
    if len(kept) > 1:
        # beside others an answer must show which question it answers
        answered = {n for n in answered if answers_by_itself(questions[n], parts[n].get(LONG["qa"], ""))}
        kept, asking = questions_of([text if n in answered else "" for n, text in enumerate(questions)], written)
        statements = sorted(firm, key=lambda s: (asking.get(s.member, 0), s.member, s.place))
    return one_question(kept), [one for one in statements if one.member in asking]


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
    rough = roughness([*count])
    return min(count, key=lambda value: (rough[value], -count[value], -len(value), value), default="")


def _told(statements: Sequence[Statement]) -> dict[str, Told]:
    """What the statements tell of each subject, in the order in which `laid_out` tells it."""
    told = {f"`{one.subject}`": Told(frozenset()) for one in sorted(statements, key=lambda s: (s.member, s.place))}
    for one in statements:
        known = told[f"`{one.subject}`"]
        names = one.entry.split(", ") if one.aspect == TAKES and one.entry else []
        arguments = dict.fromkeys((*known.arguments, *names))
        told[f"`{one.subject}`"] = Told(known.aspects | {one.aspect}, tuple(arguments))
    return told
