"""The search for groups through cells: each pass groups what is close inside its cells and leaves the rest to the next pass.

Cells cut some neighbours apart, so the next pass divides the rows left over into other, fewer cells. A row is shuffled once a
pass, with its vector in int16; a grouped row leaves its vector behind. Beyond 4,096 cells they grow crowded and are split in the
worker that holds them, which takes no more memory.

One cell of three rows in, two of them in a group, the third with what it was compared with:

>>> from spark_jobs.columnar.vectors import scaled, to_int16_bytes
>>> vectors = to_int16_bytes(scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]])))
>>> fields = {"id": ["rec_a", "rec_b", "rec_c"], "licence": ["MIT"] * 3, "kind": ["en"] * 3, "fresh": [True] * 3}
>>> fields |= {"claims": [b""] * 3, "contradicted": [False] * 3, "vector": vectors, "nearest_id": pa.nulls(3, pa.string()), "nearest_cosine": pa.nulls(3, pa.float64())}
>>> cell = pa.table(fields | {"subjects": [["tar"], ["tar"], []], "met": pa.array([0] * 3, pa.int8())})
>>> sizes = SizeDistribution(least=2, most=5, mean=3.0, sd=0.0, seed=7)
>>> searched = pa.Table.from_batches(group_cell(cell, GroupSearch(0.5, sizes, rows_per_cell=800, passes=4)))
>>> for row in searched.select(["id", "size", "nearest_id", "met"]).to_pylist():
...     print(row)
{'id': 'rec_a', 'size': 2, 'nearest_id': None, 'met': 0}
{'id': 'rec_b', 'size': 2, 'nearest_id': None, 'met': 0}
{'id': 'rec_c', 'size': None, 'nearest_id': 'rec_b', 'met': 3}
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial, reduce
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema

from spark_jobs.columnar.cells import SAMPLE_ROWS, Cells, build_cells, split_crowded, train_cells
from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.columnar.vectors import COSINE_ONE, Positions, ScaledVectors, from_int16_bytes
from spark_jobs.group.claims import contradictory
from spark_jobs.group.columns import (
    CANDIDATE,
    SEARCHED,
    with_contradicted,
    with_group,
    with_nearest,
    without_group,
)
from spark_jobs.group.greedy import SizeDistribution, greedy_groups, of_one_subject, pair_products, products_above_floor

_CROWDED = 32  # times the rows of a cell: the most that a worker holds at once


@dataclass(frozen=True)
class GroupSearch:
    """What makes a group, and how rows are divided to find it."""

    cosine_floor: float
    sizes: SizeDistribution
    rows_per_cell: int
    passes: int


def group_in_passes(rows: DataFrame, search: GroupSearch) -> tuple[DataFrame, DataFrame]:
    """The members of groups and the rows left over, both as SEARCHED, from rows as CANDIDATE.

    Only groups around a `fresh` row are looked for: the others were compared with one another when they were fresh.
    """
    members: list[DataFrame] = []
    for number in range(search.passes):
        count = rows.count()
        cells = train_cells(rows, count, count // search.rows_per_cell, f"pass {search.sizes.seed} {number}")
        work = partial(group_cell, search=search)
        found = cut_lineage(_cell_by_cell(rows, cells, search, work, SEARCHED))
        members.append(found.where("group_id is not null"))
        rows = found.where("group_id is null")
        if len(cells) < 2:  # nothing was cut apart: another pass would find the same
            break
    return reduce(DataFrame.unionByName, members), rows


def near_newcomers(vectors: DataFrame, fresh: ScaledVectors, search: GroupSearch) -> DataFrame:
    """The rows whose `vector` reaches the floor with one of the `fresh` ones: the rest need not travel in any pass.

    vectors: scaled, in int16 bytes. fresh: shape (fresh rows, dimension). A row is compared with those of the cell that it falls into, of
    about `rows_per_cell` fresh ones, which lie beside every task.
    A pair that these cells cut apart is not found.
    """
    if not len(fresh):
        return vectors.limit(0)
    cells = build_cells(fresh[:SAMPLE_ROWS], len(fresh) // search.rows_per_cell)
    cell_of = cells.assign(fresh)

    def sift(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = from_int16_bytes(batch["vector"])
            numbers, near = cells.assign(rows), np.zeros(len(rows), np.bool_)
            for number in np.unique(numbers):
                own = numbers == number
                near[own] = reach(rows[own], fresh[cell_of == number], search.cosine_floor)
            yield batch.filter(pa.array(near))

    return vectors.mapInArrow(sift, vectors.schema)


def _cell_by_cell(
    rows: DataFrame,
    cells: Cells,
    search: GroupSearch,
    work: Callable[[pa.Table], Iterable[pa.RecordBatch]],
    schema: pa.Schema,
) -> DataFrame:
    """What `work` gives for the rows of each cell, which come by id; of a crowded cell, for a part at a time."""

    def assign(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            numbers = cells.assign(from_int16_bytes(batch["vector"]))
            yield batch.append_column("cell", pa.array(numbers, pa.int64()))

    def each_cell(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for cell in tables_by_value(batches, "cell", _CROWDED * search.rows_per_cell):
            yield from work(cell.drop_columns(["cell"]))

    with_cell = from_arrow_schema(CANDIDATE.append(pa.field("cell", pa.int64())))
    assigned = rows.select(*CANDIDATE.names).mapInArrow(assign, with_cell)
    ordered = assigned.repartition("cell").sortWithinPartitions("cell", "id")
    return ordered.mapInArrow(each_cell, from_arrow_schema(schema))


def tables_by_value(batches: Iterable[pa.RecordBatch], column: str, most: int) -> Iterator[pa.Table]:
    """A table for each value of a sorted column, however the batches are cut; more than `most` rows come in parts of `most`."""
    waiting: list[pa.RecordBatch] = []  # of one value, less than `most` rows
    for batch in batches:
        values = batch[column].to_numpy()
        cuts = [0, *(np.flatnonzero(np.diff(values)) + 1), batch.num_rows]
        for start, end in pairwise(cuts):
            if start == end:  # an empty batch
                continue
            if waiting and waiting[0][column][0].as_py() != values[start]:
                yield pa.Table.from_batches(waiting)
                waiting = []
            waiting.append(batch.slice(start, end - start))
            while (count := sum(part.num_rows for part in waiting)) >= most:
                table = pa.Table.from_batches(waiting)
                yield table.slice(0, most)
                waiting = table.slice(most).to_batches() if count > most else []
    if waiting:
        yield pa.Table.from_batches(waiting)


def group_cell(cell: pa.Table, search: GroupSearch) -> Iterator[pa.RecordBatch]:
    """The rows of one cell (CANDIDATE, by id) as SEARCHED: members with their group, the others with what they were compared with."""
    cell = cell.combine_chunks()
    all_vectors = from_int16_bytes(cell["vector"])
    for part in split_crowded(all_vectors, np.arange(len(all_vectors)), 2 * search.rows_per_cell):
        positions = np.sort(part)
        rows, vectors = cell.take(positions), all_vectors[positions]
        near = near_fresh(vectors, rows["fresh"].to_numpy(), search.cosine_floor)
        aside = np.setdiff1d(np.arange(len(vectors)), near)
        yield from without_group(rows.take(aside)).to_batches()
        rows, vectors = rows.take(near), vectors[near]
        kinds = rows["kind"].combine_chunks().dictionary_encode().indices.to_numpy()
        products = pair_products(vectors)
        of_kind = products_above_floor(products, kinds, search.cosine_floor)
        of_subject = np.where(of_one_subject(rows["subjects"].combine_chunks()), of_kind, np.float32(-np.inf))
        opposed = contradictory(rows["claims"].combine_chunks())
        close = np.where(opposed, np.float32(-np.inf), of_subject)
        rows = with_contradicted(rows, np.any(opposed & (of_subject > -np.inf), axis=1))
        groups = list(greedy_groups(rows["id"].to_pylist(), close, search.sizes))
        if groups:
            yield from with_group(rows, vectors, groups).to_batches()
        left_over = np.setdiff1d(np.arange(len(vectors)), np.concatenate([np.zeros(0, np.int64), *groups]))
        yield from without_group(with_nearest(rows, left_over, products, (of_kind, of_subject, close))).to_batches()


def near_fresh(vectors: ScaledVectors, fresh: NDArray[np.bool_], cosine_floor: float) -> Positions:
    """The positions of the fresh rows and of those that reach the floor with one; `fresh` has shape (rows,)."""
    if fresh.all():
        return np.arange(len(vectors))
    return np.flatnonzero(fresh | reach(vectors, vectors[fresh], cosine_floor))


def reach(vectors: ScaledVectors, others: ScaledVectors, cosine_floor: float) -> NDArray[np.bool_]:
    """Whether each vector, shape (rows, dimension), reaches the floor with one of the others; shape (rows,)."""
    return np.any(vectors @ others.T >= cosine_floor * COSINE_ONE, axis=1)
