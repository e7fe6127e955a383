"""A page for each release: the report as it was while that was the newest one, kept beside the report of the lake.

reports/report.html       the lake as it is
reports/mixlake@3.html    release mixlake of version 3
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyarrow import fs

from lake.settings import local_path
from lake.storage.artifacts import bring_files, keep
from lake.storage.store import Lake
from reports.view import View

REPORTS = "reports"  # the folder of the lake with the pages
_RELEASE = "releases/current"
_PAGE = re.compile(r"[a-z0-9][a-z0-9_.-]*@\d+\.html")


@dataclass(frozen=True)
class NewestRelease:
    """The newest release: NAME@VERSION, when it was published, and whether what it read is still the newest of its kind."""

    name: str
    published: str
    current: bool

    @property
    def page(self) -> str:
        return f"{self.name}.html"


def newest_release(view: View) -> NewestRelease | None:
    """The newest release of the lake, if there is one."""
    published = view.lake.publication(_RELEASE)
    files = view.sample(_RELEASE, ["release"], limit=1)
    if published is None or not files:
        return None
    version, publication = published
    current = all(view.version(table) == at for table, at in publication.inputs.items())
    moment = f"{publication.published_at:%Y-%m-%d %H:%M:%S} UTC"
    return NewestRelease(f"{files[0]['release']}@{version}", moment, current)


def other_pages(lake: Lake, folder: Path, newest: NewestRelease | None) -> Sequence[str]:
    """The pages of other releases that lie in a folder, by name; in that of the lake's reports those that the lake has."""
    own = folder == local_path(lake.root) / REPORTS
    files, place = (lake.files, lake.path(REPORTS)) if own else (fs.LocalFileSystem(), str(folder))
    names = (item.base_name for item in files.get_file_info(fs.FileSelector(place, allow_not_found=True)))
    return sorted(name for name in names if _PAGE.fullmatch(name) and not (newest and name == newest.page))


def keep_page(lake: Lake, page: Path) -> None:
    """Keeps the report as the page of the newest release; one that was made before the lake went on stays as it is."""
    newest = newest_release(View(lake))
    if newest is None:
        return
    kept, name = page.with_name(newest.page), f"{REPORTS}/{newest.page}"
    if not newest.current:
        bring_files(lake, name)  # of a lake in an object store it may have been made on another machine
    if newest.current or not kept.exists():
        shutil.copyfile(page, kept)
        keep(lake, name)
