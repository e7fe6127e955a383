"""The state of every table, read from the last commits: no JVM."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from lake.harness.plan import UNCHANGED, plan
from lake.harness.profiles import Profile
from lake.landing.pending import waiting
from lake.stages import STAGES, Stage
from lake.storage.attempts import attempt, unpublished_attempt
from lake.storage.publication import Publication
from lake.storage.report import StageReport
from lake.storage.store import Lake
from lake.storage.tombstones import TOMBSTONES

Gate = Literal["passed", "warned", "accepted", "rejected", "never_run"]


class TableStatus(BaseModel):
    """One stage's table: its readers' version, what its newest gate said, and whether it is what its inputs would give now."""

    table: str
    version: int | None
    rows: int
    gate: Gate
    run_id: str | None
    published_at: datetime | None
    up_to_date: bool
    accepted: tuple[str, ...] = ()  # of rows that are published though a gate rejected them: when and why
    waits: tuple[str, ...] = ()  # the sources of which files are held, or could not be read


def status(lake: Lake, profile: Profile) -> list[TableStatus]:
    """The state of every stage's table, in pipeline order."""
    lake = lake.pinned()
    planned = {entry.stage: entry.action for entry in plan(lake, list(STAGES.values()), profile)}
    return [_status(lake, key, up_to_date=planned[key] == "nothing_to_do") for key in STAGES]


def _status(lake: Lake, key: str, up_to_date: bool) -> TableStatus:
    published, newest = lake.publication(key), unpublished_attempt(lake, key)
    rejected = newest is not None and newest.status == "rejected"
    if published is None:
        return TableStatus(
            table=key,
            version=None,
            rows=0,
            gate="rejected" if rejected else "never_run",
            run_id=None,
            published_at=None,
            up_to_date=False,
        )
    version, publication = published
    gate: Gate = "rejected" if rejected else _gate(publication)
    return TableStatus(
        table=key,
        version=version,
        rows=_rows(lake, version, publication)[key],
        gate=gate,
        run_id=publication.run_id,
        published_at=publication.published_at,
        up_to_date=up_to_date,
        accepted=tuple(map(str, publication.accepted)),
        waits=tuple(sorted({file.source for file in waiting(lake, (key,))})),
    )


def _rows(lake: Lake, version: int, publication: Publication) -> dict[str, int]:
    """How many rows the tables of a stage have: fewer than its commit says where some were taken back since."""
    known = publication.stage in publication.rows and not lake.exists(TOMBSTONES)
    return publication.rows if known else lake.rows_of(publication.stage, version, publication)


def _gate(publication: Publication) -> Gate:
    return "accepted" if publication.accepted else "warned" if publication.warnings else "passed"


def current_report(lake: Lake, stage: Stage, reason: str = UNCHANGED) -> StageReport:
    """The report of a stage that is up to date for this `reason`, from its last commit: what its gate said of these rows then still holds."""
    published = lake.publication(stage.key)
    assert published is not None  # a stage that was never published has a reason to run
    version, publication = published
    audited = attempt(lake, stage.key, publication.run_id)
    return StageReport(
        stage=stage.key,
        status="up_to_date",
        run_id=publication.run_id,
        version=version,
        rows=_rows(lake, version, publication),
        metrics=publication.metrics,
        inputs=publication.inputs,
        checks=audited.checks if audited else (),
        accepted=audited.accepted if audited else None,
        audit_page=audited.audit_page if audited else None,
        reason=reason,
    )
