"""Tombstones: what was taken back, when and why, without its words. They outlive every rebuild.

An order is three commits: what is asked for; what was found (the rows, what was made with them, the stages to be made anew); that all of it
is erased. Without the last one it is unfinished: no stage runs, and the next `mixlake forget`, `withdraw` or `run` goes on with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset as ds
from pydantic import BaseModel, ConfigDict

from lake.storage.store import Lake
from lake.tables import TABLES

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

TOMBSTONES = "landing/tombstones"
KEYED = ("row", "made", "text")  # kinds whose id is found in rows that leave
_KEY = 24  # hex digits: all of an id behind its kind, the last ones of a SHA-256


class Order(BaseModel):
    """What one command took back: all that a source gave, or single rows."""

    model_config = ConfigDict(frozen=True)

    id: str
    act: str
    reason: str
    taken_at: datetime
    source: str | None


def tombstones(lake: Lake, *kinds: str, order: str | None = None) -> list[dict[str, Any]]:
    """The tombstones of these kinds, a row each, of one order or of all. Not for rows and texts, of which there may be millions."""
    if not lake.exists(TOMBSTONES):
        return []
    asked = ds.field("kind").isin(kinds)
    of = asked if order is None else asked & (ds.field("order") == order)
    return lake.dataset(TOMBSTONES).to_table(filter=of, use_threads=False).to_pylist()


def unfinished_orders(lake: Lake) -> list[Order]:
    """The orders whose rows are not erased everywhere yet, the oldest first."""
    found = tombstones(lake, "order", "done")
    done = {row["order"] for row in found if row["kind"] == "done"}
    orders = [Order.model_validate(row) for row in found if row["kind"] == "order" and row["order"] not in done]
    return sorted(orders, key=lambda order: order.taken_at)


def write_tombstones(lake: Lake, order: Order, *parts: pa.Table) -> None:
    """Adds tombstones of an order in one commit; each part has the columns that it knows, all others are those of the order, or null."""
    same = order.model_dump() | {"order": order.id}
    whole = [_filled(part, same) for part in parts]
    table = pa.concat_tables(whole)
    lake.append(TOMBSTONES, table, f"{order.id}-{table['kind'][0]}")


def _filled(part: pa.Table, same: Mapping[str, Any]) -> pa.Table:
    fields = TABLES[TOMBSTONES].schema
    columns = [
        part[field.name].cast(field.type)
        if field.name in part.column_names
        else pa.array(
            [same[field.name] if field.name in ("order", "act", "reason", "taken_at") else None] * part.num_rows,
            field.type,
        )
        for field in fields
    ]
    return pa.table(columns, schema=fields)


def key_of(values: pa.Array) -> pa.Array:
    """What ids and hashes are compared by: the same for raw_x, rec_x and psg_x."""
    return pc.utf8_slice_codeunits(values, -_KEY)


def keys(lake: Lake, order: Order) -> pa.Array:
    """The keys of all rows that an order takes from tables; about 30 bytes each."""
    found = lake.dataset(TOMBSTONES).scanner(["id"], (ds.field("order") == order.id) & ds.field("kind").isin(KEYED))
    return pa.concat_arrays([key_of(batch["id"]) for batch in found.to_batches()] or [pa.array([], pa.string())])


def found_rows(lake: Lake, order: Order) -> pa.Table:
    """source and uri of each raw row that an order takes back."""
    found = (ds.field("order") == order.id) & (ds.field("kind") == "row")
    return lake.dataset(TOMBSTONES).to_table(["source", "uri"], filter=found)


def to_be_made_anew(lake: Lake, stage: str) -> bool:
    """Whether the stage's rows of now lack some that were made of what was taken back and of other rows, which have no place since."""
    marks = lake.once("stages to be made anew", lambda: tombstones(lake, "stage"))
    marked = {row["version"] for row in marks if row["id"] == stage}
    return bool(marked) and lake.version(stage) in marked


def said_hash(texts: Sequence[str]) -> str:
    """SHA-256 of what a record says, whatever file or form it comes in."""
    return sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=2)
def taken_back(root: str, version: int | None) -> frozenset[bytes]:
    """The bytes of the ids of all rows that were taken back, and 16 of each hash of their content and texts; about 250 bytes of memory a row."""
    return frozenset(_hashes(Lake(root), version)) if version is not None else frozenset()


def _hashes(lake: Lake, version: int) -> Iterator[bytes]:
    rows = lake.dataset(TOMBSTONES, version).scanner(["id", "content", "said"], ds.field("kind") == "row")
    for batch in rows.to_batches():
        yield from (bytes.fromhex(value[4:]) for value in batch["id"].to_pylist())
        for name in ("content", "said"):
            yield from (bytes.fromhex(value)[:16] for value in batch[name].to_pylist() if value)
