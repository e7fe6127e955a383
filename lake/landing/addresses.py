"""Where raw files lie: local paths, object stores that Arrow knows, any other URL through fsspec, data sets on a hub by their name."""

import re

from pyarrow import fs

from lake.errors import UserError
from lake.settings import full_path
from lake.storage.places import arrow_files

INSIDE = "!/"  # between an archive's address and the name of a file inside it
_UNNAMED = "!archive"  # ends the address of an archive whose name does not say that it is one
# a file inside an archive, as a pattern that Python, Arrow and Spark read alike (so without look-ahead); its first group, which is
# empty where the name does not say that it is an archive, ends the archive's address
MEMBER = rf"(\.(?i:zip|tar|tgz|tbz2|txz|tar\.[a-z0-9]+)){INSIDE}.*$|{_UNNAMED}{INSIDE}.*$"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_HUB = "hf://datasets/"


def inside(archive: str, name: str) -> str:
    """What follows the archive's address in that of a file inside it, so that MEMBER takes it off again.

    >>> inside("/a/b.zip", "c.csv"), inside("/a/b", "c.csv")
    ('!/c.csv', '!archive!/c.csv')
    """
    named = re.search(MEMBER, f"{archive}{INSIDE}") is not None
    return f"{'' if named else _UNNAMED}{INSIDE}{name}"


def absolute(address: str) -> str:
    """The address as it is kept: a URL as it is, a local path in full, `ORG/NAME` that is no local path as a data set on the hub."""
    if "://" in address:
        return address
    path = full_path(address)
    return f"{_HUB}{address}" if not path.exists() and _HUB_NAME.fullmatch(address) else str(path)


def located(address: str) -> tuple[fs.FileSystem, str]:
    """The file system behind an absolute address and the path inside it. Raises UserError if nothing here can open such a URL."""
    scheme = address.split("://", 1)[0] if "://" in address else ""
    if scheme in ("", "s3"):
        return arrow_files(address)
    if scheme in ("file", "gs", "gcs", "hdfs", "viewfs", "abfs", "abfss"):
        return fs.FileSystem.from_uri(address)
    import fsspec

    try:
        filesystem, path = fsspec.url_to_fs(address)
    except (ImportError, ValueError, OSError) as error:
        raise UserError(f"{address} cannot be opened: {error}") from None
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path
