"""The commands: each opens the lake, asks one function, shows what it returns."""

from pathlib import Path
from typing import Annotated

import typer

from lake.cli import render
from lake.cli.diff import diff
from lake.cli.migrating import migrate
from lake.cli.options import AsJson, First, Last, ProfileName, Stages, Version, stage_names, table_names
from lake.cli.output import console
from lake.cli.rejected import rejected
from lake.cli.releasing import release
from lake.cli.taking_back import forget, search, withdraw
from lake.errors import StageFailed, UserError
from lake.harness import progress
from lake.harness.profiles import Profile, load_profile, profile_names, resolve
from lake.settings import settings
from lake.stages import STAGES
from lake.storage.places import check_address
from lake.storage.store import Lake

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def every_command(version: Version = False) -> None:
    """A data lake that distils raw instructions into a small, proven, traceable training set."""


def _lake() -> Lake:
    return Lake(settings().root)


def _profile(name: str | None) -> Profile:
    return load_profile(settings().profile if name is None else name)


@app.command()
def doctor(profile: ProfileName = None, as_json: AsJson = False) -> int:
    """Name what is missing on this machine, with the command that mends it."""
    from lake.cli.doctor import examine, unmet

    check_address(settings().root)
    findings = examine(settings(), _profile(profile))
    render.findings(findings, as_json)
    return 1 if unmet(findings) else 0


@app.command()
def profiles(as_json: AsJson = False) -> None:
    """List the profiles that come with mixlake; a file of your own may extend one of them."""
    render.profiles([load_profile(name) for name in profile_names()], as_json)


