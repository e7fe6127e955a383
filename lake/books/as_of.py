"""The lake as it was for those who made something of it: each table at the version that was read, found from commit to commit.

    releases/current   read gold/training_set 4
    gold/training_set  4 read silver/groups 7, silver/quality 9
    silver/groups      7 read silver/quality 8                      silver/quality is seen at 9, the newer of the two

What came into a table later is not there, so that a release says the same of itself whenever it is made again.
"""

from collections.abc import Iterator, Mapping

from lake.stages import STAGES
from lake.storage.publication import Publication
from lake.storage.store import Lake
from lake.tables import TABLES


class LakeAsOf(Lake):
    """A lake to read, in which a table's version is the one given; a table that none is given of was never published."""

    def __init__(self, root: str, versions: Mapping[str, int]) -> None:
        super().__init__(root)
        self.versions = dict(versions)

    def exists(self, key: str) -> bool:
        """Whether the table has a version here."""
        return self.version(key) is not None and super().exists(key)

    def publications(self, key: str, most: int | None = None) -> Iterator[tuple[int, Publication]]:
        """The publishes of a table up to its version here, newest first."""
        newest = self.version(key)
        if newest is None:
            return
        yield from ((version, told) for version, told in super().publications(key) if version <= newest)

    def version(self, key: str) -> int | None:
        """The version given; of a side table the one published with its owner."""
        return super().version(key) if TABLES[key].side_of else self.versions.get(key)


def as_of(lake: Lake, read: Mapping[str, int]) -> LakeAsOf:
    """The lake as it was for a stage that read its inputs at these versions, and for all stages before it."""
    return LakeAsOf(lake.root, _behind(lake, read))


def _behind(lake: Lake, read: Mapping[str, int]) -> dict[str, int]:
    """By table, side tables left out: the newest version that anybody on the way to what was `read` has read."""
    found, waiting = dict[str, int](), list(read.items())
    while waiting:
        table, version = waiting.pop()
        owner = TABLES[table].side_of or table
        at, inputs = _made(lake, table, owner, version)
        if at > found.get(owner, -1):
            found[owner] = at
            waiting += inputs.items()
    return dict(sorted(found.items()))


def _made(lake: Lake, table: str, owner: str, version: int) -> tuple[int, Mapping[str, int]]:
    """The version of the owner that first had `version` of the table, and what it read."""
    made = list(lake.publications(owner)) if owner in STAGES and lake.exists(owner) else []
    # the first: a side table that did not change has its version in later ones, too
    for at, publication in reversed(made):
        if (at if owner == table else publication.sides.get(table)) == version:
            return at, publication.inputs
    return version, {}
