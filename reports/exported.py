"""Releases out of the lake: which there are, whether one may be had, and its files, verified and copied whole."""

import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lake.errors import UserError
from lake.ids import sha256_file
from lake.settings import full_path
from lake.storage.artifacts import at_hand
from lake.storage.store import Lake
from lake.storage.tombstones import tombstones

TABLE = "releases/current"
Files = Sequence[Mapping[str, Any]]


def folder(lake: Lake) -> Path:
    """The folder of the newest release. Raises UserError when nothing was released."""
    return folder_of(newest(lake))


def newest(lake: Lake) -> list[dict[str, Any]]:
    """The files of the newest release, by path. Raises UserError when nothing was released, or it held rows that were taken back."""
    version = lake.version(TABLE)
    if version is None:
        raise UserError("Nothing was released yet: `mixlake run` makes the release")
    held = taken_from(lake, version)
    if held is not None:
        raise UserError(
            f"The release {held['id']} {why_gone(held)}, and is gone: "
            f"`mixlake run` with another name for {TABLE} in the profile makes one without them"
        )
    return files_at(lake, version)


def files_at(lake: Lake, version: int) -> list[dict[str, Any]]:
    """The files of the release of a version, by their path on this machine."""
    rows = lake.dataset(TABLE, version).to_table().to_pylist()
    return sorted((row | {"path": at_hand(lake, row["path"])} for row in rows), key=lambda row: row["path"])


def taken_from(lake: Lake, version: int) -> dict[str, Any] | None:
    """The tombstone of the release of a version, where it held rows that were taken back."""
    return next((row for row in tombstones(lake, "release") if row["version"] == version), None)


def why_gone(held: Mapping[str, Any]) -> str:
    """What is told of a release with such a tombstone."""
    return f"held rows that were taken back on {held['taken_at']:%Y-%m-%d} ({held['reason']})"


def folder_of(files: Files) -> Path:
    """The folder of a release's files."""
    return Path(os.path.commonpath([Path(file["path"]).parent for file in files]))


def export(lake: Lake, out: Path) -> list[dict[str, Any]]:
    """The files copied to `out`, each with path, sha256, size and rows; the copies are verified before `out` appears.

    Raises UserError when nothing was released, `out` is not an empty or new folder, or a file is not the one that was released.
    """
    files = newest(lake)
    base = folder_of(files)
    with new_folder(out) as partial:
        return [_copy(file, base, partial) for file in files]


@contextmanager
def new_folder(out: Path) -> Generator[Path]:
    """A folder that becomes `out` when the block has ended, and is gone when it raised. Raises UserError where `out` is not empty."""
    target = full_path(str(out))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{out} is not empty: name an empty or new folder")
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with writing(out):
            partial.mkdir(parents=True)
        yield partial
        if target.exists():
            target.rmdir()
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def writing(out: Path) -> Generator[None]:
    """What keeps a user's place from being written to leaves the block as UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(f"--out {out} cannot be written to: {error.strerror or error}") from None


def described(file: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """What is told of a released file: its path relative to the release's folder, sha256, size and rows."""
    path = Path(file["path"]).relative_to(base)
    return {"path": str(path), **{name: file[name] for name in ("sha256", "size", "rows")}}


def verified(file: Mapping[str, Any], copy: Path, path: str) -> None:
    """Raises UserError where the copy of a released file is not what was released."""
    if sha256_file(copy) != file["sha256"]:
        raise UserError(
            f"The released file {path} is not the one that was released (its SHA-256 differs): run the stage {TABLE} again"
        )


def _copy(file: Mapping[str, Any], base: Path, out: Path) -> dict[str, Any]:
    told = described(file, base)
    copy = out / told["path"]
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file["path"], copy)
    except FileNotFoundError:
        raise UserError(f"The released file {told['path']} is gone: run the stage {TABLE} again") from None
    verified(file, copy, told["path"])
    return told
