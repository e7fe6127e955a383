"""The code location: complete, light, and without a deprecated name."""

import subprocess
import sys
import warnings

import dagster as dg

from dagster_project.definitions import defs
from lake.settings import project_folder
from lake.stages import STAGES
from lake.tables import TABLES


def test_it_loads_without_warnings_and_every_stage_is_an_asset() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = defs()
    graph = loaded.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {*STAGES, "landing/files"}
    for key, stage in STAGES.items():
        node = graph.get(dg.AssetKey(key.split("/")))
        assert {parent.to_user_string() for parent in node.parent_keys} == set(stage.inputs)
        assert node.group_name == TABLES[key].layer
        assert {check.name for check in node.check_keys} == {"quality_gate", "quality_warnings"}
        columns = node.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == TABLES[key].schema.names


def test_loading_it_imports_no_heavy_library() -> None:
    heavy = ("torch", "pyspark", "great_expectations", "vllm", "transformers", "trl", "matplotlib")
    script = (
        "import sys, time; begun = time.perf_counter(); import dagster_project.definitions as d; d.defs(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=project_folder()
    )
    assert told.stdout.strip() == "[]"


def test_the_sensor_asks_for_one_run_a_state_of_the_landing_folder(rated_next) -> None:
    from dagster_project.defs.automation import landing_folder_sensor
    from lake.landing.landed import register_landed
    from lake.landing.register import landing_folder

    def tick() -> dg.RunRequest | dg.SkipReason:
        with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance=instance) as context:
            return landing_folder_sensor(context)

    assert isinstance(tick(), dg.SkipReason)
    file = landing_folder(rated_next) / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text('{"instruction": "a", "output": "b"}\n')
    first, again = tick(), tick()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert first.run_key == again.run_key
    register_landed(rated_next)
    assert isinstance(tick(), dg.SkipReason)


def test_the_schedule_brings_everything_up_to_date_once_a_day() -> None:
    (schedule,) = defs().schedules or ()
    assert schedule.cron_schedule == "0 3 * * *"
    assert schedule.job_name == "everything"
