"""Taking back: rows leave every place of the lake, stay away, and nothing else is lost. Whether words are gone is told by plain means."""

import bz2
import gzip
import json
import lzma
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from lakes import ROWS, publish, raw_id, rec, small_lake

from lake.books.lineage import explain
from lake.cli.main import main
from lake.errors import StageFailed, UserError
from lake.harness.job import JobContext
from lake.harness.plan import plan, reasons_to_run
from lake.harness.profiles import load_profile
from lake.harness.run import run_stage
from lake.ids import content_id, sha256_text
from lake.landing.register import Entry, register, registered
from lake.stages import STAGES
from lake.storage.attempts import attempt
from lake.storage.report import CheckReport, StageReport
from lake.storage.store import Lake
from lake.storage.tombstones import Order, taken_back, unfinished_orders
from lake.tables import TABLES
from lake.takeback import taking
from lake.takeback.erasing import erase_order
from lake.takeback.hashes import known_again
from lake.takeback.references import ABOUT, MADE_OF, WHOLE
from lake.takeback.searching import places_of
from lake.takeback.taking import TakenBack, finish, forget, withdraw
from reports.exported import export
from reports.release import ReleaseParams, release

WORDS = "fifteen minutes with the lid on"  # of the row rice_time, and of the item fused from it
STAYS = "Yeast makes gas"
WHY = "asked for by its author"
COPIES = ("lines.jsonl", "list.json.gz")
TEXT = "Cooking rice?\nSimmer the rice for fifteen minutes with the lid on."
# whatever names one of these is of the row or its copies, of its group, or of what was made of that
MARKS = (
    *(raw_id(name)[4:] for name in ("rice_time", *COPIES)),
    content_id("grp", "rice"),
    content_id("dst", "rice"),
    sha256_text(TEXT),
)


def standing(root: Path, words: str) -> list[str]:
    """The files below `root` in which the words stand, whatever their case, by reading each as what its name says."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return [str(path.relative_to(root)) for path in files if any(words.lower() in text.lower() for text in texts(path))]


def texts(path: Path) -> Iterator[str]:
    yield path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".parquet" and "torn" not in path.name:
        yield str(pq.ParquetFile(path).read().to_pylist())
        yield str(pq.read_metadata(path).to_dict())
    elif path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes()).decode()
    elif path.suffix == ".db":
        with closing(sqlite3.connect(path)) as connection:
            yield "\n".join(connection.iterdump())


def contents(lake: Lake) -> dict[str, list[str]]:
    """Every row of every table, in the version that readers use, as text."""
    there = [key for key in TABLES if lake.version(key) is not None]
    return {key: sorted(map(repr, lake.dataset(key).to_table().to_pylist())) for key in there}


def line(answer: str) -> bytes:
    return json.dumps({"instruction": "Cooking rice?", "output": answer}).encode()


def table(key: str, *rows: Mapping[str, object]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[key].schema)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lake as it is."""
    root = tmp_path_factory.mktemp("plain") / "lake"
    small_lake(root)
    return root


@pytest.fixture
def lake(plain: Path, tmp_path: Path) -> Lake:
    """A copy of the small lake for one test."""
    return Lake(str(copytree(plain, tmp_path / "lake")))


