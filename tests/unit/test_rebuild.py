"""A release is made again from the lake alone, byte for byte, or a sentence says why not."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from lakes import ROWS, publish, raw_id, rec, small_lake
from released_files import contents

import reports.rebuild
from lake.cli.main import main
from lake.errors import UserError
from lake.harness.profiles import load_profile
from lake.harness.run import run_stage
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.takeback.taking import forget
from reports.exported import export, folder
from reports.rebuild import rebuild

RELEASE, SET = "releases/current", "gold/training_set"
WHY = "asked for by its author"


def run(lake: Lake) -> None:
    assert run_stage(STAGES[RELEASE], load_profile("demo"), lake).status == "published"


def later(lake: Lake) -> None:
    """What comes after a release: new raw rows, other groups, another distiller, another training set, and its release."""
    publish(
        lake,
        "bronze/instructions",
        [{**ROWS["bronze/instructions"][0], "id": raw_id("later")}],
        run_id="later",
        grown=True,
    )
    for key in ("silver/groups", "models/champion", "gold/distilled"):
        publish(lake, key, ROWS[key], {side: ROWS.get(side, ()) for side in STAGES[key].sides}, run_id="later")
    publish(lake, SET, ROWS[SET][:1], {"gold/training_set_exits": ROWS["gold/training_set_exits"]}, run_id="later")
    publish(lake, "reports/evaluation", ROWS["reports/evaluation"][:1], run_id="later")
    run(lake)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, Path]]:
    """A lake with two releases of one name, and the files of the first as they were exported."""
    root = tmp_path_factory.mktemp("twice")
    lake = small_lake(root / "lake")
    run(lake)
    export(lake, root / "first")
    later(lake)
    yield lake, root / "first"


@pytest.fixture
def lake(twice: tuple[Lake, Path], tmp_path: Path) -> Iterator[Lake]:
    """The same lake, put back afterwards: its tables name the files of its releases by their places."""
    lake = twice[0]
    copytree(lake.root, tmp_path / "kept")
    yield lake
    rmtree(lake.root)
    copytree(tmp_path / "kept", lake.root)


def test_every_file_of_an_older_release_is_the_same_again(twice: tuple[Lake, Path], tmp_path: Path) -> None:
    lake, first = twice
    told = rebuild(lake, "mixlake@0", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(first)
    assert {row["path"] for row in told} == set(contents(first))
    assert contents(folder(lake)) != contents(first)
    rebuild(lake, "mixlake", tmp_path / "newest")
    assert contents(tmp_path / "newest") == contents(folder(lake))


def test_it_needs_no_file_of_the_old_release(lake: Lake, twice: tuple[Lake, Path], tmp_path: Path) -> None:
    for name in ("audits", "artifacts"):
        for path in sorted((Path(lake.root) / name).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    rebuild(lake, "mixlake@0", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(twice[1])


@pytest.mark.parametrize("named", ["other", "mixlake@7", "No name"])
def test_an_unknown_name_is_told_with_those_there_are(twice: tuple[Lake, Path], tmp_path: Path, named: str) -> None:
    with pytest.raises(
        UserError, match=rf"There is no release '{named}' in this lake: there are mixlake@1, mixlake@0$"
    ):
        rebuild(twice[0], named, tmp_path / "again")


def test_a_version_that_is_not_kept_is_named(lake: Lake, tmp_path: Path) -> None:
    (gone,) = lake.file_paths(SET, 0)
    (Path(lake.uri(SET)) / gone).unlink()
    with pytest.raises(
        UserError,
        match=r"The release mixlake@0 cannot be made again: version 0 of gold/training_set is not kept any more",
    ):
        rebuild(lake, "mixlake@0", tmp_path / "again")
    assert not (tmp_path / "again").exists()
    rebuild(lake, "mixlake", tmp_path / "newest")


def test_other_code_is_told_part_by_part(
    twice: tuple[Lake, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = reports.rebuild.code_parts(STAGES[RELEASE])
    monkeypatch.setattr(reports.rebuild, "code_hash", lambda stage: "other")
    monkeypatch.setattr(reports.rebuild, "code_parts", lambda stage: parts | {"reports.card": "0" * 12})
    with pytest.raises(
        UserError, match=rf"made by other code than this, .*: in reports.card \({parts['reports.card']} then, 0+ now\)$"
    ):
        rebuild(twice[0], "mixlake", tmp_path / "again")


def test_what_held_taken_rows_is_refused_and_offered_without_them(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forget(lake, [raw_id("bread")], WHY)
    with pytest.raises(
        UserError, match=rf"The release mixlake@0 held rows .* \({WHY}\): it is not made again; .*--as NEW"
    ):
        rebuild(lake, "mixlake@0", tmp_path / "again")
    with pytest.raises(UserError, match="is that of another release"):
        rebuild(lake, "mixlake@0", tmp_path / "again", "mixlake")
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    with pytest.raises(SystemExit) as left:
        main(["release", "--rebuild", "mixlake@0", "--as", "mixlake-2", "--out", str(tmp_path / "again")])
    assert left.value.code == 0
    found = contents(tmp_path / "again")
    assert not any(b"Yeast makes gas" in content or rec("bread").encode() in content for content in found.values())
    assert b"simmer for fifteen minutes" in found["jsonl/messages/train-00000.jsonl"]
    assert b"pretty_name: mixlake-2" in found["README.md"]


def test_a_card_that_counts_taken_rows_is_not_passed_off_as_the_same(lake: Lake, tmp_path: Path) -> None:
    forget(lake, [raw_id("saw")], WHY)
    with pytest.raises(
        UserError,
        match=r"would not be the same bytes, in README.md, manifest.json: rows that it counts were taken back since",
    ):
        rebuild(lake, "mixlake@0", tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--as", "new"], "--as names what --rebuild makes: give --rebuild NAME, too"),
        (
            ["--rebuild", "mixlake", "--push", "out"],
            "--push puts the newest release somewhere, and --rebuild makes one again",
        ),
    ],
)
def test_options_that_do_not_go_together_are_told(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["release", *given])
    assert left.value.code == 2
    assert told in capsys.readouterr().err
