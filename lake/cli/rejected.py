"""`mixlake rejected`: what a gate refused and why, the rows it refused, and publishing them all the same with a reason."""

import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Any

import typer

from lake.cli import render
from lake.cli.options import AsJson, stage_names
from lake.cli.output import console, write_json, write_table
from lake.engines.batches import read_batches
from lake.errors import UserError
from lake.settings import settings
from lake.storage.report import CheckReport, StageReport
from lake.storage.store import Lake

_EXAMPLES = 3
_ROWS = 3


def rejected(
    stage: Annotated[
        str | None,
        typer.Argument(
            help="A stage, such as silver/groups; default: list the rejected ones.",
            metavar="STAGE",
            autocompletion=stage_names,
        ),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows", min=0, help=f"How many staged rows to show of each table that the stage writes; default: {_ROWS}."
        ),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept", help="Publish the staged rows all the same; the reason stays with them.", metavar="REASON"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a gate rejected and why; publish it all the same with --accept 'reason'."""
    from lake.harness.plan import select_stages
    from lake.harness.rejected import rejected_attempt, rejected_attempts

    lake = Lake(settings().root)
    if stage is None:
        if rows is not None or accept is not None:
            raise UserError("Name the stage whose staged rows are meant: `mixlake rejected` lists the rejected ones")
        return _listed(rejected_attempts(lake), as_json)
    (chosen,) = select_stages([stage])
    if accept is not None:
        return _accept(lake, stage, accept, as_json)
    attempt = rejected_attempt(lake, chosen)
    sample = _sampled(lake, attempt, rows)
    if as_json:
        return write_json({"attempt": attempt, "rows": sample})
    return _shown(attempt, sample)


def _accept(lake: Lake, stage: str, reason: str, as_json: bool) -> None:
    from lake.cli.in_dagster import show_published
    from lake.harness.rejected import accept
    from lake.stages import STAGES

    published = accept(lake, STAGES[stage], reason)
    show_published(published)
    if as_json:
        return write_json(published)
    return console().print(f"{stage} is published as version {published.version}, {published.accepted}")


def _listed(attempts: list[StageReport], as_json: bool) -> None:
    if as_json:
        return write_json(attempts)
    if not attempts:
        return console().print("No stage's newest attempt was rejected.")
    rows = [(one.stage, one.run_id, len(one.failed), one.failed[0].sentence) for one in attempts]
    return write_table(("stage", "run", "failed checks", "the first of them"), rows)


def _shown(attempt: StageReport, sample: Mapping[str, list[Mapping[str, Any]]]) -> None:
    from lake.harness.rejected import beyond_acceptance

    added = sorted(attempt.added.items(), key=lambda pair: pair[0] != attempt.stage)  # its own table first
    staged = ", ".join(f"{count:,} {table}" for table, count in added if count) or "no rows"
    when = f" of {attempt.audited_at:%Y-%m-%d %H:%M:%S} UTC" if attempt.audited_at else ""
    print_line = console().print
    print_line(f"{attempt.stage} was rejected in run {attempt.run_id}{when}; staged: {staged}")
    columns = ("check", "severity", "must hold", "observed", "allowed", "failing examples")
    write_table(columns, [_row(check) for check in (*attempt.failed, *attempt.warned)])
    for key, found in sample.items():
        print_line(f"{key}, staged:")
        render.rows(found, False)
    if barred := beyond_acceptance(attempt):
        names = ", ".join(check.name for check in barred)
        print_line(f"Nobody can accept these rows: {names} must hold of any table. The next run tries the stage again.")
    else:
        print_line(
            f"The next run tries the stage again. If these rows are right: mixlake rejected {attempt.stage} --accept 'why'",
        )


def _row(check: CheckReport) -> tuple[str | None, ...]:
    examples = "; ".join(check.examples[:_EXAMPLES])
    return check.name, check.severity, check.sentence, check.observed, check.allowed, examples


def _sampled(lake: Lake, attempt: StageReport, asked: int | None) -> Mapping[str, list[Mapping[str, Any]]]:
    """As many staged rows of each table as were asked for; where none were, some if they are still there."""
    try:
        return {
            key: list(found)
            for key, found in _sample(lake, attempt, _ROWS if asked is None else min(asked, sys.maxsize))
        }
    except UserError:  # they are gone, and why they were rejected is told all the same
        if asked is not None:
            raise
        return {}


def _sample(lake: Lake, attempt: StageReport, most: int) -> Iterator[tuple[str, Iterator[Mapping[str, Any]]]]:
    """The first `most` staged rows of each table."""
    from lake.harness.rejected import staged_rows

    tables = staged_rows(lake, attempt) if most else {}
    for key, rows in sorted(tables.items(), key=lambda pair: pair[0] != attempt.stage):
        yield key, islice((row for batch in read_batches(rows, rows.schema.names) for row in batch.to_pylist()), most)
