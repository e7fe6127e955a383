"""Audits every judge on probes of real texts: `python benchmarks/audit.py --data FOLDER --out FILE.json`.

Honest answers: of an item built from a Wikipedia passage under FOLDER what its six degraded variants, the members, support; questions with answers and paragraphs in turn.
For the kinds that few of these lend themselves to, honest answers are grounding.py's extracts, and answer for that kind alone; for the others that fewer
than `--items` do, further items. With `--out` the figures so far are kept after every twenty answers.
A judge passes a kind of probe that it puts below the honest answer in 95 % of pairs. The texts are parted by hash as in grounding.py.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from grounding import BADLY_SPACED, RARE, built, extracts, part_of, rows

from inference.acceptance import Acceptance, AcceptanceParams
from inference.baseline.degrade import degrade
from texts import rubric
from texts.audit import Audited, Judge, audit, honest_of
from texts.coverage import copied, member_coverage
from texts.probes import PROBES, Honest, Probe, probes
from trainers.audits import promotion, reward
from trainers.grpo_recipe import GrpoRecipe
from trainers.recipe_files import load
from trainers.rewards import REWARDS, Basis
from trainers.rewards.library import Vectors

_VARIANTS = 6
_TOGETHER = 20  # honest answers that all judges are asked about before the next
Figures = dict[str, dict[str, Audited]]  # by judge and kind of probe
Set = tuple[Sequence[Honest], Mapping[str, Probe]]  # honest answers with the kinds that are made of them


def mixture(data: Path, part: str) -> Iterator[dict[str, Any]]:
    """Items like MIXTURE's: those of the corpus and of every fifth film in an order by hash, then those of the other films."""
    files = sorted((data / "wikipedia/movies").iterdir())
    films = [(row["title"], row["extract"]) for file in files for row in rows(file) if "extract" in row]
    corpus = [(row["title"], row["text"]) for row in rows(data / "wikipedia/2wiki_corpus.jsonl.zst")]
    others = [film for n, film in enumerate(films) if n % 5]
    yield from chain(_items([*corpus, *films[::5]], part), _items(others, part))


def _items(passages: Sequence[tuple[str, str]], part: str) -> Iterator[dict[str, Any]]:
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


def more(
    items: Iterator[dict[str, Any]], honest: Sequence[Honest], kinds: Mapping[str, Probe], count: int
) -> dict[str, list[Honest]]:
    """For each kind that fewer than `count` of the honest answers lend themselves to, answers of further items that do."""
    there = Counter(kind for one in honest for kind, _ in probes(one, kinds))
    found: dict[str, list[Honest]] = {kind: [] for kind in kinds if there[kind] < count}
    while short := {kind: kinds[kind] for kind, ones in found.items() if there[kind] + len(ones) < count}:
        further = honest_of(items, _TOGETHER)
        if not further:
            break
        for one in further:
            for kind, _ in probes(one, short):
                found[kind].append(one)
    return found


def audited(every: Mapping[str, Judge], sets: Sequence[Set], keep: Callable[[Figures], None]) -> Figures:
    """The pairs of each judge by kind of probe; of all judges over some answers before the next, since they ask the same of a text."""
    found: Figures = {name: {} for name in every}
    for honest, kinds in sets:
        for at in range(0, len(honest), _TOGETHER):
            some = honest[at : at + _TOGETHER]
            for name, judge in every.items():
                for one in audit(judge, some, kinds):
                    before = found[name].get(one.kind, Audited(one.kind, 0, 0))
                    found[name][one.kind] = Audited(one.kind, before.pairs + one.pairs, before.below + one.below)
            print(f"{at + len(some)} of {len(honest)} answers for {', '.join(kinds)}", flush=True)
            keep(found)
    return found


class Remembering(Basis):
    """A basis that embeds each text once."""

    @cached_property
    def _known(self) -> dict[str, Any]:
        return {}

    def vectors(self, texts: Sequence[str]) -> Vectors:
        lacking = [text for text in dict.fromkeys(texts) if text not in self._known]
        if lacking:
            self._known.update(zip(lacking, super().vectors(lacking), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else super().vectors(texts)


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
    basis = Remembering(ds.dataset(pa.Table.from_pylist(rows)), "teacher", 1_000)
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


def table(found: Figures) -> Iterator[str]:
    """The lines of the table of docs/audit.md: of each kind and judge the share of pairs in the right order, its interval at 95 %, and how many pairs."""
    yield f"| probe | {' | '.join(found)} |"
    yield "|---" * (len(found) + 1) + "|"
    for kind in PROBES:
        told = [_told(of_judge.get(kind)) for of_judge in found.values()]
        if any(told):
            yield f"| {kind} | {' | '.join(told)} |"


def _told(one: Audited | None) -> str:
    return f"{one.share:.1%} ({one.interval[0]:.1%} to {one.interval[1]:.1%}) of {one.pairs}" if one else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--items", type=int, default=300, help="honest answers, and the least for each kind")
    parser.add_argument("--rare", type=int, default=240, help="honest answers for each kind that is rare")
    parser.add_argument("--only", nargs="*", help="judges, all of them if none is named")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    common = {kind: make for kind, make in PROBES.items() if kind not in RARE}
    items = mixture(options.data, options.split)
    honest = honest_of(items, options.items)
    few = rare(options.data, options.split, options.rare) | more(items, honest, common, options.items)
    sets = [(honest, common), *((ones, {kind: PROBES[kind]}) for kind, ones in few.items())]
    print(f"{len(honest)} honest answers from {options.split} texts, and {[*map(len, few.values())]} for {[*few]}")
    every = judges(options.data, "dev" if options.split == "test" else "test")

    def keep(found: Figures) -> None:
        if options.out:
            told = {name: {kind: _kept(one) for kind, one in kinds.items()} for name, kinds in found.items()}
            whole = {"split": options.split, "honest": len(honest), "judges": told}
            options.out.write_text(json.dumps(whole, indent=1) + "\n")

    chosen = {name: judge for name, judge in every.items() if not options.only or name in options.only}
    print(*table(audited(chosen, sets, keep)), sep="\n")


def _kept(one: Audited) -> dict[str, Any]:
    return {"pairs": one.pairs, "share": one.share, "interval": one.interval}


if __name__ == "__main__":
    main()
