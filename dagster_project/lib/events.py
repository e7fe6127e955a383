"""A stage's report as Dagster events: the same for a stage run in this process and in its own, or accepted by a command."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from dagster_project.lib.described import asset_of, column_lineage
from lake.harness.profiles import resolve
from lake.harness.progress import describe
from lake.landing.pending import waiting
from lake.settings import settings
from lake.stages import STAGES, Stage
from lake.storage.report import CheckReport, StageReport
from lake.storage.store import Lake


def check_specs(stage: Stage) -> list[dg.AssetCheckSpec]:
    """One check for each expectation of the stage's suite; those that reject the stage are blocking."""
    key = asset_of(stage.key)
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=key,
            description=f"{check.sentence}\n\n{check.severity}, {check.expectation}",
            blocking=check.severity == "critical",
            metadata={"expectation": check.expectation, "severity": check.severity},
        )
        for check in resolve("expectations.declared:declared_checks")(stage)
    ]


def events(
    report: StageReport, lake: Lake, specs: Sequence[dg.AssetCheckSpec]
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """The checks, then the materialisation. Raises dg.Failure after the checks of a rejected stage: downstream must not run."""
    key = asset_of(report.stage)
    link, told = _audit_link(report), {check.name: check for check in report.checks}
    for spec in specs:
        yield _check(key, spec.name, told.get(spec.name), link, report)
    if report.status == "rejected":
        failed = "; ".join(describe(check) for check in report.failed)
        raise dg.Failure(
            f"{report.stage} was rejected and nothing published: {failed}", metadata=link, allow_retries=False
        )
    yield dg.MaterializeResult(
        asset_key=key, metadata=_metadata(report, lake) | link, data_version=dg.DataVersion(str(report.version))
    )


def sides(report: StageReport) -> Iterator[dg.AssetMaterialization]:
    """The side tables of a stage, which are as its own table is: written beside it, or up to date."""
    if report.status != "rejected":
        for table in STAGES[report.stage].sides:
            counts = {"dagster/row_count": report.rows.get(table, 0), "rows added": report.added.get(table, 0)}
            yield dg.AssetMaterialization(asset_of(table), metadata=counts | column_lineage(table))


def tell(report: StageReport, lake: Lake, specs: Sequence[dg.AssetCheckSpec], instance: dg.DagsterInstance) -> None:
    """Tells Dagster of a report that no run of its own made."""
    for side in sides(report):
        instance.report_runless_asset_event(side)
    for event in events(report, lake, specs):
        if isinstance(event, dg.AssetCheckResult):
            told = dg.AssetCheckEvaluation(
                asset_key=asset_of(report.stage), check_name=event.check_name or "", passed=event.passed,
                metadata=event.metadata, severity=event.severity, description=event.description,
            )  # fmt: skip
        else:
            told = dg.AssetMaterialization(asset_of(report.stage), metadata=event.metadata)
        instance.report_runless_asset_event(told)


def _check(
    key: dg.AssetKey, name: str, check: CheckReport | None, link: dict[str, Any], report: StageReport
) -> dg.AssetCheckResult:
    """One expectation's result; a report made before there was this check says so. An error that was accepted only warns."""
    if check is None:
        says = "not among the checks of the run that published this version"
        return dg.AssetCheckResult(asset_key=key, check_name=name, passed=True, description=says)
    warns = check.severity == "warning" or report.accepted is not None
    shown = {
        "severity": check.severity,
        "observed": check.observed,
        "allowed": check.allowed,
        "failing examples": dg.MetadataValue.json(list(check.examples)) if check.examples else None,
        "expectation": check.expectation,
        "looked at": f"{check.batch}.{check.column}" if check.column else check.batch,
        "accepted": str(report.accepted) if report.accepted and not check.passed else None,
    }
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=check.passed,
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        description=check.sentence,
        metadata={label: value for label, value in shown.items() if value is not None} | link,
    )


def _metadata(report: StageReport, lake: Lake) -> dict[str, Any]:
    rows = {f"rows of {table}": count for table, count in report.rows.items() if table != report.stage}
    waits = [file.detail for file in waiting(lake, (report.stage,))]
    picture = resolve("reports.plots:picture")(report.stage, lake)
    published = lake.publication(report.stage)
    accepted = published[1].accepted if published else ()
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
        | column_lineage(report.stage)
        | rows
        | ({"accepted": "; ".join(map(str, accepted))} if accepted else {})
        | ({"files that wait": dg.MetadataValue.json(waits)} if waits else {})
        | {name: value for name, value in sorted(report.metrics.items())}
        | ({"picture": dg.MetadataValue.md(f"![{report.stage}](data:image/png;base64,{picture})")} if picture else {})
    )


def _audit_link(report: StageReport) -> dict[str, Any]:
    """The audit page as a link to the loopback server of `mixlake ui`: a browser does not follow `file:` from a page."""
    if not report.audit_page:
        return {}
    return {"audit page": dg.MetadataValue.url(f"http://127.0.0.1:{settings().pages_port}/audits/{report.audit_page}")}
