"""Upkeep: removes files that nobody needs, and says which.

    left behind   no commit names it: staged by a run that died or was rejected, and older than any run takes
    expired       of a version that no reader, no stage and no release needs, and older than the retention, where one is set

Registrations, answers of models, models and releases keep all their versions: they are small, or a history. What was removed before a crash is
not listed by the next run.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
from pyarrow import fs
from pydantic import Field

from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.stages import STAGES
from lake.storage.artifacts import ARTIFACTS, CHECKPOINTS, folders_in, remove
from lake.storage.log import files_below, logged_files, versions
from lake.storage.publication import now
from lake.storage.store import Lake
from lake.tables import TABLES
from lake.upkeep.needed import Versions, needed_versions

TABLE = "upkeep/removals"
_EXPIRES = ("bronze", "silver", "gold")  # layers


class UpkeepParams(Params):
    """What is removed, and when."""

    keep_days: float | None = Field(
        default=None,
        ge=0,
        description="days for which a version stays readable that no release and no stage needs; null: for ever",
    )
    left_behind_days: float = Field(
        default=7,
        ge=0,
        description="days after which files that no commit names are removed: longer than any run takes",
    )


class Removal(NamedTuple):
    """A file or folder of artifacts, relative to the lake, why it goes, and its bytes."""

    path: str
    why: str
    bytes: int


def removals(inputs: ArrowInputs, params: UpkeepParams, context: JobContext) -> ArrowRows:
    """One row for each file that was removed; each is removed before its row is given."""
    lake, moment = context.lake, now()
    dead = moment - timedelta(days=params.left_behind_days)
    needed = None if params.keep_days is None else needed_versions(lake, moment - timedelta(days=params.keep_days))
    gone = [
        *_of_tables(lake, dead, needed),
        *_artifacts(lake, dead, context.run_id),
        *_unpublished(lake, CHECKPOINTS, set(), dead),
    ]
    context.metrics["bytes"] = float(sum(one.bytes for one in gone))
    yield TABLE, pa.Table.from_pylist([one._asdict() for one in gone], schema=TABLES[TABLE].schema)


def _of_tables(lake: Lake, dead: datetime, needed: Versions | None) -> Iterator[Removal]:
    for table in TABLES:
        logged = logged_files(lake, table)
        expired = (
            _expired(lake, table, logged, needed[table]) if needed and TABLES[table].layer in _EXPIRES else set[str]()
        )
        for name in files_below(lake, table):
            why = (
                "expired"
                if name in expired
                else "left_behind"
                if _is_left_behind(lake, table, name, logged, dead)
                else None
            )
            if why:
                path = lake.path(f"{table}/{name}")
                size = lake.files.get_file_info(path).size
                lake.files.delete_file(path)
                yield Removal(f"{table}/{name}", why, size)


def _expired(lake: Lake, table: str, logged: set[str], needed: set[int]) -> set[str]:
    """The files that belong to no version that is needed; none of a table of which no version is known to be."""
    return (
        logged.difference(*(version.files for version in versions(lake, table) if version.number in needed))
        if needed
        else set()
    )


def _is_left_behind(lake: Lake, table: str, name: str, logged: set[str], dead: datetime) -> bool:
    folder, _, last = name.rpartition("/")
    # Hadoop's checksum stands beside the file that it is of
    owner = f"{folder}/{last[1:-4]}" if last.startswith(".") and last.endswith(".crc") else name
    if not folder or folder == "_delta_log" or owner in logged:
        return False
    changed = lake.files.get_file_info(lake.path(f"{table}/{name}")).mtime
    return changed is not None and changed.astimezone(UTC) < dead


def _artifacts(lake: Lake, dead: datetime, run_id: str) -> Iterator[Removal]:
    """Folders of artifacts of runs that published nothing."""
    for key in STAGES:
        runs = {publication.run_id for _, publication in lake.publications(key)}
        yield from _unpublished(lake, f"{ARTIFACTS}/{key}", runs | {run_id}, dead)


def _unpublished(lake: Lake, place: str, kept: set[str], dead: datetime) -> Iterator[Removal]:
    """The folders in a place that are none of those `kept`."""
    for folder, items in folders_in(lake, place):
        if folder.rpartition("/")[2] not in kept and _changed(items) < dead:
            remove(lake, folder)
            yield Removal(folder, "left_behind", sum(item.size for item in items if item.is_file))


def _changed(items: Sequence[fs.FileInfo]) -> datetime:
    times = (item.mtime.astimezone(UTC) for item in items if item.mtime is not None)
    return max(times, default=datetime.fromtimestamp(0, UTC))
