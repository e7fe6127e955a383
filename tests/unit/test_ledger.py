"""The books: every raw row in exactly one place, and a fault in them is seen."""

import json
from pathlib import Path

import pytest
from lakes import ROWS, publish, raw_id, rec, small_lake

from lake.books.ledger import OUTCOMES, SourceLedger, ledger
from lake.cli.main import main
from lake.storage.store import Lake


def of(lake: Lake, source: str) -> SourceLedger:
    return next(entry for entry in ledger(lake).sources if entry.source == source)


def used(entry: SourceLedger) -> dict[str, int]:
    return {outcome: count for outcome, count in entry.outcomes.items() if count}


def test_every_row_has_the_outcome_it_was_given(lake: Lake) -> None:
    told = ledger(lake)
    assert told.balanced
    assert used(of(lake, "pantry")) == {
        "quarantined": 1, "rejected": 1, "distilled_released": 2, "released": 1, "blocked": 1,
    }  # fmt: skip
    assert used(of(lake, "workshop")) == {
        "duplicate": 1, "unrated": 1, "distilled_released": 1, "not_selected": 1, "blocked": 3,
    }  # fmt: skip
    assert used(of(lake, "almanac")) == {"quarantined": 1, "rejected": 1, "mixture_source": 2, "mixture_unused": 1}
    assert of(lake, "pantry").reasons["rejected"] == {"empty_answer": 1}
    assert all(
        tuple(entry.outcomes) == OUTCOMES and sum(entry.outcomes.values()) == entry.raw for entry in told.sources
    )


@pytest.mark.parametrize("last", ["bronze/passages", "silver/unique_instructions", "silver/quality", "gold/distilled"])
def test_what_no_stage_has_read_yet_is_pending(tmp_path: Path, last: str) -> None:
    lake = small_lake(tmp_path, last)
    told = ledger(lake)
    assert told.balanced
    assert of(lake, "pantry").outcomes["pending"] > 0
    assert of(lake, "workshop").outcomes["released"] == 0


def test_rows_that_came_after_a_stage_ran_are_pending(lake: Lake) -> None:
    more = {**ROWS["bronze/instructions"][0], "id": raw_id("newcomer"), "source": "pantry"}
    sides = {"bronze/instructions_quarantine": ROWS["bronze/instructions_quarantine"]}
    publish(lake, "bronze/instructions", [*ROWS["bronze/instructions"], more], sides, run_id="again")
    assert ledger(lake).balanced
    assert of(lake, "pantry").outcomes["pending"] == 1
    assert of(lake, "pantry").reasons["pending"] == {"silver/instructions": 1}


def test_a_lost_row_is_seen_and_is_exit_code_1(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [row for row in ROWS["gold/training_set_exits"] if row["id"] != rec("saw")]
    publish(lake, "gold/training_set", ROWS["gold/training_set"], {"gold/training_set_exits": kept}, run_id="lossy")
    assert not ledger(lake).balanced
    assert of(lake, "workshop").unaccounted == 1
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    with pytest.raises(SystemExit) as ended:
        main(["ledger", "--json"])
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["balanced"] is False


def test_a_row_in_two_places_is_seen(lake: Lake) -> None:
    twice = [*ROWS["gold/training_set_exits"], {**ROWS["gold/training_set_exits"][0], "id": rec("bread")}]
    publish(lake, "gold/training_set", ROWS["gold/training_set"], {"gold/training_set_exits": twice}, run_id="double")
    assert not ledger(lake).balanced
    assert of(lake, "pantry").doubled == 1
