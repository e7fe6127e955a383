"""What the report says of the audits: how often a score puts a worsened answer below the honest one, by what was done to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.view import View
from texts.audit import Audited

_SCORES = {"models/distiller_grpo": "reward of GRPO", "models/champion": "promotion score"}


@dataclass(frozen=True)
class Audits:
    """The scores that were audited, and for each kind of probe what each of them made of it; None of a kind that it was not given."""

    scores: list[str]
    kinds: Mapping[str, list[Audited | None]]


def audited_scores(view: View) -> Audits | None:
    """The newest audit of each score; None where none was audited."""
    found = {name: rows for key, name in _SCORES.items() if (rows := _newest(view, key))}
    if not found:
        return None
    by_kind = [{one.kind: one for one in rows} for rows in found.values()]
    kinds = dict.fromkeys(kind for rows in by_kind for kind in rows)
    return Audits([*found], {kind: [rows.get(kind) for rows in by_kind] for kind in kinds})


def _newest(view: View, key: str) -> list[Audited]:
    rows: list[dict[str, Any]] = [row for row in view.sample(key, ["audit", *_NUMBERED.get(key, ())]) if row["audit"]]
    newest = max(rows, key=lambda row: row.get("number", 0), default=None)
    return [Audited(**one) for one in newest["audit"]] if newest else []


_NUMBERED = {"models/champion": ["number"]}
