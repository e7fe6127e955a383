"""What a commit says of itself: the record that makes a table's version traceable, and the no-op check free of a JVM."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from lake.storage.report import Acceptance

FORMAT = 2  # of the lake; raised, with a step in lake.storage.migration, when tables written before can no longer be read as they are
OLDEST = 1  # format from which the steps lead here


class Publication(BaseModel):
    """The metadata of one published version: where its rows came from and what made them."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    stage: str
    run_id: str
    published_at: datetime
    inputs: dict[str, int]
    sides: dict[str, int] = {}
    rows: dict[str, int] = {}  # of each table, as of this version
    added: dict[str, int] = {}  # of those, how many this run wrote
    grown: bool = False  # whether the run was given only the rows that were new
    params_hash: str
    code_hash: str
    suite: str
    warnings: int = 0
    accepted: tuple[
        Acceptance, ...
    ] = ()  # of rows of this version that a gate rejected: why they are published all the same
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}


class Fingerprint(BaseModel):
    """What decides whether a stage has something to do: the same fingerprint gives the same rows."""

    model_config = ConfigDict(frozen=True)

    inputs: dict[str, int]
    params_hash: str
    code_hash: str

    def differences(self, last: "Fingerprint") -> list[str]:
        """Why rows made from `last` are not what this fingerprint would give, in words; empty when they are."""
        changed = [
            f"{table} is at version {version}, was {last.inputs.get(table, 'absent')}"
            for table, version in self.inputs.items()
            if last.inputs.get(table) != version
        ]
        if self.params_hash != last.params_hash:
            changed.append("params changed")
        if self.code_hash != last.code_hash:
            changed.append("code changed")
        return changed


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def hash_json(content: Mapping[str, Any]) -> str:
    """16 hex digits over the canonical JSON of `content`."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def schema_text(schema: pa.Schema) -> str:
    """Names and types in order, as one line: what a code hash takes in of a table."""
    return ", ".join(f"{field.name}: {field.type}" for field in schema)
