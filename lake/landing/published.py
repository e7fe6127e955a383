"""How many rows of a registered file there are in tables."""

from typing import Any

import pyarrow.compute
import pyarrow.dataset as ds

from lake.landing.pending import STAGES
from lake.storage.store import Lake

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them


def rows_of_file(lake: Lake, uri: str) -> int:
    """The rows that a file gave when it was last read, quarantined ones among them; of an archive, those of its members."""
    signs = {"": 1, "_quarantine": 1, "_withdrawn": -1}
    lay_there = (ds.field("uri") == uri) | pc.starts_with(ds.field("uri"), f"{uri}!")
    counts = (
        sign * lake.dataset(f"{stage}{side}", version).count_rows(filter=lay_there)
        for stage in STAGES
        for side, sign in signs.items()
        if (version := lake.version(f"{stage}{side}")) is not None
    )
    return sum(counts)
