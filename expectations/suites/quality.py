"""What must hold of scores before they are published: consistent, curated only by an estimate, and calibrated on held-out ratings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.calibration import mean_errors
from expectations.frames import field, keys, pc
from expectations.membership import membership
from expectations.rules import (
    Batch,
    Rule,
    at_least,
    at_most,
    between,
    exits,
    figures,
    filled,
    identified,
    none,
    unique,
    vital,
)
from expectations.suites.since_last import since_last
from lake.tables.reasons import UNRATED

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Scored
    from expectations.membership import Membership

ROUNDING = 1e-6
_RATED_AS = tuple(f"rated_{score}" for score in range(6))


def quality(frames: Frames, *, gate: Scored, high_score: float) -> Iterable[Batch]:
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
    replaced, used = field("curated") != field("score"), field("used")
    yield figures(
        none(
            "records_without_a_label",
            lambda: ids.count("records > scored + unrated"),
            "Every unique record has a score, or a reason why not.",
        ),
        vital(
            none("scored_and_unrated", lambda: ids.count("scored + unrated > 1"), "No record is scored and unrated.")
        ),
        none(
            "high_without_the_score",
            lambda: rows.count_rows(filter=field("high") != (field("curated") >= high_score)),
            "Exactly the records of a curated score of `high_score` or more are high.",
        ),
        *_estimated(estimates),
        none(
            "curated_by_no_estimate",
            lambda: 0 if estimates.count_rows(filter=used) else rows.count_rows(filter=replaced),
            "No score was replaced without an estimate of how reliable scores are.",
        ),
        *_calibration(rows, ids, gate, whole=not frames.before),
    )
    yield from since_last(frames, "silver/quality", gate, ["curated"], ["high"])


def _transitions(estimates: ds.Dataset) -> Batch:
    shares = [between(name, 0, 1) for name in ("share", *_RATED_AS)]
    rules = [filled("id"), unique("id"), between("score", 0, 5), *shares, between("agreement", -1, 1)]
    return Batch("silver/score_transitions", estimates, rules, key="decision")


def _estimated(estimates: ds.Dataset) -> Iterable[Rule]:
    """Probabilities that add up to one; an estimate by which no score was curated is worth a warning."""
    off = pc.abs(pc.subtract(reduce(pc.add, map(field, _RATED_AS)), pc.scalar(1.0)))
    yield none(
        "transitions_that_do_not_add_up_to_one",
        lambda: estimates.count_rows(filter=off > ROUNDING),
        "The probabilities of every estimate add up to one.",
    )
    yield none(
        "transitions_that_curated_nothing",
        lambda: estimates.count_rows(filter=~field("used")),
        "Every estimate was good enough to curate by.",
        warning=True,
    )


def _calibration(rows: ds.Dataset, ids: Membership, gate: Scored, whole: bool) -> Iterable[Rule]:
    """Whether both sides of the line are populated, and whether neighbours predict a held-out rating better than guessing.

    A record's own rating is no part of its neighbours' score: each is held out once.
    """

    def high_share() -> float | None:
        scored = ids.count("scored == 1")
        return rows.count_rows(filter=field("high")) / max(scored, 1) if whole or scored >= gate.enough else None

    def error_over_guessing() -> float | None:
        compared, error, guess = mean_errors(rows, "score", "neighbour_score")
        return error / max(guess, ROUNDING) if compared >= gate.enough else None

    some, others = "Some records are high.", "Some records are not high."
    yield at_least("high_share", high_share, gate.expected_high_from, some, warning=True)
    yield at_most("high_share_above", high_share, gate.expected_high_to, others, warning=True)
    yield at_most(
        "held_out_error_over_guessing",
        error_over_guessing,
        gate.expected_error,
        "The neighbours of a record predict its rating better than the mean of all ratings does.",
        warning=True,
    )
