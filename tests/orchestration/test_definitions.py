"""The code location: complete, light, and without a deprecated name."""

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from time import time
from types import SimpleNamespace
from uuid import uuid4

import dagster as dg
import pytest
from lakes import small_lake

from dagster_project.definitions import defs
from dagster_project.defs.automation import daily_reprocessing
from dagster_project.lib import launch
from dagster_project.lib.described import asset_of, described
from dagster_project.lib.stage_asset import side_asset
from expectations.declared import declared_checks
from lake.settings import project_folder
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES


def test_it_loads_without_warnings_and_every_stage_is_an_asset() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = defs()
    graph = loaded.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {
        "landing/files", *(table for stage in STAGES.values() for table in stage.outputs)
    }  # fmt: skip
    for key, stage in STAGES.items():
        node = graph.get(dg.AssetKey(key.split("/")))
        owners = {TABLES[table].side_of or table for table in stage.inputs}
        assert {parent.to_user_string() for parent in node.parent_keys} == owners | set(stage.inputs)
        assert node.group_name == TABLES[key].layer
        assert {check.name for check in node.check_keys} == {check.name for check in declared_checks(stage)}
        columns = node.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == TABLES[key].schema.names


def test_every_table_says_where_it_lies_what_made_it_and_where_its_columns_come_from() -> None:
    graph = defs().resolve_asset_graph()
    for key in ("landing/files", *(table for stage in STAGES.values() for table in stage.outputs)):
        metadata = graph.get(dg.AssetKey(key.split("/"))).metadata
        assert metadata["dagster/table_name"] == key and metadata["dagster/uri"].endswith(f"/{key}")
        for place in metadata["dagster/code_references"].code_references:
            assert Path(place.file_path).read_text().splitlines()[place.line_number - 1].startswith("def ")
    columns = {
        column.name: column.description
        for column in graph.get(dg.AssetKey(["silver", "instructions"])).metadata["dagster/column_schema"].columns
    }
    assert columns["raw_id"] == "the bronze record it comes from (copied from bronze/instructions.id)"
    assert "copied" not in columns["text_hash"], "what a stage makes is copied from nowhere"


def test_owner_and_address_are_those_of_the_environment(rated_next: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    told = described("gold/mixture")
    assert (told["owners"], told["metadata"]["dagster/uri"]) == ([], f"{rated_next.root}/gold/mixture")
    monkeypatch.setenv("MIXLAKE_OWNERS", "team:data someone@example.org gold=team:training")
    assert described("gold/mixture")["owners"] == described("gold/mixture_unused")["owners"] == ["team:training"]
    assert side_asset("silver/duplicates").owners == ["team:data", "someone@example.org"]


def test_every_expectation_is_a_check_that_says_what_must_hold_before_it_ever_ran() -> None:
    graph = defs().resolve_asset_graph()
    key = dg.AssetKey(["silver", "groups"])
    specs = {check.name: graph.get_check_spec(check) for check in graph.get_check_keys_for_assets({key})}
    assert (specs["size_between"].description or "").startswith("Every value of size is from least_size to most_size.")
    assert specs["low_rated_without_a_place"].blocking and not specs["cohesion_drop"].blocking
    assert specs["id_unique"].metadata["expectation"] == "expect_column_values_to_be_unique"


def test_stages_share_a_pool_by_what_they_need_and_each_pool_has_a_limit(rated_next: Lake) -> None:
    graph = defs().resolve_asset_graph()
    pools = {key: graph.get(dg.AssetKey(key.split("/"))).pools for key in STAGES}
    assert pools["bronze/instructions"] == pools["silver/unique_instructions"] == {"spark"}
    assert pools["models/distiller_sft"] == pools["silver/ratings"] == {"models"}
    assert pools["models/champion"] == set()
    with launch.instance() as instance:
        config = instance.get_concurrency_config()
        assert config.pool_config.default_pool_limit == 1
        assert config.run_queue_config and config.run_queue_config.max_concurrent_runs > 1
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"]


def test_runs_that_died_are_started_again_and_stages_that_failed_are_not(rated_next: Lake) -> None:
    with launch.instance() as instance:
        assert instance.run_retries_enabled and instance.run_retries_max_retries == 2
        assert not instance.run_retries_retry_on_asset_or_op_failure


@pytest.mark.long
def test_dg_takes_the_definitions(rated_next: Lake) -> None:
    command = [sys.executable, "-m", "dagster_dg_cli.cli", "check", "defs"]
    environment = os.environ | {"DAGSTER_HOME": str(launch.prepare_home())}
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=project_folder(), env=environment)
    assert told.returncode == 0 and "All definitions loaded successfully." in told.stdout, told.stdout + told.stderr


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


