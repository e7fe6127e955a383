"""What a stage has not seen yet: known from logs alone, where its inputs only had rows appended since it last published."""

from collections.abc import Mapping
from dataclasses import dataclass

from lake.stages import Stage
from lake.storage.publication import Fingerprint
from lake.storage.store import Lake


@dataclass(frozen=True)
class Growth:
    """`files`: of each input, those appended since the stage last published; `before`: the version of each input that it
    read then, and of each of its own tables."""

    files: Mapping[str, tuple[str, ...]]
    before: Mapping[str, int]


def growth(lake: Lake, stage: Stage, wanted: Fingerprint) -> Growth | None:
    """The rows that are new to a stage; None when it must run on everything: its first run, other params or code, or an
    input that was rewritten."""
    published = lake.publication(stage.key)
    if published is None or not stage.grows:
        return None
    _, publication = published
    same_job = (wanted.params_hash, wanted.code_hash) == (publication.params_hash, publication.code_hash)
    if not same_job or set(wanted.inputs) != set(publication.inputs):
        return None
    read = publication.inputs
    added = {table: lake.added(table, read[table], version) for table, version in wanted.inputs.items()}
    files = {table: paths for table, paths in added.items() if paths is not None}
    own = {table: version for table in stage.outputs if (version := lake.version(table)) is not None}
    if len(files) < len(added) or len(own) < len(stage.outputs):
        return None
    return Growth(files, {**read, **own})
