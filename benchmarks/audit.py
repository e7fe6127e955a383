"""Audits every judge on probes of real texts: `python benchmarks/audit.py --data FOLDER --out FILE.json`.

Honest answers: of an item built from a Wikipedia passage under FOLDER what its six degraded variants, the members, support; questions with answers and paragraphs in turn.
For the kinds that few of these lend themselves to, honest answers are grounding.py's extracts, and answer for that kind alone.
A judge passes a kind of probe that it puts below the honest answer in 95 % of pairs. The texts are parted by hash as in grounding.py.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from grounding import BADLY_SPACED, RARE, built, extracts, part_of, rows

from inference.acceptance import Acceptance, AcceptanceParams
from inference.baseline.degrade import degrade
from texts import rubric
from texts.audit import Judge, audit, honest_of
from texts.coverage import copied, member_coverage
from texts.probes import PROBES, Honest, Probe, probes
from trainers.audits import promotion, reward
from trainers.recipes import GrpoRecipe, load
from trainers.rewards import REWARDS, Basis

_VARIANTS = 6


def mixture(data: Path, part: str) -> Iterator[dict[str, Any]]:
    """Items like MIXTURE's, in an order by hash."""
    extracts = (row for file in sorted((data / "wikipedia/movies").iterdir()) for row in rows(file) if "extract" in row)
    passages = [
        *((row["title"], row["text"]) for row in rows(data / "wikipedia/2wiki_corpus.jsonl.zst")),
        *((row["title"], row["extract"]) for row in islice(extracts, 0, None, 5)),
    ]
    for title, text in sorted(passages, key=lambda passage: sha256(passage[1].encode()).hexdigest()):
        if part_of(text) != part or BADLY_SPACED.search(text):
            continue
        kind = ("qa", "paragraph")[len(text) % 2]
        if target := built(kind, title, text):
            variants = [degrade(kind, target, number, _VARIANTS, 7) for number in range(_VARIANTS)]
            yield {"item_type": kind, "members": [one for one in variants if one], "target": target}


def rare(data: Path, part: str, count: int) -> dict[str, list[Honest]]:
    """For each kind of probe that is rare at most `count` honest answers that it can be made of."""
    found: dict[str, list[Honest]] = {kind: [] for kind in RARE}
    for _, text, members in extracts(data, part):
        short = {kind: PROBES[kind] for kind, ones in found.items() if len(ones) < count}
        if not short:
            break
        made = [kind for kind, _ in probes(Honest("qa", text, members, ""), short)]
        for one in honest_of([{"item_type": "qa", "members": members, "target": text}], 1) if made else ():
            for kind, _ in probes(one, {kind: PROBES[kind] for kind in made}):
                found[kind].append(one)
    return found


def audited(judge: Judge, sets: Sequence[tuple[Sequence[Honest], Mapping[str, Probe]]]) -> dict[str, Any]:
    """The figures of each kind of probe; sets: honest answers with the kinds that are made of them."""
    found = [one for honest, kinds in sets for one in audit(judge, honest, kinds)]
    return {one.kind: {"pairs": one.pairs, "share": one.share, "interval": one.interval} for one in found}


def judged_by(score: Callable[[Honest, str], float]) -> Judge:
    """A judge that looks at one text at a time."""
    return lambda honest, texts: [score(one, text) for one, text in zip(honest, texts, strict=True)]


def accepted(one: Honest, text: str) -> float:
    """1 for what acceptance lets through."""
    return float(_acceptance(one.members).assessed(text, one.item_type).refusal is None)


@lru_cache(maxsize=1_024)
def _acceptance(members: tuple[str, ...]) -> Acceptance:
    return Acceptance(members, AcceptanceParams())


def judges(data: Path, part: str) -> dict[str, Judge]:
    """Every judge by name; what rewards know of rated texts is of items from this part."""
    rows = [{"id": f"mix_{n:04}", "split": "sft", **row} for n, row in enumerate(islice(mixture(data, part), 150))]
    basis = Basis(ds.dataset(pa.Table.from_pylist(rows)), "teacher", 1_000)
    sums = {name: load(GrpoRecipe, "grpo", name).reward_weights for name in ("gpu", "paper")}
    return {
        "rubric": judged_by(lambda one, text: rubric.score(text)),
        "coverage of members": judged_by(lambda one, text: sum(member_coverage(one.members, text))),
        "novelty": judged_by(lambda one, text: 1.0 - copied(one.members, text)),
        "acceptance": judged_by(accepted),
        **{f"reward: {name}": reward({name: 1.0}, basis) for name in REWARDS},
        **{f"reward: sum of recipe {name}": reward(weights, basis) for name, weights in sums.items()},
        "promotion score": promotion,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--items", type=int, default=250, help="honest answers")
    parser.add_argument("--rare", type=int, default=220, help="honest answers for each kind that is rare")
    parser.add_argument("--only", nargs="*", help="judges, all of them if none is named")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    honest = honest_of(mixture(options.data, options.split), options.items)
    few = rare(options.data, options.split, options.rare)
    common = {kind: make for kind, make in PROBES.items() if kind not in RARE}
    sets = [(honest, common), *((ones, {kind: PROBES[kind]}) for kind, ones in few.items())]
    print(f"{len(honest)} honest answers from {options.split} texts, and {[*map(len, few.values())]} for {[*few]}")
    found: dict[str, Any] = {}
    for name, judge in judges(options.data, "dev" if options.split == "test" else "test").items():
        if not options.only or name in options.only:
            found[name] = audited(judge, sets)
            told = (f"{kind} {one['share']:.3f}/{one['pairs']}" for kind, one in found[name].items())
            print(name, *told, sep="\n    ", flush=True)
    if options.out:
        options.out.write_text(
            json.dumps({"split": options.split, "honest": len(honest), "judges": found}, indent=1) + "\n"
        )
        kinds = [kind for kind in PROBES if any(kind in one for one in found.values())]
        print("| judge |", *(f"{kind} |" for kind in kinds))
        for name, one in found.items():
            print(f"| {name} |", *(f"{one[kind]['share']:.0%} |" if kind in one else "- |" for kind in kinds))


if __name__ == "__main__":
    main()
