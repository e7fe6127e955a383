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
    """Whether each raw row is one of those `taken` back: by its id, or by the first 16 bytes of the hash of its bytes or its texts."""
    return pa.array(_known_again(batch, taken), pa.bool_())


def _known_again(batch: pa.RecordBatch, taken: Collection[bytes]) -> Iterator[bool]:
    for row_id, *pair in zip(batch["id"].to_pylist(), contents(batch), sayings(batch), strict=True):
        known = [bytes.fromhex(found)[:16] for found in pair if found is not None]
        # the one row of a file that cannot be read has neither bytes nor texts, and the same id whatever is wrong with the file
        yield bool(known) and any(one in taken for one in (bytes.fromhex(row_id[4:]), *known))
