"""Files of the lake beside its tables: artifacts, which rows name by their path in the lake, and pages.

    artifacts/models/distiller_sft/RUN/checkpoint/...     named by the row that was published with it
    audits/silver-groups/RUN.html

They are written on this machine, and put into the lake before the commit whose rows name them; from there whoever needs them brings them to
his own machine, once. Of a lake in a folder the two places are one. What a row names otherwise is no artifact: a model on a hub, a folder of
the user's own.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import obstore
from pyarrow import fs

from lake.settings import local_path
from lake.storage.places import is_remote
from lake.storage.store import Lake

ARTIFACTS = "artifacts"
CHECKPOINTS = "checkpoints"  # what a cluster keeps of a stage while it runs; a run that was killed leaves its folder
UNFINISHED = "unfinished"  # what a killed run of a stage leaves for the next one to go on from


def artifact_name(lake: Lake | None, path: Path) -> str:
    """The name under which rows refer to a file or folder of a run's artifacts."""
    here = local_path(lake.root) if lake else None
    inside = here is not None and path.is_relative_to(here / ARTIFACTS)
    return path.relative_to(here).as_posix() if here and inside else str(path)


def at_hand(lake: Lake | None, name: str) -> str:
    """What a row's name of an artifact stands for on this machine, brought here where it is not yet; any other name as it is."""
    if lake is None or not name.startswith(f"{ARTIFACTS}/"):
        return name
    here = local_path(lake.root) / name
    if is_remote(lake.root) and not here.exists():
        _bring(lake, name, here)
    return str(here)


def _bring(lake: Lake, name: str, here: Path) -> None:
    """Brings a file or folder as a whole; nothing where the lake has none of this name, as where it was taken back."""
    kind = lake.files.get_file_info(lake.path(name)).type
    if kind == fs.FileType.NotFound:
        return
    here.parent.mkdir(parents=True, exist_ok=True)
    partial = here.with_name(
        f".{here.name}.{secrets.token_hex(4)}"
    )  # several workers of a machine may bring it at once
    if kind == fs.FileType.Directory:
        partial.mkdir()
    fs.copy_files(lake.path(name), str(partial), lake.files, fs.LocalFileSystem())
    try:
        partial.replace(here)
    except OSError:  # another one has brought it
        shutil.rmtree(partial)


def keep(lake: Lake, name: str, since: float = 0.0) -> None:
    """Puts the files below a local folder of the lake into an object store: those that were written `since` a moment, with their names."""
    if not is_remote(lake.root):
        return
    home = local_path(lake.root)
    place = home / name
    for file in sorted(path for path in (place, *place.rglob("*")) if path.is_file()):
        if file.stat().st_mtime >= since:
            with file.open("rb") as content:
                obstore.put(lake.objects(), file.relative_to(home).as_posix(), content)


def add_folder(lake: Lake, name: str, folder: Path, patterns: Sequence[str]) -> None:
    """Puts the files of a folder of this machine that fit one of the patterns into the lake, where they are not there yet."""
    files = {path.relative_to(folder).as_posix(): path for pattern in patterns for path in folder.rglob(pattern)}
    place = lake.path(name)
    there = lake.files.get_file_info(fs.FileSelector(place, allow_not_found=True, recursive=True))
    sizes = {item.path.removeprefix(f"{place}/"): item.size for item in there if item.is_file}
    for inside, path in files.items():
        if sizes.get(inside) != path.stat().st_size:
            lake.files.create_dir(f"{place}/{inside}".rpartition("/")[0], recursive=True)
            fs.copy_files(str(path), f"{place}/{inside}", fs.LocalFileSystem(), lake.files)


def bring_files(lake: Lake, *names: str) -> None:
    """Brings small files, of which the store's are the ones that count, to this machine."""
    for name in names if is_remote(lake.root) else ():
        with suppress(FileNotFoundError):
            content = bytes(obstore.get(lake.objects(), name).bytes())
            (local_path(lake.root) / name).parent.mkdir(parents=True, exist_ok=True)
            (local_path(lake.root) / name).write_bytes(content)


def bring_folder(lake: Lake, name: str) -> None:
    """Makes a folder of this machine what an object store has of it; of a lake in a folder the two are one."""
    if is_remote(lake.root):
        here = local_path(lake.root) / name
        shutil.rmtree(here, ignore_errors=True)
        _bring(lake, name, here)


def read_artifact(lake: Lake, name: str) -> bytes | None:
    """The bytes of a small artifact; None where it is gone."""
    path = Path(at_hand(lake, name))
    return path.read_bytes() if path.is_file() else None


def remove(lake: Lake, name: str) -> None:
    """Removes a file or a folder of the lake, here and in its store; nothing where there is none."""
    path = Path(name) if Path(name).is_absolute() else local_path(lake.root) / name
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    if is_remote(lake.root) and not Path(name).is_absolute():
        stored = [item["path"] for items in obstore.list(lake.objects(), name) for item in items]
        with suppress(FileNotFoundError):
            obstore.delete(lake.objects(), stored or name)


def folders_in(lake: Lake, place: str) -> Iterator[tuple[str, list[fs.FileInfo]]]:
    """Each folder that lies in a place, such as `artifacts/STAGE` with one for each run, by its path in the lake, with its files."""
    home = lake.path(place)
    found = lake.files.get_file_info(fs.FileSelector(home, allow_not_found=True, recursive=True))
    folders: dict[str, list[fs.FileInfo]] = {}
    for item in found:
        name = item.path.removeprefix(f"{home}/").partition("/")[0]
        folders.setdefault(name, []).append(item)
    yield from ((f"{place}/{name}", items) for name, items in sorted(folders.items()))
