"""Write - audit - publish on disk: what is staged is invisible, what is published is atomic, a repeat changes nothing."""

from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pyarrow import fs

from lake.engines.frames import frames_for
from lake.errors import StageFailed, UserError
from lake.harness.inputs import RunInputs
from lake.stages import STAGES
from lake.storage.attempts import newest_attempt, record_attempt
from lake.storage.commits import NO_TABLE
from lake.storage.publication import FORMAT, Publication, now
from lake.storage.report import StageReport
from lake.storage.store import Lake
from lake.tables import TABLES
from lake.tables.schema import Columns

KEY, SIDE = "silver/quality", "silver/unrated"


def publication(run_id: str, **more: Any) -> Publication:
    stated = {"stage": KEY, "published_at": now(), "inputs": {}, "params_hash": "p", "code_hash": "c", "suite": "s"}
    return Publication.model_validate(stated | {"run_id": run_id} | more)


def scores(*ids: str) -> pa.Table:
    rows = [
        {"id": i, "score": 1.0, "uncertainty": 0.0, "neighbour_score": 0.0, "judges": 1, "high": False} for i in ids
    ]
    return pa.Table.from_pylist(rows, schema=TABLES[KEY].schema)


def exits(*ids: str) -> pa.Table:
    rows = [{"id": i, "source": "s", "outcome": "unrated", "reason": "judge_failed", "detail": ""} for i in ids]
    return pa.Table.from_pylist(rows, schema=TABLES[SIDE].schema)


def ids(lake: Lake, version: int | None = None) -> list[str]:
    return sorted(lake.dataset(KEY, version).to_table(columns=["id"])["id"].to_pylist())


