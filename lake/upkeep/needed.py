"""Which versions of each table somebody still needs: readers of now, stages that have not read them yet, and releases."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lake.harness.new_rows import last_read
from lake.stages import STAGES
from lake.storage.artifacts import read_artifact
from lake.storage.log import versions
from lake.storage.store import Lake
from lake.tables import TABLES

_RELEASES = "releases/current"
Versions = dict[str, set[int]]


def needed_versions(lake: Lake, since: datetime) -> Versions:
    """By table: the versions that readers use, that a stage read last or has still to read, that a release's manifest names, or that
    were committed `since`."""
    needed: Versions = defaultdict(set)
    for table, numbers in (*_of_now(lake), *_of_stages(lake), *_of_releases(lake)):
        needed[table] |= numbers
    for table in TABLES:
        needed[table] |= {version.number for version in versions(lake, table) if version.moment >= since}
    return needed


def _of_now(lake: Lake) -> Iterator[tuple[str, set[int]]]:
    for table in TABLES:
        version = lake.version(table)
        if version is not None:
            yield table, {version, lake.newest(table)}


def _of_stages(lake: Lake) -> Iterator[tuple[str, set[int]]]:
    """What each stage read last and all that came after it; of a stage that never ran, all of its inputs."""
    for stage in STAGES.values():
        last = last_read(lake, stage)
        for table in (*stage.inputs, *stage.optional):
            if lake.exists(table):
                yield table, set(range(last.inputs.get(table, 0) if last else 0, lake.newest(table) + 1))
        published = lake.publication(stage.key)
        if published:
            yield from _named({stage.key: published[1].model_dump() | {"version": published[0]}})


def _of_releases(lake: Lake) -> Iterator[tuple[str, set[int]]]:
    """What the manifests of all releases name whose files are still there."""
    for version, _ in lake.publications(_RELEASES) if lake.exists(_RELEASES) else ():
        for path in lake.dataset(_RELEASES, version).to_table(["path"])["path"].to_pylist():
            content = read_artifact(lake, path) if path.endswith("manifest.json") else None
            if content is not None:
                yield from _named(json.loads(content)["tables"])


def _named(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, set[int]]]:
    for key, made in tables.items():
        for table, version in ({key: made["version"]} | made["inputs"] | made["sides"]).items():
            yield table, {version}
