"""How anything is printed: tables for people (rich on a terminal, plain columns in a pipe) or JSON for programs."""

import base64
import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rich import box
from rich.table import Table

from lake.harness.terminal import PlainConsole, ReaderLeft, line, visible

_WIDE = 10_000  # a pipe has no width: never wrap or cut what a program may read


def console() -> PlainConsole:
    """Where results for people go."""
    return PlainConsole() if sys.stdout.isatty() else PlainConsole(width=_WIDE)


def write_json(content: object) -> None:
    """Prints `content` as JSON: models as objects, times as ISO-8601, bytes as text where they are text, else base64; null for what is no
    number."""
    written = json.dumps(content, default=plain, ensure_ascii=False)
    # JSON has no form for what is no number
    whole = json.loads(written, parse_constant=lambda _: None)
    try:
        sys.stdout.write(visible(json.dumps(whole, ensure_ascii=False, indent=1)) + "\n")
    except BrokenPipeError:
        raise ReaderLeft from None


def plain(value: Any) -> Any:
    """A value that JSON has no form for, as one that it has."""
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


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints rows under their columns: plain in a pipe."""
    shown = console()
    table = Table(*columns, box=box.SIMPLE_HEAD if shown.is_terminal else None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(line(_cell(value)) for value in row))
    shown.print(table)


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