def test_staged_rows_are_invisible_until_published(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    first = lake.write(KEY, "run-a", scores("rec_1"))
    assert lake.version(KEY) is None
    assert lake.publish(first, publication("a")) == 0
    lake.write(KEY, "run-b", scores("rec_2"))
    assert ids(lake) == ["rec_1"]


def test_overwrite_replaces_and_older_versions_stay(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.publish(lake.write(KEY, "run-a", scores("rec_1", "rec_2")), publication("a"))
    assert lake.publish(lake.write(KEY, "run-b", scores("rec_3")), publication("b")) == 1
    assert ids(lake) == ["rec_3"]
    assert ids(lake, 0) == ["rec_1", "rec_2"]


def test_the_same_run_publishes_once(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    staged = lake.write(KEY, "run-a", scores("rec_1"))
    lake.publish(staged, publication("a"))
    lake.publish(lake.write(KEY, "run-b", scores("rec_2")), publication("b"))
    again = lake.publish(staged, publication("b"))
    assert again == 1
    assert ids(lake) == ["rec_2"]


def test_no_rows_is_a_version_too(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.publish(lake.write(KEY, "run-a", scores()), publication("a"))
    assert lake.version(KEY) == 0
    assert ids(lake) == []


def test_append_adds_and_its_repeat_does_not(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    row = dict.fromkeys(TABLES["cache/generations"].schema.names)
    rows = pa.Table.from_pylist([row | {"request_id": "r1"}], schema=TABLES["cache/generations"].schema)
    assert lake.append("cache/generations", rows, "t1") == 0
    lake.append("cache/generations", rows, "t2")
    lake.append("cache/generations", rows, "t2")
    assert lake.dataset("cache/generations").count_rows() == 2


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    folder = tmp_path / KEY / "run-x"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"id": ["rec_1"]}), folder / "part.parquet")
    with pytest.raises(ValueError, match="silver/quality declares"):
        lake.staged(KEY, "run-x")


def test_side_tables_are_read_at_the_version_published_with_their_owner(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    side = lake.publish(lake.write(SIDE, "run-a", exits("rec_9")), publication("a"))
    assert lake.version(SIDE) is None, "a crash between the side table and its owner must leave nothing visible"
    lake.publish(lake.write(KEY, "run-a", scores("rec_1")), publication("a", sides={SIDE: side}))
    assert lake.version(SIDE) == 0
    lake.publish(lake.write(SIDE, "run-b", exits("rec_9")), publication("b"))
    assert lake.version(SIDE) == 0


def test_rows_that_grew_are_added_in_side_tables_too(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    side = lake.publish(lake.write(SIDE, "run-a", exits("rec_8")), publication("a"))
    lake.publish(lake.write(KEY, "run-a", scores("rec_1")), publication("a", sides={SIDE: side}))
    # a crash between the two commits: rows that no commit of the owner names
    lake.publish(lake.write(SIDE, "run-b", exits("rec_9")), publication("b", grown=True))
    side = lake.publish(lake.write(SIDE, "run-c", exits("rec_9")), publication("c", grown=True))
    lake.publish(lake.write(KEY, "run-c", scores("rec_2")), publication("c", grown=True, sides={SIDE: side}))
    assert ids(lake) == ["rec_1", "rec_2"]
    assert sorted(lake.dataset(SIDE).to_table()["id"].to_pylist()) == ["rec_8", "rec_9"]
    lake.publish(lake.write(KEY, "run-d", scores("rec_3")), publication("d"))
    assert ids(lake) == ["rec_3"], "a run on everything replaces the table"


def test_maintenance_commits_are_not_publications(tmp_path: Path) -> None:
    from deltalake import DeltaTable

    lake = Lake(str(tmp_path))
    staged = lake.write(KEY, "run-a", scores("rec_1"))
    lake.publish(staged, publication("a"))
    DeltaTable(lake.uri(KEY)).optimize.compact()
    DeltaTable(lake.uri(KEY)).vacuum(dry_run=False, retention_hours=1000, enforce_retention_duration=False)
    assert lake.version(KEY) == 0


def test_a_lake_of_another_format_is_refused_in_a_sentence(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.publish(lake.write(KEY, "run-a", scores("rec_1")), publication("a", format=FORMAT + 1))
    with pytest.raises(UserError, match=f"format {FORMAT + 1}"):
        lake.version(KEY)


def test_the_newest_attempt_is_kept(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert newest_attempt(lake, KEY) is None
    for run_id in ("a", "b"):
        record_attempt(lake, StageReport(stage=KEY, status="rejected", run_id=run_id))
    newest = newest_attempt(lake, KEY)
    assert newest is not None
    assert newest.run_id == "b"


def test_of_two_runs_that_began_at_the_same_version_one_publishes(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.publish(lake.write(KEY, "run-a", scores("rec_1")), publication("a"))
    seen = lake.newest(KEY)
    staged = {run: lake.write(KEY, f"run-{run}", scores(f"rec_{run}")) for run in "bc"}
    barrier, failed = Barrier(2), list[str]()

    def publish(run: str) -> None:
        barrier.wait()
        try:
            Lake(str(tmp_path)).publish(staged[run], publication(run, grown=True), seen)
        except StageFailed as error:
            failed.append(f"{run}: {error}")

    threads = [Thread(target=publish, args=[run]) for run in "bc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [told] = failed
    assert f"another run published {KEY} meanwhile" in told
    winner = "c" if told.startswith("b") else "b"
    assert ids(lake) == sorted(["rec_1", f"rec_{winner}"])


def test_of_two_first_runs_one_publishes(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    staged = [lake.write(KEY, f"run-{run}", scores(f"rec_{run}")) for run in "ab"]
    assert lake.publish(staged[0], publication("a"), NO_TABLE) == 0
    with pytest.raises(StageFailed, match="meanwhile"):
        lake.publish(staged[1], publication("b"), NO_TABLE)
    assert ids(lake) == ["rec_a"]


def test_maintenance_since_the_run_began_stops_its_commit_too(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for run in "ab":
        lake.publish(lake.write(KEY, f"run-{run}", scores(f"rec_{run}")), publication(run, grown=True))
    seen, staged = lake.newest(KEY), lake.write(KEY, "run-c", scores("rec_c"))
    lake.delta(KEY).optimize.compact()
    with pytest.raises(StageFailed, match="meanwhile"):
        lake.publish(staged, publication("c", grown=True), seen)


@pytest.mark.parametrize("commits", [1, 3, 40])
def test_the_newest_publication_is_found_below_any_number_of_maintenance_commits(tmp_path: Path, commits: int) -> None:
    lake = Lake(str(tmp_path))
    lake.publish(lake.write(KEY, "run-a", scores("rec_1")), publication("a"))
    for _ in range(commits):
        DeltaTable(lake.uri(KEY)).alter.set_table_name("touched")
    published = lake.publication(KEY)
    assert published is not None
    assert (published[0], published[1].run_id) == (0, "a")


class AppendSide:
    """A stage and a side table of it that only ever appends: what its runs publish, and how many rows readers then see of the side."""

    def __init__(self, root: Path, side: str) -> None:
        self.lake, self.side, self.owner = Lake(str(root)), side, TABLES[side].side_of or ""

    def dies_before_its_own_commit(self, run: str, **more: Any) -> int:
        """A run that publishes one row of the side table and no more."""
        return self._publish(self.side, run, **more)

    def publishes(self, run: str, **more: Any) -> None:
        at = self.dies_before_its_own_commit(run, **more)
        self._publish(self.owner, run, sides={self.side: at}, **more)

    def _publish(self, key: str, run: str, **more: Any) -> int:
        row = dict.fromkeys(TABLES[key].schema.names) | {TABLES[key].id: run}
        staged = self.lake.write(key, f"run-{run}", pa.Table.from_pylist([row], TABLES[key].schema))
        return self.lake.publish(staged, publication(run, **more).model_copy(update={"stage": self.owner}))

    def rows(self) -> list[str]:
        column = TABLES[self.side].id
        return sorted(self.lake.dataset(self.side).to_table(columns=[column])[column].to_pylist())


APPEND_SIDES = [key for key, table in TABLES.items() if table.side_of and table.mode == "append"]


@pytest.mark.parametrize("grown", [True, False], ids=["new rows", "rebuild"])
@pytest.mark.parametrize("side", APPEND_SIDES)
def test_an_append_side_returns_to_the_version_its_owner_names(tmp_path: Path, side: str, grown: bool) -> None:
    stage = AppendSide(tmp_path, side)
    stage.publishes("a")
    stage.dies_before_its_own_commit("b", grown=grown)
    assert stage.rows() == ["a"], "rows that no commit of the owner names"
    stage.dies_before_its_own_commit("c", grown=grown)
    stage.publishes("d", grown=grown)
    assert stage.rows() == ["a", "d"]


@pytest.mark.parametrize("side", APPEND_SIDES)
def test_an_append_side_of_an_owner_that_never_published_begins_anew(tmp_path: Path, side: str) -> None:
    stage = AppendSide(tmp_path, side)
    stage.dies_before_its_own_commit("a")
    stage.dies_before_its_own_commit("b")
    stage.publishes("c")
    assert stage.rows() == ["c"]


def test_what_delta_rejects_is_not_told_as_another_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(str(tmp_path))
    lake.publish(lake.write(KEY, "run-a", scores("rec_1")), publication("a"))
    staged, seen = lake.write(KEY, "run-b", scores("rec_2")), lake.newest(KEY)

    class Rejecting(DeltaTable):
        def create_write_transaction(self, *arguments: Any, **named: Any) -> None:
            raise DeltaError("no space left")

    monkeypatch.setattr("lake.storage.commits.DeltaTable", Rejecting)
    with pytest.raises(DeltaError, match="no space left"):
        lake.publish(staged, publication("b", grown=True), seen)


class History:
    """models/champion, published under columns that may be others for a while."""

    key = "models/champion"

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lake, self._monkeypatch, self._declared = Lake(str(folder)), monkeypatch, TABLES[self.key]

    def declare(self, columns: Columns) -> None:
        for module in ("lake.storage.store", "lake.storage.staging", "test_store"):
            self._monkeypatch.setattr(
                f"{module}.TABLES", dict(TABLES) | {self.key: replace(self._declared, columns=columns)}
            )

    def publish(self, run: str) -> None:
        row = pa.Table.from_pylist([{"model": run}], schema=TABLES[self.key].schema)
        staged, seen = self.lake.write(self.key, f"run-{run}", row), self.lake.newest(self.key)
        self.lake.publish(staged, publication(run, stage=self.key), seen)

    def publish_without_audit(self, run: str) -> None:
        """As a mixlake did that did not know the column."""
        self.declare({name: told for name, told in TABLES[self.key].columns.items() if name != "audit"})
        self.publish(run)
        self._monkeypatch.undo()

    def models(self) -> list[str]:
        return sorted(self.lake.dataset(self.key).to_table(columns=["model"])["model"].to_pylist())


def test_a_history_of_columns_that_were_changed_is_made_anew_and_never_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, columns = History(tmp_path, monkeypatch), TABLES[History.key].columns
    history.declare({**columns, "number": (pa.string(), "of another type")})
    history.publish("a")
    history.publish("b")
    assert history.models() == ["a", "b"] and history.lake.has_declared_columns(history.key)
    monkeypatch.undo()
    assert not history.lake.has_declared_columns(history.key)
    history.publish("c")
    history.publish("d")
    assert history.models() == ["c", "d"] and history.lake.has_declared_columns(history.key)


def test_a_history_that_gained_a_column_is_kept_and_has_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promotions, pins and spent tries of a lake are none the less true since a newer mixlake tells more of them."""
    history = History(tmp_path, monkeypatch)
    history.publish_without_audit("a")
    frames = frames_for("arrow", history.lake)
    given = RunInputs(history.lake, frames, {}, None).for_job(STAGES[history.key])[history.key].to_table()
    assert given["model"].to_pylist() == ["a"] and given["audit"].to_pylist() == [None]
    history.publish("b")
    history.publish("c")
    assert history.models() == ["a", "b", "c"]
    # as others read it: from the log alone
    assert "audit" in [field.name for field in DeltaTable(history.lake.uri(history.key)).schema().fields]


def test_a_run_that_was_killed_once_a_history_had_its_new_column_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(tmp_path, monkeypatch)
    history.publish_without_audit("a")

    class Killed(DeltaTable):
        def create_write_transaction(self, *arguments: Any, **named: Any) -> None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("lake.storage.commits.DeltaTable", Killed)
        history.publish("b")
    assert history.models() == ["a"]
    history.publish("c")
    assert history.models() == ["a", "c"]


def test_rows_are_read_without_python_in_arrows_threads(lake: Lake) -> None:
    """A thread of Arrow that lets go of a Python buffer while the interpreter ends aborts the process: exit code 134 after all was done."""
    files = lake.dataset(next(key for key in TABLES if lake.exists(key))).filesystem
    assert isinstance(files, fs.SubTreeFileSystem) and not isinstance(files.base_fs, fs.PyFileSystem)
