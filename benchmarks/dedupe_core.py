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

from spark_jobs.columnar.packed_rows import partition_of, partitions_for, split_ids, without_empty
from spark_jobs.dedupe import candidates, exact_copies, removals, verify
from spark_jobs.dedupe.fingerprint import fingerprint_batch
from spark_jobs.dedupe.sides import text_column
from spark_jobs.dedupe.survivor import survivor_rank
from spark_jobs.dedupe.verify import Rule

BATCH = 4096  # rows, as Spark's Arrow batches
REACH = 32
pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them


def grouped(rows: pa.Table, work: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """What Spark does with packed rows: one call for each partition."""
    partitions = sorted(set(rows["partition"].to_pylist()))
    return pa.concat_tables([work(_of(rows, partition)) for partition in partitions])


def deduplicate(records: pa.Table, rule: Rule) -> tuple[set[str], dict[str, float]]:
    """Removed ids, and the CPU seconds of each step."""
    clock, spent, partitions = time.process_time(), dict[str, float](), partitions_for(records.num_rows)

    def tick(step: str) -> None:
        nonlocal clock
        spent[step], clock = round(time.process_time() - clock, 2), time.process_time()

    prints = [fingerprint_batch(batch, (), rule.by_side) for batch in records.to_batches(BATCH)]
    tick("fingerprints")
    packed_keys = [without_empty(exact_copies.pack_exact_keys(batch, partitions)) for batch in prints]
    exact = grouped(pa.Table.from_batches(packed_keys), exact_copies.removals_of)["removed_id"]
    rest = [batch.filter(pc.invert(pc.is_in(batch["id"], exact.combine_chunks()))) for batch in prints]
    tick("exact copies")
    bands = pa.Table.from_batches([without_empty(candidates.pack_bands(batch, partitions)) for batch in rest])
    pairs = grouped(bands, lambda entries: candidates.pairs_of_buckets(entries, partitions, REACH))
    tick("candidates")
    prompt, answer = text_column(records, "prompt"), text_column(records, "answer")
    rank = survivor_rank(records["source"].combine_chunks(), prompt, answer, ())
    texts = records.select(["id", "prompt", "answer"]).append_column("survivor_rank", pa.array(rank))
    homes = partition_of(split_ids(texts["id"].combine_chunks())[0], partitions)
    homed = [texts.filter(pa.array(homes == partition)) for partition in range(partitions)]
    sent = pa.concat_tables(
        [verify.send_left_sets(rows, _of(pairs, partition), partitions, rule) for partition, rows in enumerate(homed)]
    )
    measured = pa.concat_tables(
        [verify.compare_pairs(rows, _of(sent, partition), rule) for partition, rows in enumerate(homed)]
    )
    spent["compared pairs"] = pc.sum(measured["compared"]).as_py()
    tick("comparison")
    near = near_removals(measured.filter(pc.equal(measured["verdict"], verify.NEAR)))
    tick("star")
    return set(exact.to_pylist()) | near, spent


def near_removals(near: pa.Table) -> set[str]:
    """The rows that near pairs remove."""
    edges = near.select(["better", "worse", "similarity"]).combine_chunks().to_batches()
    return {row for batch in removals.all_rounds(edges) for row in batch["removed_id"].to_pylist()}


def _of(rows: pa.Table, partition: int) -> pa.Table:
    return rows.filter(pc.equal(rows["partition"], partition))


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--pairs", type=Path, required=True, help="every pair of real records with J >= 0.7")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    given = parser.parse_args()
    records = dedupe_corpus.real(given.data)
    rows = dedupe_corpus.table(records)
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
