"""What the gate of silver/instructions costs, taken warm: processor and wall seconds of its whole suite, pages and results included.

`python benchmarks/gates.py --rows 1000 200000 --out FILE.json`. Rows are made up, seeded: ids and hashes that differ, texts of 30 to 90
words, beside a last published version of nine tenths of them. The first of three audits is left out: it imports and opens Great
Expectations. What cleaning itself costs: benchmarks/clean.py.
"""

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from expectations.gate import audit
from expectations.limits import Cleaned
from expectations.suites.silver import instructions
from lake.harness.job import Views
from lake.tables import TABLES
from spark_jobs.clean.params import CleanParams

KEY = "silver/instructions"
_WORDS = np.array(
    [
        "the",
        "a",
        "of",
        "rice",
        "water",
        "boils",
        "slowly",
        "until",
        "done",
        "and",
        "then",
        "rests",
        "while",
        "others",
        "wait",
        "for",
        "the",
        "lid",
        "to",
        "cool",
    ]
)


def made_up(rows: int) -> pa.Table:
    """So many rows of silver/instructions that pass their suite."""
    chance = np.random.default_rng(7)
    texts = [" ".join(_WORDS[chance.integers(0, len(_WORDS), 30)]) for _ in range(min(rows, 2_000))]
    digests = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(rows)]
    prompts = [texts[n % len(texts)] for n in range(rows)]
    answers = [f"{texts[n * 7 % len(texts)]} {texts[n * 11 % len(texts)]}" for n in range(rows)]
    columns: dict[str, Any] = {
        "id": [f"rec_{digest[:24]}" for digest in digests], "raw_id": [f"raw_{digest[:24]}" for digest in digests],
        "source": [f"source {n % 5}" for n in range(rows)], "language": ["zh" if n % 9 == 0 else "en" for n in range(rows)],
        "item_type": ["qa"] * rows, "prompt": prompts, "answer": answers, "text_hash": digests,
        "text": [f"{prompt}\n{answer}" for prompt, answer in zip(prompts, answers, strict=True)],
    }  # fmt: skip
    schema = TABLES[KEY].schema
    return pa.table({field.name: columns.get(field.name, pa.nulls(rows, field.type)) for field in schema}).cast(schema)


def frames(rows: pa.Table, folder: Path) -> Views:
    """What the suite of a run on all rows sees, as files."""

    def stored(key: str, table: pa.Table, name: str) -> ds.Dataset:
        pq.write_table(table, folder / name, compression="zstd", use_dictionary=False)
        return ds.dataset([str(folder / name)], schema=TABLES[key].schema, format="parquet")

    raw = {"id": rows["raw_id"], "source": rows["source"]}
    bronze = TABLES["bronze/instructions"].schema
    given = pa.table({field.name: raw.get(field.name, pa.nulls(len(rows), field.type)) for field in bronze})
    sides = (f"{KEY}_rejected", f"{KEY}_changed")
    seen = {key: stored(key, TABLES[key].schema.empty_table(), f"{key[-7:]}.parquet") for key in sides}
    seen |= {KEY: stored(KEY, rows, "rows"), "bronze/instructions": stored("bronze/instructions", given, "given")}
    return Views(seen, {}, {KEY: stored(KEY, rows.slice(0, len(rows) * 9 // 10), "last")})


def measured(rows: int) -> dict[str, float]:
    """Seconds of the better of two warm audits."""
    params = CleanParams()
    limits = {name: getattr(params, name) for name in ("min_characters", "max_characters", "empty_prompt")}
    costs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        seen = frames(made_up(rows), Path(place))
        checks = 0
        for number in range(3):
            wall, processor = time.perf_counter(), time.process_time()
            found = audit(KEY, instructions(seen, gate=Cleaned(), **limits), f"run {number}", Path(place) / "audits")
            costs.append((time.process_time() - processor, time.perf_counter() - wall))
            checks = sum(check.passed for check in found.checks)
    processor, wall = min(costs[1:])
    return {
        "rows": rows,
        "checks": checks,
        "processor_seconds": round(processor, 2),
        "seconds": round(wall, 2),
    }


def main() -> None:
    """Measures each number of rows, and writes what came of it."""
    parser = argparse.ArgumentParser(description="What a gate costs.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = [measured(rows) for rows in given.rows]
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
