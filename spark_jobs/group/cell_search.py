"""Passes over coarse cells: each groups what is close inside its cells, and leaves the rest to the next, which cuts elsewhere.

A row travels once a pass, with its vector packed (spark_jobs.columnar.vectors); a grouped row leaves its vector behind. Cells come from a
sample of bounded size. Beyond 4,096 cells they grow crowded and are divided where they are, which takes no more memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lake.ids import content_id
from spark_jobs.columnar import vectors
from spark_jobs.columnar.vectors import ONE, Cells, Places, Vectors
from spark_jobs.group import greedy as grouping
from spark_jobs.group.greedy import Products, SizeLaw
from texts.embed import vector_bytes as packing
from texts.licences import together

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

_SAMPLE = 32_768
_SAMPLE_PER_CELL = 128
_MOST_CELLS = 4_096
_CROWD = 32  # times the rows of a cell: what a worker holds at once
_WIDE = 8  # times the rows of a cell of a pass: cells in which older rows are compared with newcomers only

PACKED = "text_hash string, vector binary"
FACTS = "id string, source string, licence string, licence_class string, language string, item_type string"
# a row that is still free: with what it met so far. nearest, closest: the most similar record of any kind and the cosine;
# rivals: whether records of its own kind reached the floor
FREE = f"{FACTS}, kind string, fresh boolean, vector binary, nearest string, closest double, rivals boolean"
_PLACED = f"{FREE}, cell bigint"
_MEMBER = "group_id string, size int, similarity double, cohesion double, group_licence string"
_PASSED = f"{FREE}, {_MEMBER}"

Work = Callable[[pa.Table], Iterable[pa.RecordBatch]]


@dataclass(frozen=True)
class Rules:
    """What makes a group, and how rows are divided to find it."""

    floor: float
    law: SizeLaw
    rows_per_cell: int
    passes: int


def packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of text_hash and vector with the vectors packed. Here, because a worker loads the module of what it runs."""
    for batch in batches:
        rows = vectors.whole(packing.from_bytes(batch["vector"]))
        yield pa.RecordBatch.from_arrays([batch["text_hash"], vectors.packed(rows)], names=["text_hash", "vector"])


def grouped(rows: DataFrame, rules: Rules) -> tuple[DataFrame, DataFrame]:
    """The members of groups, and the rows still free, from rows as `FREE` has them.

    Only groups around a `fresh` row are looked for: the others have met one another before.
    """
    found: list[DataFrame] = []
    for turn in range(rules.passes):
        cells = train_cells(rows, rules.rows_per_cell, f"pass {rules.law.seed} {turn}")
        passed = _one_pass(rows, cells, rules).persist(StorageLevel.DISK_ONLY)
        found.append(passed.where("group_id is not null"))
        rows = passed.where("group_id is null")
        if len(cells) < 2:  # nothing was cut apart: another pass would find the same
            break
    return reduce(DataFrame.unionByName, found), rows


def near_newcomers(rows: DataFrame, rules: Rules) -> DataFrame:
    """The fresh rows, and of the others those that reach the floor with a fresh one: the rest need not travel in any pass.

    Looked for inside cells that are larger than those of a pass, since only pairs with a fresh row are compared. A pair that
    is cut apart there is not found.
    """
    cells = train_cells(rows, _WIDE * rules.rows_per_cell, f"near newcomers {rules.law.seed}")

    def sift(cell: pa.Table) -> list[pa.RecordBatch]:
        reached = _reached(vectors.unpacked(cell["vector"]), cell["fresh"].to_numpy(), rules.floor)
        return cell.take(reached).to_batches()

    return _in_cells(rows, cells, rules, sift, FREE)


