"""A lake of which a file was cut off, emptied, lost or overwritten: each command says which, in one sentence, and leaves the rest alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake.exceptions import CommitFailedError
from lakes import small_lake
from pyarrow import ArrowInvalid

from lake.cli.main import main
from lake.errors import StageFailed, UserError
from lake.storage.places import told_in_a_sentence

KEY = "silver/groups"
Damage = Callable[[Path], object]


def newest(place: Path, ending: str) -> Path:
    """The last file of a folder, by name."""
    return max(place.rglob(f"*{ending}"))


def of_rows(change: Damage) -> Damage:
    return lambda table: change(newest(table, ".parquet"))


def of_the_log(change: Damage) -> Damage:
    return lambda table: change(newest(table / "_delta_log", ".json"))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _overwritten(file: Path) -> None:
    file.write_bytes(b"\x00\xffnothing of ours\n")


def _of_somebody_else(file: Path) -> None:
    file.write_text(file.read_text().replace('\\"run_id\\"', '\\"run\\"'))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize("damage", [of_rows(change) for change in (_cut, _emptied, _overwritten, Path.unlink)])
def test_damaged_rows_get_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: Damage
) -> None:
    lake = small_lake(tmp_path / "lake", last=KEY)
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    member = lake.dataset(KEY).to_table()["id"][0].as_py()
    damage(tmp_path / "lake" / KEY)
    for command in (("show", KEY), ("explain", member)):
        code, err = told(capsys, *command)
        assert code == 1 and err.count("\n") == 1, command
        assert err.startswith(f"A file of the lake {lake.root} is damaged or gone: ") and "silver-groups.parquet" in err


@pytest.mark.parametrize("damage", [of_the_log(change) for change in (_cut, _emptied, _overwritten, _of_somebody_else)])
def test_a_damaged_commit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: Damage
) -> None:
    lake = small_lake(tmp_path / "lake", last=KEY)
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    commit = newest(tmp_path / "lake" / KEY / "_delta_log", ".json").relative_to(lake.root)
    damage(tmp_path / "lake" / KEY)
    for command in (("show", KEY), ("status",), ("ledger",), ("run", "--dry-run")):
        assert told(capsys, *command) == (
            1,
            f"The commit {commit} of the lake is damaged: put it back from a copy of the lake\n",
        ), command


@pytest.mark.parametrize("damage", [of_the_log(_cut), of_the_log(_overwritten)])
def test_a_damaged_log_of_registrations_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: Damage
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    (tmp_path / "a.jsonl").write_text('{"instruction": "x", "output": "y"}\n')
    ingest = ("ingest", str(tmp_path / "a.jsonl"), "--source", "notes", "--licence", "MIT")
    assert told(capsys, *ingest)[0] == 0
    damage(tmp_path / "lake" / "landing" / "files")
    for command in (ingest, ("show", "landing/files")):
        code, err = told(capsys, *command)
        assert code == 1 and err.count("\n") == 1, command
        assert err.startswith(f"A file of the lake {tmp_path / 'lake'} is damaged or gone: ")


@pytest.mark.parametrize("damage", [_cut, _emptied, _overwritten])
def test_a_damaged_report_of_an_attempt_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: Damage
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path))
    report = tmp_path / "audits" / "unpublished" / "silver-groups.json"
    report.parent.mkdir(parents=True)
    report.write_text('{"stage": "silver/groups", ' + '"run_id": "x",' * 50)
    damage(report)
    code, err = told(capsys, "rejected")
    assert code == 1 and err.startswith("audits/unpublished/silver-groups.json of the lake is damaged: ")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OSError(28, "No space left on device", "/lake/x"), StageFailed, "No space left on device: /lake/x"),
        (PermissionError(13, "Permission denied", "/lake/x"), StageFailed, "Permission denied: /lake/x"),
        (NotADirectoryError(20, "Not a directory", "/lake/x"), UserError, "Not a directory: /lake/x"),
        (OSError("Generic LocalFileSystem error: ... (os error 30)"), StageFailed, "Read-only file system: Generic"),
    ],
)
def test_what_a_disk_answers_gets_a_sentence(tmp_path: Path, error: OSError, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said), told_in_a_sentence(lambda: str(tmp_path)):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "No such file or directory", "template.html.j2"),
        ArrowInvalid("Could not convert 'x' with type str: tried to convert to int64"),
        ArrowInvalid("Could not open Parquet input source '/elsewhere/mine.parquet': Parquet magic bytes not found"),
        ArrowInvalid("Not enough of the lake: a deltalake/ of somebody else is at /home/lake/x"),
        CommitFailedError("Transaction failed: a concurrent transaction deleted the same data of /lake"),
    ],
)
def test_what_is_no_damage_of_the_lake_keeps_its_trace(error: Exception) -> None:
    with pytest.raises(type(error)), told_in_a_sentence(lambda: "/lake"):
        raise error
