"""The frames that a run of a stage works on and those that its suite looks at: all rows, or what is new beside what was before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lake.engines.spark import Frames
from lake.harness.job import Views
from lake.harness.new_rows import Growth
from lake.stages import Stage
from lake.storage.store import Lake, Staged


class Opened(Mapping[str, Any]):
    """Frames by table key, each opened when first asked for."""

    def __init__(self, versions: Mapping[str, int], open_frame: Callable[[str, int], Any]) -> None:
        self._versions, self._open = versions, open_frame
        self._frames: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._frames:
            self._frames[key] = self._open(key, self._versions[key])
        return self._frames[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


@dataclass(frozen=True)
class Opening:
    """How one run opens tables: its inputs at the `versions` read, or of them what is new (`growth`)."""

    lake: Lake
    frames: Frames
    versions: Mapping[str, int]
    growth: Growth | None

    def inputs(self, stage: Stage) -> dict[str, Any]:
        """The rows the job works on: all of them, or what is new; and its own table where it asks for that in any case."""
        if self.growth:
            opened = {key: self.frames.files(key, files) for key, files in self.growth.files.items()}
        else:
            opened = {key: self.frames.open(key, version) for key, version in self.versions.items()}
        own = self.lake.version(stage.key) if stage.reads_itself else None
        return opened | ({} if own is None else {stage.key: self.frames.open(stage.key, own)})

    def before(self) -> Mapping[str, Any]:
        """The older rows, for the job; empty when it is given all rows."""
        return Opened(self.growth.before if self.growth else {}, self.frames.open)

    def views(self, staged: Mapping[str, Staged]) -> Views:
        """What a suite looks at: the rows that the job was given, those it made, and those before them."""
        inputs = {key: self._view(key, at, self.growth and self.growth.files[key]) for key, at in self.versions.items()}
        made = {key: self.frames.view(key, rows.paths, rows.rows) for key, rows in staged.items()}
        return Views(inputs | made, Opened(self.growth.before if self.growth else {}, self._view))

    def _view(self, key: str, version: int, files: Sequence[str] | None = None) -> Any:
        paths = self.lake.paths(key, version) if files is None else files
        return self.frames.view(key, paths, self.lake.rows(key, version, set(paths)))