def train_cells(rows: DataFrame, rows_per_cell: int, salt: str) -> Cells:
    """Cells of about `rows_per_cell` rows, trained on a sample."""
    count = rows.count()
    wanted = min(count // rows_per_cell, _MOST_CELLS)
    if wanted < 2:
        return Cells.one()
    return vectors.cells(sample(rows, salt, count, min(_SAMPLE, _SAMPLE_PER_CELL * wanted)), wanted)


def sample(rows: DataFrame, salt: str, count: int, most: int = 8_192) -> Vectors:
    """The vectors of at most `most` of the `count` rows, chosen by a hash of `id` and `salt`."""
    place = F.xxhash64(F.lit(salt), "id")
    some = rows if count <= most else rows.where(F.pmod(place, F.lit(count)) < 2 * most)
    chosen = some.orderBy(place, "id").limit(most).select("vector").toArrow()
    return vectors.unpacked(chosen["vector"])


def _one_pass(rows: DataFrame, cells: Cells, rules: Rules) -> DataFrame:
    return _in_cells(rows, cells, rules, partial(_search, rules=rules), _PASSED)


def _in_cells(rows: DataFrame, cells: Cells, rules: Rules, work: Work, schema: str) -> DataFrame:
    """What `work` gives for the rows of each cell, which come by id; of a crowded one, a part at a time."""

    def place(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = cells.place(vectors.unpacked(batch["vector"]))
            yield batch.append_column("cell", pa.array(found, pa.int64()))

    def search(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for cell in runs(batches, "cell", _CROWD * rules.rows_per_cell):
            yield from work(cell.drop_columns(["cell"]))

    placed = rows.select(*_names(FREE)).mapInArrow(place, _PLACED)
    return placed.repartition("cell").sortWithinPartitions("cell", "id").mapInArrow(search, schema)


def _names(schema: str) -> list[str]:
    return [column.split()[0] for column in schema.split(", ")]


def runs(batches: Iterator[pa.RecordBatch], column: str, most: int) -> Iterator[pa.Table]:
    """The rows of each value of a sorted column, whatever the batches; more than `most` are cut into parts of `most`."""
    held: list[pa.RecordBatch] = []
    for piece in _pieces(batches, column):
        if held and held[0][column][0] != piece[column][0]:
            yield pa.Table.from_batches(held)
            held = []
        held.append(piece)
        while (count := sum(part.num_rows for part in held)) >= most:
            whole = pa.Table.from_batches(held)
            yield whole.slice(0, most)
            held = whole.slice(most).to_batches() if count > most else []
    if held:
        yield pa.Table.from_batches(held)


def _pieces(batches: Iterator[pa.RecordBatch], column: str) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        values = batch[column].to_numpy()
        cuts = [0, *(np.flatnonzero(np.diff(values)) + 1), batch.num_rows]
        yield from (batch.slice(start, end - start) for start, end in pairwise(cuts) if end > start)


def _search(cell: pa.Table, rules: Rules) -> Iterator[pa.RecordBatch]:
    """The rows of one cell, which come by id: members with their group, the others with what they met."""
    cell = cell.combine_chunks()
    rows = vectors.unpacked(cell["vector"])
    for part in vectors.bounded(rows, np.arange(len(rows)), 2 * rules.rows_per_cell):
        places = np.sort(part)
        yield from _grouped_part(cell.take(places), rows[places], rules)


def _grouped_part(rows: pa.Table, own: Vectors, rules: Rules) -> Iterator[pa.RecordBatch]:
    reached = _reached(own, rows["fresh"].to_numpy(), rules.floor)
    aside = np.setdiff1d(np.arange(len(own)), reached)
    yield from _passed(rows.take(aside)).to_batches()
    rows, own = rows.take(reached), own[reached]
    similar = grouping.products(own)
    close = grouping.close_pairs(similar, _codes(rows["kind"]), rules.floor)
    ids = rows["id"].to_pylist()
    members = list(grouping.groups(ids, close, rules.law))
    free = np.setdiff1d(np.arange(len(own)), np.concatenate([np.zeros(0, np.int64), *members]))
    if members:
        yield from _members(rows, own, members).to_batches()
    yield from _passed(_with_evidence(rows, free, similar, close)).to_batches()


def _reached(own: Vectors, fresh: NDArray[np.bool_], floor: float) -> Places:
    """The fresh rows and those close to one."""
    if fresh.all():
        return np.arange(len(own))
    return np.flatnonzero(fresh | ((own @ own[fresh].T) >= floor * ONE).any(axis=1))


def _codes(column: pa.ChunkedArray) -> NDArray[np.integer]:
    return column.combine_chunks().dictionary_encode().indices.to_numpy()


def _members(rows: pa.Table, own: Vectors, groups: Sequence[Places]) -> pa.Table:
    """The rows of all groups, without their vectors, with their group's columns."""
    places, sizes = np.concatenate(groups), np.array([len(group) for group in groups])
    like = grouping.likeness(own[places], sizes)
    taken = rows.take(places)
    ends = np.cumsum(sizes)
    spans = list(zip(ends - sizes, ends, strict=True))
    ids, licences = taken["id"].to_pylist(), taken["licence"].to_pylist()
    names = [content_id("grp", *ids[start:end]) for start, end in spans]
    unions = [together(licences[start:end]) for start, end in spans]
    nothing = pa.nulls(len(places), pa.binary())
    columns = (
        ("group_id", pa.array(np.repeat(np.array(names, object), sizes), pa.string())),
        ("size", pa.array(np.repeat(sizes, sizes), pa.int32())),
        ("similarity", pa.array(like.similarity)),
        ("cohesion", pa.array(np.repeat(like.cohesion, sizes))),
        ("group_licence", pa.array(np.repeat(np.array(unions, object), sizes), pa.string())),
    )
    without = taken.set_column(taken.schema.get_field_index("vector"), "vector", nothing)
    return reduce(lambda table, column: table.append_column(*column), columns, without)


def _with_evidence(rows: pa.Table, free: Places, similar: Products, close: Products) -> pa.Table:
    """The free rows: the most similar record met in this cell or before, and whether one of its kind reached the floor."""
    met = rows.take(free)
    if len(free) == 0 or len(similar) < 2:
        return met
    best = similar[free].argmax(axis=1)
    cosine = (similar[free, best] / ONE).round(6)
    before = met["closest"].to_numpy()
    nearer = ~(before >= cosine)  # a null is NaN here
    nearest = pc.if_else(pa.array(nearer), rows["id"].take(best), met["nearest"])
    rivals = met["rivals"].to_numpy() | (close[free] > -np.inf).any(axis=1)
    for name, column in (
        ("nearest", nearest),
        ("closest", pa.array(np.where(nearer, cosine, before))),
        ("rivals", pa.array(rivals)),
    ):
        met = met.set_column(met.schema.get_field_index(name), name, column)
    return met


def _passed(free: pa.Table) -> pa.Table:
    """Rows without a group."""
    count = free.num_rows
    kinds = (
        ("group_id", pa.string()), ("size", pa.int32()), ("similarity", pa.float64()), ("cohesion", pa.float64()),
        ("group_licence", pa.string()),
    )  # fmt: skip
    return reduce(lambda table, kind: table.append_column(kind[0], pa.nulls(count, kind[1])), kinds, free)
