"""A release pushed to where others read it: a hub of data sets, a bucket, or a folder. Tokens come from the environment and are never shown.

    hf://datasets/OWNER/NAME      the hub of HF_ENDPOINT, with HF_TOKEN; a data set that is not there yet becomes a private one
    s3://bucket/prefix            or gs://, az://: with the credentials that the environment holds for that store
    folder                        of this machine

What was pushed there before is replaced; a place that holds anything else is left alone. The manifest comes last: who finds it finds all.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import UserError
from lake.storage.store import Lake
from lake.storage.uploads import Target
from reports.exported import described, folder_of, newest, verified

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MANIFEST = "manifest.json"
_HUB = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)/?")
_FOLDERS = ("data/", "jsonl/", "licences/")  # of a release


def push(lake: Lake, target: str) -> list[dict[str, Any]]:
    """The files of the newest release, each with path, sha256, size and rows, put into the target.

    Raises UserError when nothing was released, rows of the release were taken back, a file is not the one that was released, or the target
    cannot be written to or holds something else.
    """
    files = newest(lake)
    base = folder_of(files)
    told = [described(file, base) for file in files]
    for file, row in zip(files, told, strict=True):
        if not Path(file["path"]).is_file():
            raise UserError(f"The released file {row['path']} is gone: run the stage releases/current again")
        verified(file, Path(file["path"]), row["path"])
    if target.startswith("hf://"):
        _to_hub(base, target, [row["path"] for row in told])
    else:
        _to_store(base, target, [row["path"] for row in told])
    return told


def _to_store(base: Path, address: str, paths: Sequence[str]) -> None:
    target = Target(address)
    before = target.read(MANIFEST)
    there = target.names()
    if there and before is None:
        raise UserError(
            f"{address} holds something that is no release: name an empty place, or one that a release was pushed to"
        )
    old = {file["path"] for file in json.loads(before)["files"]} if before else set[str]()
    target.put({path: base / path for path in sorted(paths, key=lambda path: (path == MANIFEST, path))})
    if gone := old & there - set(paths):
        target.remove(gone)


def _to_hub(base: Path, address: str, paths: Sequence[str]) -> None:
    named = _HUB.fullmatch(address)
    if not named:
        raise UserError(f"{address!r} is no data set of a hub: hf://datasets/OWNER/NAME is meant")
    token = os.environ.get("HF_TOKEN")
    if not token:
        raise UserError("HF_TOKEN is not set: a hub takes a release only from somebody it knows")
    from httpx2 import TransportError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    hub = HfApi(token=token)
    try:
        hub.create_repo(named[1], repo_type="dataset", private=True, exist_ok=True)
        _commit(hub, named[1], base, paths)
    except HfHubHTTPError as error:
        # neither the error's own words nor its cause: they may quote the request
        raise UserError(
            f"The hub answered {error.response.status_code} for {named[1]}: may the token in HF_TOKEN write there?"
        ) from None
    except (TransportError, ConnectionError) as error:
        raise UserError(f"The hub of HF_ENDPOINT cannot be reached ({type(error).__name__})") from None


def _commit(hub: "HfApi", name: str, base: Path, paths: Sequence[str]) -> None:
    """Puts the files into a data set in one commit, and takes those of the release before it out."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    there = set(hub.list_repo_files(name, repo_type="dataset"))
    old = {path for path in there if path.startswith(_FOLDERS) or path == MANIFEST} - set(paths)
    operations = [
        *(CommitOperationAdd(path_in_repo=path, path_or_fileobj=base / path) for path in paths),
        *(CommitOperationDelete(path_in_repo=path) for path in sorted(old)),
    ]
    hub.create_commit(name, operations, repo_type="dataset", commit_message="A release of mixlake")
