"""Orders of a user about which distiller serves: rows of landing/service_orders, which the next run of models/champion obeys."""

from typing import Any, Literal, get_args

import pyarrow as pa

from lake.errors import UserError, shown
from lake.ids import content_id
from lake.storage.publication import now
from lake.storage.store import Lake
from lake.tables import TABLES

Act = Literal["pin", "unpin", "rollback"]
ORDERS, DECISIONS = "landing/service_orders", "models/champion"


def decisions(lake: Lake) -> list[dict[str, Any]]:
    """All decisions, the newest last. Raises UserError before the first."""
    if lake.version(DECISIONS) is None:
        raise UserError(f"No distiller is in service yet: `mixlake run {DECISIONS}` decides on the first")
    return sorted(lake.dataset(DECISIONS).to_table().to_pylist(), key=lambda row: row["number"])


def order(lake: Lake, act: str, model: str | None = None) -> None:
    """Registers an order. `model`, of a pin alone: the beginning of a digest, or `rules`; by default what serves.

    Raises UserError, and registers nothing, where the order says nothing that could be done.
    """
    if act not in get_args(Act):
        raise UserError(f"There is no order {act!r}: there are {', '.join(get_args(Act))}")
    if model is not None and act != "pin":
        raise UserError(f"{act} takes no model: it is about the distiller in service")
    made = decisions(lake)
    if act == "unpin" and not made[-1]["pinned"]:
        raise UserError("No distiller is pinned: challengers are tried already")
    if act == "rollback" and all(_named(row) == _named(made[-1]) for row in made):
        raise UserError("There is nothing to roll back to: no other distiller has served in this lake")
    moment = now()
    row: dict[str, Any] = {"id": content_id("ord", act, moment.isoformat()), "act": act, "ordered_at": moment}
    row |= _known(lake, made, made[-1]["model"] if model is None else model) if act == "pin" else {}
    lake.append(ORDERS, pa.Table.from_pylist([row], schema=TABLES[ORDERS].schema), row["id"])


def _known(lake: Lake, made: list[dict[str, Any]], model: str) -> dict[str, Any]:
    """model, engine and uri of the one distiller meant, among those that served or answered the held-out items last."""
    columns = ["model", "engine", "uri"]
    answered = (
        lake.dataset("gold/heldout_answers").to_table(columns=columns).group_by(columns).aggregate([]).to_pylist()
    )
    # the newest of the rules stands for all: whatever its digest, the rules that are installed serve
    known = {_named(row): {name: row[name] for name in columns} for row in (*made, *answered)}
    found = [row for name, row in known.items() if name.startswith(model) or row["model"].startswith(model)]
    if len(found) != 1 or not model:
        names = ", ".join(sorted(name[:12] for name in known))
        raise UserError(f"{len(found) or 'No'} known distillers are called {shown(model)}: there are {names}")
    return found[0]


def _named(row: dict[str, Any]) -> str:
    return "rules" if row["engine"] == "rules" else row["model"]
