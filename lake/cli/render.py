"""How results are shown: tables for people (rich on a terminal, plain columns in a pipe) or JSON for programs."""

import base64
import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lake.books.ledger import Ledger
from lake.books.lineage import Explanation
from lake.cli.doctor import Finding
from lake.cli.params import Param
from lake.harness.plan import PlannedStage
from lake.harness.profiles import Profile
from lake.harness.status import TableStatus
from lake.landing.register import Registered
from lake.storage.report import StageReport

_WIDE = 10_000  # a pipe has no width: never wrap or cut what a program may read


def _console() -> Console:
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)


def _as_json(content: object) -> None:
    sys.stdout.write(json.dumps(content, default=_plain, ensure_ascii=False, indent=1) + "\n")


def _plain(value: Any) -> Any:
    """What JSON has no form for: models as objects, times as ISO-8601, bytes as text where they are text, else base64."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    console = _console()
    table = Table(*columns, box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))  # Text: brackets in a row are not markup
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def findings(prerequisites: Sequence[Finding], as_json: bool) -> None:
    """Shows what this machine has and lacks."""
    if as_json:
        return _as_json(list(prerequisites))
    marks = {True: "ok", False: "missing"}
    rows = [
        (
            marks[item.met] if item.met or item.required else "absent",
            item.name,
            item.seen,
            "" if item.met else _needed(item),
        )
        for item in prerequisites
    ]
    return _table(("", "what", "seen", "to mend"), rows)


def _needed(item: Finding) -> str:
    return item.mend if item.required else f"not needed by this profile ({item.mend})"


def profiles(listed: Sequence[Profile], as_json: bool) -> None:
    """Shows profiles, and what each needs."""
    if as_json:
        return _as_json(list(listed))
    rows = [(profile.name, profile.gpu, not profile.offline, profile.summary) for profile in listed]
    return _table(("profile", "needs a GPU", "needs a model hub", "what it is for"), rows)


def params(listed: Sequence[Param], with_values: bool, as_json: bool) -> None:
    """Shows params; the column of values only when a profile was named."""
    if as_json:
        return _as_json(list(listed))
    rows = [
        (
            param.name,
            *([_written(param.value, param)] if with_values else []),
            "must be given" if param.required else _written(param.default, param),
            param.allowed,
            param.meaning,
        )
        for param in listed
    ]
    return _table(("param", *(["value"] if with_values else []), "default", "allowed", "meaning"), rows)


def _written(value: object, param: Param) -> str:
    """A value as a profile writes it; empty where the rows below tell it."""
    if param.nested and isinstance(value, Mapping):
        return ""
    return value if isinstance(value, str) and value else json.dumps(value, default=_plain, ensure_ascii=False)


def registered(files: Sequence[Registered], as_json: bool) -> None:
    """Shows what became of each file."""
    if as_json:
        return _as_json(list(files))
    rows = [
        ("added" if file.added else "known", file.kind, file.source, file.licence, file.size, file.uri)
        for file in files
    ]
    return _table(("", "kind", "source", "licence", "bytes", "file"), rows)


def planned(entries: Sequence[PlannedStage], as_json: bool) -> None:
    """Shows what a run would do and why."""
    if as_json:
        return _as_json(list(entries))
    rows = [(entry.stage, _would(entry), "; ".join(filter(None, (entry.reason, entry.asks)))) for entry in entries]
    return _table(("stage", "would", "because"), rows)


def _would(entry: PlannedStage) -> str:
    scope = f" on {entry.scope}" if entry.scope else ""
    return (entry.action + scope).replace("_", " ")


def reports(done: Sequence[StageReport], as_json: bool) -> None:
    """Prints the reports for programs alone: people have read the progress of the run."""
    if as_json:
        _as_json(list(done))


def status(states: Sequence[TableStatus], as_json: bool) -> None:
    """Shows the state of every table."""
    if as_json:
        return _as_json(list(states))
    rows = [
        (
            state.table,
            state.version,
            state.rows,
            state.gate.replace("_", " "),
            state.up_to_date,
            state.published_at and f"{state.published_at:%Y-%m-%d %H:%M:%S}",
            ", ".join(state.waits),
        )
        for state in states
    ]
    return _table(("table", "version", "rows", "gate", "up to date", "published (UTC)", "sources that wait"), rows)


def ledger(books: Ledger, as_json: bool) -> None:
    """Shows the books, one line a source; outcomes that no row has are left out of the table, not of the JSON."""
    if as_json:
        return _as_json(books)
    used = [
        name
        for name in (books.sources[0].outcomes if books.sources else {})
        if any(source.outcomes[name] for source in books.sources)
    ]
    rows = [
        (source.source, source.raw, *(source.outcomes[name] for name in used), source.unaccounted + source.doubled)
        for source in books.sources
    ]
    total = ("all", *(sum(int(str(row[column])) for row in rows) for column in range(1, len(used) + 3)))
    _table(("source", "raw", *(name.replace("_", " ") for name in used), "unbalanced"), [*rows, total])
    for wait in (wait for source in books.sources for wait in source.waits):
        _console().print(f"waits: {wait}", markup=False)
    _console().print("The books balance." if books.balanced else "The books do NOT balance.")
    return None


def rows(selected: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Shows rows, one field a line."""
    if as_json:
        return _as_json(list(selected))
    console = _console()
    for row in selected:
        console.rule(style="dim") if console.is_terminal else console.print("--")
        for name, value in row.items():
            shown = value if isinstance(value, str) else json.dumps(value, default=_plain, ensure_ascii=False)
            console.print(Text.assemble((f"{name}: ", "bold"), shown))
    return None


def decisions(made: Sequence[Mapping[str, Any]]) -> None:
    """Shows what was decided about the distiller in service, one line each."""
    rows = [(row["number"], row["act"], row["model"][:12], row["decision"]) for row in made]
    return _table(("number", "act", "serves", "decision"), rows)


def explanation(explained: Explanation, as_json: bool) -> None:
    """Shows a row's way, one line a table."""
    if as_json:
        return _as_json(explained)
    console = _console()
    console.print(
        Text(
            f"{explained.id}: {explained.outcome or 'no outcome'}"
            + (f" ({explained.reason})" if explained.reason else "")
        )
    )
    for step in explained.path:
        hidden = ("table", "version", "evidence")
        rest = {name: value for name, value in step.items() if name not in hidden and value is not None}
        shown = ", ".join(f"{name}={value}" for name, value in rest.items())
        console.print(Text.assemble("  ", (f"{step['table']} v{step['version']}", "bold"), f"  {shown}"))
        for one in step.get("evidence") or ():
            console.print(
                Text(
                    f"    {one['statement']!r} stands in {one['member_id']}, characters {one['start']} to {one['end']}"
                )
            )
    console.print(Text(f"raw rows: {', '.join(explained.raw_ids)}"))
    return None


def released(files: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Shows the files of a release."""
    if as_json:
        return _as_json(list(files))
    return _table(
        ("file", "bytes", "rows", "sha256"),
        [(file["path"], file["size"], file["rows"], file["sha256"]) for file in files],
    )
