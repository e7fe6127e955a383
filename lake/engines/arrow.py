"""Inputs are opened and outputs staged as Arrow tables through deltalake: no JVM."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.dataset as ds

from lake.engines.frames import declared
from lake.harness.job import JobContext
from lake.harness.profiles import resolve
from lake.stages import Stage
from lake.storage.staging import Staged
from lake.storage.store import Lake


class ArrowFrames:
    """Arrow datasets."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def open(self, key: str, version: int) -> ds.Dataset:
        return self.lake.dataset(key, version)

    def files(self, key: str, files: Sequence[str]) -> ds.Dataset:
        return self.lake.files_dataset(key, files)

    def run(
        self, stage: Stage, inputs: Mapping[str, ds.Dataset], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        with self.lake.staging_writer(folder) as writer:
            for key, rows in declared(stage, resolve(stage.job)(inputs, params, context)):
                writer.add(key, rows)
        return {key: self.lake.staged(key, folder) for key in stage.outputs}
