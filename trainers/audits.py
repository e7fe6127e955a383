"""The audits that go before training and before promotion: a reward or score that prefers a falsified answer decides nothing.

Honest answers come from MIXTURE: of each target what its members support (texts.audit). Sixty give some nine hundred pairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow.dataset as ds

from texts.audit import Audited, Judge, audit, honest_of, weakest
from texts.formats.distillation import completion
from texts.probes import Honest
from texts.worth import Group, promotion_score
from trainers import rewards


def audited(judge: Judge, mixture: ds.Dataset, answers: int) -> list[Audited]:
    """How the judge ranks each kind of probe, over at most `answers` honest ones."""
    batches = mixture.to_batches(columns=["id", "item_type", "members", "target"])
    return audit(judge, honest_of((row for batch in batches for row in batch.to_pylist()), answers))


def told(found: Sequence[Audited]) -> dict[str, Any]:
    """What a row keeps of an audit: every kind, and the one that is ranked worst of those with enough pairs, if there is any."""
    worst = weakest(found)
    figures = {"audit_kind": worst.kind, "audit_share": worst.share, "audit_high": worst.interval[1]} if worst else {}
    return {"audit": [asdict(one) for one in found], **figures}


def promotion(honest: Sequence[Honest], texts: Sequence[str]) -> list[float]:
    """The promotion score as a judge."""
    groups = {one.members: Group(one.members) for one in honest}
    return [
        promotion_score(one.item_type, groups[one.members], completion(text))[1].score
        for one, text in zip(honest, texts, strict=True)
    ]


def reward(weights: Mapping[str, float], basis: rewards.Basis) -> Judge:
    """The weighted sum of rewards as a judge."""

    def judge(honest: Sequence[Honest], texts: Sequence[str]) -> list[float]:
        columns = {
            "item_type": [one.item_type for one in honest],
            "members": [list(one.members) for one in honest],
            "target": [one.target for one in honest],
        }
        completions = [completion(text) for text in texts]
        parts = [
            [weight * value for value in rewards.REWARDS[name](completions, columns, basis)]
            for name, weight in weights.items()
        ]
        return [sum(values) for values in zip(*parts, strict=True)]

    return judge


def without_cosine(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights with alignment's given to coverage, which is what alignment multiplies its cosine by.

    The cosine embeds every probe, which takes minutes on two cores. What it adds to the order is audited by benchmarks/audit.py alone.

    >>> without_cosine({"quality": 0.5, "alignment": 0.4, "format": 0.1})
    {'quality': 0.5, 'format': 0.1, 'coverage': 0.4}
    """
    kept = {name: weight for name, weight in weights.items() if name != "alignment"}
    if "alignment" in weights:
        kept["coverage"] = kept.get("coverage", 0.0) + weights["alignment"]
    return kept
