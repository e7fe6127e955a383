"""`mixlake rejected`: what failed, in words; the staged rows; accepting them. The gate itself and Dagster: tests/orchestration."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from lakes import MOMENT, ROWS, small_lake

from lake.cli.main import main
from lake.stages import STAGES
from lake.storage.attempts import record_attempt
from lake.storage.report import CheckReport, StageReport
from lake.storage.store import Lake
from lake.tables import TABLES

KEY = "silver/quality"
FAILED = CheckReport(
    name="scored_and_unrated", sentence="No record is scored and unrated.", batch="figures", expectation="expect_no_such_rows",
    passed=False, observed="3", allowed="at most 0", examples=("id: [bold]x",),
)  # fmt: skip
WARNED = FAILED.model_copy(update={"name": "high_share", "severity": "warning", "sentence": "Some records are high."})


def refuse(lake: Lake, check: CheckReport = FAILED, most: int = 1) -> StageReport:
    """Stages rows of silver/quality, as a run would whose gate then refuses them."""
    rows = {key: ROWS.get(key, ())[:most] for key in STAGES[KEY].outputs}
    tables = {
        key: pa.Table.from_pylist([dict(row) for row in found], schema=TABLES[key].schema)
        for key, found in rows.items()
    }
    staged = {key: lake.write(key, "run-bad", table) for key, table in tables.items()}
    inputs = {table: lake.version(table) or 0 for table in STAGES[KEY].inputs}
    attempt = StageReport(
        stage=KEY, status="rejected", run_id="bad", checks=(check, WARNED), inputs=inputs, audited_at=MOMENT,
        added={key: found.rows for key, found in staged.items()}, staged={key: found.paths for key, found in staged.items()},
        seen={key: lake.newest(key) for key in staged},
    )  # fmt: skip
    record_attempt(lake, attempt)
    return attempt


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    yield small_lake(tmp_path / "lake", last="silver/ratings")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["rejected", *arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, " ".join(err.split())


def test_a_newcomer_sees_what_failed_what_was_allowed_and_what_can_be_done(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys) == (0, "No stage's newest attempt was rejected.\n", "")
    refuse(lake)
    _, listed, _ = told(capsys)
    assert [line.split()[0] for line in listed.splitlines()] == ["stage", KEY]
    code, shown, _ = told(capsys, KEY)
    assert code == 0
    lines = shown.splitlines()
    assert lines[0] == f"{KEY} was rejected in run bad of 2024-05-17 09:30:00 UTC; staged: 1 {KEY}, 1 silver/unrated"
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "check severity must hold observed allowed failing examples",
        "scored_and_unrated critical No record is scored and unrated. 3 at most 0 id: [bold]x",
        "high_share warning Some records are high. 3 at most 0 id: [bold]x",
    ]
    assert f"id: {ROWS[KEY][0]['id']}" in lines
    assert lines[-1].endswith(f"mixlake rejected {KEY} --accept 'why'")
    assert f"id: {ROWS[KEY][0]['id']}" not in told(capsys, KEY, "--rows", "0")[1].splitlines()
    assert told(capsys, KEY, "--rows", "9" * 30)[0] == 0
    _, asked, _ = told(capsys, KEY, "--rows", "1", "--json")
    assert json.loads(asked)["rows"][KEY][0]["id"] == ROWS[KEY][0]["id"]


def test_why_is_told_when_the_staged_rows_are_gone_too(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    """Upkeep removes them after some days, and rows that are taken back leave them."""
    for key, paths in refuse(lake).staged.items():
        for path in paths:
            lake.files.delete_file(lake.path(f"{key}/{path}"))
    code, shown, _ = told(capsys, KEY)
    assert code == 0 and "scored_and_unrated" in shown and f"{KEY}, staged:" not in shown
    code, _, err = told(capsys, KEY, "--rows", "3")
    assert code == 2 and "staged is no" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rows", "3"), "Name the stage"),
        (("silver/bogus",), "There is no stage 'silver/bogus'"),
        (("silver/groups",), f"silver/groups was not rejected; rejected stages: {KEY}"),
        (("silver/groups", "--accept", "x"), "silver/groups was not rejected"),
        ((KEY, "--accept", " "), "Accepting needs a reason"),
    ],
)
def test_a_mistake_gets_one_sentence(
    lake: Lake, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    refuse(lake)
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "") and said in err and "Traceback" not in err


@pytest.mark.parametrize("spoilt", [{"vital": True}, {"evaluated": False}])
def test_what_nobody_can_accept_is_said_before_it_is_tried(
    lake: Lake, capsys: pytest.CaptureFixture[str], spoilt: dict[str, bool]
) -> None:
    refuse(lake, FAILED.model_copy(update=spoilt))
    assert "Nobody can accept these rows: scored_and_unrated" in told(capsys, KEY)[1]
    code, _, err = told(capsys, KEY, "--accept", "please")
    assert code == 2 and "No record is scored and unrated." in err and lake.version(KEY) is None


def test_accepted_rows_are_published_and_dagster_is_told(
    lake: Lake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = list[StageReport]()
    monkeypatch.setattr("dagster_project.lib.launch.tell_published", shown.append)
    (Path(lake.root) / "dagster").mkdir()
    attempt = refuse(lake, most=100)
    code, out, _ = told(capsys, KEY, "--accept", "a known judge")
    assert code == 0 and out.startswith(f"{KEY} is published as version 0, accepted on ") and "a known judge" in out
    assert lake.dataset(KEY).count_rows() == attempt.added[KEY] == len(ROWS[KEY])
    assert [report.accepted and report.accepted.reason for report in shown] == ["a known judge"]
    page = Path(lake.root) / "audits" / "silver-quality" / "bad.html"
    assert "a known judge" in page.read_text(encoding="utf-8")


def test_books_that_do_not_balance_are_not_accepted(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    # of ten records one is scored, and one unrated: eight would have no end
    refuse(lake)
    code, _, err = told(capsys, KEY, "--accept", "right")
    assert code == 1 and "the books do not balance over silver/unique_instructions: 8 lost" in err
    assert lake.version(KEY) is None
