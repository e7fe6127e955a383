"""Every suite passes on correct rows and notices each single defect."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from mutations import MUTATIONS, Edit
from suite_batches import batches_of, limits_of, subject
from world import everything, ident, tables

from expectations.declared import declared_checks
from lake.harness.job import Views
from lake.harness.profiles import resolve
from lake.stages import STAGES
from lake.storage.report import CheckReport
from lake.tables import TABLES

if TYPE_CHECKING:
    from expectations.gate import Audit
    from expectations.rules import Batch

# what they ask about hangs on rows published before: test_duplicates, test_group_growth and below
NEEDS_ROWS_BEFORE = {
    "ids_published_before", "texts_published_before", "id_published_before", "text_key_published_before", "grouped_before", "kept_before",
    "groups_distilled_before",
}  # fmt: skip
Audited = Callable[..., "Audit"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_correct_stage_passes(stage: str, audited: Audited, tmp_path: Path) -> None:
    checks = audited(stage, tables(everything(tmp_path))).checks
    assert [check for check in checks if _critical(check) and not check.passed] == []
    assert all(check.evaluated for check in checks)
    declared = [(check.name, check.expectation) for check in declared_checks(STAGES[stage])]
    assert [(check.name, check.expectation) for check in checks] == declared, "the UI lists them before a run"
    assert all(check.sentence.endswith(".") and check.sentence[0].isupper() for check in checks)


def _failing(audit: Audit) -> set[str]:
    return {subject(check) for check in audit.checks if _critical(check) and not check.passed}


@pytest.mark.parametrize(("stage", "edits", "noticed"), MUTATIONS)
def test_a_defect_is_noticed(
    stage: str, edits: list[Edit], noticed: set[str], audited: Audited, tmp_path: Path
) -> None:
    rows = everything(tmp_path)
    for edit in edits:
        edit(rows)
    assert _failing(audited(stage, tables(rows))) == noticed


@pytest.mark.parametrize("stage", ["models/distiller_sft", "models/distiller_grpo"])
@pytest.mark.parametrize(("dropped", "warned"), [(11, False), (12, True)])
def test_more_than_a_tenth_dropped_for_length_warns(
    stage: str, dropped: int, warned: bool, audited: Audited, tmp_path: Path
) -> None:
    rows = everything(tmp_path)
    rows[stage][0] |= {"train_rows": 100, "dropped_rows": dropped}
    audit = audited(stage, tables(rows))
    assert _failing(audit) == set()
    failed = {subject(check) for check in audit.checks if not check.passed}
    assert ("share_of_rows_dropped_for_length" in failed) is warned


def _of_recipe(name: str, rows: dict[str, list[Any]], tmp_path: Path) -> Audit:
    """The audit of models/distiller_grpo as trained by a recipe of ours."""
    from expectations.gate import audit
    from expectations.limits import Reinforced
    from expectations.suites.models import distiller_grpo
    from trainers.grpo import GrpoParams

    recipe = GrpoParams(recipe=name).recipe  # type: ignore[arg-type]
    suite = distiller_grpo(Views(tables(rows), {}), recipe=recipe, gate=Reinforced())
    return audit("models/distiller_grpo", suite, name, tmp_path / name)


@pytest.mark.parametrize(("recipe", "failing"), [("demo", {"audit_high"}), ("paper", set())])
def test_a_reward_that_fails_its_audit_rejects_the_checkpoint_unless_its_recipe_says_that_it_only_tells(
    recipe: str, failing: set[str], tmp_path: Path
) -> None:
    rows = everything(tmp_path)
    rows["models/distiller_grpo"][0] |= {"audit_high": 0.5}
    found = _of_recipe(recipe, rows, tmp_path)
    assert _failing(found) == failing
    assert "audit_high" in {subject(check) for check in found.checks if not check.passed}


@pytest.mark.parametrize(("recipe", "failing"), [("demo", set()), ("cpu", {"held_out_rewards_missing"})])
def test_a_checkpoint_lacks_its_held_out_reward_only_where_its_recipe_asks_for_none(
    recipe: str, failing: set[str], tmp_path: Path
) -> None:
    rows = everything(tmp_path)
    rows["models/distiller_grpo"][0] |= {"reward": None, "reward_before": None, "format_rate": None}
    assert _failing(_of_recipe(recipe, rows, tmp_path)) == failing


def test_grpo_without_a_signal_may_leave_the_weights_and_warns(audited: Audited, tmp_path: Path) -> None:
    rows = everything(tmp_path)
    rows["models/distiller_grpo"][0] |= {"weight_change": 0.0, "frac_reward_zero_std": 1.0}
    audit = audited("models/distiller_grpo", tables(rows))
    assert _failing(audit) == set()
    assert "frac_reward_zero_std" in {subject(check) for check in audit.checks if not check.passed}


@pytest.mark.parametrize("stage", STAGES)
def test_every_critical_metric_has_a_defect_that_trips_it(stage: str, tmp_path: Path) -> None:
    derived = [batch for batch in batches_of(stage, tables(everything(tmp_path))) if batch.name not in TABLES]
    tripped = {name for key, _, noticed in MUTATIONS if key == stage for name in noticed}
    assert {column for batch in derived for column in _critical_columns(batch)} <= tripped


def _critical_columns(batch: Batch) -> Iterator[str]:
    for rule in batch.rules:
        if rule.severity == "critical" and rule.name not in NEEDS_ROWS_BEFORE:
            yield ", ".join(rule.columns) or rule.name


@pytest.mark.parametrize("stage", STAGES)
def test_every_critical_rule_of_a_table_trips_alone(stage: str, tmp_path: Path) -> None:
    """For each rule of each table: rows broken in that one way fail that one check and no other."""
    from expectations.gate import audit
    from expectations.rules import Batch

    for batch in batches_of(stage, tables(everything(tmp_path))):
        if batch.name not in TABLES:
            continue
        for position, rule in enumerate(batch.rules):
            for number, broken in enumerate(_broken(batch, rule)):
                again = Batch(batch.name, broken, batch.rules, batch.key)
                checks = audit(stage, [again], f"run-{position}-{number}", tmp_path / "audits").checks
                failed = [place for place, check in enumerate(checks) if not check.passed and _critical(check)]
                assert failed == [position], (batch.name, rule)


def _critical(check: CheckReport) -> bool:
    return check.severity == "critical"


def _broken(batch: Batch, rule: Any) -> Iterator[ds.Dataset]:
    """The batch's rows with one value that `rule`, and it alone, must notice; one dataset per bound of a range."""
    from expectations.scan import scan

    if rule.severity == "warning":
        return
    asked = rule.arguments
    rows = scan(batch.rows, batch.rules, batch.key).sample.to_pylist()
    assert rows, batch.name
    kind, column = rule.type, asked["column"]
    if kind == "expect_column_values_to_be_unique":
        unique = {other.arguments["column"] for other in batch.rules if other.type == kind}
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


