"""Score curation by DS2 (arXiv 2410.10877): ratings that their neighbourhood contradicts are replaced, where neighbourhoods say enough.

What is estimated lies in `consensus`. A record counts as rated wrongly if the fit of its rating to its neighbours' votes is among the worst of
its score, as many as T says are wrong; it gets the score with the most votes where these are `least_confidence` of all votes.
All is estimated on a sample, and every record is compared with that sample alone, so that a million records cost a million searches in a
bounded library.

Against the paper: one pass instead of votes over 51 random subsets, whose only use is that each fits into memory; ratings that were
predicted from vectors take no part, since they agree with their neighbours by construction.
"""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.ids import content_id
from spark_jobs.curate.consensus import Confusion, agreement, estimated, limits, triples

LEAST_RECORDS = 1_000  # of which ratings are counted: fewer leave a matrix of 36 shares to chance


@dataclass(frozen=True)
class Curation:
    """What one estimate says: how scores are confused, how far neighbours agree (Cohen's kappa), from how many records, the
    fit at and below which a rating counts as wrong for each score, and whether any is replaced."""

    confusion: Confusion
    agreement: float
    records: int
    limits: tuple[float, ...]
    used: bool
    decision: str

    def rows(self) -> pa.Table:
        """The rows of silver/score_transitions: one a true score."""
        t, p = self.confusion.transition.tolist(), self.confusion.prior.tolist()
        said = {"records": self.records, "agreement": self.agreement, "used": self.used, "decision": self.decision}
        return pa.Table.from_pylist([
            {"id": content_id("est", str(score), str(t), str(p)), "score": score, "share": share}
            | {f"rated_{rated}": one for rated, one in enumerate(row)}
            | said
            for score, (row, share) in enumerate(zip(t, p, strict=True))
        ])  # fmt: skip


def curation(around: DataFrame, least_agreement: float) -> Curation | None:
    """The estimate from those rows of `around` (what `neighbours_of` gives) that are in the sample; None where none has two neighbours."""
    sampled = around.where("sampled and second is not null").select("own", "first", "second", "fit").toArrow()
    if not len(sampled):
        return None
    own, first, second, fit = (sampled[name].to_numpy() for name in ("own", "first", "second", "fit"))
    counted = triples(own, first, second)
    confusion, kappa = estimated(counted), agreement(counted)
    used = kappa >= least_agreement and len(own) >= LEAST_RECORDS
    found = tuple(float(limit) for limit in limits(confusion, own, fit))
    return Curation(confusion, kappa, len(own), found, used, _decision(kappa, least_agreement, len(own)))


def curated_score(by: Curation | None, least_confidence: float) -> Column:
    """A record's score, or what its neighbours say instead; of rows with score, fit, own, suggested and confidence, null outside the search."""
    if by is None or not by.used:
        return F.col("score")
    limit = F.element_at(F.array(*map(F.lit, by.limits)), (F.col("own") + 1).cast("int"))
    wrong = (F.col("fit") <= limit) & (F.col("confidence") >= least_confidence)
    return F.when(wrong, F.col("suggested").cast("double")).otherwise(F.col("score"))


def _decision(kappa: float, least: float, records: int) -> str:
    measured = f"of {records:,} records, ratings of nearest neighbours agree with a kappa of {kappa:.2f}"
    if records < LEAST_RECORDS:
        return f"Scores are left as rated: {records:,} records are too few to tell how scores are confused, {LEAST_RECORDS:,} are needed."
    if kappa < least:
        return f"Scores are left as rated: {measured}, and {least:.2f} is needed."
    return f"Scores are curated: {measured}, and {least:.2f} is needed."
