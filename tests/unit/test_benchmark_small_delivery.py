"""The account of a small delivery: parts in order, jobs in the part they began in, and a lake that takes the measured revision for its own."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

from benchmarks.small_delivery import _with, delivery, parts, spark_jobs


def event(name: str, **fields: object) -> str:
    return json.dumps({"Event": f"SparkListener{name}", **fields}) + "\n"


def test_each_part_has_its_seconds_and_the_jobs_that_began_in_it(tmp_path: Path) -> None:
    log = tmp_path / "events" / "local-1"
    log.parent.mkdir()
    log.write_text(
        event("JobStart", **{"Job ID": 0, "Submission Time": 12_000, "Stage IDs": [0, 1]})
        + event("JobStart", **{"Job ID": 1, "Submission Time": 21_000, "Stage IDs": [1, 2]})
        + "".join(event("TaskEnd", **{"Stage ID": stage}) for stage in (0, 0, 1, 2))
    )
    assert list(spark_jobs(log)) == [(12.0, 3), (21.0, 1)]
    for stage, seconds, end in (("b", 4.0, 24.0), ("a", 5.0, 15.0), ("old", 1.0, 3.0)):
        report = tmp_path / "lake" / "audits" / f"silver-{stage}" / "r.json"
        report.parent.mkdir(parents=True)
        report.write_text(json.dumps({"stage": stage, "seconds": seconds, "run_id": "r"}))
        os.utime(report, (end, end))
    half = SimpleNamespace(between=lambda start, end: (end - start) / 2)
    found = list(parts(tmp_path / "lake", log.parent, half, 5.0, 30.0))
    assert [(one["part"], one["seconds"], one["jobs"]) for one in found] == [
        ("until the first stage", 5.0, 0), ("a", 5.0, 1), ("b", 4.0, 1), ("between stages", 5.0, 0), ("after the last stage", 6.0, 0),
    ]  # fmt: skip
    assert sum(one["processor_seconds"] for one in found) == 12.5


def test_a_field_is_replaced_in_json_and_in_json_inside_json() -> None:
    inner = json.dumps({"code_hash": "old", "rows": 3})
    said = json.dumps({"userMetadata": inner, "code_hash": "old", "other": "old"})
    found = json.loads(_with(said, "code_hash", "new"))
    assert (found["code_hash"], found["other"]) == ("new", "old")
    assert json.loads(found["userMetadata"]) == {"code_hash": "new", "rows": 3}
    assert _with("{}", "code_hash", "new") == "{}"


def test_no_two_new_rows_are_alike_and_the_same_number_gives_the_same(tmp_path: Path) -> None:
    for name in ("one", "other"):
        delivery(200, 7, tmp_path / name)
    rows = (tmp_path / "one").read_text().splitlines()
    assert len(set(rows)) == 200 and rows == (tmp_path / "other").read_text().splitlines()
