"""Raw rows: registered files, records as they came, and what could not be read."""

import pyarrow as pa

from lake.tables.schema import MESSAGES, TEXT, TEXTS, TIME, Table, columns

_PROVENANCE = {"source": TEXT, "licence": TEXT, "uri": TEXT, "position": pa.int64()}
_QUARANTINE = columns(id=TEXT, **_PROVENANCE, raw=pa.binary(), outcome=TEXT, reason=TEXT, detail=TEXT)

TABLES = (
    Table(
        "landing/files",
        "one registered version of a raw file",
        # path: unique within the source, free of the machine: what raw ids are made from
        columns(
            uri=TEXT,
            path=TEXT,
            source=TEXT,
            licence=TEXT,
            kind=TEXT,
            sha256=TEXT,
            size=pa.int64(),
            registered_at=TIME,
            fields=TEXT,  # a map of fields given by the user, as JSON: role -> field
        ),
        id="uri",
        mode="append",
    ),
    Table(
        "bronze/instructions",
        "one raw instruction record, its bytes kept",
        columns(
            id=TEXT, **_PROVENANCE, original_id=TEXT, shape=TEXT, content_hash=TEXT, raw=pa.binary(), messages=MESSAGES
        ),
        id="id",
        mode="grow",
    ),
    Table(
        "bronze/instructions_quarantine",
        "one raw record that could not be read",
        _QUARANTINE,
        "id",
        mode="grow",
        side_of="bronze/instructions",
    ),
    Table(
        "bronze/passages",
        "one titled passage",
        columns(id=TEXT, **_PROVENANCE, original_id=TEXT, content_hash=TEXT, raw=pa.binary(), title=TEXT, text=TEXT),
        id="id",
        mode="grow",
    ),
    Table(
        "bronze/passages_quarantine",
        "one passage that could not be read",
        _QUARANTINE,
        "id",
        mode="grow",
        side_of="bronze/passages",
    ),
    Table(
        "bronze/references",
        "one held-out text: a benchmark item that must never be released, or the truth that answers are measured against",
        columns(id=TEXT, **_PROVENANCE, role=TEXT, name=TEXT, text=TEXT, facts=TEXTS),  # role: benchmark | truth
        id="id",
        mode="grow",
    ),
    Table(
        "bronze/references_quarantine",
        "one reference that could not be read",
        _QUARANTINE,
        "id",
        mode="grow",
        side_of="bronze/references",
    ),
    Table(
        "cache/generations",
        "one answered request",
        columns(
            request_id=TEXT,
            model=TEXT,
            task=TEXT,
            text=TEXT,
            error=TEXT,
            prompt_tokens=pa.int64(),
            completion_tokens=pa.int64(),
            shard=TEXT,
        ),
        id="request_id",
        mode="append",
    ),
)
