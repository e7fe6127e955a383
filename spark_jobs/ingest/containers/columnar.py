"""Parquet and Arrow files (Feather, IPC files and streams): one record a row, a batch of rows in memory."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from spark_jobs.ingest.containers.raw_record import Piece, UnreadableFile, refused
from spark_jobs.ingest.sources.turns import as_json

_ROWS = 1024


def parquet(stream: BinaryIO) -> Iterator[Piece]:
    """One piece for each row; position is its number, raw its canonical JSON."""
    try:
        batches = pq.ParquetFile(stream).iter_batches(batch_size=_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"not Parquet ({error})") from error
    return _rows(batches, "malformed_parquet")


def arrow(stream: BinaryIO) -> Iterator[Piece]:
    """The same for an Arrow file, or for a stream of Arrow messages."""
    whole = stream.read(6) == b"ARROW1"
    stream.seek(0)
    try:
        if not whole:
            return _rows(iter(ipc.open_stream(stream)), "malformed_arrow")
        held = ipc.open_file(stream)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"not Arrow ({error})") from error
    return _rows((held.get_batch(number) for number in range(held.num_record_batches)), "malformed_arrow")


def _rows(batches: Iterator[pa.RecordBatch], reason: str) -> Iterator[Piece]:
    number = 0
    try:
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                for record in batch.slice(start, _ROWS).to_pylist():
                    number += 1
                    yield Piece(number, as_json(record).encode("utf-8", "surrogatepass"), record)
    except (pa.ArrowException, OSError) as error:
        yield refused(number + 1, b"", reason, f"the rows from here on cannot be read ({error})")
