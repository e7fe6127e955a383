"""Suites that see only what is new, with the older rows beside it: right in what they ask of old and new together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mutations import Edit, add, change, drop
from world import Rows, everything, ident, tables

if TYPE_CHECKING:
    from expectations.gate import Audit

_GROUPS, _ALONE = "silver/groups", "silver/singletons"


def _new_rows(folder: Path) -> Rows:
    """The world's rows of the stage; but records 3 to 5 alone are new, and record 1 was alone before."""
    rows = everything(folder)
    rows["silver/quality"] = rows["silver/quality"][2:]
    rows[_GROUPS] = [row for row in rows[_GROUPS] if row["id"] not in (ident("rec", 1), ident("rec", 2))]
    rows[_ALONE] = [*rows[_ALONE], {**rows[_ALONE][0], "id": ident("rec", 1)}]
    return rows


def _old_rows(folder: Path) -> Rows:
    rows = everything(folder)
    settled = [
        {**row, "id": ident("rec", 50 + n), "group_id": ident("grp", 9)} for n, row in enumerate(rows[_GROUPS][:2])
    ]
    rows[_GROUPS], rows[_ALONE] = settled, [{**rows[_ALONE][0], "id": ident("rec", 1)}]
    return rows


_CASES: list[tuple[list[Edit], set[str]]] = [
    ([], set()),
    ([drop(_ALONE, 1)], {"low_rated_without_a_place"}),  # one that waited is lost
    ([drop(_ALONE, 0)], {"low_rated_without_a_place"}),
    ([change(_GROUPS, 0, id=ident("rec", 1)), drop(_ALONE, 1), add(_ALONE, id=ident("rec", 3))], set()),
    ([change(_GROUPS, 0, id=ident("rec", 50)), add(_ALONE, id=ident("rec", 3))], {"not_low_rated", "grouped_before"}),
]


@pytest.mark.parametrize(("edits", "noticed"), _CASES)
def test_old_and_new_together_hold_each_record_once(
    edits: list[Edit], noticed: set[str], audited: Callable[..., Audit], tmp_path: Path
) -> None:
    rows = _new_rows(tmp_path / "new")
    for edit in edits:
        edit(rows)
    checks = audited(_GROUPS, tables(rows), before=tables(_old_rows(tmp_path / "old"))).checks
    assert {check.name for check in checks if check.severity == "critical" and not check.passed} == noticed


def test_newcomers_that_stay_alone_and_looser_groups_warn(audited: Callable[..., Audit], tmp_path: Path) -> None:
    rows = _new_rows(tmp_path / "new")
    rows[_ALONE] += [{**rows[_ALONE][0], "id": row["id"]} for row in rows[_GROUPS]]
    rows[_GROUPS] = [{**row, "id": ident("rec", 1), "cohesion": 0.7} for row in rows[_GROUPS][:1]]
    checks = audited(_GROUPS, tables(rows), before=tables(_old_rows(tmp_path / "old"))).checks
    warned = {check.name for check in checks if check.severity == "warning" and not check.passed}
    assert warned == {"alone_share_rise", "cohesion_drop"}
