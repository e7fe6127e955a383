"""Erasing what an order takes back, place by place; what was erased already is found erased, so that a killed command can go on."""

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from pyarrow import fs

from lake.harness.profiles import resolve
from lake.landing.register import FILES, LANDING
from lake.settings import local_path
from lake.storage.artifacts import CHECKPOINTS, UNFINISHED, remove
from lake.storage.audit_history import HISTORY, without_pages
from lake.storage.erasure import Goes, Mask, erase
from lake.storage.places import is_remote
from lake.storage.report import StageReport
from lake.storage.store import Lake
from lake.storage.tombstones import TOMBSTONES, Order, keys, taken_back, tombstones
from lake.tables import TABLES
from lake.takeback.landed import cut_lines, remove_copy
from lake.takeback.references import ABOUT, MADE_OF, WHOLE, mentions

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

RELEASES = "releases/current"
# of these nothing tells which rows are in them; all are made anew when they are needed
_FOLDERS = ("journals", "audits/data_docs")


def erase_order(lake: Lake, order: Order) -> dict[str, int]:
    """Erases all that the order takes back; how many rows left each table, over all versions and staged files."""
    _erase_landed(lake, order)
    _erase_releases(lake, order)
    taken = keys(lake, order)
    gone = {
        table: erase(lake, table, _columns(table), _goes(table, order, taken))
        for table in TABLES
        if table != TOMBSTONES
    }
    home = local_path(lake.root)
    # of a lake in an object store pages that lie here are copies
    for name in (*_FOLDERS, "audits", "reports") if is_remote(lake.root) else _FOLDERS:
        shutil.rmtree(home / name, ignore_errors=True)
    for name in (CHECKPOINTS, UNFINISHED):
        remove(lake, name)
    _erase_pages(lake)
    if (home / "dagster").is_dir():  # importing Dagster takes seconds
        resolve("dagster_project.lib.history:forget_runs")(home / "dagster")
    return {table: rows for table, rows in gone.items() if rows}


def _columns(table: str) -> list[str]:
    """The columns that tell which rows of a table go."""
    return ["request_id"] if table == WHOLE else ["source", *ABOUT, *MADE_OF]


def _goes(table: str, order: Order, taken: pa.Array) -> Goes:
    by_source = order.source if table == FILES or table.endswith("_pending") else None

    def goes(batch: pa.RecordBatch) -> Mask:
        if table == WHOLE:
            return np.ones(batch.num_rows, dtype=bool)
        if by_source is not None:
            return pc.equal(batch["source"], by_source).fill_null(False).to_numpy(zero_copy_only=False)
        return mentions(batch, taken, (*ABOUT, *MADE_OF))

    return goes


def _erase_landed(lake: Lake, order: Order) -> None:
    if order.source is not None:
        remove(lake, f"{LANDING}/{order.source}")
    for row in tombstones(lake, "file", order=order.id):
        remove_copy(lake, row["id"])
    cut_lines(lake, taken_back(lake.root, lake.version(TOMBSTONES)))


def _erase_releases(lake: Lake, order: Order) -> None:
    """Removes the folders of the releases that held a row of the order."""
    for row in tombstones(lake, "release", order=order.id):
        for path in lake.dataset(RELEASES, row["version"]).to_table(["path"])["path"].to_pylist():
            remove(lake, path)


def _erase_pages(lake: Lake) -> None:
    """Removes the pages, and from the reports of attempts the values that were seen: what each check found stays, and so do histories."""
    for item in lake.files.get_file_info(fs.FileSelector(lake.path("reports"), allow_not_found=True)):
        if item.path.endswith(".html"):
            lake.files.delete_file(item.path)
    root = lake.path("audits")
    for item in lake.files.get_file_info(fs.FileSelector(root, allow_not_found=True, recursive=True)):
        if item.is_file and item.base_name == HISTORY:
            _rewrite(lake, item.path, without_pages)
        elif item.is_file and item.path.endswith(".json") and not item.path.endswith(".results.json"):
            _rewrite(lake, item.path, _without_values)
        elif item.is_file:
            lake.files.delete_file(item.path)


def _rewrite(lake: Lake, path: str, change: Callable[[bytes], bytes]) -> None:
    with lake.files.open_input_stream(path) as file:
        content = change(file.read())
    with lake.files.open_output_stream(f"{path}.part") as file:
        file.write(content)
    lake.files.move(f"{path}.part", path)


def _without_values(content: bytes) -> bytes:
    report = StageReport.model_validate_json(content)
    checks = tuple(check.model_copy(update={"examples": (), "observed": None}) for check in report.checks)
    return report.model_copy(update={"checks": checks, "audit_page": None}).model_dump_json(indent=1).encode()
