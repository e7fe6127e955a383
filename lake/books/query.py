"""A look into a table, by SQL condition, without a JVM."""

from typing import Any

import pyarrow as pa
from deltalake import QueryBuilder

from lake.errors import UserError, shown
from lake.storage.store import Lake
from lake.storage.table_logs import NO_TABLE
from lake.tables import TABLES

_MOST = 2**63 - 1  # a limit that SQL takes
_LONGEST = 8_000  # characters of a condition


def select_rows(lake: Lake, table: str, where: str | None, limit: int, version: int | None) -> list[dict[str, Any]]:
    """At most `limit` rows of `table` that meet `where`. Raises UserError for an unknown table, version, column or broken SQL."""
    if where and len(where) > _LONGEST:  # terms within terms exhaust the stack of the engine, which ends the process
        raise UserError(f"--where has {len(where):,} characters: allowed are {_LONGEST:,}")
    if table not in TABLES:
        raise UserError(f"There is no table {shown(table)}: there are {', '.join(TABLES)}")
    at, newest = lake.version(table) if version is None else version, lake.newest(table)
    if at is None or newest == NO_TABLE:
        raise UserError(f"The table {table} has never been published")
    if at > newest:
        raise UserError(f"The table {table} has no version {version}: its newest is {newest}")
    delta = lake.delta(table, at)
    # a table that was made before a column was declared does not know it
    written = {field.name for field in delta.schema().fields}
    columns = ", ".join(f'"{name}"' for name in TABLES[table].schema.names if name in written)
    # on a line of its own, a remark in it ends before the limit
    condition = f" WHERE\n{where}\n" if where else ""
    query = f"SELECT {columns} FROM rows{condition} LIMIT {min(limit, _MOST)}"
    try:
        reader = QueryBuilder().register("rows", delta).execute(query)
        return pa.table(reader).to_pylist()
    except Exception as error:  # DataFusion's parser and planner raise plain exceptions
        if not where:
            raise
        names = ", ".join(TABLES[table].schema.names)
        raise UserError(
            f"--where {shown(where)} does not work on {table}: {' '.join(str(error).split())}; its columns are {names}"
        ) from None
