"""One address of a lake, and what each reader makes of it: pyarrow, deltalake, obstore and Spark.

Credentials, region and endpoint come from the environment (AWS_*, GOOGLE_*, AZURE_*), where every reader looks for them by itself. An own
server is named by AWS_ENDPOINT_URL: it is asked by path, not by a host name for each bucket, and by plain HTTP where its address says so.
"""

import errno
import os
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url
from pyarrow import ArrowInvalid, fs

from lake.errors import StageFailed, UserError

SCHEMES = ("s3", "gs", "abfss")
STORE_ERRORS = (BaseError, DeltaError, OSError)  # what a reader raises where a store cannot be reached, or refuses
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_HELD = re.compile(
    r"""(?: (?:s3|gs|abfss?):// [^/]* :             # no bucket has a colon in its name
          | (?!abfss?://) [\w+.-]+ :// [^/?#]* @    # of abfss what stands there is the container
          | [\w+.-]+ :// .* [?&] [^=&#]* (?:signature|sig|token|secret|password|key) = )""",
    re.IGNORECASE | re.VERBOSE,
)


def is_remote(root: str) -> bool:
    """Whether a lake lies in an object store."""
    return "://" in root


def check_no_credentials(address: str, instead: str = "set them in the environment") -> None:
    """Raises UserError for a URL that holds a name with a password, a key or a signature: rows, logs and pages name addresses.

    instead: what to do, which ends the sentence.
    """
    if _HELD.match(address):
        raise UserError(
            f"Credentials do not belong in an address, which rows, logs and lists of commands keep: {instead}"
        )


def check_address(root: str) -> None:
    """Raises UserError for an address that no reader knows or that holds credentials, where a file lies, or whose own server is named without
    the keys to it."""
    check_no_credentials(root)
    scheme = root.split("://", 1)[0]
    if is_remote(root) and scheme not in SCHEMES:
        raise UserError(
            f"MIXLAKE_ROOT is {root!r}: a lake is a folder, or lies at {', '.join(f'{one}://' for one in SCHEMES)}"
        )
    if not is_remote(root):
        _check_folder(Path(root))
    missing = [name for name in _KEYS if not os.environ.get(name)]
    # elsewhere keys may come from a file or from the machine's role
    if scheme == "s3" and endpoint() and missing:
        raise UserError(
            f"{root} lies on the server {endpoint()}, and {' and '.join(missing)} is not set in the environment"
        )


def _check_folder(root: Path) -> None:
    there = next(place for place in (root, *root.parents) if os.path.exists(place))  # noqa: PTH110 - Path's raises where it may not look
    if not there.is_dir():
        raise UserError(f"MIXLAKE_ROOT is '{root}', and {there} is a file: a lake is a folder, or a new place for one")


def endpoint() -> str | None:
    """The own S3 server that the environment names, if any."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def region() -> str | None:
    """The region that the environment names; of an own server, which has none, any."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return named or ("us-east-1" if endpoint() else None)


def arrow_files(address: str) -> tuple[fs.FileSystem, str]:
    """Arrow's file system for a path or URL, and the path inside it."""
    if not is_remote(address):
        return fs.FileSystem.from_uri(str(Path(address).absolute()))
    place = region()
    if not address.startswith("s3://") or place is None:  # Arrow asks AWS for the region of the bucket
        return fs.FileSystem.from_uri(address)
    tries = fs.AwsStandardS3RetryStrategy(max_attempts=3)
    own = {"endpoint_override": server} if (server := endpoint()) else {}
    # a store that is busy takes longer than the three seconds after which Arrow would give an answer up; the other readers wait as long
    patience = {"connect_timeout": 10, "request_timeout": 30}
    return fs.S3FileSystem(region=place, retry_strategy=tries, **patience, **own), address.removeprefix("s3://")


