"""The k nearest records of a bounded library by cosine: an inverted file in which each query looks into its nearest cells.

A record of the library is listed in its nearest cell; a query is compared exactly with the records of the `probes` cells nearest to it, so
a neighbour whose cell is not probed is missed. The library travels to the workers whole: work grows with queries times
rows of a cell, memory with the library alone. A crowded cell is slow; unlike grouping, this does not split it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spark_jobs.columnar.cells import SAMPLE_ROWS, Cells, build_cells
from spark_jobs.columnar.vectors import COSINE_ONE, Positions, ScaledVectors, from_int16_bytes

_BLOCK = 1_024  # queries compared at a time: bounds the memory of their products with all entries
_ITSELF = np.iinfo(np.int64).min + 1  # a rank below that of any other pair, whose negative still is an int64

Ids = NDArray[np.object_]  # shape (rows,)


@dataclass(frozen=True)
class Library:
    """Rated records to search in, by ascending id.

    ids, scores: shape (records,). vectors: shape (records, dimension), int16, a quarter of what would travel otherwise.
    members: the positions of each cell's records, ascending.
    """

    ids: Ids
    scores: NDArray[np.float64]
    vectors: NDArray[np.int16]
    cells: Cells
    members: tuple[Positions, ...]

    @classmethod
    def of(cls, rows: pa.Table, rows_per_cell: int) -> "Library":
        """The library of all rows (id, score, vector in int16 bytes), in cells of about `rows_per_cell`."""
        rows = rows.sort_by("id")
        vectors = from_int16_bytes(rows["vector"])
        # ids are hashes of content: the first by id are a random sample
        cells = build_cells(vectors[:SAMPLE_ROWS], ceil(len(vectors) / rows_per_cell), levels=1)
        placed = cells.nearest(vectors, 1)[:, 0]
        members = tuple(np.flatnonzero(placed == cell) for cell in range(len(cells)))
        return cls(rows["id"].to_numpy(), rows["score"].to_numpy(), vectors.astype(np.int16), cells, members)

    def has(self, ids: Ids) -> NDArray[np.bool_]:
        """Whether each record is in the library, shape (records,)."""
        return np.isin(ids.astype(str), self.ids.astype(str))

    def nearest(
        self, ids: Ids, vectors: ScaledVectors, k: int, probes: int = 3
    ) -> tuple[Positions, NDArray[np.float64]]:
        """The `k` nearest records of each query, itself left out: positions and cosines, shape (queries, k), nearest first.

        Ties go to the smaller id. Where fewer are found, the rest are -1 and 0.
        """
        pairs = [_NO_PAIRS, *self._pairs(ids, vectors, k, probes)]
        query = np.concatenate([queries for queries, _, _ in pairs])
        entry = np.concatenate([entries for _, entries, _ in pairs])
        cosine = np.concatenate([cosines for _, _, cosines in pairs])
        order = np.lexsort((entry, -cosine, query))
        query, entry, cosine = query[order], entry[order], cosine[order]
        rank = np.arange(len(query)) - np.searchsorted(query, query)
        near = rank < k
        positions, cosines = np.full((len(ids), k), -1), np.zeros((len(ids), k))
        positions[query[near], rank[near]], cosines[query[near], rank[near]] = entry[near], cosine[near]
        return positions, cosines

    def _pairs(self, ids: Ids, vectors: ScaledVectors, k: int, probes: int) -> Iterator["_Pairs"]:
        """Each query's best `k` of each cell that it probes."""
        probed = self.cells.nearest(vectors, probes)
        for cell, members in enumerate(self.members):
            queries = np.flatnonzero((probed == cell).any(axis=1))
            entries = self.vectors[members].astype(np.float32)
            for start in range(0, len(queries) if len(members) else 0, _BLOCK):
                block = queries[start : start + _BLOCK]
                query, entry, cosine = top_k(ids[block], vectors[block], self.ids[members], entries, k)
                yield block[query], members[entry], cosine


_Pairs = tuple[Positions, Positions, NDArray[np.float64]]
_NO_PAIRS: _Pairs = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def top_k(ids: Ids, vectors: ScaledVectors, entry_ids: Ids, entry_vectors: ScaledVectors, k: int) -> _Pairs:
    """The best `k` entries of each query, itself left out: positions of queries, positions of entries, cosines; a pair each.

    entry_ids ascending; ids: shape (queries,). Ties go to the smaller id. Among three rows each finds its nearest other one:

    >>> from spark_jobs.columnar.vectors import scaled
    >>> ids, vectors = np.array(["a", "b", "c"], object), scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
    >>> query, entry, cosine = top_k(ids, vectors, ids, vectors, k=1)
    >>> ids[query].tolist(), ids[entry].tolist(), cosine.tolist()
    (['a', 'b', 'c'], ['b', 'a', 'b'], [0.8, 0.8, 0.6])
    """
    k = min(k, len(entry_ids))
    products = (vectors @ entry_vectors.T).astype(np.int64)
    # one whole number ranks a pair: the product first, then the smaller id, since positions are below their count
    ranks = products * len(entry_ids) - np.arange(len(entry_ids))
    position = np.minimum(np.searchsorted(entry_ids, ids), len(entry_ids) - 1)
    itself = entry_ids[position] == ids
    ranks[np.flatnonzero(itself), position[itself]] = _ITSELF
    best = np.argpartition(-ranks, k - 1, axis=1)[:, :k].ravel()
    query = np.repeat(np.arange(len(ids)), k)
    other = ranks[query, best] != _ITSELF
    query, best = query[other], best[other]
    return query, best, (products[query, best] / COSINE_ONE).round(6)
