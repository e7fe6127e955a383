"""Commits: staged files become the next version of their table, without being written again."""

import json
import time
from collections.abc import Mapping
from typing import Literal

from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.transaction import AddAction, create_table_with_add_actions

from lake.storage.staging import Staged

Mode = Literal["append", "overwrite"]

# Given to a table when it is created. Old versions are evidence: a release must be rebuildable, so neither log nor removed files
# expire by themselves.
_CONFIGURATION: Mapping[str, str | None] = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}


def commit(
    uri: str, staged: Staged, app_id: str, metadata: Mapping[str, str], mode: Mode, base: int | None = None
) -> int:
    """The version of the table at `uri` after one atomic commit that names the staged files; a repeat with the same `app_id` adds none.

    metadata: what the commit says of itself. base: for a side table whose rows grow, the version that its owner's newest commit
    names; what was committed after it belongs to a run that did not finish, and is undone first.
    """
    moment = int(time.time() * 1000)
    actions = [
        AddAction(path, size, {}, moment, True, json.dumps({"numRecords": rows})) for path, size, rows in staged.files
    ]
    properties = CommitProperties(custom_metadata=dict(metadata), app_transactions=[Transaction(app_id, 1)])
    schema = Schema.from_arrow(staged.table.schema)
    if not DeltaTable.is_deltatable(uri):
        create_table_with_add_actions(
            uri,
            schema,
            actions,
            mode="error",
            configuration=_CONFIGURATION,
            name=staged.table.key,
            description=staged.table.grain,
            commit_properties=properties,
        )
        return 0
    current = DeltaTable(uri)
    if current.transaction_version(app_id) is None:
        if base is not None and staged.table.side_of and current.version() != base:
            current.restore(base)
        current.create_write_transaction([*actions], mode=mode, schema=schema, commit_properties=properties)
        current.update_incremental()
    return current.version()
