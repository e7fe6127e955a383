"""Measures texts.grounding on faults planted in real texts: `python benchmarks/grounding.py --data FOLDER --split test --out FILE.json`.

Groups and their sound items, from the Wikipedia passages and Dolly records under FOLDER:

- fusions: a passage becomes an item, six degraded variants of it (those that kept their question) the members, and the extractive rules fuse them; every
  second group is of two passages; texts with wrongly spaced quotes or brackets are left out;
- answers: people's answers to questions about a text (Dolly), whose sentences are the members, three each; those that take nine tenths of
  their content words from the text. Verbatim ones consist of its sentences, reworded ones do not;
- extracts, for the faults that few of these lend themselves to: the first three sentences of two texts, as they are, each text's a member;
- paraphrases.jsonl: what one member says in other words, written by hand.

Faults are planted (texts.probes) in the sound items that the check accepts. The texts are parted by hash, for looking at (dev) and for
figures (test).
"""

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from inference.baseline.build import build
from inference.baseline.degrade import degrade
from inference.baseline.fuse import fuse
from inference.baseline.telling import Refused
from texts.audit import wilson
from texts.formats import FORMATS
from texts.grounding import grounding
from texts.probes import PROBES, Honest, others_of, probes
from texts.words import content_words, sentences, words

_VARIANTS = 6
RARE = ("unit", "condition dropped", "condition turned round", "pronoun moved")
BADLY_SPACED = re.compile(r"[(\[]\s|\w\"\s\w|\s\"\s")  # quotes and brackets that hide where a sentence ends
_EXTRACTIVE = 0.9
_ABOUT_FORM = ("said twice", "members in a row", "one member copied", "empty shell")  # true, if too much or too little
Item = tuple[str, str, tuple[str, ...]]  # kind of sound item, its text, its members


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a compressed JSON Lines file."""
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        yield from map(json.loads, stream.read().splitlines())


def part_of(text: str) -> str:
    """The part a text belongs to, by its hash."""
    return ("dev", "test")[int(sha256(text.encode()).hexdigest(), 16) % 2]


def built(kind: str, title: str, text: str) -> str:
    """The item of a passage; "" where it carries none."""
    try:
        return build(kind, title, text)
    except Refused:
        return ""


def fusions(data: Path, part: str) -> Iterator[Item]:
    """Fusions of degraded passages."""
    passages = [row for row in rows(data / "wikipedia/2wiki_corpus.jsonl.zst") if part_of(row["text"]) == part]
    passages = [row for row in passages if not BADLY_SPACED.search(row["text"])]
    targets = [target for row in passages if (target := built("qa", row["title"], row["text"]))]
    for place, target in enumerate(targets):
        group = [target, targets[place - 1]] if place % 2 else [target]
        members = tuple(
            variant
            for one in group
            for number in range(_VARIANTS // len(group))
            if (variant := degrade("qa", one, number, _VARIANTS // len(group), 7)) and variant.startswith("Q:")
        )
        if text := fuse("qa", members):
            yield "fusion", text, members


def answers(data: Path, part: str) -> Iterator[Item]:
    """People's answers that take their words from the text they are about."""
    for row in rows(data / "instruct/dolly.jsonl.zst"):
        context, answer = re.sub(r"\[\d+\]", "", row["context"] or ""), re.sub(r"\[\d+\]", "", row["response"])
        own, there = content_words(answer), set(content_words(context))
        if len(own) < 5 or part_of(context) != part or sum(word in there for word in own) < _EXTRACTIVE * len(own):
            continue
        said = sentences(context)
        members = tuple(f"Q: {row['instruction']}\nA: {' '.join(said[n : n + 3])}" for n in range(0, len(said), 3))
        text = f"Q: {row['instruction']}\nA: {answer}"
        if FORMATS["qa"].parse(text) and len(words(answer)) < 250:
            yield "verbatim answer" if _verbatim(answer, said) else "reworded answer", text, members


