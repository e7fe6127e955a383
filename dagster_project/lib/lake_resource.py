"""The lake and the settings of a run as a resource of Dagster: shown in the UI, and set anew for a run in its launchpad or by whoever
takes these definitions into a deployment of their own.
"""

import os

import dagster as dg
from pydantic import Field

from lake.harness.profiles import Profile, load_profile
from lake.settings import settings
from lake.storage.store import Lake


class LakeResource(dg.ConfigurableResource[None]):
    """Where the lake is, which profile holds, and what Spark is given; what is left out is as the environment says."""

    root: str | None = Field(default=None, description="folder or address of the lake")
    profile: str | None = Field(default=None, description="one of ours, or a profile file")
    spark_master: str | None = Field(default=None, description="where Spark runs")
    driver_memory: str | None = Field(default=None, description="memory of Spark's driver")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Makes these the settings of the run's process and of those that it starts, which read them from the environment."""
        here = settings()
        for name in _SET:
            value = getattr(self, name)
            if value is not None and value != getattr(here, name):
                os.environ[f"MIXLAKE_{name.upper()}"] = value

    def open(self) -> Lake:
        """The lake."""
        return Lake(settings().root)

    def chosen(self) -> Profile:
        """The profile."""
        return load_profile(settings().profile)


_SET = ("root", "profile", "spark_master", "driver_memory")


def of_environment() -> LakeResource:
    """The resource as the environment says where these definitions are loaded."""
    here = settings()
    return LakeResource(**{name: getattr(here, name) for name in _SET})
