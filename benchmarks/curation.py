"""When score curation helps: `python -m benchmarks.curation [FOLDER]`.

First on planted noise: 6,000 records in places of twenty that share one true score, but for a share that have any; rated through a known matrix.
For each share, how far neighbours' ratings agree, how far the estimate is from the matrix (mean L1 distance of a row, of at most 2) and how far
ratings are from the truth before and after. Then, if FOLDER holds real raw files (benchmarks/judged_sets.py), on their records as the
rubric rates them: the agreement, and the mean AUC of the label by the scores before and after. Figures only.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.judged_sets import sets
from benchmarks.judges import auc
from lake.settings import settings
from spark_jobs.columnar.vectors import scaled
from spark_jobs.curate.consensus import CLASSES, Classes, agreement, estimated, limits, triples, votes
from spark_jobs.curate.neighbourhoods import classes
from spark_jobs.curate.neighbours import top_k
from texts.embed.embedder import open_embedder
from texts.rubric import scores

ROWS, PLACE, K, CONFIDENCE = 6_000, 20, 10, 0.5
SHARES = np.array([0.06, 0.15, 0.29, 0.29, 0.20, 0.01])
# as DS2 prints it for gpt-4o-mini: mostly off by one point
NEAR_MISSES = np.array([
    [0.61, 0.29, 0.09, 0.01, 0, 0], [0.10, 0.55, 0.27, 0.07, 0.01, 0], [0.04, 0.15, 0.57, 0.21, 0.02, 0.01],
    [0.01, 0.05, 0.22, 0.55, 0.17, 0], [0, 0.02, 0.02, 0.24, 0.66, 0.06], [0, 0.05, 0.41, 0, 0.52, 0.02],
])  # fmt: skip
MATRICES = {
    "near misses": NEAR_MISSES,
    "one in five, anything": np.full((CLASSES, CLASSES), 0.04) + 0.76 * np.eye(CLASSES),
    "no noise": np.eye(CLASSES),
}


def curated(rated: Classes, near: NDArray[np.int64], cosines: NDArray[np.float64]) -> tuple[Classes, float]:
    """Curated scores without a least agreement, and the agreement; near: positions of neighbours, shape (records, k)."""
    counted = triples(rated, rated[near[:, 0]], rated[near[:, 1]])
    said = votes(rated, rated[near], cosines)
    wrong = (said.fit <= limits(estimated(counted), rated, said.fit)[rated]) & (said.confidence >= CONFIDENCE)
    return np.where(wrong, said.suggested, rated), agreement(counted)


def planted(matrix: NDArray[np.float64], alike: float, seed: int) -> list[float]:
    """Agreement, distance of the estimate, mean error before and after, share of records changed."""
    draw = np.random.default_rng(seed)
    place = np.arange(ROWS) // PLACE
    of_place = draw.choice(CLASSES, size=ROWS // PLACE, p=SHARES)
    true = np.where(draw.random(ROWS) < alike, of_place[place], draw.choice(CLASSES, size=ROWS, p=SHARES))
    rated = (draw.random((ROWS, 1)) > matrix[true].cumsum(axis=1)).sum(axis=1).clip(max=CLASSES - 1)
    others = draw.permuted(np.tile(np.arange(1, PLACE), (ROWS, 1)), axis=1)[:, :K]
    near = PLACE * place[:, None] + (np.arange(ROWS)[:, None] + others) % PLACE
    cosines = np.sort(draw.uniform(0.6, 0.9, near.shape), axis=1)[:, ::-1]
    found, kappa = curated(rated, near, cosines)
    estimate = estimated(triples(rated, rated[near[:, 0]], rated[near[:, 1]]))
    off = float(np.abs(estimate.transition - matrix).sum(axis=1) @ SHARES)
    return [kappa, off, *(float(np.abs(one - true).mean()) for one in (rated, found)), float((found != rated).mean())]


def real(folder: Path, records: int) -> None:
    """Prints the agreement of neighbours on real records that the rubric rated, and what curation does to the order of labels."""
    groups = list(sets(folder, records).values())
    rows = [record for group in groups for record in group]
    whole = [f"{record.prompt}\n{record.answer}" for record in rows]
    rated = classes(np.array(scores(whole)))
    vectors = scaled(open_embedder("static", settings().cache).encode(whole))
    ids = np.array([f"{n:06}" for n in range(len(rows))], object)
    query, entry, cosine = top_k(ids, vectors, ids, vectors, K)
    order = np.lexsort((-cosine, query))
    near, cosines = entry[order].reshape(-1, K), cosine[order].reshape(-1, K)
    found, kappa = curated(rated, near, cosines)
    ends = np.cumsum([0, *map(len, groups)])
    labels = np.array([record.label for record in rows])
    means = [np.mean([auc(labels[a:b], one[a:b].astype(float)) for a, b in pairwise(ends)]) for one in (rated, found)]
    print(
        f"{len(rows)} real records: agreement {kappa:.3f}, {(found != rated).mean():.1%} changed, mean AUC {means[0]:.3f} before, {means[1]:.3f} after"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--records", type=int, default=600, help="of each set of real records")
    given = parser.parse_args()
    print("noise | alike | agreement | T off | error before | after | changed")
    for name, matrix in MATRICES.items():
        for alike in (1.0, 0.9, 0.8, 0.7, 0.6, 0.4, 0.0):
            figures = np.mean([planted(matrix, alike, seed) for seed in range(3)], axis=0)
            print(" | ".join([name, f"{alike:.1f}", *(f"{figure:.3f}" for figure in figures)]), flush=True)
    if given.folder:
        real(given.folder, given.records)
