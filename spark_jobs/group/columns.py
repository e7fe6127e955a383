"""The columns of a row on its way through grouping, and how those of silver/groups are found.

To add a column to silver/groups, declare it in lake/tables/silver.py. If it comes from the record, select it in
`spark_jobs.group.records.record_facts`; if it belongs to the group, name it in OF_GROUP and compute it in `with_group`.

These functions run in workers, on Arrow tables of one cell. Three rows, the first two in a group:

>>> from spark_jobs.columnar.vectors import scaled
>>> cell = pa.table({"id": ["rec_a", "rec_b", "rec_c"], "licence": ["MIT", "CC-BY-4.0", "MIT"], "vector": [b"", b"", b""]})
>>> vectors = scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
>>> members = with_group(cell, vectors, [np.array([0, 1])])
>>> members.select(["id", "size", "similarity", "cohesion", "group_licence"]).to_pylist()[0]
{'id': 'rec_a', 'size': 2, 'similarity': 0.948683, 'cohesion': 0.8, 'group_licence': 'CC-BY-4.0 AND MIT'}
>>> members["group_id"].to_pylist() == [content_id("grp", "rec_a", "rec_b")] * 2
True
>>> without_group(cell.slice(2)).select(["id", *OF_GROUP]).to_pylist()
[{'id': 'rec_c', 'group_id': None, 'size': None, 'similarity': None, 'cohesion': None, 'group_licence': None}]
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from lake.ids import content_id
from lake.tables import TABLES
from lake.tables.schema import TEXTS
from spark_jobs.columnar.vectors import COSINE_ONE, Positions, Products, ScaledVectors
from spark_jobs.group.greedy import group_similarity
from texts.licences import together

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

# of a record: none of its kind reached the floor; some did, but are about something else, or contradict it; some did that it may join
UNMET, OTHER_SUBJECT, CONTRADICTORY, NEIGHBOUR = 0, 1, 2, 3

MEMBER: pa.Schema = TABLES["silver/groups"].schema
OF_GROUP = ("group_id", "size", "similarity", "cohesion", "group_licence")
OF_RECORD = tuple(name for name in MEMBER.names if name not in OF_GROUP)

# A record that may be grouped, as it travels from pass to pass. The last three tell, if it ends alone, what it was compared with.
CANDIDATE = pa.schema(
    [
        *(MEMBER.field(name) for name in OF_RECORD),
        pa.field("kind", pa.string()),  # members of a group share it: rows of two kinds are never grouped
        pa.field("subjects", TEXTS),  # as in silver/instructions
        pa.field("claims", pa.binary()),  # of its answer, by spark_jobs.group.claims
        pa.field("contradicted", pa.bool_()),  # whether some record that reached the floor claims the opposite
        pa.field("fresh", pa.bool_()),  # new since the last publication
        pa.field("vector", pa.binary()),  # spark_jobs.columnar.vectors; null once the row is in a group
        pa.field("nearest_id", pa.string()),  # the most similar record of any kind so far
        pa.field("nearest_cosine", pa.float64()),
        pa.field("met", pa.int8()),  # the best that any record of its kind was to it: one of those above
    ]
)
SEARCHED = pa.schema([*CANDIDATE, *(MEMBER.field(name) for name in OF_GROUP)])


def with_group(rows: pa.Table, vectors: ScaledVectors, groups: Sequence[Positions]) -> pa.Table:
    """The rows of all groups, group after group, with OF_GROUP and without their vectors.

    `groups` has the positions of each group's members in `rows` and `vectors`, ascending. `rows` come by id, so the id of a
    group, a hash of its members' ids, does not depend on who was the seed.
    """
    positions, sizes = np.concatenate(groups), np.array([len(group) for group in groups])
    similarity = group_similarity(vectors[positions], sizes)
    members = rows.take(positions)
    ids, licences = members["id"].to_pylist(), members["licence"].to_pylist()
    ends = np.cumsum(sizes)
    spans = [slice(start, end) for start, end in zip(ends - sizes, ends, strict=True)]
    found = {
        "group_id": np.repeat(np.array([content_id("grp", *ids[span]) for span in spans], object), sizes),
        "size": np.repeat(sizes, sizes),
        "similarity": similarity.to_mean,
        "cohesion": np.repeat(similarity.cohesion, sizes),
        "group_licence": np.repeat(np.array([together(licences[span]) for span in spans], object), sizes),
    }
    members = _replaced(members, "vector", pa.nulls(len(positions), pa.binary()))
    for name in OF_GROUP:
        field = MEMBER.field(name)
        members = members.append_column(field, pa.array(found[name], field.type))
    return members


def without_group(rows: pa.Table) -> pa.Table:
    """The rows with OF_GROUP null."""
    for name in OF_GROUP:
        field = MEMBER.field(name)
        rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows


def with_contradicted(rows: pa.Table, contradicted: NDArray[np.bool_]) -> pa.Table:
    """The rows with `contradicted` true where it is here or was before; shape (rows,)."""
    return _replaced(rows, "contradicted", pa.array(contradicted | rows["contradicted"].to_numpy()))


def with_nearest(rows: pa.Table, left_over: Positions, products: Products, reached: Sequence[Products]) -> pa.Table:
    """The rows left over in a cell, with the most similar record of this cell or an earlier one, and `met`.

    products: of all rows of the cell with one another. reached: of these the ones above the floor of one kind, of these the ones
    about one subject, and of these the ones that do not contradict one another; -inf elsewhere.
    """
    left = rows.take(left_over)
    if len(left_over) == 0 or len(products) < 2:
        return left
    best = products[left_over].argmax(axis=1)
    cosine = (products[left_over, best] / COSINE_ONE).round(6)
    earlier = left["nearest_cosine"].to_numpy()
    nearer = ~(earlier >= cosine)  # a null is NaN here, and no number reaches NaN
    nearest_id = pc.if_else(pa.array(nearer), rows["id"].take(best), left["nearest_id"])
    # each of `reached` is part of the one before, so the number of those with any is the best that was met
    met = sum(((some[left_over] > -np.inf).any(axis=1) for some in reached), np.zeros(len(left_over), np.int8))
    met = np.maximum(left["met"].to_numpy(), met)
    left = _replaced(left, "nearest_id", nearest_id)
    left = _replaced(left, "nearest_cosine", pa.array(np.where(nearer, cosine, earlier)))
    return _replaced(left, "met", pa.array(met, pa.int8()))


def _replaced(rows: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, values)
