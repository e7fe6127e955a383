"""The functions of deduplication on one core, without Spark: CPU time of each step on the real records, judged by an exact join.

`python benchmarks/dedupe_core.py --data FOLDER --pairs PAIRS.npz --out FILE.json`; PAIRS.npz comes from dedupe_truth.py. What Spark adds
(moving rows, writing tables, the gate) is what benchmarks/dedupe.py measures; CPU time is what a busy machine changes least.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dedupe_corpus
import numpy as np
import pyarrow as pa
import pyarrow.compute
from dedupe import near_pairs, verdict

from spark_jobs.columnar import packed_rows as packed
from spark_jobs.dedupe import candidates, exact_copies, removals, verify
from spark_jobs.dedupe.verify import Rule

BATCH = 4096  # rows, as Spark's Arrow batches
REACH = 32
pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them


def grouped(rows: pa.Table, work: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """What Spark does with packed rows: one call for each part."""
    parts = sorted(set(rows["part"].to_pylist()))
    return pa.concat_tables([work(rows.filter(pc.equal(rows["part"], part))) for part in parts])


def deduplicate(records: pa.Table, rule: Rule) -> tuple[set[str], dict[str, float]]:
    """Removed ids, and the CPU seconds of each step."""
    clock, spent, parts = time.process_time(), dict[str, float](), packed.parts_for(records.num_rows)

    def tick(step: str) -> None:
        nonlocal clock
        spent[step], clock = round(time.process_time() - clock, 2), time.process_time()

    prints = [candidates.fingerprint(batch, (), rule.by_side) for batch in records.to_batches(BATCH)]
    tick("fingerprints")
    exact = grouped(
        pa.Table.from_batches([packed.filled(exact_copies._scatter(batch, parts)) for batch in prints]),
        exact_copies._best,
    )
    gone = exact["removed_id"]
    rest = [batch.filter(pc.invert(pc.is_in(batch["id"], gone.combine_chunks()))) for batch in prints]
    tick("exact copies")
    bands = pa.Table.from_batches([packed.filled(candidates._scatter_bands(batch, parts)) for batch in rest])
    met = grouped(bands, lambda part: candidates._meetings(part, parts, REACH))
    tick("candidates")
    standing = candidates.standing(
        records["source"].combine_chunks(), *(candidates.filled(records, side) for side in ("prompt", "answer")), ()
    )
    held = records.select(["id", "prompt", "answer"]).append_column("standing", pa.array(standing))
    homes = packed.part_of(packed.nodes(held["id"].combine_chunks())[0], parts)
    texts = [held.filter(pa.array(homes == part)) for part in range(parts)]
    asked = [met.filter(pc.equal(met["part"], part)) for part in range(parts)]
    lookups = pa.concat_tables(
        [verify._lookups(rows, pairs, parts, rule) for rows, pairs in zip(texts, asked, strict=True)]
    )
    measured = pa.concat_tables(
        [
            verify._compared(rows, lookups.filter(pc.equal(lookups["part"], part)), rule)
            for part, rows in enumerate(texts)
        ]
    )
    spent["compared pairs"] = pc.sum(measured["compared"]).as_py()
    tick("comparison")
    removed = set(gone.to_pylist()) | near_removals(measured.filter(pc.equal(measured["verdict"], verify.NEAR)))
    tick("star")
    return removed, spent


def near_removals(near: pa.Table) -> set[str]:
    """The star over near pairs."""
    edges = near.select(["better", "worse", "similarity"]).combine_chunks().to_batches()
    return {row for batch in removals._finish(iter(edges)) for row in batch["removed_id"].to_pylist()}


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--pairs", type=Path, required=True, help="every pair of real records with J >= 0.7")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    given = parser.parse_args()
    records = dedupe_corpus.real(given.data)
    rows = dedupe_corpus.table(records)
    rows = rows.append_column("last_prompt", pa.nulls(len(rows), pa.string()))
    places = {row: place for place, row in enumerate(rows["id"].to_pylist())}
    pairs, found = np.load(given.pairs)["pairs"], {}
    for name, by_side in (("by_side", True), ("whole_record", False)):
        removed, spent = deduplicate(rows, Rule(0.7, by_side))
        told = verdict({places[row] for row in removed}, near_pairs(records, pairs, by_side))
        found[name] = {"rows": len(records), "cpu_seconds": spent, **told}
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
