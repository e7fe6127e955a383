"""The newest commits of tables, asked of the store itself: one listing for the newest version, one file for each commit that is read.

A table's log is a folder of numbered files, of which a listing shows a thousand. So it is asked from the version on that somebody is known to
have read; whoever asks for a stage's tables asks for the last stage first, since each publication names the versions that it was made from.
"""

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import obstore
from obstore.store import ObjectStore

from lake.errors import StageFailed, UserError
from lake.storage.publication import FORMAT, OLDEST, Publication

NO_TABLE = -1  # the newest version of a table that does not exist yet
_COMMIT = re.compile(r"(\d{20})\.json")


class TableLogs:
    """The logs of a lake's tables."""

    def __init__(self, objects: Callable[[], ObjectStore]) -> None:
        self._objects = objects
        self._least: dict[str, int] = {}  # versions that are known to be there

    def newest(self, key: str) -> int:
        """The newest version of a table, of whatever commit; NO_TABLE where there is none."""
        least = self._least.get(key, 0)
        # a table may have been removed, and begun anew, since
        found = self._listed(key, least) or (self._listed(key, 0) if least else [])
        newest = max(found, default=NO_TABLE)
        self._least[key] = max(newest, 0)
        return newest

    def publications(self, key: str, newest: int, most: int | None = None) -> Iterator[tuple[int, Publication]]:
        """The publishes of a stage's table up to version `newest`, the last one first: all, or those among `most` commits.

        Raises UserError when the table was written by another format of the lake.
        """
        oldest = 0 if most is None else max(newest - most + 1, 0)
        for version in range(newest, oldest - 1, -1):
            said = self._metadata(key, version)
            if said is None:  # old commits may have been cleaned away
                return
            if "stage" in said:
                _check_format(key, said.get("format"))
                with _told_as_damaged(key, version):
                    publication = Publication.model_validate(said)
                self._read_by(publication)
                yield version, publication

    def _read_by(self, publication: Publication) -> None:
        for table, version in publication.inputs.items():
            self._least[table] = max(version, self._least.get(table, 0))

    def _listed(self, key: str, least: int) -> list[int]:
        folder = f"{key}/_delta_log"
        # what is asked for comes after the offset
        offset = f"{folder}/{least - 1:020}.json" if least else None
        listed = (
            item for items in obstore.list(self._objects(), folder, offset=offset, chunk_size=1000) for item in items
        )
        names = (_COMMIT.fullmatch(item["path"].removeprefix(f"{folder}/")) for item in listed)
        return [int(name[1]) for name in names if name]

    def _metadata(self, key: str, version: int) -> Mapping[str, Any] | None:
        """What a commit says of itself; None where its file is gone."""
        try:
            content = bytes(obstore.get(self._objects(), f"{key}/_delta_log/{version:020}.json").bytes())
        except FileNotFoundError:
            return None
        with _told_as_damaged(key, version):
            for line in content.splitlines():
                if b'"commitInfo"' in line and (said := json.loads(line).get("commitInfo")):
                    return json.loads(said.get("userMetadata") or "{}")
            json.loads(content.partition(b"\n")[0])  # says nothing of itself, but is a commit
        return {}


@contextmanager
def _told_as_damaged(key: str, version: int) -> Generator[None]:
    """What is no commit, such as a file that a power cut left, leaves the block as StageFailed with the name of the file."""
    try:
        yield
    except ValueError:  # of JSON, of UTF-8, of pydantic
        raise StageFailed(
            f"The commit {key}/_delta_log/{version:020}.json of the lake is damaged: put it back from a copy of the lake"
        ) from None


def _check_format(key: str, written: int | None) -> None:
    if written == FORMAT:
        return
    differs = f"The table {key} was written by lake format {written}, this mixlake reads format {FORMAT}"
    if written is not None and OLDEST <= written < FORMAT:
        raise UserError(f"{differs}: `mixlake migrate` brings the lake there")
    raise UserError(f"{differs}: use another MIXLAKE_ROOT, or a newer mixlake")
