"""Every suite passes on correct rows and notices each single defect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from conftest import batches_of
from mutations import MUTATIONS, Edit
from world import everything, ident, tables

from lake.harness.profiles import resolve
from lake.stages import STAGES
from lake.storage.report import CheckReport
from lake.tables import TABLES

if TYPE_CHECKING:
    from expectations.gate import Audit, Batch

Audited = Callable[[str, Mapping[str, Any]], "Audit"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_correct_stage_passes(stage: str, audited: Audited, tmp_path: Path) -> None:
    checks = audited(stage, tables(everything(tmp_path))).checks
    assert [check for check in checks if _critical(check) and not check.passed] == []
    assert all(check.evaluated for check in checks)


def _failing(audit: Audit) -> set[str | None]:
    return {check.column for check in audit.checks if _critical(check) and not check.passed}


@pytest.mark.parametrize(("stage", "edits", "noticed"), MUTATIONS)
def test_a_defect_is_noticed(
    stage: str, edits: list[Edit], noticed: set[str], audited: Audited, tmp_path: Path
) -> None:
    rows = everything(tmp_path)
    for edit in edits:
        edit(rows)
    assert _failing(audited(stage, tables(rows))) == noticed


@pytest.mark.parametrize("stage", STAGES)
def test_every_critical_figure_has_a_defect_that_trips_it(stage: str, tmp_path: Path) -> None:
    derived = [batch for batch in batches_of(stage, tables(everything(tmp_path))) if batch.name not in TABLES]
    tripped = {name for key, _, noticed in MUTATIONS if key == stage for name in noticed}
    assert {column for batch in derived for column in _critical_columns(batch)} <= tripped


def _critical_columns(batch: Batch) -> Iterator[str]:
    for rule in batch.expectations:
        if rule.severity == "critical":
            asked = rule.configuration.kwargs
            yield asked["column"] if "column" in asked else f"{asked['column_A']}, {asked['column_B']}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_critical_rule_of_a_table_trips_alone(stage: str, tmp_path: Path) -> None:
    """For each rule of each table: rows broken in that one way fail that one check and no other."""
    from expectations.gate import Batch, audit

    for batch in batches_of(stage, tables(everything(tmp_path))):
        if batch.name not in TABLES:
            continue
        for position, rule in enumerate(batch.expectations):
            for number, broken in enumerate(_broken(batch, rule)):
                again = Batch(batch.name, broken, batch.expectations, batch.key)
                checks = audit(stage, [again], f"run-{position}-{number}", tmp_path / "audits").checks
                failed = [place for place, check in enumerate(checks) if not check.passed and _critical(check)]
                assert failed == [position], (batch.name, rule.configuration)


def _critical(check: CheckReport) -> bool:
    return check.severity == "critical"


def _broken(batch: Batch, rule: Any) -> Iterator[pd.DataFrame]:
    """The batch's rows with one value that `rule`, and it alone, must refuse; one frame per bound of a range."""
    from expectations.frames import in_memory

    if rule.severity == "warning":
        return
    asked = rule.configuration.kwargs
    named = {other.configuration.kwargs["column"] for other in batch.expectations} | {batch.key or ""}
    rows = in_memory(batch.frame, named)
    assert rows is not None and len(rows) > 0, batch.name
    kind, column = rule.configuration.type, asked["column"]
    if kind == "expect_column_values_to_be_unique":
        unique = {
            other.configuration.kwargs["column"] for other in batch.expectations if other.configuration.type == kind
        }
        yield _with_twin(rows, column, unique)
    elif kind == "expect_column_values_to_not_be_null":
        yield _with(rows, column, None)
    elif kind == "expect_column_values_to_be_between":
        least, most = asked.get("min_value"), asked.get("max_value")
        beyond = [] if least is None else [least - max(0.5, abs(least))]
        beyond += [] if most is None else [most + max(0.5, abs(most))]
        for value in beyond:
            yield _with(rows, column, value)
    else:
        yield _with(rows, column, "nonsense")


def _with(rows: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    broken = rows.astype({column: object})
    broken.iloc[0, list(rows.columns).index(column)] = value
    return broken


def _with_twin(rows: pd.DataFrame, column: str, unique: set[str]) -> pd.DataFrame:
    """One more row like the first, which of the unique columns shares only `column` with it."""
    twin = rows.iloc[[0]].copy()
    for other in unique - {column}:
        twin[other] = re.sub(
            r"([0-9a-f]{24,})?$", lambda found: "e" * len(found[0]) or "~", twin[other].iloc[0], count=1
        )
    return pd.concat([rows, twin], ignore_index=True)


class Grown(dict[str, Any]):
    """Frames of a run on new rows, with the rows that were published before."""

    before: Mapping[str, Any]


@pytest.mark.parametrize(
    ("stage", "shared", "noticed"),
    [
        ("silver/instructions", {}, set[str]()),
        ("silver/instructions", {"id": ident("rec", 1)}, {"id_published_before"}),
        ("silver/passages", {}, set[str]()),
        ("silver/passages", {"id": ident("psg", 1)}, {"id_published_before"}),
        ("silver/passages", {"text_key": f"{1:064x}"}, {"text_key_published_before"}),
    ],
)
def test_new_rows_share_no_key_with_published_ones(
    stage: str, shared: dict[str, str], noticed: set[str], tmp_path: Path
) -> None:
    from expectations.gate import audit

    rows = everything(tmp_path)
    old = {**rows[stage][0], "id": ident("old", 1), "text_key": "0" * 64, **shared}
    seen = (*STAGES[stage].inputs, *STAGES[stage].outputs)
    frames = Grown({key: table for key, table in tables(rows).items() if key in seen})
    frames.before = tables({stage: [old]})
    batches = resolve(STAGES[stage].suite)(frames, resolve(STAGES[stage].params)())
    assert _failing(audit(stage, batches, "run-1", tmp_path / "audits")) == noticed
