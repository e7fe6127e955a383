"""What MIXTURE by the rules costs and looks like: items a second, peak memory, places of unused texts; items drawn a type, to be read.

    python benchmarks/mixture.py passages.jsonl [--limit 20000] [--draw 50 --out drawn.md --seed 8]

passages.jsonl: records of `title` and `text`, one a line. The drawn items are Markdown: target, then variants with their operators.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from inference.mixture import MIXTURE, mixture
from inference.mixture_params import MixtureParams
from lake.harness.job import JobContext
from lake.ids import content_id
from lake.storage.store import Lake
from lake.tables import TABLES

Row = dict[str, Any]


def passages(path: Path) -> pa.Table:
    """The passages of the file as rows of silver/passages, each text once."""
    rows: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        one = {"id": content_id("psg", row["title"], row["text"]), "source": path.stem}
        rows[one["id"]] = one | {"title": row["title"], "text": row["text"]}
    return pa.Table.from_pylist(list(rows.values()), schema=TABLES["silver/passages"].schema)


def made(given: pa.Table, params: MixtureParams, context: JobContext) -> Iterator[tuple[str, Row]]:
    """Each row that the stage gives, with its table; its figures are in the context then."""
    best = pa.Table.from_pylist([], schema=TABLES["silver/best_records"].schema)
    inputs = {"silver/passages": ds.dataset(given), "silver/best_records": ds.dataset(best)}
    for key, table in mixture(inputs, params, context):
        for row in table.to_pylist():
            yield key, row


def drawn(items: Sequence[Row], count: int, seed: int) -> str:
    """So many items of each type as Markdown, the same ones whatever the order of the items."""
    pages: list[str] = []
    for kind in sorted({row["item_type"] for row in items}):
        of_kind = sorted((row for row in items if row["item_type"] == kind), key=lambda row: row["id"])
        for row in random.Random(seed).sample(of_kind, min(count, len(of_kind))):
            variants = zip(row["operators"], row["members"], strict=True)
            shown = "\n\n".join(f"*{operator}*\n\n```\n{member}\n```" for operator, member in variants)
            pages.append(f"## {kind} {row['id']}\n\n```\n{row['target']}\n```\n\n{shown}")
    return "\n\n".join(pages) + "\n"


def processor_seconds() -> float:
    """What this process and those that it started and that have ended have used."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def main() -> None:
    """Runs the stage over the file and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, default=20_000)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("drawn.md"))
    parser.add_argument("--seed", type=int, default=7, help="of the choice of passages and of the draw")
    options = parser.parse_args()
    given = passages(options.file)
    places: Counter[str] = Counter()
    kept: list[Row] = []
    began, processor = time.monotonic(), processor_seconds()
    with TemporaryDirectory() as folder:
        context = JobContext(Lake(folder), "benchmark", Path(folder))
        for key, row in made(given, MixtureParams(limit=options.limit, seed=options.seed), context):
            places[f"{row['split']} {row['item_type']}" if key == MIXTURE else row["reason"]] += 1
            if options.draw and key == MIXTURE:
                kept.append(row)
    wall, cpu = time.monotonic() - began, processor_seconds() - processor
    items = int(context.metrics["items"])
    print(
        f"{items} items of {int(context.metrics['texts'])} texts in {wall:.1f} s ({cpu:.1f} s of processor time, load {os.getloadavg()[0]:.1f})"
    )
    print(f"{items / wall:.0f} items a second, {items / cpu:.0f} a processor second")
    peaks = (resource.getrusage(one).ru_maxrss // 1024 for one in (RUSAGE_SELF, RUSAGE_CHILDREN))
    print("peak memory {} MB, of a further process {} MB".format(*peaks))
    print(*(f"{count:>7} {place}" for place, count in sorted(places.items())), sep="\n")
    print(*(f"{int(count):>7} {name}" for name, count in sorted(context.metrics.items())), sep="\n")
    if options.draw:
        options.out.write_text(drawn(kept, options.draw, options.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
