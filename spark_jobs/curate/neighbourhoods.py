"""What the neighbourhood of each record says of its score, in one pass over the records against a bounded library."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema

from spark_jobs.columnar.vectors import from_int16_bytes
from spark_jobs.curate.consensus import Classes, votes
from spark_jobs.curate.neighbours import Ids, Library

_AROUND = pa.schema([
    ("id", pa.string()),
    ("neighbour_score", pa.float64()),  # mean score of the nearest
    ("closeness", pa.float64()),  # their mean cosine, at least 0
    ("sampled", pa.bool_()),  # whether the record is in the library itself
    ("own", pa.int64()),  # the record's score as a class 0..5, and those of its two nearest
    ("first", pa.int64()),
    ("second", pa.int64()),
    ("fit", pa.float64()),  # consensus.Votes
    ("suggested", pa.int64()),
    ("confidence", pa.float64()),
])  # fmt: skip


def neighbours_of(rows: DataFrame, library: Library, k: int) -> DataFrame:
    """One row for each of `rows` (id, score, vector in int16 bytes) with a neighbour in the library, as _AROUND says.

    Where there is only one neighbour, what needs two is null: second, fit, suggested, confidence.
    """

    def look(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                ids, scores = batch["id"].to_numpy(zero_copy_only=False), batch["score"].to_numpy()
                near = library.nearest(ids, from_int16_bytes(batch["vector"]), k)
                yield around(ids, scores, library, *near)

    return rows.mapInArrow(look, from_arrow_schema(_AROUND))


def around(
    ids: Ids, scores: NDArray[np.float64], library: Library, near: NDArray[np.int64], cosines: NDArray[np.float64]
) -> pa.RecordBatch:
    """The rows of _AROUND for records with at least one neighbour; near, cosines: what `Library.nearest` gives for them."""
    some = near[:, 0] >= 0
    ids, scores, near, cosines = ids[some], scores[some], near[some], cosines[some]
    found, count = near >= 0, np.maximum((near >= 0).sum(axis=1), 1)
    means = (np.where(found, library.scores[near], 0).sum(axis=1) / count) if len(ids) else np.zeros(0)
    own, around_it = classes(scores), classes(library.scores[near])
    said = votes(own, around_it, np.where(found, cosines, 0))
    alone = count < 2
    columns = [
        ids, means, np.clip(cosines.sum(axis=1) / count, 0, 1), library.has(ids), own, around_it[:, 0],
        pa.array(around_it[:, 1], mask=alone), pa.array(said.fit, mask=alone), pa.array(said.suggested, mask=alone),
        pa.array(said.confidence, mask=alone),
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=_AROUND)


def classes(scores: NDArray[np.float64]) -> Classes:
    """The score 0..5 that each mean of judges is nearest to; shape as given."""
    return np.clip(np.rint(scores), 0, 5).astype(np.int64)
