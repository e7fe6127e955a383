"""What a plan and a status ask of an object store, on a lake of a thousand commits a table."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from buckets import Served, served
from lakes import publish, small_lake

import lake.harness.plan
from lake.harness.plan import plan
from lake.harness.profiles import Profile
from lake.harness.status import status
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES

PROFILE = Profile("test", "", {})
NEWEST = 1_000  # commits came after the first
AT_MOST = 60


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """`s3://bucket/lake`, whose every table is what its inputs give, and was committed to a thousand times."""
    monkeypatch.setattr(lake.harness.plan, "code_hash", lambda stage: "c" * 16)
    monkeypatch.setattr(lake.harness.plan, "hash_json", lambda content: "p" * 16)
    whole = small_lake(tmp_path)
    for key in ("releases/current", "upkeep/removals"):
        publish(whole, key, ())
    with served() as there:
        for name, value in there.environment.items():
            monkeypatch.setenv(name, value)
        for path in (path for path in tmp_path.rglob("*") if path.is_file()):
            there.objects[f"lake/{path.relative_to(tmp_path)}"] = path.read_bytes()
        for key in TABLES:
            if whole.exists(key):
                _grow(there, key)
        yield there


def _grow(there: Served, key: str) -> None:
    """Moves what the one commit of a table says of itself into the last of a thousand more, which say nothing."""
    log = f"lake/{key}/_delta_log"
    lines = [json.loads(line) for line in there.objects[f"{log}/{0:020}.json"].splitlines()]
    told = json.loads(next(line for line in lines if "commitInfo" in line)["commitInfo"].get("userMetadata", "{}"))
    told |= {name: dict.fromkeys(told[name], NEWEST) for name in ("inputs", "sides") if name in told}
    for version in range(1, NEWEST + 1):
        info = {"operation": "WRITE", "timestamp": version} | (
            {"userMetadata": json.dumps(told)} if version == NEWEST else {}
        )
        there.objects[f"{log}/{version:020}.json"] = json.dumps({"commitInfo": info}).encode()


def test_a_plan_asks_each_table_once(stored: Served) -> None:
    planned = plan(Lake("s3://bucket/lake"), list(STAGES.values()), PROFILE)
    assert {(entry.action, entry.version) for entry in planned} == {("nothing_to_do", NEWEST)}, planned
    assert len(stored.asked) < AT_MOST, Counter(stored.asked).most_common(10)
    assert max(Counter(request for request in stored.asked if request[0] == "GET").values()) == 1


def test_a_status_asks_as_little(stored: Served) -> None:
    states = status(Lake("s3://bucket/lake"), PROFILE)
    assert {(state.version, state.up_to_date) for state in states} == {(NEWEST, True)}
    assert len(stored.asked) < AT_MOST, Counter(stored.asked).most_common(10)
