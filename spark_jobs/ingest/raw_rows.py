"""One raw file to bronze rows: the pure half of ingestion, without Spark.

    file {"uri": "/data/notes.csv", "path": "notes.csv", "source": "notes", "kind": "instructions", ...}
    -> row {"id": "raw_..", "source": "notes", "uri": "/data/notes.csv", "position": 1, "content_hash": "..", "raw": b"Why?,So.",
            "shape": "question_answer", "messages": [..], ..}

Rows come while the file is read. If it turns out broken, a row with the reason `unreadable_file` says so at the end; if it cannot be had,
or is not the registered one, Unavailable is raised. In both cases the caller drops every other row of that address.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from lake.ids import content_id, content_ids
from lake.landing import addresses
from spark_jobs.ingest.containers import DATA_ERRORS, Document, documents
from spark_jobs.ingest.containers.raw_record import Unavailable
from spark_jobs.ingest.containers.streams import check_registered
from spark_jobs.ingest.interpreter import Interpret, Interpreter, Row, quarantined
from spark_jobs.ingest.splits import split_document


def file_rows(file: Mapping[str, Any], interpret: Interpret) -> Iterator[Row]:
    """Every row of one file, or of one split of it: columns of the bronze table, or of its quarantine where `reason` is set.

    Raises Unavailable where the place does not give the registered bytes, or a library that would read them is missing here.
    """
    field_map = json.loads(file["fields"]) if file.get("fields") else None
    interpreter = Interpreter(file["kind"], field_map, interpret)
    try:
        if file.get("end"):
            yield from _document_rows(file, split_document(file), interpreter)
            return
        for document in documents(file["uri"], file["sha256"]):
            inside = addresses.inside(file["uri"], document.inner) if document.inner else ""
            member = {**file, "uri": file["uri"] + inside, "path": file["path"] + inside}
            try:
                yield from _document_rows(member, document, interpreter)
            except DATA_ERRORS as error:
                # a broken member leaves the archive readable; a broken file leaves nothing to read
                if not inside:
                    raise
                yield _unreadable_file(member, error)
    except DATA_ERRORS as error:
        # half of another file looks broken, too
        check_registered(file["uri"], file["sha256"])
        yield _unreadable_file(file, error)
    except ImportError as error:
        raise Unavailable("unreachable", f"a library that reads it is missing: {error}") from error


def _document_rows(file: Mapping[str, Any], document: Document, interpreter: Interpreter) -> Iterator[Row]:
    """The rows of one document; of identical records in it, the k-th has another id than the one before."""
    # a split goes on counting where those before it stopped
    copies: dict[int, int] = dict(file.get("copies") or ())
    identify = content_ids("raw", file["source"], file["path"])
    place = {name: file[name] for name in ("source", "licence", "uri")}
    for position, raw, columns in interpreter.rows(document):
        digest = sha256(raw).hexdigest()
        # 60 bits are enough to count copies: a chance match only gives a number where none was needed
        short = int(digest[:15], 16)
        copies[short] = copy = copies.get(short, -1) + 1
        if "name" in columns and columns["name"] is None:
            columns["name"] = f"{file['path']}:{position}"
        yield {
            "id": identify(digest, copy),
            **place,
            "position": position,
            "content_hash": digest,
            "raw": raw,
            **columns,
        }


def _unreadable_file(file: Mapping[str, Any], error: BaseException) -> Row:
    return {
        "id": content_id("raw", file["source"], file["path"], "unreadable", 0),
        **{name: file[name] for name in ("source", "licence", "uri")},
        "position": 0,
        "raw": b"",
        **quarantined("unreadable_file", str(error) or type(error).__name__),
    }
