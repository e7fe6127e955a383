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
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 10_000  # a pipe has no width: never wrap or cut what a program may read


def console() -> Console:
    """Where results for people go."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)


def write_json(content: object) -> None:
    """Prints `content` as JSON: models as objects, times as ISO-8601, bytes as text where they are text, else base64."""
    sys.stdout.write(json.dumps(content, default=plain, ensure_ascii=False, indent=1) + "\n")


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
        table.add_row(*(Text(_cell(value)) for value in row))  # Text: brackets in a row are not markup
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
