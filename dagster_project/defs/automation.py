"""What starts without a hand, and the jobs that are started by one.

A sensor registers what lands; then every stage that follows new files runs (`stage_asset.BY_HAND` names those that never do), and once a day
all of them are looked at again. What is up to date costs milliseconds. Each of these is off until it is switched on.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from pydantic import BaseModel

from dagster_project.lib.described import asset_of, described
from dagster_project.lib.lake_resource import LakeResource
from dagster_project.lib.stage_asset import BY_HAND, REBUILD
from lake.landing.landed import Landed, outside_sources, refusals, register_landed, unregistered, unsettled
from lake.landing.register import registered
from lake.settings import settings
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES

_FILES = described("landing/files", "lake.landing.landed:register_landed")


@dg.asset(
    key=["landing", "files"],
    kinds={"python", "deltalake"},
    group_name=_FILES["group_name"],
    tags=_FILES["tags"],
    owners=_FILES["owners"],
    metadata=_FILES["metadata"],
)
def landing_files(lake: LakeResource) -> dg.MaterializeResult[Any]:
    """Registers every new or changed file of the landing folder."""
    opened = lake.open()
    added = register_landed(opened)
    files = registered(opened)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(files), "added": len(added)},
        data_version=dg.DataVersion(str(opened.version("landing/files"))),
    )


def _job(name: str, keys: Iterable[str], description: str, tags: Mapping[str, str] | None = None) -> Any:
    selection = dg.AssetSelection.assets(*(key.split("/") for key in keys))
    return dg.define_asset_job(name, selection, description=description, tags=tags)


_FOLLOWING = [key for key in STAGES if key not in BY_HAND]
register_files = _job("register_files", ["landing/files"], "Registers what lies in the landing folder.")
JOBS = (
    register_files,
    dg.define_asset_job("everything", dg.AssetSelection.all(), description="Brings every table up to date, models included."),
    _job("reprocess", ["landing/files", *_FOLLOWING], "Takes in what is new, up to a release by the distiller in service. Trains nothing."),
    _job(
        "rebuild_mixture", ["silver/best_records", "gold/mixture"],
        "Takes a new snapshot of the best records and builds MIXTURE anew from it.", {REBUILD: "true"},
    ),
    _job(
        "train", ["models/distiller_sft", "models/distiller_grpo", "gold/heldout_answers", "models/champion"],
        "Trains the distiller and lets it challenge the one in service.",
    ),
    _job(
        "distil_and_release", ["gold/distilled", "gold/training_set", "reports/evaluation", "releases/current"],
        "Distils, selects, measures and releases.",
    ),
)  # fmt: skip
follow = dg.AutomationConditionSensorDefinition(
    "follow_new_files",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    minimum_interval_seconds=30,
)


RUNS_A_DELIVERY = 3


class _Delivery(BaseModel):
    """The delivery that the sensor last asked a run for: the state of the files that waited, and how many runs it has had."""

    state: str = ""
    runs: int = 0

    @property
    def run_key(self) -> str:
        return f"{self.state}/{self.runs}"


@dg.sensor(job=register_files, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def landing_folder_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One registration for each state of the landing folder that has files not registered yet, and again where it failed."""
    lake = Lake(settings().root)
    last = _Delivery.model_validate_json(context.cursor) if context.cursor else _Delivery()
    waiting = unregistered(lake)
    state = _state(waiting) if waiting else last.state
    if state != last.state:
        return _request(context, _Delivery(state=state, runs=1))
    failed = _failed_run(context, last)
    if failed and last.runs < RUNS_A_DELIVERY:
        return _request(context, _Delivery(state=last.state, runs=last.runs + 1))
    if failed:
        return dg.SkipReason(
            f"Gave up on the last delivery after {last.runs} failed runs; the last one is {failed}. Start the job "
            f"`register_files` by hand once its cause is mended, or land another file."
        )
    if waiting:
        return dg.SkipReason(f"A run was asked for that registers the {len(waiting)} waiting files.")
    return dg.SkipReason(f"Every settled file of the landing folder's sources is registered.{_left_out(lake)}")


def _state(waiting: Sequence[Landed]) -> str:
    state = "\n".join(f"{file.address} {file.status}" for file in waiting)
    return hashlib.sha256(state.encode()).hexdigest()


def _request(context: dg.SensorEvaluationContext, delivery: _Delivery) -> dg.RunRequest:
    context.update_cursor(delivery.model_dump_json())
    return dg.RunRequest(run_key=delivery.run_key)


def _failed_run(context: dg.SensorEvaluationContext, delivery: _Delivery) -> str | None:
    """The id of the newest run for a delivery, if that run failed."""
    of_delivery = dg.RunsFilter(tags={"dagster/run_key": delivery.run_key})
    runs = context.instance.get_runs(of_delivery, limit=1) if delivery.state else []
    return next((run.run_id for run in runs if run.status == dg.DagsterRunStatus.FAILURE), None)


def _left_out(lake: Lake) -> str:
    """What the landing folder holds besides, in sentences; empty for nothing."""
    writing = ", ".join(file.name for file in unsettled(lake))
    never = ", ".join(item.name for item in outside_sources(lake))
    told = [f" Still being written, or were a moment ago: {writing}."] if writing else []
    told += [f" Never read, for they lie in no folder named as a source may be: {never}."] if never else []
    return "".join((*told, *(f" {refusal}." for refusal in refusals(lake))))


@dg.schedule(job_name="reprocess", cron_schedule="0 3 * * *", execution_timezone="UTC")
def daily_reprocessing() -> dg.RunRequest:
    """The job `reprocess`, but for the stages that wait for one which is started by hand and never was: in a new lake, what needs a distiller."""
    return dg.RunRequest(asset_selection=[asset_of(key) for key in ("landing/files", *_ready(Lake(settings().root)))])


def _ready(lake: Lake) -> Iterator[str]:
    """The stages of the job whose every input was published, or is by a stage before them."""
    ready = {"landing/files"}
    for key in _FOLLOWING:
        owners = {TABLES[table].side_of or table for table in STAGES[key].inputs}
        if all(owner in ready or lake.version(owner) is not None for owner in owners):
            ready.add(key)
            yield key
