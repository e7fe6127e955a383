"""Files that wait: those that could not be had, which every run tries again, and those that are held until the user says what holds."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from lake.errors import UserError
from lake.ids import content_id
from lake.landing.register import FILES, next_moment, registered
from lake.storage.store import Lake
from lake.tables import TABLES
from lake.tables.reasons import HELD, RETRIED

_SIDE = "_pending"
STAGES = tuple(key.removesuffix(_SIDE) for key in TABLES if key.endswith(_SIDE))  # that read files


class Waiting(BaseModel):
    """A registered file of which a stage published nothing new: why, and how many records it gave that wait for it."""

    model_config = ConfigDict(frozen=True)

    stage: str
    source: str
    uri: str
    sha256: str
    reason: str
    detail: str
    rows: int


def waiting(lake: Lake, stages: Sequence[str] = STAGES) -> list[Waiting]:
    """The files that wait in the given stages, in order of stage and address."""
    found = [Waiting(stage=stage, **row) for stage in stages if stage in STAGES for row in _rows(lake, stage)]
    return sorted(found, key=lambda file: (stages.index(file.stage), file.uri))


def tried_again(lake: Lake, stage: str) -> list[Waiting]:
    """The files that could not be had when the stage last ran: a reason to run it."""
    return [file for file in waiting(lake, [stage]) if file.reason in RETRIED]


def accept(lake: Lake, sources: Sequence[str]) -> list[Waiting]:
    """Registers the held files of the sources again as they are, accepted; the next run of their stages publishes them.

    Only these very bytes are accepted: a later version of a file is looked at again. Raises UserError for a source of which none is held.
    """
    held = [file for file in waiting(lake) if file.reason in HELD]
    for source in sources:
        if not any(file.source == source for file in held):
            names = ", ".join(sorted({file.source for file in held}))
            raise UserError(f"No file of the source {source!r} is held: {f'held are {names}' if names else 'none is'}")
    chosen = [file for file in held if file.source in sources]
    known = {(row["uri"], row["sha256"]): row for row in registered(lake)}
    current = [known[file.uri, file.sha256] for file in chosen if (file.uri, file.sha256) in known]
    if current:
        _write_accepted(lake, current)
    return chosen


def _write_accepted(lake: Lake, current: Sequence[dict[str, Any]]) -> None:
    moment = next_moment(registered(lake))
    rows = [row | {"accepted": True, "registered_at": moment} for row in current]
    txn = content_id("txn", moment.isoformat(), *(f"{row['uri']}{row['sha256']}" for row in rows))
    lake.append(FILES, pa.Table.from_pylist(rows, schema=TABLES[FILES].schema), txn)


def _rows(lake: Lake, stage: str) -> list[dict[str, Any]]:
    published = lake.publication(stage)
    if published is None or published[1].rows.get(f"{stage}{_SIDE}") == 0:
        return []
    return lake.once(f"pending {stage}", lambda: _read(lake, f"{stage}{_SIDE}"))


def _read(lake: Lake, table: str) -> list[dict[str, Any]]:
    version = lake.version(table)
    columns = ["source", "uri", "sha256", "reason", "detail", "rows"]
    if version is None:
        return []
    # a few rows: threads for them may still be ending when a command that has nothing else to do ends its process
    return lake.dataset(table, version).to_table(columns=columns, use_threads=False).to_pylist()
