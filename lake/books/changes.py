"""What one release has that another has not: counted by source, and why what is gone is gone.

An example is followed by what it was made from: the same record with another text is changed, not gone and come. A distilled item is
another one whenever its words are. Joins run in DataFusion through deltalake: memory grows with ids, not with texts.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa
from deltalake import QueryBuilder
from pydantic import BaseModel

from lake.errors import UserError
from lake.storage.publication import Publication
from lake.storage.store import Lake

RELEASE, SET = "releases/current", "gold/training_set"


class Release(BaseModel):
    """One version of releases/current: which version of the training set it holds."""

    version: int
    training_set: int
    exits: int | None
    published_at: datetime
    rows: int


class SourceChanges(BaseModel):
    """Examples of a source by what became of them; one of several sources counts for each."""

    source: str
    came: int = 0
    went: int = 0
    changed: int = 0
    stayed: int = 0


class Changes(BaseModel):
    """From one release to another. reasons: why examples went, each once."""

    old: Release
    new: Release
    came: int
    went: int
    changed: int
    stayed: int
    sources: list[SourceChanges]
    reasons: dict[str, int]


def releases(lake: Lake, most: int | None = None) -> list[Release]:
    """The releases of the lake, newest first."""
    found = islice(lake.publications(RELEASE), most) if lake.exists(RELEASE) else ()
    return [_release(lake, version, publication) for version, publication in found]


def changes(lake: Lake, old: int | None = None, new: int | None = None) -> Changes:
    """From release `old` to `new`, by default the last two. Raises UserError where there is none of that version."""
    known = {release.version: release for release in releases(lake)}
    if len(known) < 2 and old is None:
        raise UserError(f"A comparison needs two releases, and this lake has {len(known) or 'none'}")
    newer = _named(known, max(known) if new is None else new)
    before = [version for version in known if version < newer.version]
    older = _named(known, (max(before) if before else newer.version) if old is None else old)
    return _compared(lake, older, newer)


def last_changes(lake: Lake) -> Changes | None:
    """From the last release but one to the last; None where there is no such pair."""
    return changes(lake) if len(releases(lake, 2)) == 2 else None


def _named(known: Mapping[int, Release], version: int) -> Release:
    if version not in known:
        raise UserError(f"There is no release {version}: there are {', '.join(map(str, sorted(known))) or 'none'}")
    return known[version]


def _release(lake: Lake, version: int, publication: Publication) -> Release:
    held = publication.inputs[SET]
    made = next((told for at, told in lake.publications(SET) if at == held), None)
    exits = made.sides.get("gold/training_set_exits") if made else None
    rows = lake.row_count(SET, held)
    return Release(version=version, training_set=held, exits=exits, published_at=publication.published_at, rows=rows)


# An example of either side by what it was made from: one origin gives at most one example.
_PAIRED = """
    SELECT coalesce(n.sources, o.sources) AS sources, coalesce(n.origin_id, o.origin_id) AS origin_id,
        CASE WHEN o.id IS NULL THEN 'came' WHEN n.id IS NULL THEN 'went' WHEN o.id = n.id THEN 'stayed' ELSE 'changed' END AS became
    FROM (SELECT id, origin_id, sources FROM old) o FULL OUTER JOIN (SELECT id, origin_id, sources FROM new) n ON o.origin_id = n.origin_id
"""
_TOTALS = f"SELECT became, count(*) AS n FROM ({_PAIRED}) GROUP BY became"
_BY_SOURCE = f"SELECT source, became, count(*) AS n FROM (SELECT unnest(sources) AS source, became FROM ({_PAIRED})) GROUP BY source, became"
_REASONS = f"""
    SELECT coalesce(e.reason, 'not made any more') AS reason, count(*) AS n
    FROM (SELECT origin_id FROM ({_PAIRED}) WHERE became = 'went') g LEFT JOIN (SELECT id, reason FROM exits) e ON e.id = g.origin_id
    GROUP BY 1
"""


def _compared(lake: Lake, old: Release, new: Release) -> Changes:
    query = (
        QueryBuilder()
        .register("old", lake.delta(SET, old.training_set))
        .register("new", lake.delta(SET, new.training_set))
    )
    query = query.register("exits", lake.delta("gold/training_set_exits", new.exits))
    totals = Counter({row["became"]: row["n"] for row in _rows(query, _TOTALS)})
    sources: dict[str, SourceChanges] = {}
    for row in _rows(query, _BY_SOURCE):
        setattr(sources.setdefault(row["source"], SourceChanges(source=row["source"])), row["became"], row["n"])
    reasons = {row["reason"]: row["n"] for row in _rows(query, _REASONS)}
    return Changes(
        old=old, new=new, sources=[sources[name] for name in sorted(sources)], reasons=dict(sorted(reasons.items())),
        **{became: totals[became] for became in ("came", "went", "changed", "stayed")},
    )  # fmt: skip


def _rows(query: QueryBuilder, sql: str) -> list[dict[str, Any]]:
    return pa.table(query.execute(sql)).to_pylist()
