"""Attempts: the reports of a stage's runs, published or not, kept beside its audit pages.

    audits/silver-groups/RUN.json        every attempt
    audits/unpublished/silver-groups.json    the newest one, as long as it is one that published nothing

A published attempt is found by its publication, so that one listing of the second folder tells of all stages that nothing came after it.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from pydantic import ValidationError

from lake.errors import StageFailed
from lake.settings import local_path
from lake.stages import STAGES
from lake.storage.artifacts import bring_files, keep
from lake.storage.report import StageReport
from lake.storage.store import Lake

AUDITS = "audits"  # the folder of the lake with attempts and audit pages
_UNPUBLISHED = f"{AUDITS}/unpublished"


def record_attempt(lake: Lake, report: StageReport) -> None:
    """Keeps the report of a stage's newest attempt; a rejected one stops what is downstream, in later runs too."""
    content = report.model_dump_json(indent=1).encode()
    lake.put(f"{audit_folder(report.stage)}/{report.run_id}.json", content)
    if report.status != "published":
        lake.put(_unpublished(report.stage), content)
    else:
        with suppress(FileNotFoundError):
            obstore.delete(lake.objects(), _unpublished(report.stage))


def newest_attempt(lake: Lake, key: str) -> StageReport | None:
    """The report of a stage's newest attempt, or None."""
    unpublished = unpublished_attempt(lake, key)
    if unpublished:
        return unpublished
    published = lake.publication(key)
    return attempt(lake, key, published[1].run_id) if published else None


def unpublished_attempt(lake: Lake, key: str) -> StageReport | None:
    """The report of a stage's newest attempt where that published nothing: it was rejected, or found nothing new. Else None."""
    path = _unpublished(key)
    if path not in lake.once(_UNPUBLISHED, lambda: _listed(lake)):
        return None
    return lake.once(path, lambda: _read(lake, path))


def attempt(lake: Lake, key: str, run_id: str) -> StageReport | None:
    """The report of one attempt of a stage, or None."""
    return _read(lake, f"{audit_folder(key)}/{run_id}.json")


@contextmanager
def audit_pages(lake: Lake, key: str) -> Generator[Path]:
    """The local folder in which a stage's audit pages are written during the block; what is written lies in the lake after it."""
    histories = [f"{audit_folder(stage)}/history.jsonl" for stage in STAGES]
    bring_files(lake, *histories)  # the indexes are made from them
    begun = time.time() - 1  # a file system may keep whole seconds
    yield local_path(lake.root) / AUDITS
    keep(lake, audit_folder(key), begun)
    keep(lake, f"{AUDITS}/index.html", begun)


def audit_folder(key: str) -> str:
    """Where the reports and audit pages of a stage lie, relative to the lake."""
    return f"{AUDITS}/{key.replace('/', '-')}"


def _unpublished(key: str) -> str:
    return f"{_UNPUBLISHED}/{key.replace('/', '-')}.json"


def _listed(lake: Lake) -> frozenset[str]:
    return frozenset(item["path"] for items in obstore.list(lake.objects(), _UNPUBLISHED) for item in items)


def _read(lake: Lake, path: str) -> StageReport | None:
    try:
        return StageReport.model_validate_json(bytes(obstore.get(lake.objects(), path).bytes()))
    except FileNotFoundError:
        return None
    except ValidationError:
        raise StageFailed(
            f"{path} of the lake is damaged: put it back from a copy, or remove it and run again"
        ) from None
