"""What a distilled text is worth to its group: the promotion score, and the factor of every training reward.

    worth = grounding x facts recovered x conciseness, each 0..1

- grounding: the share of the text's words in statements that a member supports (texts.grounding);
- facts recovered: the share of the members' distinct statements that its supported statements state (texts.coverage);
- conciseness: the words of the facts it states over the words of its own statements, at most 1: saying more costs what it takes.

Example: two members say "Rinse the rice." and "Simmer it for 12 minutes. Rinse the rice.": two facts of 3 and 5 words. A text that gives
both once is worth 1. The first alone recovers 1/2. The members in a row state both in 11 words, so that they are worth 8/11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from texts.coverage import facts_recovered
from texts.formats.distillation import answer_of, format_score
from texts.grounding import Grounding, Members
from texts.slips import faults
from texts.words import content_words, numbers, words

_SPOILT = 0.05  # penalties of the rubric from which a statement counts as spoilt
_SAME = 0.8  # share of a statement's content words in a fuller one from which it is no fact of its own


@dataclass(frozen=True)
class Worth:
    """The three factors, each 0..1."""

    grounding: float
    recovered: float
    conciseness: float

    @property
    def score(self) -> float:
        """Their product."""
        return self.grounding * self.recovered * self.conciseness


NOTHING = Worth(0.0, 0.0, 0.0)


class Group:
    """The members of a group, ready to tell what any number of texts are worth to it."""

    def __init__(self, members: Sequence[str]) -> None:
        self._members = Members(members)
        self.facts = distinct(self._members.statements)

    def grounding(self, text: str) -> Grounding:
        """The evidence of each statement of the text among the members."""
        return self._members.grounding(text)

    def worth(self, text: str) -> Worth:
        """What the text is worth; nothing where it states nothing. What no member supports recovers nothing."""
        return self.worth_of(self.grounding(text))

    def worth_of(self, grounded: Grounding) -> Worth:
        """What the text with this evidence is worth."""
        length = sum(len(words(one.statement)) for one in grounded.evidence if not one.asks)
        if not length:
            return NOTHING
        supported = "\n".join(one.statement for one in grounded.evidence if one.fault is None)
        stated = [fact for fact in self.facts if facts_recovered([fact], supported) == 1.0]
        recovered = len(stated) / len(self.facts) if self.facts else 0.0
        told = sum(len(words(fact)) for fact in stated)
        return Worth(grounded.score, recovered, min(1.0, told / length))


def distinct(statements: Sequence[str]) -> list[str]:
    """The statements that say something of their own, the fuller ones first; figures of their own are something.

    Spoilt ones (cut off, vague, mistyped) are facts only where there are no others.
    """
    clean = [one for one, fault in zip(statements, faults(statements), strict=True) if fault < _SPOILT]
    kept: list[tuple[str, frozenset[str], set[str]]] = []
    for statement in sorted(clean or statements, key=lambda one: (-len(words(one)), one)):
        stems, figures = frozenset(content_words(statement)), numbers(statement)
        said = (len(stems & other) >= _SAME * len(stems) and figures <= others for _, other, others in kept)
        if stems and not any(said):
            kept.append((statement, stems, figures))
    return [statement for statement, _, _ in kept]


def promotion_score(item_type: str, members: Group, completion: str) -> tuple[str | None, Worth]:
    """The answer of a completion and what it is worth: None and nothing unless it is one well-formed item of its type."""
    text = answer_of(completion) if format_score(completion, item_type) == 1.0 else None
    return text, members.worth(text) if text else NOTHING
