"""What is asked of a cluster before a run starts: that its master answers, and that its workers see the lake and the raw files that they are to read.

Workers on other machines share no disk with this one unless somebody mounts it there. So a remote master needs a lake in an object store or
below a folder of MIXLAKE_SHARED, which names the folders that every worker sees under the same path.
"""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lake.errors import UserError
from lake.landing.pending import STAGES as READING
from lake.landing.register import registered
from lake.settings import Settings
from lake.storage.places import is_remote
from lake.storage.store import Lake

_PATIENCE_S = 5  # for a master to take a connection
_REMEDY = "name in MIXLAKE_SHARED the folders that every worker sees under the same path"


def has_workers(here: Settings) -> bool:
    """Whether Spark's workers run elsewhere than in this process's own machine, as far as the master's address tells."""
    return not here.spark_master.startswith("local")


def check_workers_see(here: Settings, lake: Lake, rebuild: bool = False) -> None:
    """Raises UserError where workers on other machines could not see the lake, or a raw file that is still to be read."""
    if not has_workers(here):
        return
    if not _is_shared(here, lake.root):
        raise UserError(
            f"The lake {lake.root} lies on this machine's disk, which workers of {here.spark_master} do not see: set MIXLAKE_ROOT to an "
            f"object store, such as s3://bucket/lake, or {_REMEDY}"
        )
    hidden = [row["uri"] for row in _to_be_read(lake, rebuild) if not _is_shared(here, row["uri"])]
    if hidden:
        more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        raise UserError(
            f"{hidden[0]}{more} lies on this machine's disk, which workers of {here.spark_master} do not see: ingest it by a URL or with "
            f"--copy into a lake that they see, or {_REMEDY}"
        )


def check_master_answers(here: Settings) -> None:
    """Raises UserError where nobody listens at the address of a standalone master, which Spark would try for a minute to tell nothing of it."""
    scheme, _, addresses = here.spark_master.partition("://")
    if scheme == "spark" and not any(map(_listens, addresses.split(","))):
        raise UserError(
            f"MIXLAKE_SPARK_MASTER is {here.spark_master}, and no master answers there: a standalone master is named by "
            "spark://HOST:PORT, as its page tells it, and must be reachable from this machine"
        )


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE_S).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _is_shared(here: Settings, address: str) -> bool:
    return is_remote(address) or any(Path(address).is_relative_to(folder) for folder in here.shared)


def _to_be_read(lake: Lake, rebuild: bool) -> Iterator[Mapping[str, Any]]:
    """The registrations that some stage has not read."""
    published = [lake.publication(stage) for stage in READING]
    since = None if rebuild or None in published else min(one[1].published_at for one in published if one)
    return (row for row in registered(lake) if since is None or row["registered_at"] > since)