def _with(rows: list[dict[str, Any]], column: str, value: Any) -> ds.Dataset:
    return _dataset([{**rows[0], column: value}, *rows[1:]])


def _with_twin(rows: list[dict[str, Any]], column: str, unique: set[str]) -> ds.Dataset:
    """One more row like the first, which of the unique columns shares only `column` with it."""
    twin = {
        other: re.sub(r"([0-9a-f]{24,})?$", lambda found: "e" * len(found[0]) or "~", rows[0][other], count=1)
        for other in unique - {column}
    }
    return _dataset([*rows, {**rows[0], **twin}])


def _dataset(rows: list[dict[str, Any]]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist(rows))


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
    frames = Views({key: table for key, table in tables(rows).items() if key in seen}, tables({stage: [old]}))
    suite, params = resolve(STAGES[stage].suite), resolve(STAGES[stage].params)()
    batches = suite(
        frames, gate=resolve(STAGES[stage].limits)(), **{name: getattr(params, name) for name in limits_of(suite)}
    )
    assert _failing(audit(stage, batches, "run-1", tmp_path / "audits")) == noticed


@pytest.mark.parametrize(("group", "noticed"), [("grp_" + "9" * 24, set[str]()), (None, {"groups_distilled_before"})])
@pytest.mark.parametrize("place", ["gold/distilled", "gold/distilled_refused"])
def test_a_group_that_had_an_end_gets_no_other(
    group: str | None, noticed: set[str], place: str, audited: Audited, tmp_path: Path
) -> None:
    rows = everything(tmp_path)
    old = {**rows[place][0], "group_id": group or rows["gold/distilled"][0]["group_id"]}
    before = tables({"gold/distilled": list[Any](), "gold/distilled_refused": list[Any](), place: [old]})
    assert _failing(audited("gold/distilled", tables(rows), before=before)) == noticed


@pytest.mark.parametrize("stage", STAGES)
def test_a_suite_takes_by_name_only_what_the_stages_params_have(stage: str) -> None:
    suite, params = resolve(STAGES[stage].suite), resolve(STAGES[stage].params)
    assert set(limits_of(suite)) <= set(params.model_fields)
    assert len(inspect.signature(suite).parameters) == 2 + len(limits_of(suite))


def test_a_budget_in_tokens_counts_four_bytes_as_one(tmp_path: Path) -> None:
    from expectations.suites.budget import within_budget

    rows = tables(everything(tmp_path))["gold/training_set"]  # three of 11 + 9 bytes: 5 tokens each
    found = {rule.name: rule.figure() for rule in within_budget(rows, 14, "tokens", 1.0, {}) if rule.figure}
    assert found == {"within_budget": 15, "sources_over_their_share": 1, "licence_classes_over_their_share": 0}
