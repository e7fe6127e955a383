"""Peers and this project's stage on the same real records, judged by the same exact join: time, removed, justified, missed.

`python benchmarks/dedupe_peers.py --data FOLDER --peers FOLDER --pairs PAIRS.npz --scratch FOLDER --out FILE.json`; the peers' environments
come from dedupe_peers.sh, PAIRS.npz from dedupe_truth.py. Every tool reads files and writes files; starting its process, imports
included, is in no figure. Peers are judged by whole-record similarity alone, this project's stage by both of its rules.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import dedupe
import dedupe_corpus
import numpy as np

from lake.storage.store import Lake

PEERS = {
    "textdedup": "text-dedup 0.4.0", "datatrove": "datatrove 0.10.1", "juicer": "data-juicer 1.6.1", "rensa": "rensa 0.5.0",
}  # fmt: skip
LIMIT = 600  # seconds


def peer(
    name: str, records: list[dedupe_corpus.Record], environments: Path, scratch: Path, pairs: Any
) -> dict[str, Any]:
    """The figures of one peer, or the last line of its error."""
    folder = scratch / name
    folder.mkdir()
    half = -(-len(records) // 2)
    for part in range(2):
        rows = enumerate(records[part * half : (part + 1) * half], part * half)
        lines = [json.dumps({"id": f"{number}", "text": f"{prompt}\n{answer}"}) for number, (_, prompt, answer) in rows]
        (folder / f"rows-{part}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    script, python = Path(__file__).with_name("dedupe_peer.py"), environments / name / "bin" / "python"
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    offline.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            [python, script, name, folder], capture_output=True, text=True, timeout=LIMIT, env=offline, cwd=folder
        )
    except subprocess.TimeoutExpired:
        return {"tool": PEERS[name], "error": f"not done after {LIMIT} s"}
    if done.returncode:
        return {"tool": PEERS[name], "error": done.stderr.strip().splitlines()[-1][:300]}
    kept = set(map(int, json.loads((folder / "kept.json").read_text())))
    told = dedupe.verdict(set(range(len(records))) - kept, dedupe.near_pairs(records, pairs, by_side=False))
    spent = json.loads((folder / "spent.json").read_text())
    return {"tool": PEERS[name], **dedupe.speed(len(records), **spent), **told}


def ours(records: list[dedupe_corpus.Record], scratch: Path, pairs: Any) -> Iterator[dict[str, Any]]:
    """The figures of the stage by each rule: job, Delta writes, gate, books and publication."""
    lake = Lake(str(scratch / "lake"))
    size = dedupe.land(lake, records)
    dedupe.warm(scratch / "warm", records, brief=size[0] < dedupe.FEW)
    for rule, by_side in (("by side", True), ("whole record alone", False)):
        run = dedupe.run(lake, *size, {"max_loss": 1.0, "by_side": by_side})
        told = dedupe.judged(lake, records, pairs, by_side)
        yield {"tool": f"mixlake, {rule}", **{figure: run[figure] for figure in dedupe.SPEED}, **told}


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--peers", type=Path, required=True, help="the environments that dedupe_peers.sh made")
    parser.add_argument("--pairs", type=Path, required=True, help="every pair of real records with J >= 0.7")
    parser.add_argument("--scratch", type=Path, required=True, help="an empty folder")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    given = parser.parse_args()
    records, pairs = dedupe_corpus.real(given.data), np.load(given.pairs)["pairs"]
    scratch = given.scratch.resolve()
    peers = (peer(name, records, given.peers, scratch, pairs) for name in PEERS)
    found: list[dict[str, Any]] = []
    for told in chain(ours(records, scratch, pairs), peers):
        found.append(told | {"load_average": round(os.getloadavg()[0], 1)})
        print(json.dumps(found[-1]), flush=True)
    figures = {"rows": len(records), "cores": os.cpu_count(), "tools": found}
    given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
