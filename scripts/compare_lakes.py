"""Compares the published tables of two lakes, row by row: `python scripts/compare_lakes.py ONE OTHER [--by-count TABLE ...]`.

For a change that must not change a row: run the same raw files through both revisions in one environment. Each lake's own address
is taken out of its texts first. Times of registration, and the addresses of raw files, are left out. Tables named by --by-count hang
on the clock (training stops at a time limit) and are compared by schema, the columns of CLOCKED, and number of rows. Prints a line
a table; exit code 0 when all agree, 1 when not.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from lake.storage.store import Lake
from lake.tables import TABLES

# table -> the columns that identify a row whatever a model of the minute wrote; none where every id hangs on it
CLOCKED = {
    "cache/generations": (), "models/distiller_sft": ("recipe",), "models/distiller_grpo": ("recipe",), "models/champion": (), "models/in_service": (),
    "gold/heldout_answers": ("item_id", "role"), "reports/evaluation": ("arm", "seed", "benchmark", "metric"),
    "reports/evaluation_items": ("arm", "seed", "metric", "item_id"), "reports/evaluation_comparisons": ("control", "metric"), "cache/likelihoods": (),
    "releases/current": (), "upkeep/removals": (),
}  # fmt: skip
LEFT_OUT = frozenset({"registered_at", "uri"})


def main() -> int:
    """The exit code, once every table has been compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("one")
    parser.add_argument("other")
    parser.add_argument("--by-count", nargs="*", default=list(CLOCKED), metavar="TABLE")
    given = parser.parse_args()
    lakes = Lake(given.one), Lake(given.other)
    verdicts = {key: compare(key, *lakes, by_count=key in given.by_count) for key in TABLES}
    for key, verdict in verdicts.items():
        print(f"{key:34} {verdict}")
    return int(any(verdict.startswith("DIFFERS") for verdict in verdicts.values()))


def compare(key: str, one: Lake, other: Lake, by_count: bool) -> str:
    """What is alike or not about one table, in words; starts with DIFFERS where something is not."""
    versions = [lake.version(key) for lake in (one, other)]
    if None in versions:
        return "in neither" if versions == [None, None] else f"DIFFERS: published in one alone (versions {versions})"
    schemas = [lake.delta(key).schema().to_json() for lake in (one, other)]  # as written, not as declared
    if schemas[0] != schemas[1]:
        return f"DIFFERS: {schemas[0]} is not {schemas[1]}"
    counts = [lake.dataset(key).count_rows() for lake in (one, other)]
    if counts[0] != counts[1]:
        return f"DIFFERS: {counts[0]:,} rows and {counts[1]:,}"
    if by_count:
        columns = list(CLOCKED.get(key, ()))
        keys = [sorted(map(str, lake.dataset(key).to_table(columns).to_pylist())) for lake in (one, other)]
        if columns and keys[0] != keys[1]:
            return f"DIFFERS: other {', '.join(columns)}"
        return f"{counts[0]:,} rows each, compared by {', '.join(['schema', *columns, 'count'])}"
    pairs = zip(sorted(rows(one, key)), sorted(rows(other, key)), strict=True)
    unlike = [(left, right) for left, right in pairs if left != right]
    if unlike:
        return (
            f"DIFFERS: {len(unlike):,} of {counts[0]:,} rows, such as\n  {unlike[0][0][:600]}\n  {unlike[0][1][:600]}"
        )
    return f"{counts[0]:,} equal rows"


def rows(lake: Lake, key: str) -> Iterator[str]:
    """Each row as text that begins with what identifies it."""
    identity = TABLES[key].id
    columns = [name for name in TABLES[key].schema.names if name not in LEFT_OUT]
    for batch in lake.dataset(key).to_batches(columns=columns):
        for row in batch.to_pylist():
            content: dict[str, Any] = {identity: row.get(identity), **row}
            yield json.dumps(content, default=repr, ensure_ascii=False).replace(lake.root, "LAKE")


if __name__ == "__main__":
    sys.exit(main())
