"""Raw rows: registered files, records as they came, and what could not be read."""

from lake.tables.schema import BYTES, COUNT, FLAG, MESSAGES, NUMBER, TEXT, TEXTS, TIME, Columns, Table, carried

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
_PENDING: Columns = {
    "id": (TEXT, "wait_ and a hash of all other columns"),
    "uri": (TEXT, "where the file lies"),
    "source": (TEXT, "the source it belongs to"),
    "sha256": (TEXT, "of the bytes as they were registered"),
    "reason": (TEXT, "one of lake.tables.reasons.PENDING"),
    "detail": (TEXT, "why it waits and what releases it, as a sentence that names the file"),
    "rows": (COUNT, "records it gave that are in no other table"),
    "bytes": (COUNT, "of all records it gave"),
    "before": (COUNT, "records that were published of it when it was last read"),
}
_WITHDRAWN: Columns = {
    "id": (TEXT, "a raw row, read or quarantined, that its file no longer has"),
    "source": (TEXT, "the source it came from"),
    "uri": (TEXT, "where it lay"),
}
_OF_FILE = (carried("landing/files", "source", "licence"),)


def _sides(table: str, record: str) -> tuple[Table, ...]:
    """What a stage that reads files writes beside its table: what is broken, what waits, what was taken back."""
    return (
        Table(f"{table}_quarantine", f"one {record} that could not be read", _QUARANTINE, "id", "grow", table, _OF_FILE),
        Table(f"{table}_pending", "one registered file that waits, of which nothing new is published", _PENDING, "id", "state", table,
              (carried("landing/files", "uri", "source", "sha256"),)),
        Table(f"{table}_withdrawn", f"one {record} that a changed file no longer has", _WITHDRAWN, "id", "state", table,
              (carried("landing/files", "source"),)),
    )  # fmt: skip


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
            "accepted": (FLAG, "whether the user released these very bytes after they had been held, or null"),
        },
        id="uri",
        mode="append",
    ),
    Table(
        "landing/service_orders",
        "one order of a user about which distiller serves",
        {
            "id": (TEXT, "ord_ and a hash of the order and its moment"),
            "act": (TEXT, "pin, unpin or rollback"),
            "model": (TEXT, "of a pin: digest of the distiller that is to serve"),
            "engine": (TEXT, "of a pin: the kind of engine it runs in"),
            "uri": (TEXT, "of a pin: what that engine loads, or null"),
            "ordered_at": (TIME, "the moment of the order"),
        },
        id="id",
        mode="append",
    ),
    Table(
        "landing/tombstones",
        "one thing that was taken back, or that was made with what was: what stays of it is its hash",
        {
            "id": (
                TEXT,
                "the raw row; what was made with it, by id or SHA-256 of its text; the model, release, stage, file or order",
            ),
            "kind": (
                TEXT,
                "asked or order: what an order is about; row, made, text, model, release, file (a landed copy to remove), "
                "stage (to be made anew): what was found; found, done: how far it is carried out",
            ),
            "order": (TEXT, "ord_ and a hash: what was taken back by one command"),
            "act": (TEXT, "withdraw or forget"),
            "reason": (TEXT, "why, as the user stated it"),
            "taken_at": (TIME, "the moment of the order"),
            "source": (TEXT, "of a row: its source; of an order: the source that was withdrawn as a whole, or null"),
            "uri": (TEXT, "of a row: the file it was read from"),
            "content": (TEXT, "of a row: SHA-256 of its bytes, or null where none were kept"),
            "said": (TEXT, "of a row: SHA-256 of its texts, or null where it could not be read"),
            "version": (COUNT, "of a stage or release: the version of its table that lost rows"),
        },
        id="id",
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
        carried=_OF_FILE,
    ),
    *_sides("bronze/instructions", "raw record"),
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
        carried=_OF_FILE,
    ),
    *_sides("bronze/passages", "passage"),
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
            "question": (TEXT, "what a benchmark item asks, without its options; null of a truth"),
            "answer": (TEXT, "its right answer, without a label"),
            "wrong": (TEXTS, "the wrong answers offered with it; empty where none are"),
        },
        id="id",
        mode="grow",
        carried=_OF_FILE,
    ),
    *_sides("bronze/references", "reference"),
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
    Table(
        "cache/likelihoods",
        "what an untrained model can do with one held-out item",
        {
            "model_and_items": (TEXT, "hash of the model, all items and how they are measured"),
            "metric": (TEXT, "what was measured"),
            "item_id": (TEXT, "the item"),
            "value": (NUMBER, "the figure"),
        },
        id="item_id",
        mode="append",
    ),
)
