"""What MIXTURE by the rules costs and looks like: items a second and a processor second, peak memory, places of texts; items drawn a type, to be read.

    python benchmarks/mixture.py passages.jsonl [--records records.jsonl] [--sizes 6000 30000] [--out benchmarks/results/mixture.json]
    python benchmarks/mixture.py passages.jsonl --sizes 2000 --draw 50 --drawn drawn.md

passages.jsonl: records of `title` and `text`; records.jsonl: of `prompt` and `answer`, used where the rubric rates them high. A size is how many
passages and records are given, in the proportion of the files; each is made in a process of its own. The drawn items are Markdown:
target, then variants with their operators.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from inference.mixture import MIXTURE, mixture
from inference.mixture_params import MixtureParams
from lake.harness.job import JobContext
from lake.ids import content_id
from lake.storage.store import Lake
from lake.tables import TABLES
from texts.rubric import HIGH, scores

Row = dict[str, Any]


def passages(path: Path) -> list[Row]:
    """The passages of the file as rows of silver/passages, each text once."""
    rows: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        one = {"id": content_id("psg", row["title"], row["text"]), "source": path.stem}
        rows[one["id"]] = one | {"title": row["title"], "text": row["text"]}
    return list(rows.values())


def records(path: Path | None) -> list[Row]:
    """The high-rated records of the file as rows of silver/best_records."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path else []
    rated = zip(found, scores([f"{row['prompt']}\n{row['answer']}" for row in found]), strict=True)
    return [
        {"id": content_id("rec", row["prompt"], row["answer"]), "source": "records", "licence": "CC0-1.0", "language": "en", "score": score}
        | {"prompt": row["prompt"], "answer": row["answer"]}
        for row, score in rated
        if score >= HIGH and row["prompt"].strip() and row["answer"].strip()
    ]  # fmt: skip


def prepared(options: argparse.Namespace, folder: Path) -> dict[int, tuple[int, int]]:
    """Writes the inputs as Parquet files; for each size how many passages and records it takes."""
    given = {"passages": passages(options.file), "best_records": records(options.records)}
    for name, rows in given.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=TABLES[f"silver/{name}"].schema), folder / f"{name}.parquet")
    first, second = map(len, given.values())
    shares = {size: round(size * second / (first + second)) for size in options.sizes}
    return {size: (min(size - share, first), min(share, second)) for size, share in shares.items()}


def made(folder: Path, params: MixtureParams, context: JobContext) -> Iterator[tuple[str, Row]]:
    """Each row that the stage gives, with its table; its figures are in the context then."""
    inputs = {f"silver/{name}": ds.dataset(folder / f"{name}.parquet") for name in ("passages", "best_records")}
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


def measured(options: argparse.Namespace, folder: Path, given: Sequence[int]) -> dict[str, Any]:
    """The figures of one size; the drawn items are written."""
    places: Counter[str] = Counter()
    kept: list[Row] = []
    params = MixtureParams(limit=max(given[0], 1), originals=given[1], seed=options.seed)
    began, processor = time.monotonic(), processor_seconds()
    context = JobContext(Lake(str(folder / "lake")), "benchmark", folder)
    for key, row in made(folder, params, context):
        if key == MIXTURE or row["reason"] != "over_limit":
            places[f"{row['split']} {row['item_type']}" if key == MIXTURE else row["reason"]] += 1
        if options.draw and key == MIXTURE:
            kept.append(row)
    wall, cpu = time.monotonic() - began, processor_seconds() - processor
    items = int(context.metrics["items"])
    if options.draw:
        options.drawn.write_text(drawn(kept, options.draw, options.seed), encoding="utf-8")
    return {
        "passages": given[0], "records": given[1], "texts": int(context.metrics["texts"]), "items": items,
        "seconds": round(wall, 1), "processor_seconds": round(cpu, 1), "load": round(os.getloadavg()[0], 1),
        "items_a_second": round(items / wall), "items_a_processor_second": round(items / cpu),
        "peak_mb": resource.getrusage(RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mb_of_a_further_process": resource.getrusage(RUSAGE_CHILDREN).ru_maxrss // 1024,
        "places": dict(sorted(places.items())),
        "figures": {name: int(count) for name, count in sorted(context.metrics.items())},
    }  # fmt: skip


def in_own_process(options: argparse.Namespace, folder: Path, given: Sequence[int]) -> dict[str, Any]:
    """The figures of one size, measured in a process of its own: a peak is that of all that a process ever did."""
    command = [sys.executable, __file__, *sys.argv[1:], "--prepared", str(folder), *map(str, given)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    """Runs the stage once a size, prints the figures and keeps them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--drawn", type=Path, default=Path("drawn.md"))
    parser.add_argument("--seed", type=int, default=7, help="of the choice of texts and of the draw")
    parser.add_argument("--prepared", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepared:
        folder, *given = options.prepared
        print(json.dumps(measured(options, Path(folder), list(map(int, given)))))
        return
    with TemporaryDirectory() as scratch:
        sizes = prepared(options, Path(scratch))
        found = [in_own_process(options, Path(scratch), given) for given in sizes.values()]
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
