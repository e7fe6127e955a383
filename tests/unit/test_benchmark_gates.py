"""What is measured of gates: every published stage, by its own suite and params, beside the seconds that its run took."""

from pathlib import Path

from lakes import publish, small_lake

from benchmarks.gates_beside import broken, of_lake


def test_each_published_stage_is_audited_again_and_the_lake_stays(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="bronze/passages")
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    found = list(of_lake(lake))
    assert [one["stage"] for one in found] == ["bronze/instructions", "bronze/passages"]
    assert all(one["checks"] > 10 and one["stage_seconds"] == 1.5 and one["gate_seconds"] > 0 for one in found)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_of_a_stage_that_grew_the_run_on_all_rows_is_measured(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="bronze/passages")
    before = [one["rows"] for one in of_lake(lake)]
    publish(lake, "bronze/passages", [], run_id="later", grown=True)
    assert [one["rows"] for one in of_lake(lake)] == before


def test_a_gate_may_take_a_second_over_a_thousand_rows_and_a_tenth_of_its_stage_over_more() -> None:
    small, large = {"rows": 1_000, "share": 0.9}, {"rows": 1_001, "gate_seconds": 60.0}
    assert not broken({**small, "gate_seconds": 1.0}) and broken({**small, "gate_seconds": 1.1})
    assert not broken({**large, "share": 0.1}) and broken({**large, "share": 0.11})
    assert not broken({"stage": "silver/groups", "not_measured": "new rows alone"})
