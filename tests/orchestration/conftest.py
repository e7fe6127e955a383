"""A lake that is current up to its embeddings, so that silver/ratings - rules, no JVM, no model - is what has to run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakes import RULES_ALONE, small_lake

from lake.storage.store import Lake


@pytest.fixture
def rated_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """The lake, as this process's MIXLAKE_ROOT; Dagster's home is inside it."""
    root = tmp_path / "lake"
    monkeypatch.setenv("MIXLAKE_ROOT", str(root))
    monkeypatch.setenv("MIXLAKE_PROFILE", RULES_ALONE)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    yield small_lake(root, last="silver/embeddings")
