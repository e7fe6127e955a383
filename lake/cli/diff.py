"""`mixlake diff`: what changed from one release to another."""

from typing import Annotated

import typer

from lake.cli.options import AsJson
from lake.cli.output import console, write_json, write_table
from lake.settings import settings
from lake.storage.store import Lake

Version = Annotated[int | None, typer.Argument(help="A version of releases/current; default: the last two.", min=0)]


def diff(old: Version = None, new: Version = None, as_json: AsJson = False) -> None:
    """Show what came, went and changed from one release to another, by source, and why what went did."""
    from lake.books.changes import changes

    found = changes(Lake(settings().root), old, new)
    if as_json:
        return write_json(found)
    sides = [
        f"release {one.version} ({one.published_at:%Y-%m-%d %H:%M} UTC, {one.rows:,} examples)"
        for one in (found.old, found.new)
    ]
    print_line = console().print
    print_line(f"From {sides[0]} to {sides[1]}:")
    print_line(f"{found.came:,} came, {found.went:,} went, {found.changed:,} changed, {found.stayed:,} stayed.")
    rows = [(one.source, one.came, one.went, one.changed, one.stayed) for one in found.sources]
    write_table(("source", "came", "went", "changed", "stayed"), rows)
    if found.reasons:
        write_table(("why examples went", "examples"), list(found.reasons.items()))
    return None
