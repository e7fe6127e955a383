"""Whether a text answers what it asks: for each clause of its question, a statement that does.

By words, as all of texts.grounding: a clause is answered where a supported statement, read with the question of the member that it comes
from, holds most of what the clause asks about. What it cannot know is whether the statement is the right answer.
"""

from collections.abc import Sequence
from itertools import chain

from texts.grounding.evidence import Grounding, asked_about, missing
from texts.grounding.faults import clauses
from texts.grounding.sentences import cut
from texts.grounding.tokens import parts


def unanswered(members: Sequence[str], text: str, grounded: Grounding) -> list[str]:
    """The clauses of the text's questions, each as words, that none of its supported statements answers; grounded: of `text` in `members`."""
    questions = [parts(*(one.keys for one in cut(member) if one.asks)) for member in members]
    answers = [
        questions[one.member] | parts(*(said.keys for said in cut(one.statement)))
        for one in grounded.evidence
        if one.member is not None and one.fault is None and not one.asks
    ]
    asked = chain.from_iterable(clauses(sentence.tokens) for sentence in cut(text) if sentence.asks)
    wanted = filter(None, map(asked_about, asked))
    return [
        " ".join(token.form for token in clause) for clause in wanted if all(missing(clause, one) for one in answers)
    ]
