"""The files of a release's examples: two forms of them, each as Parquet and as JSON Lines, a file a split.

    data/messages/train-00000.parquet             the conversation: what a trainer of chat models reads
    data/prompt_completion/train-00000.parquet    two texts: everything before the last answer, and that answer
    jsonl/messages/train-00000.jsonl              the same rows, the same fields
    jsonl/prompt_completion/train-00000.jsonl

`datasets` reads a folder in one format, so the JSON Lines stand in a folder with a card of its own.
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from lake.tables import TABLES

SPLITS = ("train", "validation")
JSON_LINES = "jsonl"
_SORTED_AT_ONCE = 50_000
_LINE = 1_000  # rows that are made Python objects at once
_ABOUT = ("id", "origin", "origin_id", "member_ids", "sources", "licences", "language")
# what is called otherwise outside: trainers look for `completion`
_NAMES = {"answer": "completion"}
FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"messages": (*_ABOUT, "messages", "score"), "prompt_completion": (*_ABOUT, "prompt", "answer", "score")}
)
# signs that some readers take for the end of a line
_LINE_ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"})


def schema_of(form: str) -> pa.Schema:
    """The columns of a form, as they are called in its files."""
    known = TABLES["gold/training_set"].schema
    return pa.schema([pa.field(_NAMES.get(name, name), known.field(name).type) for name in FORMS[form]])


def split_paths(form: str, split: str) -> tuple[str, str]:
    """Where a split of a form lies in a release, as Parquet and as JSON Lines."""
    return f"data/{form}/{split}-00000.parquet", f"{JSON_LINES}/{form}/{split}-00000.jsonl"


def write_split(examples: ds.Dataset, split: str, folder: Path) -> list[str]:
    """The files of a split in all forms, relative to the folder: in id order, one pass over the set for each 50,000 rows.

    Ids are hashes, so equal ranges of them hold about equally many.
    """
    wanted = ds.field("split") == split
    columns = [name for name in TABLES["gold/training_set"].schema.names if name != "split"]
    passes = math.ceil(examples.count_rows(filter=wanted) / _SORTED_AT_ONCE)
    with ExitStack() as files:
        writers = [_Writer(files, form, split, folder) for form in FORMS]
        for part in _ranges(passes):
            rows = examples.to_table(columns=columns, filter=wanted & part).sort_by("id")
            for writer in writers:
                writer.add(rows)
    return [path for form in FORMS for path in split_paths(form, split)]


class _Writer:
    """Writes rows of one split in one form, as Parquet and as JSON Lines; closed with `files`."""

    def __init__(self, files: ExitStack, form: str, split: str, folder: Path) -> None:
        self.schema, self.columns = schema_of(form), list(FORMS[form])
        table, lines = (folder / path for path in split_paths(form, split))
        for path in (table, lines):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.table = files.enter_context(pq.ParquetWriter(table, self.schema, compression="zstd"))
        self.lines: TextIO = files.enter_context(lines.open("w", encoding="utf-8", newline="\n"))

    def add(self, rows: pa.Table) -> None:
        found = rows.select(self.columns).rename_columns(self.schema.names).cast(self.schema)
        self.table.write_table(found)
        for batch in found.to_batches(_LINE):
            self.lines.writelines(_line(row) for row in batch.to_pylist())


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS) + "\n"


def _ranges(count: int) -> Iterator[ds.Expression]:
    """`count` conditions on an id that together hold for each id exactly once, in the order of ids."""
    bounds = [f"rel_{number * 0x10000 // count:04x}" for number in range(1, count)]
    for low, high in zip(["", *bounds], [*bounds, None], strict=True):
        above = ds.field("id") >= low
        yield above if high is None else above & (ds.field("id") < high)
