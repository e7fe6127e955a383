"""The archive of Spark's classes: a session maps it into memory, and does without one that is not Java's."""

import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark.sql import SparkSession

from lake.engines import class_archive as class_archives
from lake.engines.class_archive import class_archive, make_class_archive
from lake.engines.jars import delta_jars
from lake.errors import UserError
from lake.settings import settings

MAPPED = """
import sys
from pathlib import Path
from spark_jobs.session import spark_session
session = spark_session([Path(jar) for jar in sys.argv[2:]], master="local[1]", driver_memory="1g", classes=Path(sys.argv[1]))
maps = Path(f"/proc/{session._jvm.ProcessHandle.current().pid()}/maps")
print(session.range(5).count(), sys.argv[1] in maps.read_text())
"""


def found(archive: Path) -> tuple[str, str]:
    """What a session with this archive counts, whether it has mapped the file, and what is said besides."""
    jars = map(str, delta_jars(settings().cache))
    done = subprocess.run(
        [sys.executable, "-c", MAPPED, str(archive), *jars], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip(), done.stderr


def test_a_session_maps_the_archive_that_setup_makes(spark: SparkSession) -> None:
    archive = class_archive(settings().cache)
    assert archive.exists(), "make setup makes it"
    java = spark._jvm.ProcessHandle.current().pid()  # pyright: ignore[reportOptionalMemberAccess]
    assert str(archive) in Path(f"/proc/{java}/maps").read_text()
    assert make_class_archive(settings().cache) == archive, "and it is made once"


def test_an_environment_that_is_reached_by_a_link_has_the_same_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, archive = distribution("pyspark"), class_archive(tmp_path)
    (tmp_path / "link").symlink_to(str(installed.locate_file("")))
    linked = SimpleNamespace(version=installed.version, locate_file=lambda name: tmp_path / "link" / name)
    monkeypatch.setattr(class_archives, "distribution", lambda _: linked)
    assert class_archive(tmp_path) == archive


@pytest.mark.long
def test_a_folder_with_a_blank_serves_and_what_is_no_archive_is_left_alone_without_a_word(tmp_path: Path) -> None:
    archive = tmp_path / "a cache" / "spark.jsa"
    archive.parent.mkdir()
    shutil.copyfile(class_archive(settings().cache), archive)
    counted, said = found(archive)
    assert counted == "5 True"
    archive.write_text("no archive")
    assert found(archive) == ("5 False", said)
    assert found(tmp_path / "absent.jsa") == ("5 False", said)


def test_a_session_that_does_not_start_leaves_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_archives, "delta_jars", lambda _: [tmp_path / "none.jar"])
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"Spark did not start to have its classes archived: .*"):
        make_class_archive(tmp_path)
    assert list((tmp_path / "java").iterdir()) == []
