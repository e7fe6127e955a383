"""What a run of a stage says of itself: the same object for a shell, for Dagster and across a process boundary."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

WITHDRAWN = "withdrawn/"  # begins the name of a metric, before that of a source
Severity = Literal["critical", "warning"]
Status = Literal["published", "up_to_date", "rejected"]


class CheckReport(BaseModel):
    """One expectation's result. `evaluated` is False where it could not be computed, which counts as failed."""

    model_config = ConfigDict(frozen=True)

    name: str = ""  # names it among the checks of its stage; "" in a report of an older version
    sentence: str = ""  # what must hold
    batch: str  # the table, or the named frame of figures, that was looked at
    expectation: str  # snake_case type, as Great Expectations names it
    column: str | None = None
    severity: Severity = "critical"
    vital: bool = False  # rows that break it must not be published, whoever accepts them
    passed: bool
    evaluated: bool = True
    observed: str | None = None
    allowed: str | None = None
    examples: tuple[str, ...] = ()


class Acceptance(BaseModel):
    """That a rejected attempt was published all the same: why, when, and which checks it had failed."""

    model_config = ConfigDict(frozen=True)

    reason: str
    at: datetime
    failed: tuple[str, ...]  # a sentence for each

    def __str__(self) -> str:
        return f"accepted on {self.at:%Y-%m-%d %H:%M:%S} UTC though its gate rejected it: {self.reason}"


class StageReport(BaseModel):
    """What one run of one stage did."""

    model_config = ConfigDict(frozen=True)

    stage: str
    status: Status
    run_id: str
    version: int | None = None
    rows: dict[str, int] = {}  # table key -> rows it has now (or would have, when rejected)
    added: dict[str, int] = {}  # table key -> rows this run wrote
    grown: bool = False  # whether the run was given only the rows that were new
    metrics: dict[str, float] = {}
    checks: tuple[CheckReport, ...] = ()
    inputs: dict[str, int] = {}
    params_hash: str = ""
    code_hash: str = ""
    params: dict[str, Any] = {}
    seen: dict[str, int] = {}  # table key -> the newest version when the run began
    staged: dict[str, tuple[str, ...]] = {}  # table key -> the files of a rejected run, relative to the table
    accepted: Acceptance | None = None
    audited_at: datetime | None = None
    audit_page: str | None = None
    seconds: float = 0.0
    reason: str | None = None  # why it ran, or why there was nothing to do

    def after(self, before: "StageReport") -> "StageReport":
        """What this run and the one `before` it did together, deliveries of one stage; a rejected run speaks for itself alone."""
        if self.status == "rejected":
            return self
        added = {key: before.added.get(key, 0) + self.added.get(key, 0) for key in before.added | self.added}
        did = {"status": "published"} if before.status == "published" else {}
        seconds = round(before.seconds + self.seconds, 2)
        return self.model_copy(update={**did, "added": added, "seconds": seconds, "reason": before.reason})

    @property
    def withdrawn(self) -> dict[str, int]:
        """By source, the rows that this run took back because its changed files no longer have them."""
        named = {name: int(count) for name, count in sorted(self.metrics.items()) if name.startswith(WITHDRAWN)}
        return {name.removeprefix(WITHDRAWN): count for name, count in named.items()}

    @property
    def failed(self) -> tuple[CheckReport, ...]:
        """The checks that did not pass and are critical: any of them rejects the stage, until it is accepted."""
        return tuple(check for check in self.checks if check.severity == "critical" and not check.passed)

    @property
    def warned(self) -> tuple[CheckReport, ...]:
        """The checks that did not pass and only warn."""
        return tuple(check for check in self.checks if check.severity == "warning" and not check.passed)
