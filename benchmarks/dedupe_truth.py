"""Every pair of records with J >= 0.7 on word 3-grams, by an exact join: `python dedupe_truth.py SHINGLES.npz PAIRS.npz`.

Runs in an environment of its own that holds SetSimilaritySearch; see dedupe_peers.sh. SHINGLES.npz has `values` and `offsets`.
"""

import sys
import time

import numpy as np
from SetSimilaritySearch import all_pairs  # pyright: ignore[reportMissingImports]  # in an environment of its own

with np.load(sys.argv[1]) as held:
    rows = np.split(held["values"], held["offsets"][1:-1])
sets = [row.tolist() for row in rows]
filled = [place for place, row in enumerate(sets) if row]
begun = time.monotonic()
found = list(all_pairs([sets[place] for place in filled], similarity_func_name="jaccard", similarity_threshold=0.7))
pairs = np.array([(filled[one], filled[other]) for one, other, _ in found], np.int64).reshape(-1, 2)
np.savez(sys.argv[2], pairs=np.sort(pairs, axis=1), similarity=np.array([float(s) for *_, s in found]))
print(f"{len(pairs)} pairs in {time.monotonic() - begun:.1f} s")
