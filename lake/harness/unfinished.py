"""Where a run that takes hours keeps what the next one goes on from, should it be killed.

A folder of the stage that outlives the run, named by all that decides its rows: inputs, params and code. What was begun from anything else
is removed before a run starts, and all of it once the run has ended, so that a stage never keeps more than one.
"""

import shutil
from pathlib import Path

from lake.settings import local_path
from lake.storage.publication import Fingerprint, hash_json


def unfinished_folder(root: str, stage: str, wanted: Fingerprint) -> Path:
    """The folder of this stage for runs with this fingerprint, which may not be there yet; those of others are removed."""
    home = _home(root, stage)
    folder = home / hash_json(wanted.model_dump(mode="json"))
    for other in home.iterdir() if home.is_dir() else ():
        if other != folder:
            shutil.rmtree(other)
    return folder


def forget_unfinished(root: str, stage: str) -> None:
    """Removes what runs of this stage kept to go on from: the newest one has ended."""
    shutil.rmtree(_home(root, stage), ignore_errors=True)


def _home(root: str, stage: str) -> Path:
    return local_path(root) / "unfinished" / stage
