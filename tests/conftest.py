"""What all tests may use; also puts this folder on the path, so that `lakes` can be imported from every layer."""

import gc
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import hypothesis
import pytest
from lakes import small_lake

from lake.storage.store import Lake

# The main module of a worker of xdist has neither a file nor a spec: PySpark takes that for a doctest, and ends the process. This is the spec
# it has without xdist; by its name a child process knows that there is no main module to run.
if sys.modules["__main__"].__spec__ is None:
    sys.modules["__main__"].__spec__ = ModuleSpec("pytest.__main__", None)

_STATUS = pytest.StashKey[int]()
# how long an example takes says how busy the machine is
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A small lake with every table but the release."""
    return small_lake(tmp_path / "lake")


def pytest_collection_finish() -> None:
    """Leaves what was imported out of every later search for garbage, which would take most of a second with it."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keeps the exit status for the very end."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leaves by the tests' exit status: a native library's thread may abort the interpreter's own teardown."""
    if _STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])
