"""Commits: staged files become the next version of their table, without being written again.

A stage's commit is conditional: it succeeds only if the table is still at the version that the run saw when it began. Delta's own
rule would let two appends both pass, and each would have added the rows that are new to both.
"""

import json
import time
from collections.abc import Mapping
from typing import Literal

from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions

from lake.errors import StageFailed
from lake.storage.places import DeltaAddress
from lake.storage.staging import Staged
from lake.storage.table_logs import NO_TABLE

Mode = Literal["append", "overwrite"]

# Given to a table when it is created. Old versions are evidence: a release must be rebuildable, so neither log nor removed files
# expire by themselves.
_CONFIGURATION: Mapping[str, str | None] = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}


def commit(
    table: DeltaAddress,
    staged: Staged,
    app_id: str,
    metadata: Mapping[str, str],
    mode: Mode,
    base: int | None = None,
    seen: int | None = None,
) -> int:
    """The version of the table at an address after one atomic commit that names the staged files; a repeat with the same `app_id` adds none.

    metadata: what the commit says of itself. base: for a side table whose rows grow, the version that its owner's newest commit
    names; what was committed after it belongs to a run that did not finish, and is undone first. seen: the newest version when the
    run began; None where anyone may append (registrations, cached answers).
    Raises StageFailed, and commits nothing, where another writer committed since `seen`.
    """
    moment = int(time.time() * 1000)
    actions = [
        AddAction(path, size, {}, moment, True, json.dumps({"numRecords": rows})) for path, size, rows in staged.files
    ]
    # without a retry a commit succeeds only as the very next version of the snapshot that was opened here
    retries = None if seen is None else 0
    properties = CommitProperties(dict(metadata), max_commit_retries=retries, app_transactions=[Transaction(app_id, 1)])
    schema = Schema.from_arrow(staged.table.schema)
    uri, options = table
    expected = seen  # the newest version that this commit has to meet
    try:
        if not DeltaTable.is_deltatable(uri, options):
            create_table_with_add_actions(
                uri,
                schema,
                actions,
                mode="error",
                configuration=_CONFIGURATION,
                name=staged.table.key,
                description=staged.table.grain,
                commit_properties=properties,
                storage_options=options,
            )
            return 0
        current = DeltaTable(uri, storage_options=options)
        if current.transaction_version(app_id) is None:
            if seen is not None and current.version() != seen:
                raise _overtaken(staged)
            if base is not None and staged.table.side_of and current.version() != base:
                current.restore(base, commit_properties=CommitProperties(max_commit_retries=retries))
                expected = None if seen is None else current.version()
            if mode == "append" and seen is not None and (lacking := _lacking(current, schema)):
                # an append by itself adds no column
                current.alter.add_columns(lacking, commit_properties=CommitProperties(max_commit_retries=retries))
                expected = current.version()
            current.create_write_transaction([*actions], mode=mode, schema=schema, commit_properties=properties)
            current.update_incremental()
        return current.version()
    except DeltaError as error:
        # anything else that Delta rejects is no other writer's doing, and must not be told as if it were
        if expected is None or _newest_version(table) == expected:
            raise
        raise _overtaken(staged) from error


def _lacking(table: DeltaTable, schema: Schema) -> list[Field]:
    """The columns of the schema that the table does not have yet."""
    there = {field.name for field in table.schema().fields}
    return [field for field in schema.fields if field.name not in there]


def _newest_version(table: DeltaAddress) -> int:
    uri, options = table
    there = DeltaTable.is_deltatable(uri, options)
    return DeltaTable(uri, storage_options=options).version() if there else NO_TABLE


def _overtaken(staged: Staged) -> StageFailed:
    key = staged.table.key
    return StageFailed(f"another run published {key} meanwhile: nothing of this one was; run it again")
