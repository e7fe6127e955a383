"""Raw rows: registered files, records as they came, and what could not be read."""

from lake.tables.schema import BYTES, COUNT, MESSAGES, TEXT, TEXTS, TIME, Columns, Table

_PROVENANCE: Columns = {
    "source": (TEXT, "the name under which the file was registered"),
    "licence": (TEXT, "SPDX id that was stated for the file, or null"),
    "uri": (TEXT, "where the file lies; a member of an archive after `!/`"),
    "position": (COUNT, "which record of the file, from 1"),
}
_RECORD: Columns = {
    "id": (TEXT, "raw_ and a hash of source, path in the source, content and number of the copy"),
    **_PROVENANCE,
    "original_id": (TEXT, "the id that the record has in its source, if any"),
}
_CONTENT_HASH: Columns = {"content_hash": (TEXT, "SHA-256 of the record's canonical content")}
_RAW: Columns = {"raw": (BYTES, "the record's bytes as they stood in the file")}
_QUARANTINE: Columns = {
    "id": (TEXT, "raw_ and a hash, as of a record that was read"),
    **_PROVENANCE,
    **_RAW,
    "outcome": (TEXT, "quarantined"),
    "reason": (TEXT, "one of lake.tables.reasons.UNREADABLE"),
    "detail": (TEXT, "what is wrong, as a sentence"),
}

TABLES = (
    Table(
        "landing/files",
        "one registered version of a raw file",
        {
            "uri": (TEXT, "where the file lies"),
            "path": (TEXT, "its name inside the source, free of the machine: what raw ids are made from"),
            "source": (TEXT, "the source it belongs to"),
            "licence": (TEXT, "SPDX id that was stated, or null"),
            "kind": (TEXT, "instructions, passages, benchmark or reference"),
            "sha256": (TEXT, "of the bytes as they were registered"),
            "size": (COUNT, "bytes"),
            "registered_at": (TIME, "the moment of registration"),
            "fields": (TEXT, "a map of fields stated by the user, as JSON from role to field name, or null"),
        },
        id="uri",
        mode="append",
    ),
    Table(
        "bronze/instructions",
        "one raw instruction record, its bytes kept",
        {
            **_RECORD,
            "shape": (TEXT, "the record shape that was recognised"),
            **_CONTENT_HASH,
            **_RAW,
            "messages": (MESSAGES, "the turns that were read from it"),
        },
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
        {
            **_RECORD,
            **_CONTENT_HASH,
            **_RAW,
            "title": (TEXT, "what the passage is about"),
            "text": (TEXT, "the passage"),
        },
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
        {
            "id": _RECORD["id"],
            **_PROVENANCE,
            "role": (TEXT, "benchmark or truth"),
            "name": (TEXT, "the benchmark, or what the truth is about"),
            "text": (TEXT, "the item; its first line is the question"),
            "facts": (TEXTS, "what an answer has to say"),
        },
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
        {
            "request_id": (TEXT, "hash of messages, model digest, sampling, form of the answer and prompt version"),
            "model": (TEXT, "digest of the model or engine"),
            "task": (TEXT, "what was asked for: rate, build, degrade or distil"),
            "text": (TEXT, "the answer, or null"),
            "error": (TEXT, "why there is none, or null"),
            "prompt_tokens": (COUNT, "tokens of the prompt"),
            "completion_tokens": (COUNT, "tokens of the answer"),
            "finish_reason": (
                TEXT,
                "why the answer ended, as the engine says it: stop, length (cut off), or another word",
            ),
            "shard": (TEXT, "the batch of requests that was committed together"),
        },
        id="request_id",
        mode="append",
    ),
)
