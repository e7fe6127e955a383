"""What must hold of scores before they are published: consistent, curated only by an estimate, and calibrated on held-out ratings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.calibration import mean_errors
from expectations.frames import field, keys, pc
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import Metric, at_least, at_most, between, exits, filled, identified, metrics, none, unique
from lake.tables.reasons import UNRATED

if TYPE_CHECKING:
    from expectations.frames import Frames

# beyond EXPECTED_ the gate only warns
EXPECTED_HIGH = (0.05, 0.95)
EXPECTED_HELD_OUT_ERROR = 1.1  # mean error of the neighbours, in units of the error of guessing the mean
ENOUGH = 100  # rows: of fewer, a share or a mean error says little
ROUNDING = 1e-6
_RATED_AS = tuple(f"rated_{score}" for score in range(6))


def quality(frames: Frames, *, high_score: float) -> Iterable[Batch]:
    """The suite of silver/quality: a label for every record or a reason, consistent, and calibrated on held-out ratings."""
    rows, unrated = frames["silver/quality"], frames["silver/unrated"]
    scores = [
        filled("score"),
        filled("curated"),
        *(between(name, 0, 5) for name in ("score", "curated", "neighbour_score")),
    ]
    spread = [filled("uncertainty"), between("uncertainty", 0, 5), filled("high"), between("judges", 1, None)]
    yield Batch("silver/quality", rows, [*identified("id", "rec"), *scores, *spread], key="id")
    yield exits("silver/unrated", unrated, ["unrated"], UNRATED)
    ids = membership(
        records=keys(frames["silver/unique_instructions"], "id"), scored=keys(rows, "id"), unrated=keys(unrated, "id")
    )
    estimates = frames["silver/score_transitions"]
    yield _transitions(estimates)
    replaced = rows.count_rows(filter=field("curated") != field("score"))
    mislabelled = field("high") != (field("curated") >= high_score)
    yield metrics(
        none("records_without_a_label", ids.count("records > scored + unrated")),
        none("scored_and_unrated", ids.count("scored + unrated > 1")),
        none("high_without_the_score", rows.count_rows(filter=mislabelled)),
        *_estimated(estimates),
        none("curated_by_no_estimate", 0 if estimates.count_rows(filter=field("used")) else replaced),
        *_calibration(rows, ids.count("scored == 1"), whole=not frames.before),
    )


def _transitions(estimates: ds.Dataset) -> Batch:
    shares = [between(name, 0, 1) for name in ("share", *_RATED_AS)]
    rules = [filled("id"), unique("id"), between("score", 0, 5), *shares, between("agreement", -1, 1)]
    return Batch("silver/score_transitions", estimates, rules, key="decision")


def _estimated(estimates: ds.Dataset) -> Iterable[Metric]:
    """Probabilities that add up to one; an estimate by which no score was curated is worth a warning."""
    off = pc.abs(pc.subtract(reduce(pc.add, map(field, _RATED_AS)), pc.scalar(1.0)))
    yield none("transitions_that_do_not_add_up_to_one", estimates.count_rows(filter=off > ROUNDING))
    yield none("transitions_that_curated_nothing", estimates.count_rows(filter=~field("used")), warning=True)


def _calibration(rows: ds.Dataset, scored: int, whole: bool) -> Iterable[Metric]:
    """Whether both sides of the line are populated, and whether neighbours predict a held-out rating better than guessing.

    A record's own rating is no part of its neighbours' score: each is held out once.
    """
    if whole or scored >= ENOUGH:
        share = rows.count_rows(filter=field("high")) / max(scored, 1)
        yield at_least("high_share", share, EXPECTED_HIGH[0], warning=True)
        yield at_most("high_share_above", share, EXPECTED_HIGH[1], warning=True)
    compared, error, guess = mean_errors(rows, "score", "neighbour_score")
    if compared >= ENOUGH:
        yield at_most(
            "held_out_error_over_guessing", error / max(guess, ROUNDING), EXPECTED_HELD_OUT_ERROR, warning=True
        )
