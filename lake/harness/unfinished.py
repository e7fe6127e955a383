"""Where a run that takes hours keeps what the next one goes on from, should it be killed.

    unfinished/models/distiller_sft/FINGERPRINT/...

A folder of the stage that outlives the run, named by all that decides its rows: inputs, params and code. What was begun from anything else
is removed before a run starts, and all of it once the run has ended, so that a stage never keeps more than one.

It is written on this machine. Of a lake in an object store what is whole is put there as well, and the store's counts: the next run may be on
another machine.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from lake.settings import local_path
from lake.storage.artifacts import UNFINISHED, bring_folder, folders_in, keep, remove
from lake.storage.publication import Fingerprint, hash_json
from lake.storage.store import Lake


@dataclass(frozen=True)
class Unfinished:
    """A folder of this machine, which may not be there yet, of the lake at `root`. Processes of one run may share it."""

    folder: Path
    root: str

    def inside(self, name: str) -> "Unfinished":
        """A folder in this one."""
        return replace(self, folder=self.folder / name)

    def keep(self, path: Path) -> None:
        """Puts a file, or the files below a folder, into the lake, where that lies in an object store."""
        keep(Lake(self.root), self._name(path))

    def drop(self, path: Path) -> None:
        """Removes a file or a folder, here and in the lake."""
        remove(Lake(self.root), self._name(path))

    def _name(self, path: Path) -> str:
        return path.relative_to(local_path(self.root)).as_posix()


def unfinished(lake: Lake, stage: str, wanted: Fingerprint) -> Unfinished:
    """What there is of this stage for runs with this fingerprint, brought here; that of others is removed."""
    name = f"{_home(stage)}/{hash_json(wanted.model_dump(mode='json'))}"
    for other, _ in folders_in(lake, _home(stage)):
        if other != name:
            remove(lake, other)
    bring_folder(lake, name)
    return Unfinished(local_path(lake.root) / name, lake.root)


def forget_unfinished(lake: Lake, stage: str) -> None:
    """Removes what runs of this stage kept to go on from: the newest one has ended."""
    remove(lake, _home(stage))


def _home(stage: str) -> str:
    return f"{UNFINISHED}/{stage}"
