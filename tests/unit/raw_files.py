"""What becomes of a raw file, as one list: for each row the turns as `role: text`, the passage, or the reason there is neither."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from pyarrow import fs

from lake.landing.peek import field_map, kind_of
from spark_jobs.ingest.interpreter import Row
from spark_jobs.ingest.job import instruction_columns, passage_columns
from spark_jobs.ingest.raw_rows import file_rows


def rows_of(name: str, content: Any, fields: str | None = None) -> tuple[str, list[Row]]:
    """The kind that registering gives the file, and its rows; `content` is bytes, text, or what is written as JSON."""
    if not isinstance(content, bytes | str):
        content = json.dumps(content, ensure_ascii=False)
    content = content.encode() if isinstance(content, str) else content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        mapped = field_map(fields)
        kind = kind_of(fs.LocalFileSystem(), str(path), mapped)
        file = {"uri": str(path), "path": name, "source": "s", "licence": None, "kind": kind, "fields": mapped}
        file["sha256"] = hashlib.sha256(content).hexdigest()
        return kind, list(file_rows(file, passage_columns if kind == "passages" else instruction_columns))


def said(name: str, content: Any, fields: str | None = None) -> list[Any]:
    """For each row the turns' texts, with the role before them unless it is user and then assistant; or the reason."""
    return [_said(row) for row in rows_of(name, content, fields)[1]]


def details(name: str, content: Any, fields: str | None = None) -> list[str]:
    """The sentences of the quarantined rows."""
    return [row["detail"] for row in rows_of(name, content, fields)[1] if row.get("reason")]


def lines(*records: Any) -> str:
    """JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _said(row: Row) -> Any:
    if row.get("reason"):
        return row["reason"]
    if "messages" not in row:
        return ("passage", row["title"], row["text"])
    turns = [(turn["role"], turn["content"]) for turn in row["messages"]]
    plain = [role for role, _ in turns] == ["user", "assistant"]
    return tuple(text for _, text in turns) if plain else tuple(f"{role}: {text}" for role, text in turns)
