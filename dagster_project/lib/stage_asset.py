"""One asset a stage: declared from lake.stages, run by the harness, its report turned into events."""

import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from dagster_project.lib.described import asset_of, described
from dagster_project.lib.events import check_specs, events, sides
from dagster_project.lib.lake_resource import LakeResource
from dagster_project.lib.stage_process import ReadAtTheEnd
from lake.errors import StageFailed
from lake.harness import progress
from lake.harness.bars import watched
from lake.harness.code_hash import code_hash
from lake.harness.environment import KEEP_MEMORY
from lake.harness.plan import reasons_to_run, rejected_inputs
from lake.harness.profiles import Profile
from lake.harness.run import FAILED, own_process, run_stage
from lake.stages import STAGES, Stage
from lake.storage.report import StageReport
from lake.storage.store import Lake
from lake.tables import TABLES

# What never starts by itself: it trains, builds what training reads, or decides which distiller serves.
BY_HAND = frozenset(
    {
        "gold/mixture",
        "models/distiller_sft",
        "models/distiller_grpo",
        "gold/heldout_answers",
        "models/champion",
        "reports/evaluation",
    }
)
RELEASE = "releases/current"
_FRESH = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=3), warn_window=timedelta(days=1, hours=6)
)  # the schedule is daily
# Side tables come with their owner, which every stage that reads one depends on, too. As assets that no step makes they would be missing
# until the owner's run has ended, and the first file of a lake would take several runs.
SIDES = tuple(table for stage in STAGES.values() for table in stage.sides)
_FOLLOWS = (dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()).ignore(
    dg.AssetSelection.assets(*map(asset_of, SIDES))
)

REBUILD = "mixlake/rebuild"  # the tag of a run that makes its tables anew from all rows

# What stages of an engine share, one at a time over all runs of the UI (dagster.yaml): the memory of a Spark session, and the
# accelerator. Training therefore holds up no stage of Spark. Nothing is scarce to an arrow stage.
POOLS: Mapping[str, str] = {"spark": "spark", "generate": "models", "train": "models"}


def stage_asset(key: str) -> dg.AssetsDefinition:
    """The asset of stage `key`, with every expectation of its gate as a check."""
    stage = STAGES[key]
    asset_key = asset_of(key)
    # a side table is published with its owner, whose asset must have run before: the side's own, which no step makes, orders nothing
    owners = {TABLES[table].side_of or table for table in stage.inputs}
    spec = dg.AssetSpec(
        asset_key,
        deps=sorted(map(asset_of, owners.union(stage.inputs))),
        description=f"{stage.summary}\n\nOne row: {TABLES[key].grain}.",
        kinds={stage.engine if stage.engine == "spark" else "python", "deltalake", *stage.kinds},
        code_version=code_hash(stage),
        freshness_policy=_FRESH if key == RELEASE else None,
        automation_condition=None if key in BY_HAND else _FOLLOWS,
        # a rejected stage yields its checks and no materialisation
        skippable=True,
        **described(key),
    )
    checks = check_specs(stage)

    @dg.multi_asset(name=key.replace("/", "_"), specs=[spec], check_specs=checks, pool=POOLS.get(stage.engine))
    def asset(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Any]:
        opened = lake.open()
        report = _run(context, stage, lake.chosen(), opened)
        for side in sides(report):
            context.log_event(side)
        yield from events(report, opened, checks)

    return asset


def side_asset(key: str) -> dg.AssetSpec:
    """The asset of a side table: no step makes it alone, the step of its owner reports it (lib/events.py)."""
    owner = TABLES[key].side_of or key
    return dg.AssetSpec(
        asset_of(key),
        deps=[asset_of(owner)],
        description=f"One row: {TABLES[key].grain}.",
        kinds={"deltalake"},
        **described(key),
    )


def _run(context: dg.AssetExecutionContext, stage: Stage, profile: Profile, lake: Lake) -> StageReport:
    """Runs the stage here, or in a process of its own where a model is loaded; what has nothing to do starts neither."""
    rebuild = context.run.tags.get(REBUILD) == "true"
    found = lake.pinned()
    reasons = reasons_to_run(found, stage, profile, rebuild)
    if reasons:
        progress.started(stage.key, "; ".join(reasons))
    # whether anything has to run is decided here: after a Pipes run Dagster demands every output
    apart = bool(reasons) and not rejected_inputs(found, stage) and own_process(found, stage, profile, rebuild)
    if apart:
        report = _run_apart(context, stage, profile, rebuild)
    else:
        with watched(stage.key, stage.engine) as progress_of_job:
            report = run_stage(stage, profile, lake, context.run.run_id, progress_of_job, rebuild)
    progress.finished(report)
    return report


def _run_apart(context: dg.AssetExecutionContext, stage: Stage, profile: Profile, rebuild: bool) -> StageReport:
    """The report of a stage run in a process of its own. Raises StageFailed with the reason that the process gave."""
    command = [sys.executable, "-m", "lake.harness.run", stage.key, context.run.run_id]
    invocation = dg.PipesSubprocessClient(message_reader=ReadAtTheEnd()).run(
        context=context,
        command=[*command, "--rebuild"] if rebuild else command,
        env=KEEP_MEMORY,
    )
    message = invocation.get_custom_messages()[-1]
    if FAILED in message:
        raise StageFailed(message[FAILED])
    return StageReport.model_validate(message)