def object_store(root: str) -> ObjectStore:
    """obstore's view of a lake; an empty one in memory where its folder is not there yet."""
    if is_remote(root):
        # its types tell the stores apart, which the address does
        options: dict[str, Any] = {"retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}}
        options |= {"client_options": {"allow_http": True}} if _plain_http() else {}
        options |= {"config": {"region": place}} if root.startswith("s3://") and (place := region()) else {}
        return from_url(root, **options)
    return LocalStore(root) if Path(root).is_dir() else MemoryStore()


class DeltaAddress(NamedTuple):
    """Where a table lies, and what deltalake is told of the store beside the environment."""

    uri: str
    options: dict[str, str]


def delta_address(root: str, key: str) -> DeltaAddress:
    """The address of a table for deltalake. In a store a commit puts its file only where none of that number is."""
    if not root.startswith("s3://"):
        return DeltaAddress(f"{root}/{key}", {})
    options = {"aws_conditional_put": "etag", "max_retries": "2", "retry_timeout": "20s"}
    options |= {"aws_region": place} if (place := region()) else {}
    options |= {"aws_allow_http": "true"} if _plain_http() else {}
    return DeltaAddress(f"{root}/{key}", options)


def spark_address(address: str) -> str:
    """The address as Hadoop's file systems call it.

    >>> spark_address("s3://bucket/lake"), spark_address("/data/lake")
    ('s3a://bucket/lake', '/data/lake')
    """
    return f"s3a://{address.removeprefix('s3://')}" if address.startswith("s3://") else address


def spark_store_settings(root: str) -> dict[str, str]:
    """Spark's settings for a lake in S3; Spark itself takes the keys from the environment, and hides them wherever it shows settings."""
    if not root.startswith("s3://"):
        return {}
    s3a = {"fs.s3a.attempts.maximum": "3", "fs.s3a.connection.establish.timeout": "10s"}
    if server := endpoint():
        s3a |= {"fs.s3a.endpoint": server, "fs.s3a.path.style.access": "true"}
        s3a["fs.s3a.connection.ssl.enabled"] = str(not _plain_http()).lower()
    if place := region():
        s3a["fs.s3a.endpoint.region"] = place
    # executors' Python opens the lake, too: where it lies, but no key, which each machine has of its own
    named = {"AWS_ENDPOINT_URL": endpoint(), "AWS_REGION": region()}
    return {f"spark.hadoop.{name}": value for name, value in s3a.items()} | {
        f"spark.executorEnv.{name}": value for name, value in named.items() if value
    }


def _plain_http() -> bool:
    return (endpoint() or "").startswith("http://")


@contextmanager
def told_in_a_sentence(root: Callable[[], str]) -> Generator[None]:
    """What a store or a disk answers that does not let itself be read or written leaves the block as UserError or StageFailed with one
    sentence. An error that is none of theirs leaves it as it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (*STORE_ERRORS, ArrowInvalid) as error:
        if is_remote(root()) and not isinstance(error, ArrowInvalid):
            raise UserError(f"{root()} cannot be used: {_why(error)}") from None
        _tell_of_a_disk(error, root())
        raise


def _tell_of_a_disk(error: Exception, root: str) -> None:
    """Raises the sentence of an error that a disk gave, or a damaged file on it."""
    said = " ".join(str(error).split())
    found = re.search(r"os error (\d+)", said)  # as libraries in Rust quote it
    number = int(found[1]) if found else getattr(error, "errno", None)
    if number in _OF_THE_DISK or number in _NO_PLACE:
        file = getattr(error, "filename", None)
        sentence = f"{os.strerror(number)}: {file or said}"
        raise UserError(sentence) if number in _NO_PLACE else StageFailed(sentence)
    # readers name a file of a table in full, without the first slash, or as seen from the table; what is wrong with a log they tell without its name
    of_the_lake = re.search(rf"(?:(?<![\w./-])/?|:///){re.escape(root.strip('/'))}/|'[^'/][^']*\.parquet'", said)
    of_a_log = isinstance(error, TableNotFoundError) or (isinstance(error, DeltaError) and "Kernel error" in said)
    if (of_the_lake or of_a_log) and not isinstance(error, CommitFailedError):
        raise StageFailed(
            f"A file of the lake {root} is damaged or gone: {said[:400]}; put it back from a copy of the lake, or have the next run make "
            "its table anew: `mixlake run STAGE --rebuild`"
        )


# no room, no permission, no working disk; and what is wrong with the name of a file
_OF_THE_DISK = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EMFILE,
)
_NO_PLACE = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP)


def _why(error: BaseException) -> str:
    """What the store's answer says to a user, and which variable decides it; never the request, whose headers hold a signature."""
    said = " ".join(str(error).split())
    server = endpoint() or "the store"
    if "NoSuchBucket" in said or "bucket does not exist" in said:
        return f"{server} has no such bucket"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or any(one in said for one in _REFUSED):
        return f"{server} refuses the credentials of the environment ({', '.join(_KEYS)})"
    if any(one in said for one in _UNREACHED):
        return f"{server} does not answer (AWS_ENDPOINT_URL names an own server)"
    return f"{server} answers with an error ({_KINDS.get(type(error).__name__, type(error).__name__)})"


_REFUSED = (
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ACCESS_DENIED",
    "403 Forbidden",
    "401 Unauthorized",
    "credential",
)
_UNREACHED = (
    "error sending request",
    "Connection refused",
    "connect",
    "timed out",
    "dns error",
    "curlCode",
    "NETWORK_CONNECTION",
)
_KINDS: Mapping[str, str] = {"OSError": "input or output failed"}
