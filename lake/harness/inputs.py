"""The frames of one run: what its job is given and what its suite looks at, all rows or the new ones beside those before them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow.dataset as ds

from lake.engines.frames import Frames
from lake.harness.job import Views
from lake.harness.new_rows import NewRows
from lake.stages import Stage
from lake.storage import artifacts
from lake.storage.staging import Staged
from lake.storage.store import Lake


class LazyFrames(Mapping[str, Any]):
    """Frames by table key, each opened when it is first asked for."""

    def __init__(self, versions: Mapping[str, int], open_frame: Callable[[str, int], Any]) -> None:
        self._versions, self._open_frame = versions, open_frame
        self._frames: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._frames:
            self._frames[key] = self._open_frame(key, self._versions[key])
        return self._frames[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


@dataclass(frozen=True)
class RunInputs:
    """How one run opens tables: its inputs at the pinned `versions`, or only the rows of them that the stage has not read (`increment`)."""

    lake: Lake
    frames: Frames
    versions: Mapping[str, int]
    increment: NewRows | None

    def for_job(self, stage: Stage) -> dict[str, Any]:
        """All rows of each input or the new ones; and of the stage's own tables those that it reads.

        Not one whose columns were declared otherwise: it will be made anew.
        """
        if self.increment:
            frames = {key: self.frames.files(key, files) for key, files in self.increment.files.items()}
        else:
            frames = {key: self.frames.open(key, version) for key, version in self.versions.items()}
        for key in stage.reads_itself:
            own = self.lake.version(key)
            if own is not None and self.lake.has_declared_columns(key):
                frames[key] = self.frames.open(key, own)
        return frames

    def before(self) -> Mapping[str, Any]:
        """The older rows of the inputs and of the stage's own tables, for the job; empty when it is given all rows."""
        return LazyFrames(self.increment.before if self.increment else {}, self.frames.open)

    def for_suite(self, staged: Mapping[str, Staged]) -> Views:
        """The rows that the job was given, those it staged, and those before them: Arrow datasets whatever the engine."""
        inputs = {
            key: self._dataset(key, at, self.increment and self.increment.files[key])
            for key, at in self.versions.items()
        }
        outputs = {key: self.lake.files_dataset(key, rows.paths) for key, rows in staged.items()}
        last = {
            key: at
            for key in staged
            if (at := self.lake.version(key)) is not None and self.lake.has_declared_columns(key)
        }
        older = self.increment.before if self.increment else {}
        at_hand = partial(artifacts.at_hand, self.lake)
        return Views(inputs | outputs, LazyFrames(older, self._dataset), LazyFrames(last, self._dataset), at_hand)

    def _dataset(self, key: str, version: int, files: Sequence[str] | None = None) -> ds.Dataset:
        return self.lake.files_dataset(key, self.lake.file_paths(key, version) if files is None else files)
