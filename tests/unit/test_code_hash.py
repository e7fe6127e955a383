"""The hash of a module covers all that decides what it does, and nothing else."""

from pathlib import Path

import pytest

from lake.harness import code_hash as code


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two modules, of which the first imports the second."""
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake/first.py").write_text("from lake.second import rule\n")
    (tmp_path / "lake/second.py").write_text("def rule(): return 1\n")
    monkeypatch.setattr(code, "project_folder", lambda: tmp_path)
    return tmp_path


def _hash() -> str:
    for kept in (code.source_hash, code._imports, code._told, code._tree):
        kept.cache_clear()
    return code.source_hash("lake.first")


def test_what_an_imported_module_says_counts_and_how_it_is_laid_out_does_not(project: Path) -> None:
    before = _hash()
    (project / "lake/second.py").write_text("# a remark\ndef rule():\n    return 1\n")
    assert _hash() == before
    (project / "lake/second.py").write_text("def rule(): return 2\n")
    assert _hash() != before


def test_how_tables_are_opened_and_written_is_not_what_a_job_does() -> None:
    closure = code._closure("spark_jobs.ingest.job")
    assert "spark_jobs.columnar.worker_files" in closure and not closure & {
        "lake.engines.spark",
        "lake.storage.store",
        "lake.storage.staging",
    }


def test_the_digest_of_the_rules_covers_what_they_know_of_words() -> None:
    assert {
        "texts.rubric",
        "texts.coded_words",
        "texts.words",
        "texts.spelling",
        "inference.rules.distil",
    } <= code._closure("inference.engines.rules")
