"""Tables are read batch by batch, so that memory depends on the size of a batch and not on that of the table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

BATCH_ROWS = 65_536
_AHEAD = 2  # batches, and files, that Arrow reads while one is looked at: its own choice is 16 and 4


def read_batches(
    rows: ds.Dataset, columns: Sequence[str] | Mapping[str, Any], where: ds.Expression | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows for which `where` is true, neither false nor null, in the order of the dataset.

    columns: names, or Arrow expressions by the name of what they compute.
    """
    chosen = columns if isinstance(columns, Mapping) else list(columns)
    yield from rows.to_batches(
        columns=chosen, filter=where, batch_size=BATCH_ROWS, batch_readahead=_AHEAD, fragment_readahead=_AHEAD
    )
