"""A stage's report as Dagster events: the same for a stage run in this process and in its own."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from lake.harness.profiles import resolve
from lake.harness.progress import describe
from lake.landing.pending import waiting
from lake.settings import settings
from lake.stages import STAGES
from lake.storage.report import CheckReport, StageReport
from lake.storage.store import Lake

GATE, WARNINGS = "quality_gate", "quality_warnings"


def events(report: StageReport, lake: Lake) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """The checks, then the materialisation. Raises dg.Failure after the checks of a rejected stage: downstream must not run."""
    key = dg.AssetKey(report.stage.split("/"))
    link = _audit_link(report)
    yield _check(key, GATE, report.failed, dg.AssetCheckSeverity.ERROR, link, len(report.checks))
    yield _check(key, WARNINGS, report.warned, dg.AssetCheckSeverity.WARN, link, len(report.checks))
    if report.status == "rejected":
        failed = "; ".join(describe(check) for check in report.failed)
        raise dg.Failure(
            f"{report.stage} was rejected and nothing published: {failed}", metadata=link, allow_retries=False
        )
    yield dg.MaterializeResult(
        asset_key=key, metadata=_metadata(report, lake) | link, data_version=dg.DataVersion(str(report.version))
    )


def sides(report: StageReport) -> Iterator[dg.AssetMaterialization]:
    """The side tables that a published stage wrote beside its own."""
    if report.status == "published":
        for table in STAGES[report.stage].sides:
            counts = {"dagster/row_count": report.rows.get(table, 0), "rows added": report.added.get(table, 0)}
            yield dg.AssetMaterialization(table.split("/"), metadata=counts)


def _check(
    key: dg.AssetKey,
    name: str,
    failed: Sequence[CheckReport],
    severity: dg.AssetCheckSeverity,
    link: dict[str, Any],
    count: int,
) -> dg.AssetCheckResult:
    lines = [describe(check) for check in failed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failed,
        severity=severity,
        metadata={"expectations": count, "failed": dg.MetadataValue.json(lines)} | link,
    )


def _metadata(report: StageReport, lake: Lake) -> dict[str, Any]:
    rows = {f"rows of {table}": count for table, count in report.rows.items() if table != report.stage}
    waits = [file.detail for file in waiting(lake, (report.stage,))]
    picture = resolve("reports.plots:picture")(report.stage, lake)
    return (
        {
            "dagster/row_count": report.rows.get(report.stage, 0),
            "rows added": report.added.get(report.stage, 0),
            "status": report.status,
            "reason": report.reason or "",
            "version": report.version,
            "seconds": report.seconds,
            "inputs": dg.MetadataValue.json(report.inputs),
        }
        | rows
        | ({"files that wait": dg.MetadataValue.json(waits)} if waits else {})
        | {name: value for name, value in sorted(report.metrics.items())}
        | ({"picture": dg.MetadataValue.md(f"![{report.stage}](data:image/png;base64,{picture})")} if picture else {})
    )


def _audit_link(report: StageReport) -> dict[str, Any]:
    """The audit page as a link to the loopback server of `mixlake ui`: a browser does not follow `file:` from a page."""
    if not report.audit_page:
        return {}
    return {"audit page": dg.MetadataValue.url(f"http://127.0.0.1:{settings().pages_port}/audits/{report.audit_page}")}
