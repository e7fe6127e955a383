"""What is remembered of a row that was taken back, and how a row is known again by it: hashes of its bytes and of what it says."""

from collections.abc import Collection, Iterator

import pyarrow as pa

from lake.ids import sha256_bytes
from lake.storage.tombstones import said_hash

COLUMNS = ("raw", "messages", "text")  # of a raw row: those that bytes and words lie in


def texts(batch: pa.RecordBatch) -> list[list[str] | None]:
    """What each raw row says: the texts of its turns, or its own text; None of one that could not be read."""
    columns = [batch[name].to_pylist() for name in ("messages", "text") if name in batch.schema.names]
    return [_texts(*values) for values in zip(*columns, strict=True)] if columns else [None] * batch.num_rows


def _texts(*values: list[dict[str, str | None]] | str | None) -> list[str] | None:
    value = next((value for value in values if value), None)
    return None if value is None else [value] if isinstance(value, str) else [turn["content"] or "" for turn in value]


def contents(batch: pa.RecordBatch) -> list[str | None]:
    """SHA-256 of the bytes of each raw row; None where none were kept."""
    if "raw" not in batch.schema.names:
        return [None] * batch.num_rows
    return [sha256_bytes(raw) if raw else None for raw in batch["raw"].to_pylist()]


def sayings(batch: pa.RecordBatch) -> list[str | None]:
    """SHA-256 of what each raw row says; None where nothing was read of it."""
    return [said_hash(said) if said else None for said in texts(batch)]


def known_again(batch: pa.RecordBatch, taken: Collection[bytes]) -> pa.BooleanArray:
    """Whether each raw row has the bytes, or says the words, of one of those `taken` back, by the first 16 bytes of either hash."""
    return pa.array(_any_taken(batch, taken), pa.bool_())


def _any_taken(batch: pa.RecordBatch, taken: Collection[bytes]) -> Iterator[bool]:
    for pair in zip(contents(batch), sayings(batch), strict=True):
        yield any(found is not None and bytes.fromhex(found)[:16] in taken for found in pair)
