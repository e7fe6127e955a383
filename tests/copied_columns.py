"""Whether columns that are declared as copied (`carried` of a table) are: each of their values stands in a column it is said to come from."""

from collections.abc import Iterator

from lake.storage.store import Lake
from lake.tables import TABLES


def values(lake: Lake, key: str, column: str) -> Iterator[str]:
    """The values of a column, those of lists one by one, as text; nulls are none."""
    if lake.version(key) is not None:
        for cell in lake.dataset(key).to_table(columns=[column])[column].to_pylist():
            yield from (repr(value) for value in (cell if isinstance(cell, list) else [cell]) if value is not None)


def strays(lake: Lake) -> dict[str, int]:
    """The columns with values that stand in none of the columns they are said to be copied from, and how many."""
    found: dict[str, int] = {}
    for key, table in TABLES.items():
        for column in table.columns:
            if origins := table.origins(column):
                known = {value for place, name in origins for value in values(lake, place, name)}
                if stray := set(values(lake, key, column)) - known:
                    found[f"{key}.{column}"] = len(stray)
    return found
