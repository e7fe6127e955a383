"""`mixlake release`: the newest release out of the lake, an older one made again, or the newest one pushed to where others read it."""

from pathlib import Path
from typing import Annotated

import typer

from lake.cli import render
from lake.cli.options import AsJson
from lake.errors import UserError
from lake.harness.profiles import resolve
from lake.settings import settings
from lake.storage.store import Lake


def release(
    out: Annotated[Path, typer.Option("--out", help="An empty or new folder.")] = Path("release"),
    again: Annotated[
        str | None,
        typer.Option(
            "--rebuild",
            help="Make the release of this name again from the lake's tables, the same bytes; NAME@VERSION for one before the newest.",
            metavar="NAME",
        ),
    ] = None,
    renamed: Annotated[
        str | None,
        typer.Option("--as", help="With --rebuild: under this name, without what was taken back.", metavar="NEW"),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--push",
            help="Put the newest release there: hf://datasets/OWNER/NAME, s3://BUCKET/PREFIX or a folder; tokens come from the environment.",
            metavar="TARGET",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the newest release (Parquet, JSON Lines, card, manifest) out of the lake, its checksums verified."""
    lake = Lake(settings().root)
    if renamed is not None and again is None:
        raise UserError("--as names what --rebuild makes: give --rebuild NAME, too")
    if target is not None and again is not None:
        raise UserError("--push puts the newest release somewhere, and --rebuild makes one again: give one of the two")
    if target is not None:
        files = resolve("reports.push:push")(lake, target)
    elif again is not None:
        files = resolve("reports.rebuild:rebuild")(lake, again, out, renamed)
    else:
        files = resolve("reports.exported:export")(lake, out)
    render.released(files, as_json)
