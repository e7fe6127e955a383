"""Parquet: one record a row, a batch of rows in memory."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from spark_jobs.sources.containers.piece import Piece, UnreadableFile, refused
from spark_jobs.sources.turns import as_json

_ROWS = 1024


def read(stream: BinaryIO) -> Iterator[Piece]:
    """One piece for each row; position is its number, raw its canonical JSON."""
    try:
        batches = pq.ParquetFile(stream).iter_batches(batch_size=_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"not Parquet ({error})") from error
    number = 0
    try:
        for batch in batches:
            for record in batch.to_pylist():
                number += 1
                yield Piece(number, as_json(record).encode("utf-8", "surrogatepass"), record)
    except (pa.ArrowException, OSError) as error:
        yield refused(number + 1, b"", "malformed_parquet", f"the rows from here on cannot be read ({error})")
