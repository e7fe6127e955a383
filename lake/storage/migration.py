"""From an older format of the lake to the next one: named steps, each made in place, so that every version of every table can still be read.

    1 -> 2   vectors as bytes: a column `vector` of a list of float32 becomes the same numbers as little-endian bytes

What a table's columns are otherwise is no matter of the format: a table whose columns are declared otherwise is made anew by the next run.

A step changes files first, and then the commits, from the oldest on. Until the newest says the next format, nobody reads the table: killed
anywhere, a step is begun again, and finds done what was done.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.errors import UserError
from lake.storage.log import Actions, commits, files_below, replace_file, rewrite_commits
from lake.storage.publication import FORMAT, OLDEST
from lake.storage.store import Lake
from lake.tables import TABLES

_MIGRATED = ".migrated"  # ends the name of a file that is to take the place of another
_VECTOR = "vector"


class Step(NamedTuple):
    """From one format to the next: its name, what it makes of a table of rows, and of the column types that a log names."""

    name: str
    rows: Callable[[pa.Table], pa.Table]
    types: Callable[[dict[str, Any]], dict[str, Any]]


class Migrated(NamedTuple):
    """A table that was brought from one format to the next by a step, and how many of its files were written anew."""

    table: str
    before: int
    after: int
    step: str
    files: int


def check_formats(lake: Lake, stages: Iterable[str]) -> None:
    """Raises UserError where a stage's table was written by another format: before anything is written beside it."""
    for stage in stages:
        lake.publication(stage)


def migrate(lake: Lake) -> Iterator[Migrated]:
    """Brings every table to the format of today, step by step. Raises UserError, before anything is changed, for a format that none leads from."""
    found = {key: written for key in TABLES if (written := format_of(lake, key)) is not None}
    for key, written in found.items():
        if not OLDEST <= written <= FORMAT:
            raise UserError(
                f"The table {key} was written by lake format {written}: steps lead from {OLDEST} to {FORMAT}"
            )
    for before in range(OLDEST, FORMAT):
        for key in (key for key, written in found.items() if written <= before):
            yield Migrated(key, before, before + 1, STEPS[before].name, _step(lake, key, before))


def format_of(lake: Lake, key: str) -> int | None:
    """The oldest format that a commit of a table names; None where none does: registrations and caches have no format of their own."""
    written = (_written(action) for _, actions in commits(lake, key) for action in actions)
    return min((told["format"] for told in written if told and "format" in told), default=None)


def _written(action: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a commit says of itself, if this action is where it does."""
    told = action.get("commitInfo", {}).get("userMetadata")
    return json.loads(told) if told else None


def _step(lake: Lake, key: str, before: int) -> int:
    step, changed = STEPS[before], 0
    names = [
        name for name in files_below(lake, key) if name.endswith(".parquet") and not name.startswith("_delta_log/")
    ]
    for name in names:
        changed += _written_anew(lake, key, name, step)
    sizes = {name: lake.files.get_file_info(lake.path(f"{key}/{name}")).size for name in names}
    log = [(version, _next(actions, step, before, sizes)) for version, actions in commits(lake, key)]
    rewrite_commits(lake, key, log, _MIGRATED)
    return changed


def _written_anew(lake: Lake, key: str, name: str, step: Step) -> bool:
    """Whether the step made other rows of a file, which then lies in its place."""
    path = lake.path(f"{key}/{name}")
    with lake.files.open_input_file(path) as source:
        file = pq.ParquetFile(source)
        schema = step.rows(file.schema_arrow.empty_table()).schema
        if schema.equals(file.schema_arrow):
            return False
        # as lake.storage.staging writes them
        with (
            lake.files.open_output_stream(f"{path}{_MIGRATED}") as target,
            pq.ParquetWriter(target, schema, compression="zstd", use_dictionary=False) as writer,
        ):
            for batch in file.iter_batches():
                writer.write_table(step.rows(pa.Table.from_batches([batch])))
    replace_file(lake, key, name, _MIGRATED)
    return True


def _next(actions: Actions, step: Step, before: int, sizes: Mapping[str, int | None]) -> Actions:
    """The actions of a commit as the next format has them."""
    for action in actions:
        named = action.get("add") or action.get("remove")
        if named and sizes.get(unquote(named["path"])):
            named["size"] = sizes[unquote(named["path"])]
        if "metaData" in action:
            types = step.types(json.loads(action["metaData"]["schemaString"]))
            action["metaData"]["schemaString"] = json.dumps(types)
        told = _written(action)
        if told and told.get("format") == before:
            action["commitInfo"]["userMetadata"] = json.dumps(told | {"format": before + 1})
    return actions


def _vectors_as_bytes(rows: pa.Table) -> pa.Table:
    """The rows with a `vector` of bytes; rows that have none, or have it so, are left as they are."""
    place = rows.schema.get_field_index(_VECTOR)
    if place < 0 or not pa.types.is_list(rows.schema.field(place).type):
        return rows
    vectors = (None if one is None else np.asarray(one, "<f4").tobytes() for one in rows[_VECTOR].to_pylist())
    return rows.set_column(place, pa.field(_VECTOR, pa.binary()), pa.array(vectors, pa.binary()))


def _type_of_bytes(types: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {**field, "type": "binary"} if field["name"] == _VECTOR and isinstance(field["type"], dict) else field
        for field in types["fields"]
    ]
    return {**types, "fields": fields}


STEPS: Mapping[int, Step] = MappingProxyType({1: Step("vectors as bytes", _vectors_as_bytes, _type_of_bytes)})
