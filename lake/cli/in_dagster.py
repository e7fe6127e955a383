"""What a command changed without a run is shown in Dagster: automation takes what it was not told of for missing, or for unchanged."""

from lake.harness.profiles import resolve
from lake.settings import settings
from lake.storage.report import StageReport


def show_published(report: StageReport) -> None:
    """Tells Dagster what a command published."""
    _told("tell_published", report)


def show_again() -> None:
    """Tells Dagster of all tables whose history was removed."""
    _told("tell_unknown")


def _told(function: str, *about: StageReport) -> None:
    if settings().home.is_dir():  # else nobody looks, and importing Dagster takes seconds
        resolve(f"dagster_project.lib.launch:{function}")(*about)
