"""What the report says of judges: who decided, how well a predictor did, how far the others agree, and what each figure is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.dataset as ds

from lake.storage.store import Lake
from reports.view import View, one_of
from texts.agreement import Agreement, agreement

RATINGS, SECOND = "silver/ratings", "silver/second_ratings"
_MEANING: Mapping[str, str] = {
    "rules": "a rubric of counted signs, no model",
    "perplexity": "how unexpected the answer is to a language model; tells nothing of its truth",
    "difficulty": "how little the prompt helps a language model to expect the answer; tells nothing of its truth",
    "file": "ratings that were brought along",
}


@dataclass(frozen=True)
class Second:
    """A judge beside, or the judge asked again: how many records it was shown and rated, and its agreement with the one that decides.

    agreement: None where too few records have both ratings, or a judge gave all of them the same.
    """

    name: str
    role: str
    shown: int
    rated: int
    agreement: Agreement | None


@dataclass(frozen=True)
class Judges:
    """The judge that decides, the records by state, the newest predictor's row or None, and the judges that were compared with it."""

    decides: str
    states: Mapping[str, int]
    predictor: Mapping[str, Any] | None
    seconds: list[Second]


def judges(view: View) -> Judges | None:
    """What is known of the judges; None where nothing was rated yet."""
    published = view.lake.publication(RATINGS)
    if published is None:
        return None
    predictors = view.sample("silver/rating_predictors", ["fitted", "heldout", "explained", "explained_low", "error"])
    engine = published[1].params.get("engine", {})
    return Judges(
        engine.get("kind", "rules"),
        view.tally(RATINGS, "state"),
        predictors[-1] if predictors else None,
        _seconds(view),
    )


def meaning(name: str) -> str:
    """What a judge's rating is made of, in words."""
    kind = name.rstrip("0123456789").removesuffix("_") if name not in _MEANING else name
    return _MEANING.get(kind, "a language model that was asked")


def told(lake: Lake) -> list[str]:
    """A line about each judge that was compared with the one that decides."""
    found = judges(View(lake))
    return [_line(found.decides, second) for second in found.seconds] if found else []


def _seconds(view: View) -> list[Second]:
    rows = view.sample(SECOND, ["record_id", "name", "role", "overall"])
    rated = (ds.field("state") == "rated") & one_of("id", {row["record_id"] for row in rows})
    first = {row["id"]: row["overall"] for row in view.sample(RATINGS, ["id", "overall"], rated)}
    return [
        _second(name, role, [row for row in rows if (row["role"], row["name"]) == (role, name)], first)
        for role, name in sorted({(row["role"], row["name"]) for row in rows})
    ]


def _second(name: str, role: str, rows: list[dict[str, Any]], first: Mapping[str, int]) -> Second:
    given = {row["record_id"]: row["overall"] for row in rows if row["overall"] is not None}
    both = sorted(given.keys() & first.keys())
    found = agreement([first[one] for one in both], [given[one] for one in both])
    return Second(name, role, len(rows), len(given), found)


def _line(decides: str, second: Second) -> str:
    who = f"{second.name} ({meaning(second.name)})"
    again = f"{decides} asked again" if second.role == "repeat" else f"Beside {decides}, which decides, {who}"
    rated = f"{again} rated {second.rated:,} records"
    if second.agreement is None:
        return f"{rated}: too few, or too much alike, to say how far they agree"
    (_, spearman, low, high, kappa, kappa_low, kappa_high, _) = second.agreement
    return (
        f"{rated}: rank correlation {spearman:.2f} ({low:.2f} to {high:.2f}), "
        f"weighted kappa {kappa:.2f} ({kappa_low:.2f} to {kappa_high:.2f}); nothing is selected by it"
    )
