"""A look into a table, by SQL condition, without a JVM."""

from typing import Any

import pyarrow as pa
from deltalake import QueryBuilder

from lake.errors import UserError
from lake.storage.store import Lake
from lake.tables import TABLES


def select_rows(lake: Lake, table: str, where: str | None, limit: int, version: int | None) -> list[dict[str, Any]]:
    """At most `limit` rows of `table` that meet `where`. Raises UserError for an unknown table, version, column or broken SQL."""
    if table not in TABLES:
        raise UserError(f"There is no table {table!r}: there are {', '.join(TABLES)}")
    at = lake.version(table) if version is None else version
    if at is None:
        raise UserError(f"The table {table} has never been published")
    try:
        delta = lake.delta(table, at)
    except Exception as error:  # deltalake raises one of several classes for a version that is not there
        raise UserError(f"The table {table} has no version {version}: {error}") from None
    # a table that was made before a column was declared does not know it
    written = {field.name for field in delta.schema().fields}
    columns = ", ".join(f'"{name}"' for name in TABLES[table].schema.names if name in written)
    condition = f" WHERE {where}" if where else ""
    try:
        reader = QueryBuilder().register("rows", delta).execute(f"SELECT {columns} FROM rows{condition} LIMIT {limit}")
        return pa.table(reader).to_pylist()
    except Exception as error:  # DataFusion's parser and planner raise plain exceptions
        names = ", ".join(TABLES[table].schema.names)
        raise UserError(
            f"--where {where!r} does not work on {table}: {' '.join(str(error).split())}; its columns are {names}"
        ) from None
