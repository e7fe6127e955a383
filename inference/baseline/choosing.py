"""Which statements of a group's members are told: those that tell what was asked, each once, within a budget, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inference.baseline.asking import DOES, FAILS, RETURNS, TAKES
from inference.baseline.saying import (
    argument_is_said,
    describes,
    gives_result,
    names_in,
    result_is_said,
    tells_case,
    tells_failure,
    tells_purpose,
)
from inference.baseline.statements import Member, Statement, cut
from texts.slips import faults
from texts.words import words

BUDGET = 260  # words of the long text
_SPOILT = 0.15  # penalties of the rubric from which a statement counts as spoilt


def gathered(members: Sequence[Member]) -> list[Statement]:
    """The members' distinct statements within the budget, in the order in which they are to be told."""
    statements = [statement for number, member in enumerate(members) for statement in cut(number, member)]
    telling = [statement for statement in statements if not statement.subject or _tells(statement)]
    kept = _within_budget(_explained(_said_once(_distinct(_with_spoilt_marked(telling)))))
    return sorted(kept, key=lambda s: (s.aspect, not s.leads, s.member, s.place))


def _tells(statement: Statement) -> bool:
    """Whether a statement about a named part tells what is asked, in its form: what is listed gives a meaning, what is prose is whole."""
    if statement.aspect == DOES:
        return not statement.entry and tells_purpose(statement.text)
    if statement.aspect == FAILS:
        return tells_case(statement.described) if statement.entry else tells_failure(statement.text)
    if statement.entry:
        return describes(statement.entry, statement.described)
    return statement.aspect == RETURNS and gives_result(statement.described)


def _with_spoilt_marked(statements: Sequence[Statement]) -> list[Statement]:
    penalties = faults([statement.text for statement in statements])
    return [
        replace(statement, spoilt=statement.text.endswith(("...", "…")) or penalty >= _SPOILT)
        for statement, penalty in zip(statements, penalties, strict=True)
    ]


def _distinct(statements: Sequence[Statement]) -> list[Statement]:
    """The statements that say something of their own; of two that say the same the cleaner stays, then the fuller.

    Spoilt ones (vague, mistyped, cut off) are used only where no clean one was found.
    """
    kept: list[Statement] = []
    for statement in sorted(statements, key=lambda s: (s.spoilt, -len(s.stems), s.member, s.place)):
        if statement.spoilt and kept and not kept[0].spoilt:
            break  # in this order only spoilt ones follow
        alike = [other for other in kept if other.subject == statement.subject]
        if statement.stems and not any(statement.says_nothing_beside(other) for other in alike):
            kept.append(statement)
    return kept


def _said_once(statements: Sequence[Statement]) -> list[Statement]:
    """The statements without the results and arguments that the prose about their subject tells."""
    prose: dict[str, list[str]] = {}
    for one in statements:
        if one.subject and not one.line:
            prose.setdefault(one.subject, []).append(one.text)
    return [one for one in statements if not _is_said(one, prose.get(one.subject, ()))]


def _is_said(statement: Statement, prose: Sequence[str]) -> bool:
    if statement.aspect == TAKES and statement.entry:
        return argument_is_said(statement.entry, statement.described, prose)
    return (
        bool(prose)
        and statement.aspect == RETURNS
        and not statement.entry
        and result_is_said(statement.described, prose)
    )


def _explained(statements: Sequence[Statement]) -> list[Statement]:
    """The statements without listed ones that lean on the name of something that no listed one explains.

    Leaving one out may take the explanation of another's name away: until nothing changes.
    """
    known = {name for one in statements if one.entry for name in (one.entry, *words(one.entry))}
    kept = [one for one in statements if not one.line or names_in(one.described) <= known]
    return kept if len(kept) == len(statements) else _explained(kept)


def _within_budget(statements: Sequence[Statement]) -> list[Statement]:
    """Statements up to the budget, every member's first before any member's second."""
    kept: list[Statement] = []
    left = BUDGET
    # in rounds, so that a long member does not crowd out the others
    for statement in sorted(statements, key=lambda s: (s.place, s.member)):
        needed = len(words(statement.text))
        if needed <= left or not kept:  # a first statement beyond the budget is better than none
            kept.append(statement)
            left -= needed
    return kept
