"""New rows: what a stage has not read yet, known from the logs alone where its inputs only had rows appended."""

from collections.abc import Mapping
from dataclasses import dataclass

from lake.stages import Stage
from lake.storage.publication import Fingerprint
from lake.storage.store import Lake


@dataclass(frozen=True)
class NewRows:
    """What a run works on when it need not read everything.

    files: of each input, those appended since the stage last published, relative to the table.
    before: the version of each input that the stage read then, and the version of each of its own tables.
    """

    files: Mapping[str, tuple[str, ...]]
    before: Mapping[str, int]


def new_rows(lake: Lake, stage: Stage, wanted: Fingerprint) -> NewRows | None:
    """The rows that are new to a stage; None when it must run on everything.

    It must on its first run, after a change of params or code, and when an input or one of its own tables was rewritten.
    """
    published = lake.publication(stage.key)
    if published is None or not stage.grows:
        return None
    _, publication = published
    same_job = (wanted.params_hash, wanted.code_hash) == (publication.params_hash, publication.code_hash)
    if not same_job or set(wanted.inputs) != set(publication.inputs):
        return None
    read = publication.inputs
    added = {table: lake.added_files(table, read[table], version) for table, version in wanted.inputs.items()}
    appended = {table: files for table, files in added.items() if files is not None}
    own = {table: version for table in stage.outputs if (version := lake.version(table)) is not None}
    if len(appended) < len(added) or len(own) < len(stage.outputs):
        return None
    return NewRows(appended, {**read, **own})