@pytest.fixture
def sensor(rated_next: Lake) -> Iterator[SimpleNamespace]:
    """The sensor on an instance of its own: `tick()` evaluates it, `land(text)` drops a settled file, `end(status)` ends its newest run."""
    from dagster_project.defs.automation import landing_folder_sensor
    from lake.landing.register import landing_folder

    with dg.DagsterInstance.ephemeral() as instance:
        asked = SimpleNamespace(cursor=None, key="")

        def tick() -> dg.RunRequest | dg.SkipReason:
            with dg.build_sensor_context(instance=instance, cursor=asked.cursor) as context:
                answer = landing_folder_sensor(context)
                asked.cursor = context.cursor
            asked.key = answer.run_key if isinstance(answer, dg.RunRequest) else asked.key
            return answer

        def land(text: str, settled: bool = True) -> None:
            file = landing_folder(rated_next) / "mail" / "a.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            if settled:
                os.utime(file, (time() - 60, time() - 60))

        def end(status: dg.DagsterRunStatus) -> None:
            run = dg.DagsterRun(
                "everything", run_id=str(uuid4()), status=status, tags={"dagster/run_key": asked.key or ""}
            )
            instance.add_run(run)

        yield SimpleNamespace(tick=tick, land=land, end=end)


def test_the_sensor_asks_for_one_run_a_state_of_the_landing_folder(rated_next: Lake, sensor: SimpleNamespace) -> None:
    from lake.landing.landed import register_landed

    assert isinstance(sensor.tick(), dg.SkipReason)
    sensor.land('{"instruction": "a"', settled=False)
    assert "Still being written, or were a moment ago: a.jsonl" in (sensor.tick().skip_message or "")
    sensor.land('{"instruction": "a", "output": "b"}\n')
    assert isinstance(sensor.tick(), dg.RunRequest)
    assert "1 waiting files" in (sensor.tick().skip_message or "")
    register_landed(rated_next)
    sensor.end(dg.DagsterRunStatus.SUCCESS)
    assert isinstance(sensor.tick(), dg.SkipReason)


@pytest.mark.parametrize("registered_first", [True, False])
def test_a_failed_delivery_is_tried_again_a_bounded_number_of_times(
    rated_next: Lake, sensor: SimpleNamespace, registered_first: bool
) -> None:
    from dagster_project.defs.automation import RUNS_A_DELIVERY
    from lake.landing.landed import register_landed

    sensor.land('{"instruction": "a", "output": "b"}\n')
    keys = list[str | None]()
    for _ in range(RUNS_A_DELIVERY):
        request = sensor.tick()
        assert isinstance(request, dg.RunRequest)
        keys.append(request.run_key)
        if registered_first:
            register_landed(rated_next)
        assert isinstance(sensor.tick(), dg.SkipReason), "while the run goes on there is nothing to ask for"
        sensor.end(dg.DagsterRunStatus.FAILURE)
    assert len(set(keys)) == RUNS_A_DELIVERY
    assert f"Gave up on the last delivery after {RUNS_A_DELIVERY} failed runs" in (sensor.tick().skip_message or "")
    sensor.land('{"instruction": "a", "output": "mended"}\n')
    assert isinstance(sensor.tick(), dg.RunRequest), "another delivery is another chance"


TRAINS = {"gold/mixture", "models/distiller_sft", "models/distiller_grpo", "gold/heldout_answers", "models/champion"}


def test_what_starts_by_itself_trains_nothing_and_ends_in_a_release() -> None:
    loaded = defs()
    graph = loaded.resolve_asset_graph()
    follows = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).automation_condition}
    (schedule,) = loaded.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.cron_schedule, schedule.job_name) == ("0 3 * * *", "reprocess")
    daily = {key.to_user_string() for key in loaded.resolve_job_def("reprocess").asset_layer.executable_asset_keys}
    assert daily == follows | {"landing/files"}
    assert follows == set(STAGES) - TRAINS - {"reports/evaluation"}
    assert all(sensor.default_status == dg.DefaultSensorStatus.STOPPED for sensor in loaded.sensors or ())


def test_the_schedule_leaves_out_what_waits_for_a_stage_that_never_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(root: Path) -> set[str]:
        monkeypatch.setenv("MIXLAKE_ROOT", str(root))
        (request,) = daily_reprocessing.evaluate_tick(dg.build_schedule_context()).run_requests or ()
        return {key.to_user_string() for key in request.asset_selection or ()}

    waiting = {"gold/distilled", "gold/training_set", "releases/current", "upkeep/removals"}
    everything = set(STAGES) - TRAINS - {"reports/evaluation"} | {"landing/files"}
    assert asked(tmp_path / "new") == everything - waiting
    small_lake(tmp_path / "served")
    assert asked(tmp_path / "served") == everything


@pytest.mark.parametrize(
    "known", [set(STAGES), {"models/champion", "reports/evaluation"}], ids=["a lake at work", "its first file"]
)
def test_new_files_are_followed_in_one_run_up_to_the_release(known: set[str]) -> None:
    loaded = defs()
    graph = loaded.resolve_asset_graph()
    with dg.DagsterInstance.ephemeral() as instance:
        for key in map(asset_of, known):
            instance.report_runless_asset_event(dg.AssetMaterialization(key))
            for check in graph.get(key).check_keys:
                instance.report_runless_asset_event(dg.AssetCheckEvaluation(key, check.name, passed=True))
        first = dg.evaluate_automation_conditions(loaded, instance)
        assert first.total_requested == 0
        instance.report_runless_asset_event(dg.AssetMaterialization(["landing", "files"]))
        asked = dg.evaluate_automation_conditions(loaded, instance, cursor=first.cursor)
        requested = {key.to_user_string() for key in graph.get_all_asset_keys() if asked.get_num_requested(key)}
        assert requested == set(STAGES) - TRAINS - {"reports/evaluation"}