def plant(lake: Lake, root: Path) -> None:
    """Puts the words in every kind of place: old versions, dead runs, landed copies, caches, pages, reports of attempts, a release."""
    released = root / "artifacts" / "releases" / "current" / "run" / "train.parquet"
    released.parent.mkdir(parents=True)
    pq.write_table(lake.dataset("gold/training_set").to_table(), released)
    publish(
        lake, "releases/current", [{"release": "mixlake", "path": str(released), "sha256": "0", "size": 1, "rows": 2}]
    )
    # in an older version alone, as after a rebuild without its file
    others = [row for row in ROWS["silver/instructions"] if row["id"] != rec("rice_time")]
    sides = {side: ROWS.get(side, ()) for side in STAGES["silver/instructions"].sides}
    publish(lake, "silver/instructions", others, sides, run_id="later")
    dead = root / "silver" / "instructions" / "made-dead"
    dead.mkdir()
    pq.write_table(table("silver/instructions", *ROWS["silver/instructions"]), dead / "part-0.parquet")
    (dead / "torn.parquet").write_bytes(b"PAR1" + WORDS.encode())
    # maintenance by another writer: a checkpoint repeats the log, and OPTIMIZE notes the least and the greatest text
    grown = [{**row, "id": rec("rice_time"), "text": f"{WORDS}."} for row in ROWS["silver/unique_instructions"][:1]]
    publish(lake, "silver/unique_instructions", grown, run_id="grown", grown=True)
    DeltaTable(lake.uri("silver/unique_instructions")).optimize.compact()
    DeltaTable(lake.uri("silver/groups")).create_checkpoint()
    lake.append(WHOLE, table(WHOLE, {"request_id": "r", "text": WORDS}), "txn")
    for place in (
        "journals/m/a.jsonl",
        "unfinished/gold/mixture/x.txt",
        "checkpoints/dead/rdd-1/part-0",
        "reports/report.html",
        "audits/data_docs/x.html",
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(f"<p>{WORDS}</p>", encoding="utf-8")
    check = CheckReport(batch="b", expectation="e", passed=False, severity="warning", observed=WORDS, examples=(WORDS,))
    told = StageReport(
        stage="silver/groups", status="published", run_id="r", audit_page="x.html", inputs={"a": 3}, checks=(check,)
    )
    (root / "audits" / "silver-groups" / "r.json").write_text(told.model_dump_json(), encoding="utf-8")
    line = {
        "stage": "silver/groups",
        "run": "r",
        "at": "yesterday",
        "verdict": "warned",
        "page": "r.html",
        "checks": 9,
        "failed": 1,
    }
    (root / "audits" / "silver-groups" / "history.jsonl").write_text(f"{json.dumps(line)}\n", encoding="utf-8")


def land(lake: Lake, root: Path) -> None:
    """Two landed copies of the row, one of lines and one from which nothing can be cut, with the rows that were read from them."""
    folder = root / "landing" / "raw" / "workshop"
    folder.mkdir(parents=True)
    lines, listed = (folder / name for name in COPIES)
    lines.write_bytes(line(STAYS) + b"\n" + line(WORDS) + b"\n")
    listed.write_bytes(gzip.compress(b"[" + line(WORDS) + b"]"))
    register(lake, *(Entry(str(path), "workshop", "CC0-1.0") for path in (lines, listed)))
    known = next(row for row in ROWS["bronze/instructions"] if row["id"] == raw_id("rice_time"))
    read = [(lines, line(WORDS)), (listed, line(WORDS) + b" ")]  # as the container wrote it anew
    rows = [{**known, "id": raw_id(path.name), "uri": str(path), "raw": raw} for path, raw in read]
    publish(lake, "bronze/instructions", rows, run_id="landed", grown=True)


class Forgotten(NamedTuple):
    """The planted lake after its row was forgotten, what was told, and the versions and rows that were there before."""

    lake: Lake
    told: TakenBack
    versions: Mapping[str, int | None]
    rows: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def forgotten(tmp_path_factory: pytest.TempPathFactory) -> Forgotten:
    root = tmp_path_factory.mktemp("planted") / "lake"
    lake = small_lake(root)
    plant(lake, root)
    land(lake, root)
    assert len(standing(root, WORDS)) > 15
    versions, rows = {key: lake.version(key) for key in TABLES}, contents(lake)
    return Forgotten(lake, forget(lake, [rec("rice_time")], WHY), versions, rows)


def test_the_words_are_in_no_file_and_every_other_row_is_there(forgotten: Forgotten) -> None:
    lake = forgotten.lake
    assert standing(Path(lake.root), WORDS) == []
    after = contents(lake)
    for key in set(forgotten.rows) - {WHOLE}:
        assert after[key] == [row for row in forgotten.rows[key] if not any(mark in row for mark in MARKS)], key
    assert any(len(after[key]) < len(forgotten.rows[key]) for key in ("silver/groups", "gold/training_set"))


def test_versions_stay_and_their_logs_tell_what_is_in_their_files(forgotten: Forgotten) -> None:
    lake = forgotten.lake
    for key, version in forgotten.versions.items():
        assert lake.version(key) == version or key == "landing/tombstones"
        for at in range(lake.newest(key) + 1) if key != "landing/tombstones" else ():
            files = DeltaTable(lake.uri(key), version=at).file_uris()
            assert lake.row_count(key, at) == sum(pq.read_metadata(file).num_rows for file in files)
            sizes = pa.table(DeltaTable(lake.uri(key), version=at).get_add_actions(flatten=True))
            assert all(
                (Path(lake.uri(key)) / path).stat().st_size == size
                for path, size in zip(sizes["path"].to_pylist(), sizes["size_bytes"].to_pylist(), strict=True)
            )
    older = lake.dataset("silver/instructions", 0).to_table(["id"])["id"].to_pylist()
    assert rec("rice_time") not in older and rec("bread") in older


def test_what_was_made_with_it_is_named_and_made_anew(forgotten: Forgotten) -> None:
    told, lake = forgotten.told, forgotten.lake
    assert told.rows == {"workshop": 3} and told.copies == 2
    assert (told.releases, told.models, told.searched) == (["mixlake"], [], 1)
    assert told.outside == ["file:workshop.jsonl"]
    profile = load_profile("demo")
    for key in ("silver/groups", "gold/distilled", "gold/training_set", "releases/current"):
        assert key in told.made_anew
        assert reasons_to_run(lake, STAGES[key], profile) == ["rows that were made with what was taken back are gone"]
    assert [entry.scope for entry in plan(lake, [STAGES["silver/groups"]], profile)] == ["everything"]
    assert "silver/embeddings" not in told.made_anew


def test_a_landed_copy_of_lines_loses_the_line_and_any_other_goes(forgotten: Forgotten) -> None:
    folder = Path(forgotten.lake.root) / "landing" / "raw" / "workshop"
    assert (folder / COPIES[0]).read_bytes() == line(STAYS) + b"\n"
    assert not (folder / COPIES[1]).exists()
    assert forgotten.told.removed_files == [str(folder / COPIES[1])]


def test_the_report_of_an_attempt_keeps_what_was_decided(forgotten: Forgotten) -> None:
    report = attempt(forgotten.lake, "silver/groups", "r")
    assert report is not None and report.inputs == {"a": 3} and len(report.warned) == 1


def test_the_history_of_a_gate_stays_without_the_pages(forgotten: Forgotten) -> None:
    place = Path(forgotten.lake.root) / "audits" / "silver-groups"
    (line,) = map(json.loads, (place / "history.jsonl").read_text(encoding="utf-8").splitlines())
    assert (line["run"], line["verdict"], line["checks"], line["failed"], line["page"]) == ("r", "warned", 9, 1, "")


def test_it_is_remembered_without_its_words_and_known_again(forgotten: Forgotten) -> None:
    lake = forgotten.lake
    assert explain(lake, rec("rice_time")).model_dump(include={"outcome", "reason"}) == {
        "outcome": "withdrawn",
        "reason": WHY,
    }
    taken = taken_back(lake.root, lake.version("landing/tombstones"))
    rows = [
        {"id": raw_id("elsewhere"), "raw": line(WORDS)},  # the same bytes
        {
            "id": raw_id("a table"),
            "raw": b"Cooking rice?,...",
            "messages": next(row for row in ROWS["silver/instructions"] if row["id"] == rec("rice_time"))["messages"],
        },
        {
            "id": raw_id("another"),
            "raw": line(STAYS),
            "messages": [{"role": "user", "content": "Cooking rice?"}, {"role": "assistant", "content": STAYS}],
        },
        {"id": raw_id("rice_time"), "raw": b""},  # of a file that cannot be read
    ]
    (batch,) = table("bronze/instructions", *rows).to_batches()
    assert known_again(batch, taken).to_pylist() == [True, True, False, False]


def test_the_release_that_held_it_is_gone_and_refused_by_its_name(forgotten: Forgotten, tmp_path: Path) -> None:
    lake = forgotten.lake
    with pytest.raises(UserError, match=r"The release mixlake held rows that were taken back on .* and is gone"):
        export(lake, tmp_path / "out")
    context, inputs = JobContext(lake, "run", tmp_path), {"gold/training_set": lake.dataset("gold/training_set")}
    with pytest.raises(StageFailed, match=r"it is not made again under this name; .*mixlake-2"):
        list(release(inputs, ReleaseParams(name="mixlake"), context))


def test_a_source_is_withdrawn_with_its_files_and_models_that_read_it_are_named(lake: Lake) -> None:
    told = withdraw(lake, "almanac", WHY)
    assert told.rows == {"almanac": 5}
    assert told.models == ["sft-1", "grpo-1"] or sorted(told.models) == ["grpo-1", "sft-1"]
    assert not [file for file in registered(lake) if file["source"] == "almanac"]
    assert contents(lake)["gold/mixture"] == [] == contents(lake)["silver/passages"]
    assert "gold/mixture" in told.made_anew and "silver/groups" not in told.made_anew
    assert standing(Path(lake.root), "The moon pulls the sea") == []


def test_what_another_source_has_too_stays_with_its_vector(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    with pytest.raises(SystemExit, match="0"):  # rice_water of pantry says what rice_copy of workshop says
        main(["withdraw", "pantry", "--reason", WHY, "--json"])
    said = capsys.readouterr()
    (told,) = json.loads(said.out)
    assert told["rows"] == {"pantry": 6} and told["tables"]["silver/instructions"] == 4
    assert "Taken back: 6 of pantry. They do not come back" in said.err
    assert "outside of the lake, not changed: file:pantry.jsonl" in said.err
    taken = taken_back(lake.root, lake.version("landing/tombstones"))
    water, copy = (
        row for row in ROWS["bronze/instructions"] if row["id"] in (raw_id("rice_water"), raw_id("rice_copy"))
    )
    (batch,) = table("bronze/instructions", water, copy).to_batches()
    assert known_again(batch, taken).to_pylist() == [True, False], "what another source has, too, stays its own"
    kept = lake.dataset("silver/embeddings").to_table(["text_hash"])["text_hash"].to_pylist()
    assert sha256_text("How do I cook rice?\nUse two cups of water for one cup of rice.") in kept
    assert sha256_text("Paint?\nTwo coats.") not in kept


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [(["raw_0"], "'raw_0' is no id of a raw row"), (["grp_" + "0" * 24], "`mixlake explain` names the raw rows"),
     ([raw_id("bread"), "raw_" + "0" * 24], "There is no raw row 'raw_0+' in this lake: nothing was taken back")],
)  # fmt: skip
def test_what_is_not_there_takes_nothing_back(lake: Lake, ids: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        forget(lake, ids, WHY)
    with pytest.raises(UserError, match="The source 'nowhere' gave no row and no file"):
        withdraw(lake, "nowhere", WHY)
    assert not lake.exists("landing/tombstones")


# Kills the process without a last word at the n-th file that takes the place of another.
KILLED = """
import os, signal, sys
from pyarrow import fs
from lake.storage import leases
from lake.storage.store import Lake
from lake.takeback.taking import forget
leases.LEASE_EXPIRES_AFTER = 1  # for this long the next command waits for one that was killed
lake, left = Lake(sys.argv[1]), int(sys.argv[3])
class Files(fs.LocalFileSystem):
    def move(self, *places):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        super().move(*places)
lake.files = Files()
forget(lake, [sys.argv[2]], "why")
"""


@pytest.mark.parametrize("moved", [1, 12])
def test_killed_in_the_middle_it_is_gone_on_with(lake: Lake, moved: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(lake)
    command = [sys.executable, "-c", KILLED, lake.root, raw_id("rice_time"), str(moved)]
    assert subprocess.run(command, env=dict(os.environ), check=False).returncode == -signal.SIGKILL
    assert len(unfinished_orders(lake)) == 1
    with pytest.raises(StageFailed, match="rows are being taken back"):
        run_stage(STAGES["gold/mixture"], load_profile("demo"), lake)
    (told,) = finish(lake)
    assert told.order.reason == "why" and finish(lake) == []
    assert standing(Path(lake.root), WORDS) == []
    after = contents(lake)
    for key in set(before) - {WHOLE}:
        assert after[key] == [row for row in before[key] if not any(mark in row for mark in MARKS)], key


COMMANDS = {
    "row": ["forget", raw_id("rice_time").replace("raw_", "rec_")],
    "other": ["forget", raw_id("bread")],
    "source": ["withdraw", "pantry"],
}


@pytest.mark.parametrize(
    ("killed", "then", "held"), [("row", "row", WORDS), ("row", "other", WORDS), ("source", "source", "Two coats")]
)
def test_the_next_order_goes_on_with_one_that_was_killed(
    lake: Lake, killed: str, then: str, held: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def erased_and_killed(lake: Lake, order: Order) -> dict[str, int]:
        erase_order(lake, order)
        raise KeyboardInterrupt

    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(taking, "erase_order", erased_and_killed)
        main([*COMMANDS[killed], "--reason", WHY])
    assert len(unfinished_orders(lake)) == 1
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*COMMANDS[then], "--reason", "another reason"])
    said = " ".join(capsys.readouterr().err.split())
    assert not ended.value.code, said
    assert "finished: the order of" in said and f"({WHY})" in said and "They do not come back" in said
    assert ("Nothing was searched for" in said) == (then != "other"), "what is erased already has no words to look for"
    assert unfinished_orders(lake) == [] and standing(Path(lake.root), held) == []


def test_every_table_says_by_which_column_its_rows_are_found() -> None:
    # figures, names of files and decisions, in which no words of a row stand
    wordless = {
        "landing/files", "silver/student_fidelity", "silver/rating_predictors",
        "models/student_embedder", "models/distiller_sft", "models/distiller_grpo", "models/in_service", "reports/evaluation",
        "reports/evaluation_comparisons", "releases/current", "upkeep/removals",
    }  # fmt: skip
    found = {key for key, one in TABLES.items() if set(one.columns) & {*ABOUT, *MADE_OF}}
    assert set(TABLES) - found == wordless | {WHOLE}


def test_words_are_found_in_whatever_they_lie(tmp_path: Path) -> None:
    said = 'the "last" word, naïve'
    root = tmp_path / "lake"
    root.mkdir()
    (root / "a.txt").write_bytes(b"x" * (2**20 - 5) + said.encode())  # across two blocks
    (root / "b.json").write_text(json.dumps([said]))
    (root / "c.html").write_text("<p>the &quot;last&quot; word, naïve</p>", encoding="utf-8")
    (root / "d.gz").write_bytes(gzip.compress(gzip.compress(said.encode())))
    (root / "e.csv").write_bytes(said.encode("utf-16"))
    (root / "d.bz2").write_bytes(bz2.compress(said.encode()))
    (root / "d.xz").write_bytes(lzma.compress(said.encode()))
    (root / "d.zst").write_bytes(pa.compress(said.encode(), "zstd", asbytes=True))
    with zipfile.ZipFile(root / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(root / "d.gz", "inside.gz")
    with tarfile.open(root / "d.tar", "w") as archive:
        archive.add(root / "d.bz2", "inside.bz2")
    pq.write_table(pa.table({"x": [["y"], [said]]}), root / "f.parquet", compression="zstd")
    with closing(sqlite3.connect(root / "g.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (?)", ("z" * 5000 + said,))
        connection.commit()
    (root / "h.txt").write_text("another word")
    (root / "i.gz").write_bytes(b"\x1f\x8bno gzip")
    found = [Path(place).name for _, place in places_of(Lake(str(root)), [said, "no such words"])]
    archives = [f"d.{kind}" for kind in ("bz2", "gz", "tar", "xz", "zip", "zst")]
    assert sorted(found) == ["a.txt", "b.json", "c.html", *archives, "e.csv", "f.parquet", "g.db"]
