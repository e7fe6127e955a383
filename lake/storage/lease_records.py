"""The records of leases, `_leases/STAGE/NUMBER.json` in the lake: each is put only where its number is free, and the newest one counts.

To put where nothing is, is the one step that a disk and an object store both do as a whole. The newest record of a stage is never
removed, so numbers never start anew.
"""

from contextlib import suppress
from datetime import datetime

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore
from pydantic import BaseModel, ConfigDict, ValidationError

from lake.settings import LEASE_EXPIRES_AFTER
from lake.storage.places import is_remote, object_store

UNREACHABLE = (BaseError, OSError)  # what a store raises that cannot be reached or written to


class LeaseRecord(BaseModel):
    """One record of a lease. Times are of the holder's clock and for people to read: nothing is decided by them."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    host: str
    since: datetime
    renewed: datetime
    expires_after: float  # seconds for which this may stay the newest record
    released: bool = False

    def __str__(self) -> str:
        return f"run {self.run_id} on {self.host} (since {self.since:%Y-%m-%d %H:%M:%S}, renewed {self.renewed:%H:%M:%S} UTC)"


# stands for a record that cannot be read, such as the empty file that a power cut may leave: no run renews it
_UNREADABLE = LeaseRecord(
    run_id="unknown",
    host="an unknown host",
    since=datetime.min,
    renewed=datetime.min,
    expires_after=LEASE_EXPIRES_AFTER,
)


class LeaseRecords:
    """The records of all leases of one lake, in whatever store it lies."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def of(cls, root: str) -> "LeaseRecords":
        """Those of the lake at `root`, a path or an object-store URL."""
        return cls(object_store(root) if is_remote(root) else LocalStore(root, mkdir=True))

    def newest(self, stage: str) -> tuple[int, LeaseRecord | None]:
        """The number of the newest record of a stage's lease, and the record; 0 and None where nobody ever held it."""
        while numbers := self._numbers(stage):
            with suppress(FileNotFoundError):  # removed meanwhile: there is a newer one
                content = bytes(obstore.get(self._store, _path(stage, numbers[-1])).bytes())
                try:
                    return numbers[-1], LeaseRecord.model_validate_json(content)
                except ValidationError:
                    return numbers[-1], _UNREADABLE
        return 0, None

    def put(self, stage: str, number: int, record: LeaseRecord) -> int | None:
        """The number of the newest record after `record` was put as `number`, and older ones removed; None if it is of another run."""
        # what exists is of another run, or of this one: a store whose answer was lost is asked again
        with suppress(AlreadyExistsError):
            obstore.put(self._store, _path(stage, number), record.model_dump_json().encode(), mode="create")
        newest, held = self.newest(stage)
        if held is None or held.run_id != record.run_id:
            return None
        older = [_path(stage, number) for number in self._numbers(stage) if number < newest]
        with suppress(*UNREACHABLE):  # the next put removes what is left
            obstore.delete(self._store, older)
        return newest

    def _numbers(self, stage: str) -> list[int]:
        listed = (item for items in obstore.list(self._store, _folder(stage)) for item in items)
        names = (item["path"].rpartition("/")[2].removesuffix(".json") for item in listed)
        return sorted(int(name) for name in names if name.isdecimal())


def _folder(stage: str) -> str:
    return f"_leases/{stage.replace('/', '-')}"


def _path(stage: str, number: int) -> str:
    return f"{_folder(stage)}/{number:012}.json"
