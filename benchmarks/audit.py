"""Audits every judge on probes of real texts: `python benchmarks/audit.py --data FOLDER --out FILE.json`.

Honest answers: of an item built from a Wikipedia passage under FOLDER what its six degraded variants, the members, support; two item types.
A judge passes a kind of probe that it puts below the honest answer in 95 % of pairs. The texts are parted by hash as in grounding.py.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from grounding import BADLY_SPACED, part_of, rows

from inference.acceptance import AcceptanceParams, rejection
from inference.baseline.build import build
from inference.baseline.degrade import degrade
from texts import rubric
from texts.audit import Judge, audit, honest_of
from texts.coverage import copied, member_coverage
from texts.formats.distillation import completion
from texts.grounding import grounding
from texts.probes import PROBES, Honest
from texts.worth import Group, promotion_score
from trainers.recipes import GrpoRecipe, load
from trainers.rewards import REWARDS

_VARIANTS = 6
Reward = Callable[[Sequence[str], Mapping[str, Sequence[Any]]], list[float]]


def mixture(data: Path, part: str) -> Iterator[dict[str, Any]]:
    """Items like MIXTURE's, in an order by hash."""
    passages = sorted(
        rows(data / "wikipedia/2wiki_corpus.jsonl.zst"), key=lambda row: sha256(row["text"].encode()).hexdigest()
    )
    for row in passages:
        if part_of(row["text"]) != part or BADLY_SPACED.search(row["text"]):
            continue
        for kind in ("qa", "paragraph"):
            if target := build(kind, row["title"], row["text"]):
                variants = [degrade(kind, target, number, _VARIANTS, 7) for number in range(_VARIANTS)]
                yield {"item_type": kind, "members": [one for one in variants if one], "target": target}


def judged_by(score: Callable[[Honest, str], float]) -> Judge:
    """A judge that looks at one text at a time."""
    return lambda honest, texts: [score(one, text) for one, text in zip(honest, texts, strict=True)]


def rewarded_by(*weighted: tuple[float, Reward]) -> Judge:
    """The weighted sum of rewards."""

    def judge(honest: Sequence[Honest], texts: Sequence[str]) -> list[float]:
        columns = {
            "item_type": [one.item_type for one in honest], "members": [list(one.members) for one in honest],
            "target": [one.target for one in honest],
        }  # fmt: skip
        parts = [
            [weight * value for value in reward([completion(text) for text in texts], columns)]
            for weight, reward in weighted
        ]
        return [sum(values) for values in zip(*parts, strict=True)]

    return judge


def accepted(one: Honest, text: str) -> float:
    """1 for what acceptance lets through, whatever the rubric says of it."""
    limits = AcceptanceParams(rating=0.0)
    return float(rejection(one.members, text, one.item_type, grounding(one.members, text), limits) is None)


def judges() -> dict[str, Judge]:
    """Every judge by name."""
    weights = load(GrpoRecipe, "grpo", "paper").reward_weights
    return {
        "rubric": judged_by(lambda one, text: rubric.score(text)),
        "coverage of members": judged_by(lambda one, text: sum(member_coverage(one.members, text))),
        "novelty": judged_by(lambda one, text: 1.0 - copied(one.members, text)),
        "acceptance": judged_by(accepted),
        **{f"reward: {name}": rewarded_by((1.0, REWARDS[name])) for name in REWARDS},
        "reward: sum": rewarded_by(*((weight, REWARDS[name]) for name, weight in weights.items())),
        "promotion score": judged_by(
            lambda one, text: promotion_score(one.item_type, Group(one.members), completion(text))[1].score
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--items", type=int, default=250, help="honest answers")
    parser.add_argument("--only", help="one judge")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    honest = honest_of(mixture(options.data, options.split), options.items)
    print(f"{len(honest)} honest answers from {options.split} texts")
    found: dict[str, Any] = {}
    for name, judge in judges().items():
        if options.only in (None, name):
            found[name] = {
                one.kind: {"pairs": one.pairs, "share": one.share, "interval": one.interval}
                for one in audit(judge, honest)
            }
            print(
                name, *(f"{kind} {one['share']:.3f}/{one['pairs']}" for kind, one in found[name].items()), sep="\n    "
            )
    if options.out:
        options.out.write_text(
            json.dumps({"split": options.split, "honest": len(honest), "judges": found}, indent=1) + "\n"
        )
        kinds = [kind for kind in PROBES if kind in found["promotion score"]]
        print("| judge |", *(f"{kind} |" for kind in kinds))
        for name, one in found.items():
            print(f"| {name} |", *(f"{one[kind]['share']:.0%} |" if kind in one else "- |" for kind in kinds))


if __name__ == "__main__":
    main()
