"""A table's log, read as it is written: every commit, and which files each version has; and both changed in place, where versions must stay."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from pyarrow import fs

from lake.errors import StageFailed
from lake.storage.store import Lake

Actions = list[dict[str, Any]]


class Version(NamedTuple):
    """One version of a table: its number, the moment of its commit, and its files, relative to the table."""

    number: int
    moment: datetime
    files: frozenset[str]


def files_below(lake: Lake, key: str) -> list[str]:
    """Every file below a folder of the lake, relative to it, sorted."""
    root = lake.path(key)
    listing = lake.files.get_file_info(fs.FileSelector(root, allow_not_found=True, recursive=True))
    return sorted(item.path.removeprefix(f"{root}/") for item in listing if item.is_file)


def commits(lake: Lake, key: str) -> Iterator[tuple[int, Actions]]:
    """Every commit of a table, the oldest first, with its actions. Raises StageFailed where the log does not reach back to the first."""
    names = [
        name for name in files_below(lake, f"{key}/_delta_log") if name.endswith(".json") and name[:-5].isdecimal()
    ]
    for number, name in enumerate(names):
        if int(name[:-5]) != number:
            raise StageFailed(
                f"The log of {key} lacks version {number}: its older versions cannot be told from its files"
            )
        with lake.files.open_input_stream(lake.path(f"{key}/_delta_log/{name}")) as file:
            yield number, [json.loads(line) for line in file.read().splitlines() if line.strip()]


def versions(lake: Lake, key: str) -> Iterator[Version]:
    """Every version of a table, the oldest first."""
    there = set[str]()
    for number, actions in commits(lake, key):
        there.difference_update(_paths(actions, "remove"))
        there.update(_paths(actions, "add"))
        stated = (action["commitInfo"]["timestamp"] for action in actions if "commitInfo" in action)
        yield Version(number, datetime.fromtimestamp(next(stated, 0) / 1000, UTC), frozenset(there))


def logged_files(lake: Lake, key: str) -> set[str]:
    """Every file that a commit of a table names, of whatever version."""
    return {path for _, actions in commits(lake, key) for kind in ("add", "remove") for path in _paths(actions, kind)}


def _paths(actions: Sequence[Mapping[str, Any]], kind: str) -> Iterator[str]:
    return (unquote(action[kind]["path"]) for action in actions if kind in action)


def rewrite_commits(lake: Lake, key: str, changed: Iterable[tuple[int, Actions]], ending: str) -> None:
    """Writes commits anew in their order, each whole or not at all; `ending`: of the names under which they are written first.

    Checkpoints repeat the log, and readers do without: they go first, since nothing compares them with it.
    """
    for name in files_below(lake, f"{key}/_delta_log"):
        if ".checkpoint" in name or name == "_last_checkpoint" or name.endswith(".crc"):
            lake.files.delete_file(lake.path(f"{key}/_delta_log/{name}"))
    for version, actions in changed:
        path = lake.path(f"{key}/_delta_log/{version:020}.json")
        with lake.files.open_output_stream(f"{path}{ending}") as file:
            file.write("".join(json.dumps(action, ensure_ascii=False) + "\n" for action in actions).encode())
        lake.files.move(f"{path}{ending}", path)


def replace_file(lake: Lake, key: str, name: str, ending: str) -> None:
    """Puts the file that lies beside another one of a table, under its name with the `ending`, in its place."""
    path = lake.path(f"{key}/{name}")
    folder, _, last = path.rpartition("/")
    checksum = f"{folder}/.{last}.crc"  # Hadoop's, of the old bytes: with it Spark would refuse the new ones
    if lake.files.get_file_info(checksum).type != fs.FileType.NotFound:
        lake.files.delete_file(checksum)
    lake.files.move(f"{path}{ending}", path)
