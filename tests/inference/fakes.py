"""Job contexts and inputs for tests, and an embedder without a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from inference.text_engines.scripted import ScriptedEngine
from lake.harness.job import ArrowRows, JobContext
from lake.ids import sha256_text
from lake.storage.store import Lake
from lake.tables import TABLES


def context(folder: Path) -> JobContext:
    """The context of a run in an empty lake under `folder`."""
    return JobContext(Lake(str(folder / "lake")), "run-1", folder)


def dataset(key: str, rows: Sequence[dict[str, Any]]) -> ds.Dataset:
    """Rows of the table `key` as a dataset; columns that a row leaves out are null."""
    return ds.dataset(pa.Table.from_pylist(list(rows), schema=TABLES[key].schema))


def collected(produced: ArrowRows) -> dict[str, list[dict[str, Any]]]:
    """What a job yielded, by table, sorted by the table's id; the columns are checked to be the declared ones."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for key, table in produced:
        assert table.schema.equals(TABLES[key].schema)
        found[key] += table.to_pylist()
    return {key: sorted(rows, key=lambda row: row[TABLES[key].id]) for key, rows in found.items()}


def asked_penalties(monkeypatch: pytest.MonkeyPatch) -> set[float]:
    """The frequency penalties that the scripted engine is asked for from here on: filled as it answers."""
    asked: set[float] = set()
    answer = ScriptedEngine.generate

    def noting(self: ScriptedEngine, requests: Any) -> Any:
        requests = list(requests)
        asked.update(request.frequency_penalty for request in requests)
        return answer(self, requests)

    monkeypatch.setattr(ScriptedEngine, "generate", noting)
    return asked


def asked_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the scripted engine is asked to rate from here on: filled as it answers."""
    asked: list[str] = []
    answer = ScriptedEngine.generate

    def noting(self: ScriptedEngine, requests: Any) -> Any:
        requests = list(requests)
        asked.extend(request.payload["text"] for request in requests)
        return answer(self, requests)

    monkeypatch.setattr(ScriptedEngine, "generate", noting)
    return asked


class WordEmbedder:
    """Unit vectors in which equal words, and only they, bring texts together."""

    digest = "words"
    dimension = 64

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        vectors = np.array([self._counts(text) for text in texts], np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def _counts(self, text: str) -> list[float]:
        at = [int(sha256_text(word)[:8], 16) % self.dimension for word in text.lower().split()]
        return [float(at.count(place)) for place in range(self.dimension)]
