"""What the tests of planning and of growth share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakes import small_lake

import lake.harness.plan
from lake.storage.store import Lake


@pytest.fixture
def current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A small lake whose tables are what their inputs, params and code give."""
    lake_ = small_lake(tmp_path, "silver/groups")
    monkeypatch.setattr(lake.harness.plan, "code_hash", lambda stage: "c" * 16)
    monkeypatch.setattr(lake.harness.plan, "hash_json", lambda content: "p" * 16)
    yield lake_
