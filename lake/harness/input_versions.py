"""The versions of its inputs that a run of a stage reads: together they must show the same records.

A stage that joins records with what other stages said of them (ratings, vectors) reads all of them as of the newest version of the
records that every one of these others has read. What is newer waits. Without that, a stage run before its raters would read new
records without their ratings, and later the ratings without the records: neither is new a second time.

    silver/unique_instructions  0   1   2        three deliveries
    silver/ratings              0   1            has not read the third
    silver/embeddings           0                has not read the second either
    read by silver/quality      0                version 0 of each; 1 and 2 wait

A stage that was left behind takes what it missed delivery by delivery, in the order in which its input published them. Which copy stays, and
who groups with whom, hangs on what came first: taken together they would give other rows than a run after each.
"""

from collections.abc import Mapping

from lake.harness.new_rows import last_read
from lake.stages import STAGES, Stage, producer
from lake.storage.publication import Fingerprint
from lake.storage.store import Lake


def input_versions(
    lake: Lake, stage: Stage, last: Fingerprint | None, everything: bool = False
) -> dict[str, int] | None:
    """The version of each input that a run of the stage reads now; None when one was never published, or none was made from the records
    that the others have read.

    last: what the stage has read. everything: whether it runs on all rows anyway, and not on one delivery more.
    """
    asked = (*stage.inputs, *stage.optional)
    newest = {table: version for table in asked if (version := lake.version(table)) is not None}
    if any(table not in newest for table in stage.inputs):
        return None
    driving = stage.records or stage.inputs[0]
    read = last.inputs.get(driving) if last else None
    one_by_one = stage.grows and not everything and (last is None or read is not None)
    steps = _deliveries(lake, driving, read, newest[driving]) if one_by_one else [newest[driving]]
    # what is newer than the slowest has read gives no other answer, however much of it waits
    reads = [_records_read(lake, driving, table) for table in _followers(stage)] if stage.records else []
    slowest = min((version for version in reads if version is not None), default=newest[driving])
    found: dict[str, int] | None = None
    for step in [step for step in steps if step <= slowest] or steps[:1]:
        found = newest | {driving: step}
        if stage.records:
            found = _consistent(lake, stage.records, _followers(stage), found)
        # an input that took several deliveries at once can only be read as of the last of them
        if found and (read is None or found[driving] > read):
            return found
    # never back: a table must not lose what it has because one of its inputs is made anew
    behind = found is None or (read is not None and found[driving] < read)
    return (dict(last.inputs) if last else None) if behind else found


def waits_for(lake: Lake, stage: Stage) -> list[str]:
    """The inputs of a stage that have not read the newest records: these records wait for them."""
    newest = lake.version(stage.records) if stage.records else None
    if newest is None:
        return []
    return [table for table in _followers(stage) if (_records_read(lake, stage.records, table) or 0) < newest]


def _deliveries(lake: Lake, table: str, read: int | None, newest: int) -> list[int]:
    """The versions published after `read`, in order; of a table never read those since it was last made anew.

    Only the newest, where rows that were read are gone and all are read anew, and of registrations, which no stage publishes.
    """
    if read is not None and (newest <= read + 1 or lake.added_files(table, read, newest) is None):
        return [newest]
    found = list[int]()
    for version, publication in lake.publications(table, None if read is None else lake.newest(table) - read):
        if read is not None and version <= read:
            break
        found.append(version)
        if read is None and not publication.grown:
            break
    return sorted(found) or [newest]


def _followers(stage: Stage) -> list[str]:
    """The inputs that another stage made from the same records."""
    owners = {table: producer(table) for table in stage.inputs if table != stage.records}
    return [table for table, owner in owners.items() if owner and stage.records in owner.inputs]


def _consistent(lake: Lake, records: str, followers: list[str], versions: Mapping[str, int]) -> dict[str, int] | None:
    chosen = dict(versions)
    read = {table: _records_read(lake, records, table) for table in followers}
    while True:
        cut = min([chosen[records], *(version for version in read.values() if version is not None)])
        if chosen[records] == cut and all(version in (cut, None) for version in read.values()):
            return chosen
        chosen[records] = cut
        for table in followers:
            if (read[table] or 0) > cut:
                older = _made_from(lake, records, table, cut)
                if older is None:
                    return None
                chosen[table], read[table] = older


def _records_read(lake: Lake, records: str | None, table: str) -> int | None:
    """The version of the records that the stage of `table` has read, also where it found nothing to add."""
    last = last_read(lake, STAGES[table])
    return last.inputs.get(records or "") if last else None


def _made_from(lake: Lake, records: str, table: str, most: int) -> tuple[int, int] | None:
    """The newest version of `table` made from at most version `most` of the records, and that version; None where none was."""
    published = ((version, publication.inputs[records]) for version, publication in lake.publications(table))
    return next(((version, read) for version, read in published if read <= most), None)
