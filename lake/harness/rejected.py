"""Rejected attempts: what a gate refused, and publishing it all the same, with a reason that stays with the rows.

The staged rows of a rejected attempt lie where it wrote them, and its report holds all that a publication says of them. Accepting
publishes exactly these files, by the path of every publication: the books must balance, the commit is conditional on the version that the
run saw, and nobody else may be at work on the stage.
"""

from collections.abc import Mapping
from functools import partial

import pyarrow.dataset as ds

from lake.engines.balance import check_books
from lake.engines.frames import frames_for
from lake.errors import StageFailed, UserError
from lake.harness.attempt import publish
from lake.harness.inputs import RunInputs
from lake.harness.new_rows import new_rows
from lake.harness.profiles import resolve
from lake.harness.progress import waits
from lake.settings import settings
from lake.stages import STAGES, Stage
from lake.storage.attempts import audit_pages, newest_attempt, record_attempt
from lake.storage.lease_records import LeaseRecords
from lake.storage.leases import lease
from lake.storage.publication import Fingerprint, now
from lake.storage.report import Acceptance, CheckReport, StageReport
from lake.storage.staging import Staged, named_files
from lake.storage.store import Lake
from lake.tables import TABLES


def rejected_attempts(lake: Lake) -> list[StageReport]:
    """The newest attempt of every stage whose newest one was rejected, in pipeline order."""
    attempts = (newest_attempt(lake, key) for key in STAGES)
    return [attempt for attempt in attempts if attempt and attempt.status == "rejected"]


def rejected_attempt(lake: Lake, stage: Stage) -> StageReport:
    """The newest attempt of a stage. Raises UserError where that was not rejected."""
    attempt = newest_attempt(lake, stage.key)
    if attempt is None or attempt.status != "rejected":
        refused = ", ".join(one.stage for one in rejected_attempts(lake)) or "none"
        raise UserError(f"The newest attempt of {stage.key} was not rejected; rejected stages: {refused}")
    return attempt


def staged_rows(lake: Lake, attempt: StageReport) -> Mapping[str, ds.Dataset]:
    """The rows that a rejected attempt staged, by table key; tables without rows are left out. Raises UserError where files are gone."""
    staged = _staged(lake, attempt)
    return {key: lake.files_dataset(key, rows.paths) for key, rows in staged.items() if rows.files}


def beyond_acceptance(attempt: StageReport) -> tuple[CheckReport, ...]:
    """The failed checks that nobody may accept: the rows could not be read safely, or may never be released."""
    return tuple(check for check in attempt.failed if check.vital or not check.evaluated)


def accept(lake: Lake, stage: Stage, reason: str) -> StageReport:
    """Publishes the staged rows of the stage's rejected attempt, and returns the report that says so and why.

    Raises UserError where the newest attempt was not rejected, the reason is empty, or a check failed that nobody may accept; StageFailed
    where the books do not balance or the table is no longer what the attempt saw. Whatever is raised, nothing was published.
    """
    if not reason.strip():
        raise UserError("Accepting needs a reason, which stays with the rows: --accept 'why these rows are right'")
    patience, run_id = settings().lease_wait, rejected_attempt(lake, stage).run_id
    with lease(
        LeaseRecords.of(lake.root),
        stage.key,
        f"{run_id}-accepted",
        patience,
        partial(waits, stage.key, seconds=patience),
    ):
        attempt = rejected_attempt(lake, stage)  # whom we waited for may have published meanwhile
        if barred := beyond_acceptance(attempt):
            says = "; ".join(check.sentence for check in barred)
            raise UserError(
                f"{stage.key} cannot be accepted: it breaks what must hold of any table that is read or released: {says}"
            )
        staged = _staged(lake, attempt)
        _check_books(lake, stage, attempt, staged)
        failed = tuple(check.sentence for check in attempt.failed)
        acceptance = Acceptance(reason=" ".join(reason.split()), at=now(), failed=failed)
        published = publish(lake, staged, attempt.model_copy(update={"accepted": acceptance}))
        record_attempt(lake, published)
        _write_page(lake, published)
        return published


def _staged(lake: Lake, attempt: StageReport) -> dict[str, Staged]:
    try:
        found = {
            key: named_files(lake.files, lake.path(key), TABLES[key], attempt.staged.get(key, ()))
            for key in STAGES[attempt.stage].outputs
        }
    except ValueError as error:
        raise UserError(f"What run {attempt.run_id} of {attempt.stage} staged is no longer there: {error}") from None
    # an attempt of an older version of mixlake does not say what it saw
    if {key: rows.rows for key, rows in found.items()} != attempt.added or attempt.seen.keys() != found.keys():
        raise UserError(
            f"What run {attempt.run_id} of {attempt.stage} staged is not what it audited: run the stage again"
        )
    return found


def _check_books(lake: Lake, stage: Stage, attempt: StageReport, staged: Mapping[str, Staged]) -> None:
    """Raises StageFailed where the books do not balance over what the attempt was given, or that can no longer be told."""
    wanted = Fingerprint(inputs=attempt.inputs, params_hash=attempt.params_hash, code_hash=attempt.code_hash)
    increment = new_rows(lake, stage, wanted) if attempt.grown else None
    if attempt.grown and increment is None:
        raise StageFailed(f"{stage.key} has changed since it was rejected: run it again")
    check_books(stage, RunInputs(lake, frames_for("arrow", lake), attempt.inputs, increment).for_suite(staged))


def _write_page(lake: Lake, published: StageReport) -> None:
    """Renews the audit page, which then tells of the acceptance."""
    at, write = published.audited_at or now(), resolve("expectations.pages.page:write")
    with audit_pages(lake, published.stage) as folder:
        write(published.stage, published.run_id, at, published.checks, folder, published.accepted)
