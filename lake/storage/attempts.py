"""Attempts: the report of a stage's newest run, published or rejected, kept beside its audit pages."""

from pyarrow import fs

from lake.storage.report import StageReport
from lake.storage.store import Lake

AUDITS = "audits"  # the folder of the lake with attempts and audit pages


def record_attempt(lake: Lake, report: StageReport) -> None:
    """Keeps the report of a stage's newest attempt; a rejected one stops what is downstream, in later runs too."""
    folder = lake.path(audit_folder(report.stage))
    lake.files.create_dir(folder, recursive=True)
    for name in (report.run_id, "newest"):
        # written beside and moved, so that neither a kill nor a reader meets half a report
        unfinished = f"{folder}/{name}.{report.run_id}.part"
        with lake.files.open_output_stream(unfinished) as file:
            file.write(report.model_dump_json(indent=1).encode())
        lake.files.move(unfinished, f"{folder}/{name}.json")


def newest_attempt(lake: Lake, key: str) -> StageReport | None:
    """The report of a stage's newest attempt, or None."""
    return attempt(lake, key, "newest")


def attempt(lake: Lake, key: str, run_id: str) -> StageReport | None:
    """The report of one attempt of a stage, or None."""
    path = lake.path(f"{audit_folder(key)}/{run_id}.json")
    if lake.files.get_file_info(path).type == fs.FileType.NotFound:
        return None
    with lake.files.open_input_stream(path) as file:
        return StageReport.model_validate_json(file.read())


def audit_folder(key: str) -> str:
    """Where the reports and audit pages of a stage lie, relative to the lake."""
    return f"{AUDITS}/{key.replace('/', '-')}"
