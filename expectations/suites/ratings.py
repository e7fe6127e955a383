"""What must hold of ratings before they are published: those that decide, those beside them, and the predictor.

Not yet: drift when everything is rated anew; then there are no rows before to compare with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.dataset as ds

from expectations.frames import empty, field, keys, rows_by, table
from expectations.membership import Membership, membership
from expectations.rules import (
    Batch,
    Rule,
    at_least,
    at_most,
    between,
    figures,
    filled,
    foreign,
    identified,
    none,
    one_of,
)
from expectations.suites.since_last import since_last
from lake.tables.reasons import FAILED, RATED, RATING_STATES, SECOND_ROLES

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Rated

CRITERIA = ("rarity", "complexity", "informativeness", "overall")


def ratings(frames: Frames, *, gate: Rated) -> Iterable[Batch]:
    """The suite of silver/ratings."""
    rows = frames["silver/ratings"]
    states = [filled("state"), one_of("state", RATING_STATES)]
    yield Batch("silver/ratings", rows, [filled("id"), filled("judge"), filled("prompt_version"), *states], key="id")
    yield Batch("criteria", rows, [between(name, 1, 10) for name in CRITERIA], key="id")
    ids = membership(records=keys(frames["silver/unique_instructions"], "id"), rated=keys(rows, "id"))
    yield figures(
        none("records_without_a_row", lambda: ids.count("records > rated"), "Every unique record has a row."),
        foreign("ratings_of_no_record", lambda: ids.count("rated > records"), "Every rating is of a unique record."),
        *_states(rows),
        *_judged(frames, ids, gate),
        *_second_figures(frames, gate),
    )
    yield _second(frames["silver/second_ratings"])
    yield _drift(frames, gate)
    # a predictor that may be no better than a constant is refused, with all that it predicted; its advice is the failed check's example
    says = "The predictor is proven to tell more of a rating than a constant does."
    better = [filled("explained_low"), between("explained_low", gate.least_explained, 1, says=says)]
    yield Batch("silver/rating_predictors", frames["silver/rating_predictors"], better, key="advice")
    yield from since_last(frames, "silver/ratings", gate, ["overall"])


def _states(rows: ds.Dataset) -> Iterable[Rule]:
    """That the state of a row is what its other columns say."""
    predicted = field("state") == "predicted"
    yield none(
        "neither_rating_nor_error",
        lambda: rows.count_rows(filter=empty("overall", "error")),
        "Every row has a rating or says why not.",
    )
    yield none(
        "another_state_than_rating",
        lambda: rows.count_rows(filter=field("state").isin(RATED) == empty("overall")),
        "Exactly the rows in a state of being rated have a rating.",
    )
    yield none(
        "another_state_than_margin",
        lambda: rows.count_rows(filter=predicted == empty("margin")),
        "Exactly the predicted ratings have a margin.",
    )


def _judged(frames: Frames, ids: Membership, gate: Rated) -> Iterable[Rule]:
    """Whether the judge answers, and with more than one rating."""
    rows, grown = frames["silver/ratings"], bool(frames.before)

    def unrated_share() -> float:
        judged = ids.count("records == 1") - rows.count_rows(filter=field("state") == "predicted")
        # one failure among a handful of new records is no broken judge
        return rows.count_rows(filter=empty("overall")) / max(judged, gate.enough if grown else 1)

    def distinct() -> int | None:
        few = grown and ids.count("records == 1") < gate.enough
        return None if few else len(rows_by(rows, "overall", ~empty("overall")))

    yield at_most(
        "unrated_share", unrated_share, gate.most_unrated, "The judge rated nearly every record it was asked about."
    )
    yield at_least("distinct_ratings", distinct, 2, "The judge tells records apart.", warning=True)


def _second(rows: ds.Dataset) -> Batch:
    """Ratings of the judges beside, one of a record by each judge."""
    named = [filled("record_id"), filled("judge"), filled("name"), filled("role"), one_of("role", SECOND_ROLES)]
    states = [filled("state"), one_of("state", RATING_STATES), between("overall", 1, 10)]
    return Batch("silver/second_ratings", rows, [*identified("id", "opn"), *named, *states], key="id")


def _second_figures(frames: Frames, gate: Rated) -> Iterable[Rule]:
    """That judges beside rated records of this run; where they fail on many, a warning, as they decide nothing."""
    rows = frames["silver/second_ratings"]
    ids = membership(
        second=keys(rows, "record_id"), lookup={"records": keys(frames["silver/unique_instructions"], "id")}
    )
    yield foreign(
        "second_ratings_of_no_record",
        lambda: ids.count("second > 0 and records == 0"),
        "Every second rating is of a unique record.",
    )
    yield at_most(
        "second_failed_share",
        lambda: rows.count_rows(filter=field("state").isin(FAILED)) / max(rows.count_rows(), gate.enough),
        gate.expected_second_failed,
        "Few of the second ratings failed.",
        warning=True,
    )


def _drift(frames: Frames, gate: Rated) -> Batch:
    """One row a judge: how far the distribution of its new ratings is from that of its published ones; few new ones are not looked at."""
    found = list[tuple[str, float]]()
    for key in ("silver/ratings", "silver/second_ratings") if frames.before else ():
        older, newer = _by_judge(frames.before[key]), _by_judge(frames[key])
        for judge in sorted(older.keys() & newer.keys()):
            if min(sum(older[judge].values()), sum(newer[judge].values())) >= gate.enough:
                found.append((judge, stability(older[judge], newer[judge])))
    says = "Every judge's new ratings are spread about as its published ones are (population stability index)."
    rules = [between("drift", None, gate.expected_drift, warning=True, says=says)]
    return Batch("drift", table(found, ["judge", "drift"]), rules, key="judge")


def _by_judge(rows: ds.Dataset) -> dict[str, Mapping[int, int]]:
    """How many ratings of each value each judge gave; the ratings that a predictor gave are its own."""
    judges = [judge for judge in rows_by(rows, "judge") if judge]
    return {judge: rows_by(rows, "overall", (field("judge") == judge) & ~empty("overall")) for judge in judges}


def stability(older: Mapping[int, int], newer: Mapping[int, int]) -> float:
    """The population stability index of two counts of ratings 1..10: 0 where their shares are equal; half a rating is added to each count.

    >>> round(stability({5: 100, 6: 100}, {5: 200, 6: 200}), 3), round(stability({5: 100, 6: 100}, {5: 150, 6: 50}), 2)
    (0.007, 0.27)
    """
    before, after = (np.array([counts.get(n, 0) + 0.5 for n in range(1, 11)]) for counts in (older, newer))
    before, after = before / before.sum(), after / after.sum()
    return float(((after - before) * np.log(after / before)).sum())
