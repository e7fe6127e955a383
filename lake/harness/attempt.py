"""One attempt of one stage: what stays the same while it runs, and what is reported and published of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lake.engines.keys import Column, tallies
from lake.harness.job import JobContext, Params
from lake.harness.new_rows import NewRows
from lake.harness.profiles import GATE, Profile
from lake.harness.status import current_report
from lake.stages import STAGES, Stage
from lake.storage.attempts import record_attempt
from lake.storage.publication import Fingerprint, Publication, now
from lake.storage.report import Acceptance, StageReport
from lake.storage.staging import Staged
from lake.storage.store import Lake
from lake.tables import TABLES


@dataclass(frozen=True)
class Attempt:
    """One attempt of one stage: everything that stays the same while it runs."""

    lake: Lake
    stage: Stage
    profile: Profile
    run_id: str
    wanted: Fingerprint
    increment: NewRows | None  # None: the job is given all rows
    # the newest version of each of its tables when it began: what its commits are conditional on
    seen: Mapping[str, int]
    context: JobContext
    started: float

    @property
    def folder(self) -> str:
        return f"run-{self.run_id}"

    @property
    def params(self) -> Params:
        return self.profile.params_of(self.stage)


def report_of(attempt: Attempt, staged: Mapping[str, Staged], audit: Any, reason: str) -> StageReport:
    """What the attempt did: `published` as far as its checks go, or `rejected`. audit: what the gate found (expectations.gate.Audit).

    It holds all that publishing needs to know, so that a rejected attempt can be published later.
    """
    failed = any(check.severity == "critical" and not check.passed for check in audit.checks)
    added = {key: rows.rows for key, rows in staged.items()}
    gate = attempt.profile.limits_of(attempt.stage)
    return StageReport(
        stage=attempt.stage.key,
        status="rejected" if failed else "published",
        run_id=attempt.run_id,
        version=attempt.lake.version(attempt.stage.key),
        rows={key: count + _rows_before(attempt, key) for key, count in added.items()},
        added=added,
        grown=attempt.increment is not None,
        metrics=dict(attempt.context.metrics),
        checks=audit.checks,
        inputs=attempt.wanted.inputs,
        params_hash=attempt.wanted.params_hash,
        code_hash=attempt.wanted.code_hash,
        params=attempt.params.model_dump(mode="json") | {GATE: gate.model_dump(mode="json")},
        seen=dict(attempt.seen),
        staged={key: rows.paths for key, rows in staged.items()} if failed else {},
        audited_at=audit.at,
        audit_page=f"{audit.page.parent.name}/{audit.page.name}",
        seconds=round(time.monotonic() - attempt.started, 2),
        reason=reason,
    )


def adds_nothing(attempt: Attempt, staged: Mapping[str, Staged]) -> bool:
    """Whether a run on new rows leaves every table as it is: it would publish versions that differ in nothing.

    Tables that are replaced (singletons, a sample of rejected pairs) only change in number when rows were added or left.
    """
    states = [key for key in staged if TABLES[key].mode == "state"]
    replaced = [key for key in staged if TABLES[key].mode == "overwrite" and staged[key].rows]
    return (
        not any(rows.rows for key, rows in staged.items() if key not in (*replaced, *states))
        and all(
            staged[key].rows == attempt.lake.row_count(key, version)
            for key in replaced
            if (version := attempt.lake.version(key)) is not None
        )
        and all(_current(attempt.lake, staged[key]) is not None for key in states)
    )


def _current(lake: Lake, staged: Staged) -> int | None:
    """The version of a table that has exactly the staged rows, told by their ids, where readers use that one; else None."""
    key = staged.table.key
    version = lake.version(key)
    if version is None or staged.rows != lake.row_count(key, version):
        return None
    rows = {"staged": lake.files_dataset(key, staged.paths), "published": lake.dataset(key, version)}
    counted = tallies({name: Column(found, staged.table.id) for name, found in rows.items()})
    return version if all((one.counts[:, 0] == one.counts[:, 1]).all() for one in counted) else None


def report_nothing_added(attempt: Attempt) -> StageReport:
    """The report of a run that found no row for its tables, kept so that the next plan knows what was read; no version is published."""
    report = current_report(attempt.lake, attempt.stage).model_copy(
        update={
            "run_id": attempt.run_id,
            "inputs": attempt.wanted.inputs,
            "params_hash": attempt.wanted.params_hash,
            "code_hash": attempt.wanted.code_hash,
            "reason": "nothing in its new inputs is for this table",
            "seconds": round(time.monotonic() - attempt.started, 2),
        }
    )
    record_attempt(attempt.lake, report)
    return report


def _rows_before(attempt: Attempt, key: str) -> int:
    """The published rows of a table to which this run only adds; 0 where it replaces them."""
    version = attempt.lake.version(key)
    adds = attempt.lake.adds(key, attempt.increment is not None)
    return attempt.lake.row_count(key, version) if adds and version is not None else 0


def publish(lake: Lake, staged: Mapping[str, Staged], report: StageReport) -> StageReport:
    """Side tables first; the stage's own commit, which names their versions, makes all of them visible at once."""
    stage = STAGES[report.stage]
    publication = Publication(
        stage=stage.key,
        run_id=report.run_id,
        published_at=now(),
        inputs=report.inputs,
        params_hash=report.params_hash,
        code_hash=report.code_hash,
        suite=stage.suite,
        rows=report.rows,
        added=report.added,
        grown=report.grown,
        warnings=len(report.warned),
        accepted=(*_accepted_before(lake, report), *([report.accepted] if report.accepted else [])),
        metrics=report.metrics,
        params=report.params,
    )
    sides = {key: _published_side(lake, staged[key], publication, report.seen) for key in stage.sides}
    complete = publication.model_copy(update={"sides": sides})
    version = lake.publish(staged[stage.key], complete, report.seen[stage.key])
    return report.model_copy(update={"status": "published", "version": version, "staged": {}})


def _accepted_before(lake: Lake, report: StageReport) -> tuple[Acceptance, ...]:
    """What was accepted of the rows that stay in the table beside those of this run."""
    published = lake.publication(report.stage) if lake.adds(report.stage, report.grown) else None
    return published[1].accepted if published else ()


def _published_side(lake: Lake, staged: Staged, publication: Publication, seen: Mapping[str, int]) -> int:
    """The version with the staged rows of a side table; of a state that is as it was no new one, which would make its readers run."""
    version = _current(lake, staged) if staged.table.mode == "state" else None
    if version is not None:
        lake.discard(staged)
        return version
    return lake.publish(staged, publication, seen[staged.table.key])
