"""Runs one peer in an environment of its own (dedupe_peers.sh): `python dedupe_peer.py PEER FOLDER`, called by dedupe_peers.py.

FOLDER holds rows-0.jsonl and rows-1.jsonl of id and text. Written to it: kept.json, the ids of the rows that the peer keeps, and
spent.json, wall and CPU seconds from its first read to its last write. What a process does once, importing the peer, is not in them.
"""

# pyright: reportMissingImports=false
# each peer is installed in the environment that runs it, and in no other

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORKERS = 2
Kept = Callable[[], list[str]]


def text_dedup(folder: Path) -> Callable[[], Kept]:
    """MinHash and LSH as its command line runs them; bands are its own choice for the threshold."""
    import datasets
    from text_dedup.minhash import main

    options = {
        "path": "json", "data_files": str(folder / "rows-*.jsonl"), "split": "train", "cache_dir": str(folder / "cache"),
        "output": str(folder / "out"), "column": "text", "ngram": 3, "min_length": 1, "threshold": 0.7, "num_proc": WORKERS,
    }  # fmt: skip

    def run() -> Kept:
        main([f"--{name}={value}" for name, value in options.items()], standalone_mode=False)
        return lambda: [str(row) for row in datasets.load_from_disk(str(folder / "out"))["id"]]

    return run


def datatrove(folder: Path) -> Callable[[], Kept]:
    """The four stages of its example, 14 buckets of 8 as by default, which it names for a similarity of about 0.72."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import minhash
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    config = minhash.MinhashConfig(n_grams=3)
    inputs, sigs, buckets, out = (str(folder / name) for name in ("rows", "sigs", "buckets", "out"))
    (folder / "rows").mkdir()
    for part in folder.glob("rows-*.jsonl"):
        part.rename(folder / "rows" / part.name)
    stages: tuple[tuple[list[Any], int], ...] = (
        ([JsonlReader(inputs), minhash.MinhashDedupSignature(sigs, config)], WORKERS),
        ([minhash.MinhashDedupBuckets(sigs, buckets, config=config)], config.num_buckets),
        ([minhash.MinhashDedupCluster(buckets, str(folder / "gone"), config=config)], 1),
        ([JsonlReader(inputs), minhash.MinhashDedupFilter(str(folder / "gone")), JsonlWriter(out, compression=None)], WORKERS),
    )  # fmt: skip

    def run() -> Kept:
        for number, (steps, tasks) in enumerate(stages):
            logs = str(folder / f"logs-{number}")
            # forked, so that their CPU time is counted here
            LocalPipelineExecutor(steps, tasks=tasks, workers=WORKERS, logging_dir=logs, start_method="fork").run()
        return lambda: list(_ids(Path(out).glob("*.jsonl")))

    return run


def data_juicer(folder: Path) -> Callable[[], Kept]:
    """Its operator for English text, tokens between spaces; bands are its own choice for the threshold."""
    from data_juicer.config import init_configs
    from data_juicer.core import DefaultExecutor

    rows = folder / "rows.jsonl"
    rows.write_text("".join(part.read_text("utf-8") for part in sorted(folder.glob("rows-*.jsonl"))), "utf-8")
    operator = {"tokenization": "space", "window_size": 3, "lowercase": True, "jaccard_threshold": 0.7}
    recipe = {
        "project_name": "peer", "dataset_path": str(rows), "export_path": str(folder / "out.jsonl"), "np": WORKERS,
        "use_cache": False, "process": [{"document_minhash_deduplicator": operator}],
    }  # fmt: skip
    (folder / "recipe.yaml").write_text(json.dumps(recipe))

    def run() -> Kept:
        DefaultExecutor(init_configs(["--config", str(folder / "recipe.yaml")])).run()
        return lambda: list(_ids([folder / "out.jsonl"]))

    return run


def rensa(folder: Path) -> Callable[[], Kept]:
    """Its deduplicator with LSH and 128 permutations, over a generator of word 3-grams; it has no reader or writer of its own."""
    from rensa import RMinHashDeduplicator

    def run() -> Kept:
        ids, grams = zip(*_grams(sorted(folder.glob("rows-*.jsonl"))), strict=True)
        told = RMinHashDeduplicator(threshold=0.7, num_perm=128, use_lsh=True).add_pairs(zip(ids, grams, strict=True))
        kept = [row for row, stays in zip(ids, told, strict=True) if stays]
        (folder / "out.json").write_text(json.dumps(kept))
        return lambda: kept

    return run


def _grams(paths: list[Path]) -> Iterator[tuple[str, list[str]]]:
    for path in paths:
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            words = re.findall(r"\w+", row["text"].lower())
            yield row["id"], [" ".join(words[start : start + 3]) for start in range(max(len(words) - 2, 1))]


def _ids(paths: Any) -> Iterator[str]:
    for path in paths:
        for line in path.open(encoding="utf-8"):
            yield json.loads(line)["id"]


PEERS = {"textdedup": text_dedup, "datatrove": datatrove, "juicer": data_juicer, "rensa": rensa}


def main() -> None:
    """Runs the peer that is named."""
    peer, folder = sys.argv[1], Path(sys.argv[2])
    run = PEERS[peer](folder)
    begun, used = time.monotonic(), _cpu_seconds()
    kept = run()
    spent = {"seconds": time.monotonic() - begun, "cpu_seconds": _cpu_seconds() - used}
    (folder / "kept.json").write_text(json.dumps(kept()))
    (folder / "spent.json").write_text(json.dumps(spent))


def _cpu_seconds() -> float:
    """User and system time of this process and of its children that ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
