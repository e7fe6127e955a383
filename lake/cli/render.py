"""What each result looks like, for people or as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lake.books.ledger import Ledger
from lake.books.lineage import Explanation
from lake.cli.doctor import Finding
from lake.cli.output import console, plain, write_json, write_table
from lake.cli.params import Param
from lake.harness import progress
from lake.harness.plan import PlannedStage
from lake.harness.profiles import Profile
from lake.harness.status import TableStatus
from lake.harness.terminal import line
from lake.landing.register import Registered
from lake.storage.report import StageReport


def findings(prerequisites: Sequence[Finding], as_json: bool) -> None:
    """Shows what this machine has and lacks."""
    if as_json:
        return write_json(list(prerequisites))
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
    return write_table(("", "what", "seen", "to mend"), rows)


def _needed(item: Finding) -> str:
    return item.mend if item.required else f"not needed by this profile ({item.mend})"


def profiles(listed: Sequence[Profile], as_json: bool) -> None:
    """Shows profiles, and what each needs."""
    if as_json:
        return write_json(list(listed))
    rows = [(profile.name, profile.gpu, not profile.offline, profile.summary) for profile in listed]
    return write_table(("profile", "needs a GPU", "needs a model hub", "what it is for"), rows)


def params(listed: Sequence[Param], with_values: bool, as_json: bool) -> None:
    """Shows params; the column of values only when a profile was named."""
    if as_json:
        return write_json(list(listed))
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
    return write_table(("param", *(["value"] if with_values else []), "default", "allowed", "meaning"), rows)


def _written(value: object, param: Param) -> str:
    """A value as a profile writes it; empty where the rows below tell it."""
    if param.nested and isinstance(value, Mapping):
        return ""
    return value if isinstance(value, str) and value else json.dumps(value, default=plain, ensure_ascii=False)


def registered(files: Sequence[Registered], as_json: bool) -> None:
    """Shows what became of each file."""
    if as_json:
        return write_json(list(files))
    rows = [
        ("added" if file.added else "known", file.kind, file.source, file.licence, file.size, file.uri)
        for file in files
    ]
    return write_table(("", "kind", "source", "licence", "bytes", "file"), rows)


def planned(entries: Sequence[PlannedStage], as_json: bool) -> None:
    """Shows what a run would do and why."""
    if as_json:
        return write_json(list(entries))
    rows = [(entry.stage, _would(entry), "; ".join(filter(None, (entry.reason, entry.asks)))) for entry in entries]
    return write_table(("stage", "would", "because"), rows)


def _would(entry: PlannedStage) -> str:
    scope = f" on {entry.scope}" if entry.scope else ""
    return (entry.action + scope).replace("_", " ")


def reports(done: Sequence[StageReport], as_json: bool) -> None:
    """Prints the reports for programs alone: people have read the progress of the run."""
    if as_json:
        write_json(list(done))


def status(states: Sequence[TableStatus], as_json: bool) -> None:
    """Shows the state of every table."""
    if as_json:
        return write_json(list(states))
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
    write_table(("table", "version", "rows", "gate", "up to date", "published (UTC)", "sources that wait"), rows)
    for state in states:
        for acceptance in state.accepted:
            console().print(f"{state.table}: {acceptance}")
    if refused := [state.table for state in states if state.gate == "rejected"]:
        console().print(f"`mixlake rejected {refused[0]}` shows what its gate refused and why.")
    return None


def ledger(books: Ledger, as_json: bool) -> None:
    """Shows the books, one line a source; outcomes that no row has are left out of the table, not of the JSON."""
    if as_json:
        return write_json(books)
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
    write_table(("source", "raw", *(name.replace("_", " ") for name in used), "unbalanced"), [*rows, total])
    for wait in (wait for source in books.sources for wait in source.waits):
        console().print(f"waits: {wait}")
    console().print("The books balance." if books.balanced else "The books do NOT balance.")
    return None


def rows(selected: Sequence[Mapping[str, Any]], as_json: bool, none: str = "There is no such row.") -> None:
    """Shows rows, one field a line; where there are none, that on the error stream."""
    if as_json:
        return write_json(list(selected))
    if not selected:
        progress.console().print(none)
    shown = console()
    for row in selected:
        shown.rule(style="dim") if shown.is_terminal else shown.print("--")
        for name, value in row.items():
            text = value if isinstance(value, str) else json.dumps(value, default=plain, ensure_ascii=False)
            shown.print(line((f"{name}: ", "bold"), text))
    return None


def decisions(made: Sequence[Mapping[str, Any]]) -> None:
    """Shows what was decided about the distiller in service, one line each."""
    rows = [(row["number"], row["act"], row["model"][:12], row["decision"]) for row in made]
    return write_table(("number", "act", "serves", "decision"), rows)


def explanation(explained: Explanation, as_json: bool) -> None:
    """Shows a row's way, one line a table."""
    if as_json:
        return write_json(explained)
    shown = console()
    why = f" ({explained.reason})" if explained.reason else ""
    shown.print(f"{explained.id}: {explained.outcome or 'no outcome'}{why}")
    for step in explained.path:
        hidden = ("table", "version", "evidence")
        rest = {name: value for name, value in step.items() if name not in hidden and value is not None}
        told = ", ".join(f"{name}={value}" for name, value in rest.items())
        shown.print(line("  ", (f"{step['table']} v{step['version']}", "bold"), f"  {told}"))
        for one in step.get("evidence") or ():
            shown.print(
                f"    {one['statement']!r} stands in {one['member_id']}, characters {one['start']} to {one['end']}"
            )
    shown.print(f"raw rows: {', '.join(explained.raw_ids)}")
    return None


def released(files: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Shows the files of a release."""
    if as_json:
        return write_json(list(files))
    return write_table(
        ("file", "bytes", "rows", "sha256"),
        [(file["path"], file["size"], file["rows"], file["sha256"]) for file in files],
    )
