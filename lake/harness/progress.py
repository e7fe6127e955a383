"""What a run tells while it goes: rich on a terminal, plain lines in a pipe; always on standard error, so that figures stay alone."""

import sys
from functools import cache

from lake.harness.terminal import PlainConsole, line
from lake.storage.lease_records import LeaseRecord
from lake.storage.report import CheckReport, StageReport

_EXAMPLES = 3
_STYLES = {"published": "green", "up_to_date": "dim", "rejected": "bold red"}


@cache
def console() -> PlainConsole:
    """The console of progress and messages."""
    return PlainConsole(stderr=True, soft_wrap=not sys.stderr.isatty())


def started(stage: str, reason: str) -> None:
    """Says that a stage starts and why."""
    console().print(line(("  ... ", "dim"), stage, (f"  ({reason})", "dim")))


def waits(stage: str, holder: LeaseRecord, seconds: float) -> None:
    """Says that a stage waits for another run that works on it, and for how long at most."""
    at_most = f", at most {seconds:.0f} s"
    console().print(line(("  waits     ", "yellow"), f"{stage}  for {holder}", (at_most, "dim")))


def finished(report: StageReport) -> None:
    """Says what a stage did: rows by table, seconds, checks that failed or warned."""
    shown = {table: count for table, count in report.rows.items() if count or table == report.stage}
    rows = ", ".join(f"{count:,} {table}{_new(report, table)}" for table, count in shown.items())
    head = f"  {report.status:<10}"
    tail = f"  {report.seconds:.1f} s{_speed(report)}" if report.status != "up_to_date" else f"  ({report.reason})"
    console().print(line((head, _STYLES[report.status]), f" {report.stage}  {rows}", (tail, "dim")))
    for source, count in report.withdrawn.items() if report.status == "published" else ():
        console().print(
            f"    withdrawn {source}: {count:,} {'row is' if count == 1 else 'rows are'} no longer in its changed files and can no "
            f"longer be released; the bytes stay in {report.stage}",
        )
    if report.accepted:
        console().print(f"    {report.accepted}")
    for check in (*report.failed, *report.warned):
        console().print(
            line(("    failed " if check.severity == "critical" else "    warns  ", "yellow"), describe(check))
        )


def _speed(report: StageReport) -> str:
    """The rows that the run wrote to the stage's own table, a second."""
    added = report.added.get(report.stage, 0)
    return f", {added / report.seconds:,.0f} rows/s" if added and report.seconds else ""


def _new(report: StageReport, table: str) -> str:
    return f" (+{report.added.get(table, 0):,})" if report.grown else ""


def describe(check: CheckReport) -> str:
    """One line about a failed check: what must hold, what was seen, what is allowed, and a few of the rows."""
    where = f"{check.batch}.{check.column}" if check.column else check.batch
    says = check.sentence.rstrip(".") or f"{check.expectation} of {where}"
    allowed = f" (allowed: {check.allowed})" if check.allowed else ""
    rows = f": {'; '.join(check.examples[:_EXAMPLES])}" if check.severity == "warning" and check.examples else ""
    return f"{says} - observed {check.observed or 'nothing'}{allowed}, in {where}{rows}"
