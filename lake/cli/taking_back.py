"""`mixlake withdraw`, `forget` and `search`: rows leave the lake for good, and whoever doubts it looks for their words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lake.cli import notices, render
from lake.cli.in_dagster import show_again
from lake.cli.options import AsJson
from lake.errors import UserError
from lake.harness import progress
from lake.settings import settings
from lake.storage.store import Lake
from lake.takeback import taking
from lake.takeback.searching import places_of

Reason = Annotated[
    str,
    typer.Option(
        "--reason", help="Why, in words of your own: kept for good, so none of the words that are taken back."
    ),
]


def withdraw(source: Annotated[str, typer.Argument(metavar="SOURCE")], reason: Reason, as_json: AsJson = False) -> None:
    """Take back all that a source gave: its rows leave every table, old version, cache and page, and do not come back."""
    lake = Lake(settings().root)
    ended = _gone_on_with(lake, "withdraw", source)
    _told(ended or taking.withdraw(lake, source, reason), as_json)


def forget(
    reason: Reason,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of raw rows: raw_, rec_ or psg_.", metavar="[ID]...")
    ] = None,
    listed: Annotated[Path | None, typer.Option("--list", help="A file with an id a line.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take back single rows and their exact copies: they leave every table, old version, cache and page, and do not come back."""
    named = [*(ids or ()), *(_listed(listed) if listed else ())]
    if not named:
        raise UserError(
            "Name the rows to forget: ids such as raw_0123456789abcdef01234567, or --list FILE with an id a line"
        )
    lake = Lake(settings().root)
    ended = _gone_on_with(lake, "forget", None, named)
    _told(ended or taking.forget(lake, named, reason), as_json)


def search(words: Annotated[list[str], typer.Argument(metavar="WORDS...")], as_json: AsJson = False) -> int:
    """Look for words in every file of the lake, decompressed; exit 1 where some are found."""
    if not all(word.strip() for word in words):
        raise UserError("There is nothing to search for: name words, in quotation marks where they are several")
    found = [{"words": word, "file": place} for word, place in places_of(Lake(settings().root), words)]
    render.rows(found, as_json, "They stand in no file of the lake.")
    return 1 if found else 0


def _gone_on_with(lake: Lake, act: str, source: str | None, ids: Sequence[str] = ()) -> taking.TakenBack | None:
    """Goes on with the orders whose command was killed; what the one took back that asked for the same, None where none did."""
    ended = taking.finish(lake)
    notices.finished(ended)
    return next((done for done in ended if taking.asks_for(lake, done.order, act, source, ids)), None)


def _listed(file: Path) -> Sequence[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--list {file} cannot be read: {error}") from None


def _told(done: taking.TakenBack, as_json: bool) -> None:
    """Tells the user what was taken back, and Dagster of what is left, for its history was removed."""
    render.rows(
        [done.model_dump()]
        if as_json
        else [{"table": name, "rows that left it": rows} for name, rows in done.tables.items()],
        as_json,
        "No row left a table.",
    )
    for sentence in _sentences(done):
        progress.console().print(sentence)
    show_again()


def _sentences(done: taking.TakenBack) -> list[str]:
    by_source = ", ".join(f"{rows:,} of {source}" for source, rows in done.rows.items()) or "no row"
    copies = f", {done.copies:,} of them exact copies of what was named" if done.copies else ""
    return [
        f"Taken back: {by_source}{copies}. They do not come back, whoever registers them again.",
        *(
            f"made with it: the model {digest}; it is not changed, and may have learned what was taken back"
            for digest in done.models
        ),
        *(
            f"made with it: the release {name}; its files are removed, and it is not made again under this name"
            for name in done.releases
        ),
        *(f"outside of the lake, not changed: {uri}" for uri in done.outside),
        *(f"landed copy removed as a whole, since the row is no line of it: {uri}" for uri in done.removed_files),
        *([f"The next `mixlake run` makes anew: {', '.join(done.made_anew)}."] if done.made_anew else []),
        _searched(done.searched),
    ]


def _searched(rows: int) -> str:
    if not rows:
        return "Nothing was searched for: none of the rows is still there to be read, or none has words that no other row has. `mixlake search WORDS` looks for any."
    return f"Searched every file of the lake for words of {rows:,} of the rows: found none. `mixlake search WORDS` looks for others."
