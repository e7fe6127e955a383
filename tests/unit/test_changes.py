"""What a release has that an earlier one had not, against sets counted by plain Python."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lakes import ROWS, publish, small_lake

from lake.books.changes import changes
from lake.cli.main import guarded
from lake.errors import UserError
from lake.storage.store import Lake

SET, RELEASE = "gold/training_set", "releases/current"
Row = dict[str, Any]


def example(origin: int, text: str, sources: list[str]) -> Row:
    (first, *_) = ROWS[SET]
    return {**first, "id": f"rel_{origin:012x}{text}", "origin_id": f"rec_{origin:024x}", "sources": sources}


def released(lake: Lake, rows: list[Row], exits: list[Row], run: str) -> int:
    publish(lake, SET, rows, {"gold/training_set_exits": exits}, run_id=run)
    return publish(lake, RELEASE, [], run_id=run)


def drawn(dice: random.Random) -> list[Row]:
    return [
        example(origin, dice.choice("ab"), dice.sample(["almanac", "pantry", "workshop"], dice.randint(1, 2)))
        for origin in dice.sample(range(60), 40)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_examples_are_counted_as_by_hand(tmp_path: Path, seed: int) -> None:
    dice, lake = random.Random(seed), small_lake(tmp_path / "lake", last="reports/evaluation")
    old, new = drawn(dice), drawn(dice)
    after = {row["origin_id"]: row for row in new}
    gone = [row["origin_id"] for row in old if row["origin_id"] not in after]
    exits = [{"id": one, "source": "pantry", "outcome": "not_selected", "reason": "over_budget"} for one in gone[::2]]
    first, second = released(lake, old, [], "first"), released(lake, new, exits, "second")

    found = changes(lake)
    before = {row["origin_id"]: row for row in old}
    became = {
        origin: "came" if origin not in before else "went" if origin not in after
        else "stayed" if before[origin]["id"] == after[origin]["id"] else "changed"
        for origin in before | after
    }  # fmt: skip
    totals = Counter(became.values())
    assert (found.old.version, found.new.version) == (first, second)
    assert {name: getattr(found, name) for name in totals} == totals
    by_source = Counter(
        (source, how) for origin, how in became.items() for source in (after.get(origin) or before[origin])["sources"]
    )
    counted = {(one.source, how): getattr(one, how) for one in found.sources for how in totals if getattr(one, how)}
    assert counted == by_source
    assert found.reasons == {"over_budget": len(exits), "not made any more": len(gone) - len(exits)}


def test_a_release_beside_itself_has_not_changed(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake", last="reports/evaluation")
    version = released(lake, drawn(random.Random(3)), [], "first")
    found = changes(lake, version, version)
    assert (found.came, found.went, found.changed, found.stayed, found.reasons) == (0, 0, 0, 40, {})


def test_what_cannot_be_compared_is_told_in_one_sentence(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake", last="reports/evaluation")
    with pytest.raises(UserError, match="needs two releases, and this lake has none"):
        changes(lake)
    version = released(lake, [], [], "first")
    with pytest.raises(UserError, match="needs two releases, and this lake has 1"):
        changes(lake)
    with pytest.raises(UserError, match=f"There is no release 77: there are {version}"):
        changes(lake, 77, version)


def test_the_command_prints_counts_and_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import typer.main

    from lake.cli.commands import app

    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    lake = small_lake(tmp_path / "lake", last="reports/evaluation")
    released(lake, [example(1, "a", ["pantry"])], [], "first")
    released(lake, [example(2, "a", ["almanac"])], [], "second")
    command = typer.main.get_command(app)
    assert guarded(lambda: command.main(["diff"], prog_name="mixlake", standalone_mode=False)) == 0
    told = capsys.readouterr().out
    assert "1 came, 1 went, 0 changed, 0 stayed." in told and "not made any more" in told
