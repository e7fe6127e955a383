"""The checks of a stage before it has run, told by its suite itself: without rows, without Great Expectations and in milliseconds.

A suite is given tables without rows, and in place of each param that it must know the param's name: so the sentence of a check
reads `Every size is from least_size to most_size.`
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.dataset as ds

from expectations.rules import check_name
from lake.harness.job import Views
from lake.harness.profiles import GATE, resolve
from lake.stages import Stage
from lake.storage.report import Severity
from lake.tables import TABLES


@dataclass(frozen=True)
class Declared:
    """What is known of a check at any time. `severity` is that of the stage's default params, where it hangs on them."""

    name: str
    sentence: str
    expectation: str
    severity: Severity


def declared_checks(stage: Stage) -> list[Declared]:
    """The checks that every run of the stage reports, in order. Raises ValueError where two have one name."""
    tables = _NoRows((*stage.inputs, *stage.outputs))
    suite, limits = resolve(stage.suite), resolve(stage.limits)()
    names = [name for name, one in inspect.signature(suite).parameters.items() if one.kind is one.KEYWORD_ONLY]
    known: dict[str, Any] = {name: _Named(name) for name in names} | {GATE: limits}
    found = [
        Declared(check_name(stage.key, batch, rule), rule.sentence, rule.type, rule.severity)
        for batch in suite(Views(tables, tables), **known)
        for rule in batch.rules
    ]
    twice = {check.name for check in found if sum(other.name == check.name for other in found) > 1}
    if twice:
        raise ValueError(f"Checks of {stage.key} share a name: {', '.join(sorted(twice))}")
    return found


class _NoRows(Mapping[str, ds.Dataset]):
    """Tables of the declared columns without a row."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys

    def __getitem__(self, key: str) -> ds.Dataset:
        if key not in self._keys:
            raise KeyError(key)
        return ds.dataset(TABLES[key].schema.empty_table())

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class _Named:
    """A param of which only the name is known: reckoning with it, or asking for a field, gives a longer name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, field: str) -> _Named:
        return _Named(f"{self._name}.{field}")

    def __add__(self, other: object) -> _Named:
        return _Named(f"{self} + {other}")

    def __sub__(self, other: object) -> _Named:
        return _Named(f"{self} - {other}")

    def __rsub__(self, other: object) -> _Named:
        return _Named(f"{other} - {self}")

    def __rmul__(self, other: object) -> _Named:
        return _Named(f"{other} x {self}")

    def __str__(self) -> str:
        return self._name
