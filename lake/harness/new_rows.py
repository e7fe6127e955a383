"""New rows: what a stage has not read yet, known from the logs alone where its inputs only had rows appended."""

from collections.abc import Mapping
from dataclasses import dataclass

from lake.stages import Stage
from lake.storage.attempts import unpublished_attempt
from lake.storage.publication import Fingerprint
from lake.storage.store import Lake
from lake.storage.tombstones import to_be_made_anew
from lake.tables import TABLES


@dataclass(frozen=True)
class NewRows:
    """What a run works on when it need not read everything.

    files: of each input, those appended since the stage last published, relative to the table; of a state, all.
    before: the version of each input that the stage read then, and the version of each of its own tables.
    """

    files: Mapping[str, tuple[str, ...]]
    before: Mapping[str, int]


def new_rows(lake: Lake, stage: Stage, wanted: Fingerprint) -> NewRows | None:
    """The rows that are new to a stage; None when it must run on everything.

    It must on its first run, after a change of params or code, when an input or one of its own tables was rewritten, when an input that
    decides all its rows changed, and when it lacks rows that were made with what was taken back.
    """
    last = last_read(lake, stage)
    if last is None or not stage.grows or to_be_made_anew(lake, stage.key):
        return None
    same_job = (wanted.params_hash, wanted.code_hash) == (last.params_hash, last.code_hash)
    if not same_job or set(wanted.inputs) != set(last.inputs):
        return None
    read = last.inputs
    if any(wanted.inputs[table] != read[table] for table in stage.decided_by):
        return None
    added = {table: _given(lake, table, read[table], version) for table, version in wanted.inputs.items()}
    appended = {table: files for table, files in added.items() if files is not None}
    own = {table: version for table in stage.outputs if (version := lake.version(table)) is not None}
    if len(appended) < len(added) or len(own) < len(stage.outputs):
        return None
    return NewRows(appended, {**read, **own})


def _given(lake: Lake, table: str, read: int, version: int) -> tuple[str, ...] | None:
    """The files that a run on what is new reads of an input: those appended to it, of a state all; None if others are gone."""
    if TABLES[table].mode == "state":
        return tuple(lake.file_paths(table, version))
    return lake.added_files(table, read, version)


def last_read(lake: Lake, stage: Stage) -> Fingerprint | None:
    """What the stage last worked on: when it published, or after that, when it found nothing to add; None before its first publish."""
    published = lake.publication(stage.key)
    if published is None:
        return None
    version, publication = published
    attempt = unpublished_attempt(lake, stage.key)
    added_nothing = attempt and attempt.status == "up_to_date" and attempt.version == version
    newest = attempt if attempt and added_nothing else publication
    return Fingerprint(inputs=newest.inputs, params_hash=newest.params_hash, code_hash=newest.code_hash)
