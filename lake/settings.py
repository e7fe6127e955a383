"""Where things are, read from the environment and nowhere else. What a job does is in params, a whole experiment in a profile."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lake.errors import UserError


@dataclass(frozen=True)
class Settings:
    """Places and interpreters of this process.

    root: the lake, a path or an object-store URL. home: Dagster's instance, inside a local lake.
    pages_port: the loopback port on which `mixlake ui` serves audit pages and reports.
    """

    root: str
    profile: str
    spark_master: str
    driver_memory: str
    cache: Path
    pages_port: int

    @property
    def home(self) -> Path:
        return local_path(self.root) / "dagster"


def local_path(root: str) -> Path:
    """The local folder that belongs to a lake: the lake itself, or `./.mixlake` beside a lake on an object store."""
    return Path(".mixlake").resolve() if "://" in root else Path(root)


def settings() -> Settings:
    """The settings of this process: MIXLAKE_ROOT, _PROFILE, _SPARK_MASTER, _DRIVER_MEMORY, _CACHE, _PAGES_PORT."""
    root = os.environ.get("MIXLAKE_ROOT", ".mixlake")
    return Settings(
        root=root.rstrip("/") if "://" in root else str(Path(root).expanduser().resolve()),
        profile=os.environ.get("MIXLAKE_PROFILE", "demo"),
        spark_master=os.environ.get("MIXLAKE_SPARK_MASTER", "local[*]"),
        driver_memory=os.environ.get("MIXLAKE_DRIVER_MEMORY", "2g"),
        cache=Path(os.environ.get("MIXLAKE_CACHE") or _user_cache() / "mixlake"),
        pages_port=_port(os.environ.get("MIXLAKE_PAGES_PORT", "3001")),
    )


def _port(written: str) -> int:
    if not written.isdecimal() or not 0 < int(written) < 2**16:
        raise UserError(f"MIXLAKE_PAGES_PORT is {written!r}: a port is a whole number from 1 to 65535")
    return int(written)


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
