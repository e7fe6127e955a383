"""Whether a distilled item is accepted in its members' place: it must be well formed, and grounded in the members alone.

The reference method looks at the output only (method, section 7.2, point 1). The measures are lexical (texts.grounding,
texts.coverage): each statement must stand in one stretch of one member, so that a true paraphrase is refused with the false ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from pydantic import Field

from lake.harness.job import Params
from texts.coverage import copied, member_coverage, repeated
from texts.formats import FORMATS
from texts.grounding import Grounding
from texts.rubric import score
from texts.words import words


class AcceptanceParams(Params):
    """What a distilled item must reach."""

    support: float = Field(
        default=1.0, ge=0.0, le=1.0, description="least share of its words that stand in statements a member supports"
    )
    coverage: float = Field(
        default=0.5, ge=0.0, le=1.0, description="least share of a member's content that it keeps, mean over members"
    )
    copied: float = Field(
        default=0.9, gt=0.0, le=1.0, description="share of its shingles in one member from which it is a copy"
    )
    repeated: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        description="largest share of its words in sentences that say again what one said before",
    )
    rating: float = Field(default=4.0, ge=0.0, le=5.0, description="least rubric score (method, section 5.4)")
    max_words: int = Field(default=600, ge=10, description="longest item")


def rejection(
    members: Sequence[str], text: str, item_type: str, grounded: Grounding, params: AcceptanceParams
) -> tuple[str, str] | None:
    """Why `text` is rejected as the item distilled from `members`: a reason code and a detail; None if it is accepted.

    grounded: of `text` in `members`. Reasons, in the order tested: malformed, too_long, unfaithful, thin, copied, repetition, low_rating.
    """
    if FORMATS[item_type].parse(text) is None:
        return "malformed", f"not one well-formed {item_type} item"
    if (length := len(words(text))) > params.max_words:
        return "too_long", f"{length} words, at most {params.max_words}"
    if grounded.score < params.support:
        missing = grounded.unsupported[0]
        others = f" and {len(grounded.unsupported) - 1} more" if len(grounded.unsupported) > 1 else ""
        return "unfaithful", f"no member supports {missing.statement!r}{others}: {missing.fault}"
    if (covered := fmean(member_coverage(members, text))) < params.coverage:
        return "thin", f"covers {covered:.2f} of its members, at least {params.coverage:.2f}"
    if (largest := copied(members, text)) >= params.copied:
        return "copied", f"{largest:.2f} of it stands in one member, less than {params.copied:.2f}"
    if (again := repeated(text)) > params.repeated:
        return "repetition", f"{again:.2f} of it says again what it said before, at most {params.repeated:.2f}"
    if (rating := score(text)) < params.rating:
        return "low_rating", f"rated {rating:.2f}, at least {params.rating:.2f}"
    return None
