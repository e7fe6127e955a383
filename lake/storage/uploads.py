"""Files put into a folder or a bucket, which is opened as a lake's is (lake.storage.places): credentials and an own server come from the environment."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore

from lake.errors import UserError
from lake.settings import full_path
from lake.storage.lease_records import UNREACHABLE
from lake.storage.places import check_no_credentials, is_remote, object_store


class Target:
    """A folder, or a prefix in a bucket, that files are put into. Raises UserError for an address that cannot be opened."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._store = _opened(address)

    def names(self) -> set[str]:
        """What is there, relative to the target."""
        with _reaching(self.address):
            return {item["path"] for items in obstore.list(self._store) for item in items}

    def read(self, name: str) -> bytes | None:
        """The content of a file there, None where there is none."""
        with _reaching(self.address), suppress(FileNotFoundError):
            return bytes(obstore.get(self._store, name).bytes())
        return None

    def put(self, files: Mapping[str, Path]) -> None:
        """Puts each file under its name, in the order given."""
        with _reaching(self.address):
            for name, path in files.items():
                obstore.put(self._store, name, path)

    def remove(self, names: Iterable[str]) -> None:
        """Removes what has these names."""
        with _reaching(self.address):
            obstore.delete(self._store, sorted(names))


@contextmanager
def _reaching(address: str) -> Generator[None]:
    """What a store raises leaves the block as one sentence, without the store's own words: they may quote a signed request."""
    try:
        yield
    except UNREACHABLE as error:
        raise UserError(
            f"{address} cannot be read or written to ({type(error).__name__}): are the credentials in the environment right?"
        ) from None


def _opened(address: str) -> ObjectStore:
    check_no_credentials(address)
    if not address.strip():
        raise UserError("There is no place to put files into: name a folder, or s3://, gs:// or az:// and a bucket")
    try:
        return object_store(address) if is_remote(address) else LocalStore(str(full_path(address)), mkdir=True)
    except (*UNREACHABLE, ValueError) as error:
        raise UserError(
            f"{address} cannot be opened ({type(error).__name__}): a folder, s3://, gs:// or az:// and a bucket are meant"
        ) from None