def paraphrases(part: str) -> Iterator[Item]:
    """Sound paraphrases, each of one member."""
    lines = Path(__file__).with_name("paraphrases.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        if part_of(row["said"]) == part:
            yield "paraphrase", f"Q: What is so?\nA: {row['reworded']}", (f"Q: What is so?\nA: {row['said']}",)


def extracts(data: Path, part: str) -> Iterator[Item]:
    """What two texts begin with, in the order of the texts by hash."""
    movies = (row for file in sorted((data / "wikipedia/movies").iterdir()) for row in rows(file) if "extract" in row)
    texts = [
        *((row["title"], row["text"]) for row in rows(data / "wikipedia/2wiki_corpus.jsonl.zst")),
        *((row["title"], row["extract"]) for row in movies),
        *((row["instruction"], row["context"]) for row in rows(data / "instruct/dolly.jsonl.zst") if row["context"]),
    ]
    mine = [(about, text) for about, text in texts if part_of(text) == part and not BADLY_SPACED.search(text)]
    mine.sort(key=lambda text: sha256(text[1].encode()).hexdigest())
    for one, other in pairwise(mine):
        openings = [" ".join(sentences(text)[:3]) for _, text in (one, other)]
        members = tuple(f"Q: {about}?\nA: {said}" for (about, _), said in zip((one, other), openings, strict=True))
        if all("\n" not in said and "?" not in said for said in openings):
            yield "extract", f"Q: {one[0]}?\nA: {' '.join(openings)}", members


def rare(items: Iterator[Item], count: int) -> tuple[list[dict[str, Any]], list[tuple[str, str, str]]]:
    """What `measured` returns, of `count` sound extracts for each fault that is rare."""
    found: dict[str, list[bool]] = {kind: [] for kind in RARE}
    missed: list[tuple[str, str, str]] = []
    for _, text, members in items:
        open_kinds = {kind: PROBES[kind] for kind, seen in found.items() if len(seen) < count}
        if not open_kinds:
            break
        made = dict(probes(Honest("qa", text, members, ""), open_kinds)) if FORMATS["qa"].parse(text) else {}
        if made and not grounding(members, text).unsupported:
            for kind, changed in made.items():
                found[kind].append(bool(grounding(members, changed).unsupported))
                if not found[kind][-1]:
                    missed.append((kind, text, changed))
    return [_row("planted", kind, seen) for kind, seen in found.items()], missed


def _row(what: str, kind: str, seen: Sequence[bool]) -> dict[str, Any]:
    return {"what": what, "kind": kind, "refused": sum(seen), "of": len(seen), "interval": wilson(sum(seen), len(seen))}


def _verbatim(answer: str, said: Sequence[str]) -> bool:
    """Whether each sentence of the answer is one of the text's, whatever its stops and case."""
    known = {tuple(map(str.lower, words(sentence))) for sentence in said}
    return all(tuple(map(str.lower, words(sentence))) in known for sentence in sentences(answer))


def measured(items: Sequence[Item]) -> tuple[list[dict[str, Any]], list[tuple[str, str, str]]]:
    """A row for each kind of sound item and of fault; what was missed, for looking at."""
    counts: dict[tuple[str, str], list[bool]] = {}
    missed: list[tuple[str, str, str]] = []
    for (kind, text, members), other in zip(items, others_of([text for _, text, _ in items]), strict=True):
        unsupported = grounding(members, text).unsupported
        counts.setdefault(("sound", kind), []).append(bool(unsupported))
        if unsupported:
            missed.append((f"sound {kind}", unsupported[0].statement, unsupported[0].fault or ""))
            continue
        for fault, changed in probes(Honest("qa", text, members, other)):
            if fault in (*_ABOUT_FORM, *RARE):
                continue
            caught = bool(grounding(members, changed).unsupported)
            counts.setdefault(("planted", fault), []).append(caught)
            if not caught:
                missed.append((fault, text, changed))
    table = [_row(what, kind, seen) for (what, kind), seen in counts.items()]
    return table, missed


def _spread(items: Iterator[Item], count: int) -> list[Item]:
    """`count` of the items, by hash."""
    return sorted(items, key=lambda item: sha256(item[1].encode()).hexdigest())[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--items", type=int, default=400, help="of each kind of sound item at most")
    parser.add_argument("--rare", type=int, default=250, help="items for each fault that few lend themselves to")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", type=int, default=0, help="missed faults and refused sound items to print")
    parser.add_argument("--kind", help="of what is printed")
    options = parser.parse_args()
    items = [item for make in (fusions, answers) for item in _spread(make(options.data, options.split), options.items)]
    items += paraphrases(options.split)
    begun = time.process_time()
    table, missed = measured(items)
    more, also_missed = rare(extracts(options.data, options.split), options.rare)
    table, missed = table + more, missed + also_missed
    faults = [row for row in table if row["what"] == "planted"]
    found, planted = sum(row["refused"] for row in faults), sum(row["of"] for row in faults)
    table.append(
        {"what": "planted", "kind": "all", "refused": found, "of": planted, "interval": wilson(found, planted)}
    )
    for row in table:
        low, high = row["interval"]
        print(
            f"| {row['what']} | {row['kind']} | {row['refused']:,} of {row['of']:,} | {row['refused'] / row['of']:.1%} | {low:.1%} to {high:.1%} |"
        )
    print(f"{options.split} texts, {len(items)} items, {time.process_time() - begun:.0f} s of processor time")
    shown = [one for one in missed if not options.kind or one[0] == options.kind]
    for kind, one, other in shown[: options.show]:
        print(f"--- {kind}\n{one}\n>>> {other}")
    if options.out:
        options.out.write_text(
            json.dumps({"split": options.split, "items": len(items), "table": table}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
