"""Settings: what the environment says, and the sentence that a wrong value gets."""

from pathlib import Path

import pytest

from lake.errors import UserError
from lake.settings import project_folder, settings, shipped


def test_a_port_that_is_none_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLAKE_PAGES_PORT", "abc")
    with pytest.raises(UserError, match="MIXLAKE_PAGES_PORT is 'abc': a port is a whole number from 1 to 65535"):
        settings()


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("SPARK_MASTER", "lokal[2]", r"is 'lokal\[2\]': allowed are local\[\*\]"),
        ("SPARK_MASTER", "local[0]", "N cores"),
        ("SPARK_MASTER", "host:7077", "spark://HOST:PORT"),
        ("SPARK_MASTER", "sc://host:15002", "Spark Connect"),
        ("DRIVER_MEMORY", "plenty", "is 'plenty': allowed is a whole number of megabytes"),
        ("DRIVER_MEMORY", "4", "such as 512m"),
        ("DRIVER_MEMORY", "2gb", "or 2g"),
        ("DRIVER_MEMORY", "300m", "the least"),
    ],
)
def test_what_spark_could_not_be_started_with_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str, said: str
) -> None:
    monkeypatch.setenv(f"MIXLAKE_{name}", written)
    with pytest.raises(UserError, match=f"MIXLAKE_{name} .*{said}"):
        settings()


@pytest.mark.parametrize(
    ("master", "memory"),
    [
        ("local", "512m"),
        ("local[2]", "2G"),
        ("local[*, 3]", "1024M"),
        ("k8s://https://a:1", "1t"),
        ("spark://a:1,b:2", "20g"),
        ("yarn", ""),
        ("", "1g"),
    ],
)
def test_what_spark_takes_is_given_to_it_as_written(monkeypatch: pytest.MonkeyPatch, master: str, memory: str) -> None:
    monkeypatch.setenv("MIXLAKE_SPARK_MASTER", master)
    monkeypatch.setenv("MIXLAKE_DRIVER_MEMORY", memory)
    here = settings()
    assert (here.spark_master, here.driver_memory) == (master or "local[*]", memory or "2g")


@pytest.mark.parametrize("written", ["59", "-1", "ten", "600.5", ""])
def test_a_wait_that_is_none_or_too_short_to_tell_a_dead_run_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("MIXLAKE_LEASE_WAIT", written)
    with pytest.raises(
        UserError, match=f"MIXLAKE_LEASE_WAIT is '{written}': a wait is a whole number of seconds, 60 at"
    ):
        settings()


@pytest.mark.parametrize(
    "written", ["spark.executor.memory=8g; spark.executor.extraJavaOptions=-Da=b -Dc=d;", "conf", ""]
)
def test_spark_settings_are_given_in_one_line_or_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str
) -> None:
    (tmp_path / "conf").write_text(
        "# of the cluster\nspark.executor.memory   8g\n\nspark.executor.extraJavaOptions = -Da=b -Dc=d\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIXLAKE_SPARK_CONF", written)
    expected = {"spark.executor.memory": "8g", "spark.executor.extraJavaOptions": "-Da=b -Dc=d"}
    assert settings().spark_conf == (expected if written else {})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("absent.conf", "MIXLAKE_SPARK_CONF is 'absent.conf', which cannot be read .*: give settings, such as spark"),
        ("executor.memory=8g", "'executor.memory=8g' is no Spark setting: allowed are spark.NAME=VALUE"),
        ("spark.executor.memory=", "'spark.executor.memory=' is no Spark setting"),
        ("spark.a=1;spark.b", "'spark.b' is no Spark setting"),
    ],
)
def test_spark_settings_that_are_none_get_a_sentence(monkeypatch: pytest.MonkeyPatch, written: str, said: str) -> None:
    monkeypatch.setenv("MIXLAKE_SPARK_CONF", written)
    with pytest.raises(UserError, match=said):
        settings()


@pytest.mark.parametrize("name", ["MIXLAKE_ROOT", "MIXLAKE_CACHE", "DAGSTER_HOME"])
@pytest.mark.parametrize(
    ("written", "why"),
    [("~nobody-here/x", "Could not determine home"), ("loop/x", "Symlink loop"), ("a" * 300, "File name too long")],
)
def test_a_place_where_nothing_can_lie_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, written: str, why: str
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, written)
    with pytest.raises(UserError, match=f"{name} is .*: nothing can lie there: {why}"):
        settings()


def test_a_variable_that_is_empty_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ROOT", "PROFILE", "CACHE", "SPARK_CONF", "SHARED"):
        monkeypatch.setenv(f"MIXLAKE_{name}", "")
    here = settings()
    assert (here.root, here.profile, here.cache.name, here.shared) == (
        str(tmp_path / ".mixlake"),
        "demo",
        "mixlake",
        (),
    )


@pytest.mark.parametrize("written", ["me", "team:", "gold=", "golden=team:data", "a@b"])
def test_owners_that_are_none_get_a_sentence(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("MIXLAKE_OWNERS", f"team:data {written}")
    with pytest.raises(UserError, match=f"MIXLAKE_OWNERS: '{written}' is no owner: .*; layers are landing, bronze"):
        settings()


def test_what_comes_with_the_code_lies_at_the_top_of_a_checkout() -> None:
    for name in ("recipes", "requirements/cpu.txt", "workspace.yaml", "dagster.yaml"):
        assert shipped(name) == project_folder() / name
        assert shipped(name).exists()
