"""What must hold of ratings before they are published: those that decide, those beside them, and the predictor.

Not yet: drift when everything is rated anew; then there are no rows before to compare with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.dataset as ds

from expectations.frames import empty, field, keys, rows_by, table
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import Metric, at_least, at_most, between, filled, identified, metrics, none, one_of
from lake.tables.reasons import FAILED, RATED, RATING_STATES, SECOND_ROLES

if TYPE_CHECKING:
    from expectations.frames import Frames

CRITERIA = ("rarity", "complexity", "informativeness", "overall")
MAX_UNRATED = 0.1  # share of the records: beyond it the stage is rejected
# beyond EXPECTED_ the gate only warns
EXPECTED_SECOND_FAILED = 0.1
EXPECTED_DRIFT = (
    0.25  # population stability index: by convention (Siddiqi 2006, "Credit Risk Scorecards") a shift to look into
)
ENOUGH = 100  # rows: of fewer, a share says little
LEAST_EXPLAINED = 1e-4


def ratings(frames: Frames) -> Iterable[Batch]:
    """The suite of silver/ratings."""
    rows = frames["silver/ratings"]
    states = [filled("state"), one_of("state", RATING_STATES)]
    yield Batch("silver/ratings", rows, [filled("id"), filled("judge"), filled("prompt_version"), *states], key="id")
    yield Batch("criteria", rows, [between(name, 1, 10) for name in CRITERIA], key="id")
    ids = membership(records=keys(frames["silver/unique_instructions"], "id"), rated=keys(rows, "id"))
    records = ids.count("records == 1")
    failed, grown = rows.count_rows(filter=empty("overall")), bool(frames.before)
    predicted = field("state") == "predicted"
    judged = records - rows.count_rows(filter=predicted)
    distinct = len(rows_by(rows, "overall", ~empty("overall")))
    yield metrics(
        none("records_without_a_row", ids.count("records > rated")),
        none("ratings_of_no_record", ids.count("rated > records")),
        none("neither_rating_nor_error", rows.count_rows(filter=empty("overall", "error"))),
        none("another_state_than_rating", rows.count_rows(filter=field("state").isin(RATED) == empty("overall"))),
        none("another_state_than_margin", rows.count_rows(filter=predicted == empty("margin"))),
        # one failure among a handful of new records is no broken judge
        at_most("unrated_share", failed / max(judged, ENOUGH if grown else 1), MAX_UNRATED),
        *([] if grown and records < ENOUGH else [at_least("distinct_ratings", distinct, 2, warning=True)]),
        *_second_metrics(frames),
    )
    yield _second(frames["silver/second_ratings"])
    yield _drift(frames)
    # a predictor that may be no better than a constant is refused, with all that it predicted; its advice is the failed check's example
    better = [filled("explained_low"), between("explained_low", LEAST_EXPLAINED, 1)]
    yield Batch("silver/rating_predictors", frames["silver/rating_predictors"], better, key="advice")


def _second(rows: ds.Dataset) -> Batch:
    """Ratings of the judges beside, one of a record by each judge."""
    named = [filled("record_id"), filled("judge"), filled("name"), filled("role"), one_of("role", SECOND_ROLES)]
    states = [filled("state"), one_of("state", RATING_STATES), between("overall", 1, 10)]
    return Batch("silver/second_ratings", rows, [*identified("id", "opn"), *named, *states], key="id")


def _second_metrics(frames: Frames) -> Iterable[Metric]:
    """That judges beside rated records of this run; where they fail on many, a warning, as they decide nothing."""
    rows = frames["silver/second_ratings"]
    ids = membership(
        second=keys(rows, "record_id"), lookup={"records": keys(frames["silver/unique_instructions"], "id")}
    )
    failed = rows.count_rows(filter=field("state").isin(FAILED)) / max(rows.count_rows(), ENOUGH)
    yield none("second_ratings_of_no_record", ids.count("second > 0 and records == 0"))
    yield at_most("second_failed_share", failed, EXPECTED_SECOND_FAILED, warning=True)


def _drift(frames: Frames) -> Batch:
    """One row a judge: how far the distribution of its new ratings is from that of its published ones; few new ones are not looked at."""
    found = list[tuple[str, float]]()
    for key in ("silver/ratings", "silver/second_ratings") if frames.before else ():
        older, newer = _by_judge(frames.before[key]), _by_judge(frames[key])
        for judge in sorted(older.keys() & newer.keys()):
            if min(sum(older[judge].values()), sum(newer[judge].values())) >= ENOUGH:
                found.append((judge, stability(older[judge], newer[judge])))
    rules = [between("drift", None, EXPECTED_DRIFT, warning=True)]
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
