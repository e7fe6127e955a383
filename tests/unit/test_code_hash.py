"""The hash of a stage or module covers all that decides what its code does, and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake.harness import code_hash as code
from lake.harness import parsed_code
from lake.settings import project_folder
from lake.stages import STAGES

_CACHES = (code.code_hash, code._imports, code._parsed)


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """Hashes of edited files must not outlive their test."""
    yield
    _forget()


def _forget() -> None:
    for cached in _CACHES:
        cached.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two modules, of which the first imports the second."""
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake/first.py").write_text("from lake.second import rule\n")
    (tmp_path / "lake/second.py").write_text("def rule(): return 1\n")
    monkeypatch.setattr(code, "project_folder", lambda: tmp_path)
    return tmp_path


def _hash() -> bytes:
    _forget()
    return b"".join(code._parsed(module).code for module in sorted(code.module_closure("lake.first")))


def test_what_an_imported_module_does_counts_and_how_it_is_laid_out_or_described_does_not(project: Path) -> None:
    before = _hash()
    (project / "lake/second.py").write_text('"""A module."""\n# a remark\ndef rule():\n    """One."""\n    return 1\n')
    assert _hash() == before
    (project / "lake/second.py").write_text("def rule(): return 2\n")
    assert _hash() != before


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this project's packages, whose files a test may edit."""
    for package in sorted(code._PACKAGES):
        shutil.copytree(project_folder() / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "project_folder", lambda: tmp_path)
    return tmp_path


def _hashes() -> dict[str, str]:
    _forget()
    return {key: code.code_hash(stage) for key, stage in STAGES.items()}


_GROUPING = {"silver/groups"}


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("texts/licences.py", _GROUPING | {"gold/training_set"}),
        ("texts/embed/fidelity.py", {"silver/embeddings", "models/student_embedder"}),
        ("texts/words.py", None),
        (
            "lake/storage/student.py",
            {
                "silver/embeddings",
                "silver/quality",
                "silver/groups",
                "gold/heldout_answers",
                "gold/training_set",
                "models/student_embedder",
            },
        ),
        ("lake/harness/run.py", set[str]()),
        ("lake/harness/job.py", set[str]()),
        ("lake/storage/store.py", set[str]()),
        ("lake/cli/render.py", set[str]()),
        ("spark_jobs/group/job.py", _GROUPING),
    ],
)
def test_an_edit_makes_exactly_the_stages_run_again_that_use_the_file(
    copy: Path, edited: str, expected: set[str] | None
) -> None:
    before = _hashes()
    with (copy / edited).open("a") as file:
        file.write("\n_EDITED = True\n")
    changed = {key for key, now in _hashes().items() if now != before[key]}
    if expected is None:  # what judges, names, builds and checks words; no stage that only moves rows
        assert {"silver/instructions", "silver/ratings", "gold/mixture", "gold/distilled"} <= changed
        assert not changed & {"bronze/instructions", "silver/unique_instructions", "silver/embeddings"}
    else:
        assert changed == expected


def test_a_better_docstring_anywhere_makes_no_stage_run_again(copy: Path) -> None:
    before = _hashes()
    for path in sorted(copy.rglob("*.py")):
        text = path.read_text()
        if text.startswith('"""'):
            path.write_text('"""Told better. ' + text.removeprefix('"""'))
    assert _hashes() == before


def test_how_tables_are_opened_and_written_is_not_what_a_job_does() -> None:
    closure = code.module_closure("spark_jobs.ingest.job")
    assert "spark_jobs.columnar.worker_files" in closure
    assert not closure & {"lake.engines.spark", "lake.storage.store", "lake.storage.staging"}


@pytest.mark.parametrize("edited", ["lake/tables/reasons.py", "lake/engines/keys.py", "lake/engines/batches.py"])
def test_what_decides_rows_or_verdicts_counts_wherever_it_stands(copy: Path, edited: str) -> None:
    before = _hashes()
    with (copy / edited).open("a") as file:
        file.write("\n_EDITED = True\n")
    assert _hashes()["silver/unique_instructions"] != before["silver/unique_instructions"]


def test_a_module_is_parsed_once_on_a_machine_and_never_taken_for_another(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLAKE_CACHE", str(tmp_path / "cache"))
    before = _hash()
    kept = sorted((tmp_path / "cache/code").iterdir())
    assert len(kept) == 2
    with monkeypatch.context() as without_parser:
        without_parser.setattr(parsed_code.ast, "parse", None)
        assert _hash() == before
    (project / "lake/second.py").write_text("def rule(): return 2\n")
    assert _hash() != before
    (project / "lake/second.py").write_text("def rule(): return 1\n")
    for path in kept:
        path.write_bytes(b"half of it")
    assert _hash() == before, "what cannot be read is parsed again"
    monkeypatch.setenv("MIXLAKE_CACHE", "/proc/nowhere")
    assert _hash() == before, "and so it is where nothing can be kept"
