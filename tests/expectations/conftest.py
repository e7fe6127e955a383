"""What the tests of the gate share; also puts this folder on the path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from suite_batches import batches_of

if TYPE_CHECKING:
    from expectations.gate import Audit


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., Audit]:
    """Runs a stage's whole suite on frames by table key."""
    from expectations.gate import audit

    def run(
        stage: str,
        frames: Mapping[str, Any],
        before: Mapping[str, Any] | None = None,
        last: Mapping[str, Any] | None = None,
    ) -> Audit:
        return audit(stage, batches_of(stage, frames, before, last), "run-1", tmp_path / "audits")

    return run
