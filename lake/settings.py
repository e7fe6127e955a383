"""Where things are, read from the environment and nowhere else. What a job does is in params, a whole experiment in a profile."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lake.errors import UserError, shown

_OWNER = re.compile(r"team:\S+|[\w.%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")  # as Dagster wants it
_MASTER = re.compile(r"local(\[(\*|[1-9]\d*)(,\s*\d+)?\])?|spark://\S+|k8s://\S+|yarn")
_LEAST_MEMORY_MB = 512  # Spark itself refuses less than 450
LEASE_EXPIRES_AFTER = 60  # seconds in which the run that works on a stage must have said that it lives


@dataclass(frozen=True)
class Settings:
    """Places and interpreters of this process.

    root: the lake, a path or an object-store URL. home: Dagster's instance: dagster_home, where
    the user has one, or else a folder inside a local lake.
    profile: one of ours or a profile file. spark_conf: Spark settings of the user, which win over those of spark_jobs.session.
    shared: folders that Spark's workers on other machines see under the same path.
    pages_port: the loopback port on which `mixlake ui` serves audit pages and reports.
    lease_wait: for how many seconds a stage waits for another run that works on it.
    owners: who is asked about the tables of a layer; "": of all other layers. Each is an e-mail address or `team:NAME`.
    alerts: Apprise URLs to which failures, rejections and overdue tables are told; they may hold passwords and are never shown.
    """

    root: str
    profile: str
    spark_master: str
    driver_memory: str
    spark_conf: Mapping[str, str]
    shared: tuple[Path, ...]
    cache: Path
    pages_port: int
    lease_wait: int
    owners: Mapping[str, tuple[str, ...]]
    alerts: tuple[str, ...] = field(repr=False)
    dagster_home: Path | None

    @property
    def home(self) -> Path:
        return self.dagster_home or local_path(self.root) / "dagster"


def local_path(root: str) -> Path:
    """The local folder that belongs to a lake: the lake itself; of one in an object store, a folder in `./.mixlake` for what runs here.

    >>> local_path("s3://bucket/lake").name
    's3-bucket-lake'
    """
    return Path(".mixlake").resolve() / re.sub(r"[^\w.]+", "-", root) if "://" in root else Path(root)


def settings() -> Settings:
    """The settings of this process: MIXLAKE_ROOT, _PROFILE, _SPARK_MASTER, _DRIVER_MEMORY, _SPARK_CONF, _SHARED, _CACHE, _PAGES_PORT, _LEASE_WAIT,
    _OWNERS, _ALERTS, and DAGSTER_HOME.

    Raises UserError, naming the variable, its value and what is allowed.
    """
    root = os.environ.get("MIXLAKE_ROOT") or ".mixlake"
    return Settings(
        root=root.rstrip("/") if "://" in root else str(full_path(root, told="MIXLAKE_ROOT is")),
        profile=os.environ.get("MIXLAKE_PROFILE") or "demo",
        spark_master=_spark_master(os.environ.get("MIXLAKE_SPARK_MASTER") or "local[*]"),
        driver_memory=_driver_memory(os.environ.get("MIXLAKE_DRIVER_MEMORY") or "2g"),
        spark_conf=_spark_conf(os.environ.get("MIXLAKE_SPARK_CONF", "")),
        shared=tuple(Path(one) for one in os.environ.get("MIXLAKE_SHARED", "").split(os.pathsep) if one),
        cache=full_path(os.environ.get("MIXLAKE_CACHE") or str(_user_cache() / "mixlake"), told="MIXLAKE_CACHE is"),
        pages_port=_port(os.environ.get("MIXLAKE_PAGES_PORT", "3001")),
        lease_wait=_lease_wait(os.environ.get("MIXLAKE_LEASE_WAIT", "600")),
        dagster_home=full_path(own, told="DAGSTER_HOME is") if (own := os.environ.get("DAGSTER_HOME")) else None,
        owners=_owners(os.environ.get("MIXLAKE_OWNERS", "")),
        alerts=tuple(os.environ.get("MIXLAKE_ALERTS", "").split()),
    )


def full_path(written: str, folder: Path | None = None, told: str = "") -> Path:
    """A path in full, as seen from `folder`, `~` and links followed; nothing need lie there yet.

    Raises UserError, which starts with `told`, for what can name nothing: the home of nobody, links in a circle, a name too long for a disk.
    """
    try:
        path = ((folder or Path()) / Path(written).expanduser()).resolve()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            path.stat()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise UserError(f"{told} {shown(written)}: nothing can lie there: {why}".lstrip()) from None
    return path


def _spark_master(written: str) -> str:
    if not _MASTER.fullmatch(written):
        why = (
            ", and jobs need a driver of their own, which Spark Connect does not give"
            if written.startswith("sc:")
            else ""
        )
        raise UserError(
            f"MIXLAKE_SPARK_MASTER is {written!r}{why}: allowed are local[*], local[N] with N cores, spark://HOST:PORT, k8s://ADDRESS and yarn"
        )
    return written


def _driver_memory(written: str) -> str:
    amount = re.fullmatch(r"(\d+)([mgt])", written.lower())  # as Java takes it
    if not amount or int(amount[1]) * 1024 ** "mgt".index(amount[2]) < _LEAST_MEMORY_MB:
        raise UserError(
            f"MIXLAKE_DRIVER_MEMORY is {written!r}: allowed is a whole number of megabytes or gigabytes, such as 512m (the least) or 2g"
        )
    return written


def _port(written: str) -> int:
    if not written.isdecimal() or not 0 < int(written) < 2**16:
        raise UserError(f"MIXLAKE_PAGES_PORT is {written!r}: a port is a whole number from 1 to 65535")
    return int(written)


def _lease_wait(written: str) -> int:
    if not written.isdecimal() or int(written) < LEASE_EXPIRES_AFTER:
        raise UserError(
            f"MIXLAKE_LEASE_WAIT is {written!r}: a wait is a whole number of seconds, {LEASE_EXPIRES_AFTER} at least, which is "
            "when a run that was killed is known to have ended"
        )
    return int(written)


def _owners(written: str) -> dict[str, tuple[str, ...]]:
    """Owners by layer, from `OWNER LAYER=OWNER`; "" stands for every layer that has none of its own."""
    from lake.tables import TABLES

    layers = {table.layer: None for table in TABLES.values()}
    found: dict[str, tuple[str, ...]] = {}
    for entry in written.split():
        layer, _, owner = entry.rpartition("=")
        if not _OWNER.fullmatch(owner) or layer not in {"", *layers}:
            raise UserError(
                f"MIXLAKE_OWNERS: {entry!r} is no owner: give addresses or team:NAME with spaces between, each of all layers, or "
                f"of one as in gold=team:NAME; layers are {', '.join(layers)}"
            )
        found[layer] = (*found.get(layer, ()), owner)
    return found


def _spark_conf(written: str) -> dict[str, str]:
    """Spark settings by name, from `name=value;name=value` or from a file of lines `name value`, as in spark-defaults.conf."""
    if "=" in written:
        lines = written.split(";")
    elif written:
        try:
            lines = full_path(written, told="MIXLAKE_SPARK_CONF is").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"MIXLAKE_SPARK_CONF is {written!r}, which cannot be read ({error}): give settings, such as "
                "spark.executor.memory=8g;spark.executor.cores=4, or a file with a setting a line"
            ) from None
    else:
        return {}
    settled = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return dict(map(_spark_setting, settled))


def _spark_setting(line: str) -> tuple[str, str]:
    # the name ends at whichever comes first: its value may hold the other, as the options of a JVM do
    name, *rest = re.split(r"\s*=\s*|\s+", line, maxsplit=1)
    if not name.startswith("spark.") or not rest or not rest[0]:
        raise UserError(
            f"MIXLAKE_SPARK_CONF: {line!r} is no Spark setting: allowed are spark.NAME=VALUE, and in a file spark.NAME VALUE, too"
        )
    return name, rest[0]


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@cache
def project_folder() -> Path:
    """The folder that holds the packages: the checkout, or `site-packages` where the wheel is installed."""
    return Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """A file or folder that comes with the code, such as `recipes` or `workspace.yaml`.

    A checkout has them at its top, where they are read and edited; the wheel packs them into `lake/shipped`, so that they
    do not lie loose among the packages of an environment ([tool.hatch] in pyproject.toml).
    """
    packed = project_folder() / "lake" / "shipped"
    return (packed if packed.is_dir() else project_folder()) / name
