"""How the gate of each stage went over its last runs: a section of the report, read from the histories and from no page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lake.stages import STAGES
from lake.storage.audit_history import AuditedRun, audited_runs
from reports.view import View

RUNS = 20  # of a stage, as many as a narrow screen holds


@dataclass(frozen=True)
class GateHistory:
    """The newest audited runs of a stage, the newest last, and what they came to, in words."""

    stage: str
    runs: Sequence[AuditedRun]
    audited: int  # runs in all
    told: str


def gate_histories(view: View) -> list[GateHistory]:
    """The history of every stage that was ever audited, in pipeline order."""
    found = ((key, audited_runs(view.lake, key)) for key in STAGES)
    return [GateHistory(key, runs[-RUNS:], len(runs), _told(runs[-RUNS:])) for key, runs in found if runs]


def _told(runs: Sequence[AuditedRun]) -> str:
    """Its runs by verdict: `3 runs: 2 passed, 1 rejected`."""
    verdicts = Counter(run.verdict for run in runs)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}: {counts}"
