"""Whether a distilled item is accepted in its members' place: it must be grounded in them, and worth more than any of them alone.

The reference method looks at the output only and asks a judge for a rating (method, sections 5.4 and 7.2, point 1). Here no judge decides:
the measures compare the item with its members (texts.grounding, texts.worth), and the rubric's rating is a figure for information. They
are lexical: each statement must stand in one stretch of one member, in its order or another, so that most true paraphrases are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from lake.harness.job import Params
from texts.coverage import copied, repeated
from texts.formats import FORMATS
from texts.grounding import Grounding
from texts.grounding.answering import unanswered
from texts.words import words
from texts.worth import Group, Worth

Refusal = tuple[str, str]  # a reason code and a detail


class AcceptanceParams(Params):
    """What a distilled item must reach."""

    support: float = Field(
        default=1.0, ge=0.0, le=1.0, description="least share of its words that stand in statements a member supports"
    )
    recovered: float = Field(
        default=0.5, ge=0.0, le=1.0, description="least share of its members' distinct statements that it states"
    )
    gain: float = Field(
        default=0.05, ge=0.0, le=1.0, description="least by which its worth, 0 to 1, exceeds that of its best member"
    )
    copied: float = Field(
        default=0.9, gt=0.0, le=1.0, description="share of its shingles in one member from which it is a copy"
    )
    repeated: float = Field(
        default=0.15,
        ge=0.0,
        le=1.0,
        description="largest share of its words in sentences that say again what one said before",
    )
    max_words: int = Field(default=600, ge=10, description="longest item")


@dataclass(frozen=True)
class Assessment:
    """A text beside the members it is to replace.

    gain: by how much it is worth more to the group than the best of them; both 0..1. refusal: why it is not accepted, or None.
    """

    text: str
    grounded: Grounding
    worth: Worth
    gain: float
    refusal: Refusal | None


class Acceptance:
    """The members of a group, ready to be compared with any number of texts."""

    def __init__(self, members: Sequence[str], params: AcceptanceParams) -> None:
        self._members = members
        self._params = params
        self._group = Group(members)
        self._best = max(self._group.worth(member).score for member in members)

    def assessed(self, text: str, item_type: str) -> Assessment:
        """The measures of the text, and the first reason of these that holds of it:

        malformed, too_long, unfaithful, unanswered, thin, copied, repetition, no_gain.
        """
        grounded = self._group.grounding(text)
        worth = self._group.worth_of(grounded)
        gain = worth.score - self._best
        if FORMATS[item_type].parse(text) is None:
            refusal = "malformed", f"not one well-formed {item_type} item"
        else:
            refusal = self._ungrounded(text, grounded) or self._poor(text, worth) or self._no_gain(worth, gain)
        return Assessment(text, grounded, worth, gain, refusal)

    def _ungrounded(self, text: str, grounded: Grounding) -> Refusal | None:
        if (length := len(words(text))) > self._params.max_words:
            return "too_long", f"{length} words, at most {self._params.max_words}"
        if grounded.score < self._params.support:
            missing = grounded.unsupported[0]
            others = f" and {len(grounded.unsupported) - 1} more" if len(grounded.unsupported) > 1 else ""
            return "unfaithful", f"no member supports {missing.statement!r}{others}: {missing.fault}"
        if clauses := unanswered(self._members, text, grounded):
            return "unanswered", f"asks about {clauses[0]!r} and does not answer it"
        return None

    def _poor(self, text: str, worth: Worth) -> Refusal | None:
        params = self._params
        if worth.recovered < params.recovered:
            return "thin", f"states {worth.recovered:.2f} of what its members state, at least {params.recovered:.2f}"
        if (largest := copied(self._members, text)) >= params.copied:
            return "copied", f"{largest:.2f} of it stands in one member, less than {params.copied:.2f}"
        if (again := repeated(text)) > params.repeated:
            return "repetition", f"{again:.2f} of it says again what it said before, at most {params.repeated:.2f}"
        return None

    def _no_gain(self, worth: Worth, gain: float) -> Refusal | None:
        if gain < self._params.gain:
            return (
                "no_gain",
                f"worth {worth.score:.2f}, its best member {self._best:.2f}: at least {self._params.gain:.2f} more",
            )
        return None