@app.command()
def params(
    stage: Annotated[
        str | None,
        typer.Argument(help="A stage, such as silver/groups.", metavar="STAGE", autocompletion=stage_names),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Show the values that this profile, or a file, gives, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a profile may set for a stage: each param with its meaning, default and range."""
    from lake.cli.params import params_of
    from lake.harness.plan import select_stages

    if stage is None:
        raise UserError(f"Name a stage: there are {', '.join(STAGES)}")
    (chosen,) = select_stages([stage])
    given = load_profile(profile) if profile is not None else None
    render.params(params_of(chosen, given), given is not None, as_json)


@app.command()
def ingest(
    path: Annotated[
        str, typer.Argument(help="A file, a folder, a URL, or a data set on the Hugging Face hub as ORG/NAME.")
    ],
    source: Annotated[str, typer.Option("--source", help="The name under which these rows are known.")],
    licence: Annotated[
        str | None, typer.Option("--licence", help="SPDX id, such as CC-BY-4.0; rows without one are never released.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="instructions, passages, benchmark or reference; default: by the first record."),
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the files into the lake's landing folder.")] = False,
    fields: Annotated[
        str | None,
        typer.Option(
            "--map",
            help="Fields of a shape that is not known, such as prompt=q,response=a; dotted for nested ones.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register raw files; nothing is read yet beyond their checksum."""
    from lake.cli import notices
    from lake.landing.register import Entry, register

    lake = _lake()
    files = register(lake, Entry(path, source, licence, kind, copy, fields))
    render.registered(files, as_json)
    notices.licence(licence, files)
    notices.changed(lake, files)
    notices.left_out(path)


@app.command()
def run(
    stages: Stages = None,
    profile: ProfileName = None,
    first: First = None,
    last: Last = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run and why, and stop.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the tables anew from all rows: ids of groups may change.")
    ] = False,
    accepted: Annotated[
        list[str] | None,
        typer.Option("--accept", help="A source of which files are held: publish them as they are.", metavar="SOURCE"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Bring tables up to date; what is up to date is left alone."""
    from lake.cli import notices
    from lake.engines.spark import start_ahead
    from lake.harness.plan import check_passages, plan, select_stages
    from lake.landing.landed import register_landed
    from lake.landing.pending import accept
    from lake.landing.register import FILES
    from lake.takeback.taking import finish

    chosen = _profile(profile)
    selected = select_stages(stages or (), first, last)
    lake = _lake()
    if accepted and dry_run:
        raise UserError("--dry-run changes nothing and --accept does: give one of the two")
    notices.still_written(lake)
    if not dry_run:
        notices.finished(finish(lake))
        register_landed(lake)
        if lake.version(FILES) is None:
            raise UserError("No raw file is registered in this lake yet: `mixlake ingest PATH --source NAME` does that")
        check_passages(lake, selected)
        accept(lake, accepted or ())
    planned = plan(lake, selected, chosen, rebuild)
    if dry_run:
        render.planned(planned, as_json)
        return 0
    notices.kept(planned)
    if not any(entry.action != "nothing_to_do" for entry in planned):
        progress.console().print(f"Nothing to do: all {len(planned)} tables are up to date.")
        render.reports([], as_json)
        notices.unpublished(lake)
        return 0
    start_ahead(lake, [entry.stage for entry in planned if entry.action != "nothing_to_do"], rebuild)
    materialise = resolve("dagster_project.lib.launch:materialise")
    idle = [entry.stage for entry in planned if entry.action == "nothing_to_do"]
    reports = materialise([stage.key for stage in selected], chosen.name, rebuild, idle)
    render.reports(reports, as_json)
    notices.unpublished(lake)
    return 1 if any(report.status == "rejected" for report in reports) else 0


@app.command()
def status(profile: ProfileName = None, as_json: AsJson = False) -> None:
    """Show every table: version, rows, gate, and whether it is up to date."""
    from lake.harness.status import status as table_states

    render.status(table_states(_lake(), _profile(profile)), as_json)


@app.command()
def ledger(as_json: AsJson = False) -> int:
    """Show where every raw row went; exit 1 when the books do not balance."""
    from lake.books.ledger import ledger as balance_books

    result = balance_books(_lake())
    render.ledger(result, as_json)
    if not result.balanced:
        raise StageFailed("The books do not balance: some raw rows have no outcome, or more than one")
    return 0


@app.command()
def show(
    table: Annotated[str, typer.Argument(help="A table, such as silver/groups.", autocompletion=table_names)],
    where: Annotated[str | None, typer.Option("--where", help="A SQL condition, such as \"source = 'dolly'\".")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows at most.")] = 10,
    version: Annotated[
        int | None, typer.Option("--version", min=0, help="An older version; default: what readers use.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show rows of a table."""
    from lake.books.query import select_rows

    render.rows(select_rows(_lake(), table, where, limit, version), as_json)


@app.command()
def explain(row_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show a row's whole way: from its file to its end, or back to every raw row it came from."""
    from lake.books.lineage import explain as explain_row

    render.explanation(explain_row(_lake(), row_id), as_json)


@app.command()
def champion(
    act: Annotated[str | None, typer.Argument(help="pin, unpin or rollback; default: show.")] = None,
    model: Annotated[str | None, typer.Argument(help="Of a pin: a digest's beginning, or rules.")] = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Show which distiller serves and why; pin one, unpin it, or roll back to the one before."""
    from lake.cli.serving import obey, show_decisions

    if act is not None:
        obey(_lake(), _profile(profile), act, model)
    show_decisions(_lake(), as_json)


@app.command()
def report(out: Annotated[Path | None, typer.Option("--out", help="Where to write the page.")] = None) -> None:
    """Write the report of the lake as one HTML page that needs no network."""
    console().print(str(resolve("reports.page:write_report")(_lake(), out)))


@app.command()
def ui(
    port: Annotated[
        int, typer.Option("--port", min=1024, max=65535, help="Where the UI listens, on loopback only.")
    ] = 3000,
    profile: ProfileName = None,
) -> int:
    """Open the Dagster UI, its daemon, and the audit pages, all on loopback."""
    return resolve("dagster_project.lib.serve:serve")(port, _profile(profile))


for command in (diff, forget, migrate, rejected, release, search, withdraw):
    app.command()(command)
