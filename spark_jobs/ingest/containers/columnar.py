"""Parquet and Arrow files (Feather, IPC files and streams): one record a row, a batch of rows in memory."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from spark_jobs.ingest.containers.raw_record import RawRecord, UnreadableFile, from_value, unreadable

_ROWS = 1024  # turned into Python values at a time


def parquet(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each row; position is its number, raw its compact JSON."""
    try:
        batches = pq.ParquetFile(stream).iter_batches(batch_size=_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"not Parquet ({error})") from error
    return _rows(batches, "malformed_parquet")


def arrow(stream: BinaryIO) -> Iterator[RawRecord]:
    """The same for an Arrow file, or for a stream of Arrow messages."""
    whole = stream.read(6) == b"ARROW1"
    stream.seek(0)
    try:
        if not whole:
            return _rows(iter(ipc.open_stream(stream)), "malformed_arrow")
        file = ipc.open_file(stream)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"not Arrow ({error})") from error
    return _rows((file.get_batch(number) for number in range(file.num_record_batches)), "malformed_arrow")


def _rows(batches: Iterator[pa.RecordBatch], reason: str) -> Iterator[RawRecord]:
    number = 0
    try:
        for batch in batches:
            # offsets of a damaged file may point anywhere: to read them unlooked at ends the process
            batch.validate(full=True)
            # a batch of an Arrow file can be of any size
            for start in range(0, batch.num_rows, _ROWS):
                for row in batch.slice(start, _ROWS).to_pylist():
                    number += 1
                    yield from_value(number, row)
    except (pa.ArrowException, OSError) as error:
        # rows before the fault are good; the format gives no way to those behind it
        yield unreadable(number + 1, b"", reason, f"the rows from here on cannot be read ({error})")
