"""One stage, run from a shell, inline under Dagster and in a process of its own: the same rows, the same report, the same events.

And what a rejected stage does: publishes nothing, keeps its staged rows and its page, and stops what is downstream.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from lakes import ROWS, RULES_ALONE, publish, rec, small_lake

import inference.rate as rate_module
from dagster_project.lib import lake_resource, launch, stage_asset
from dagster_project.lib.failures import sentence
from expectations.declared import declared_checks
from lake.errors import StageFailed, UserError
from lake.harness.job import JobContext
from lake.harness.plan import plan, reasons_to_run
from lake.harness.profiles import Profile, load_profile
from lake.harness.rejected import accept, beyond_acceptance, staged_rows
from lake.harness.run import run_stage
from lake.harness.status import status
from lake.settings import local_path
from lake.stages import STAGES
from lake.storage.attempts import newest_attempt, record_attempt
from lake.storage.lease_records import LeaseRecords
from lake.storage.report import StageReport
from lake.storage.store import Lake

KEY, NEXT = "silver/ratings", "silver/quality"
BAD = Profile("bad", "", {KEY: {"engine": {"kind": "scripted", "answers": ["no rating"]}}})


def told(report: StageReport) -> dict[str, Any]:
    """A report without what differs from run to run."""
    page = report.audit_page and Path(report.audit_page).parent
    return report.model_dump(exclude={"run_id", "seconds", "audit_page", "audited_at"}) | {"audit_page": page}


def ratings(lake: Lake) -> list[Mapping[str, Any]]:
    return sorted(lake.dataset(KEY).to_table().to_pylist(), key=lambda row: row["id"])


def of_newest_attempt(lake: Lake) -> StageReport:
    attempt = newest_attempt(lake, KEY)
    assert attempt is not None
    return attempt


def test_a_shell_dagster_and_a_subprocess_tell_the_same(rated_next: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    told_by: dict[str, dict[str, Any]] = {}
    rows: dict[str, list[Mapping[str, Any]]] = {}
    events: dict[str, list[tuple[str, Any]]] = {}
    for way in ("shell", "inline", "apart"):
        root = Path(rated_next.root).with_name(way)
        lake = small_lake(root, last="silver/embeddings")
        monkeypatch.setenv("MIXLAKE_ROOT", str(root))
        if way == "shell":
            command = [sys.executable, "-m", "lake.harness.run", KEY]
            assert subprocess.run(command, capture_output=True, check=False).returncode == 0
        else:
            monkeypatch.setattr(stage_asset, "own_process", lambda *_, apart=way == "apart": apart)
            launch.materialise([KEY], RULES_ALONE)
            events[way] = materialisation()
        told_by[way], rows[way] = told(of_newest_attempt(lake)), ratings(lake)
    assert told_by["shell"] == told_by["inline"] == told_by["apart"]
    assert told_by["shell"]["status"] == "published"
    assert rows["shell"] == rows["inline"] == rows["apart"]
    assert events["inline"] == events["apart"]
    assert ("dagster/row_count", len(rows["shell"])) in events["inline"]


def test_what_a_run_that_ended_early_left_is_there_for_the_next_and_gone_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, rate = small_lake(tmp_path / "lake", last="silver/embeddings"), rate_module.ratings
    found: list[bool] = []

    def interrupted(inputs: Any, params: Any, context: JobContext) -> Any:
        assert context.unfinished is not None
        half = context.unfinished.folder / "half"
        found.append(half.exists())
        half.mkdir(parents=True, exist_ok=True)
        if len(found) == 1:
            raise RuntimeError("the machine went away")
        yield from rate(inputs, params, context)

    monkeypatch.setattr(rate_module, "ratings", interrupted)
    with pytest.raises(RuntimeError, match="went away"):
        run_stage(STAGES[KEY], load_profile(RULES_ALONE), lake)
    assert run_stage(STAGES[KEY], load_profile(RULES_ALONE), lake).status == "published"
    assert found == [False, True]
    assert not (local_path(lake.root) / "unfinished" / KEY).exists()


def materialisation() -> list[tuple[str, Any]]:
    """The metadata of the newest materialisation on this process's Dagster instance, without what differs from run to run."""
    with launch.instance() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(KEY.split("/")))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    return sorted(
        (name, value.value)
        for name, value in metadata.items()
        if name not in ("seconds", "audit page") and isinstance(value.value, int | str)
    )


def test_a_command_waits_for_no_place_in_a_pool_and_keeps_none(rated_next: Lake) -> None:
    # a place would be kept for ever by a command that was killed
    with launch.instance() as instance:
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("models")
        assert storage.claim_concurrency_slot("models", "a run of the UI", "a step").is_claimed
        (report,) = launch.materialise([KEY], RULES_ALONE)
        assert report.status == "published"
        assert storage.get_concurrency_run_ids() == {"a run of the UI"}
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]


def test_dagster_is_told_once_of_what_has_nothing_to_do(rated_next: Lake) -> None:
    student, side = "models/student_embedder", "models/student_sample"

    def materialisations() -> list[int]:
        with launch.instance() as instance:
            keys = [stage_asset.asset_of(key) for key in (student, side, KEY)]
            return [len(instance.fetch_materializations(key, limit=9).records) for key in keys]

    for times in (1, 2):
        reports = launch.materialise([student, KEY], RULES_ALONE, idle=[student])
        assert [report.stage for report in reports] == [student, KEY] and materialisations() == [1, 1, times]


def test_dagster_is_told_of_every_table_that_it_does_not_know(rated_next: Lake) -> None:
    """Else automation would take for missing what stands in a lake with a new home, or after its runs were forgotten, and release nothing."""
    published = [key for key in STAGES if rated_next.exists(key)]
    sides = [side for key in published for side in STAGES[key].sides]
    for _ in range(2):
        launch.tell_unknown()
        with launch.instance() as instance:
            keys = [stage_asset.asset_of(key) for key in (*published, *sides)]
            assert {len(instance.fetch_materializations(key, limit=9).records) for key in keys} == {1}
            (check, *_) = declared_checks(STAGES["silver/instructions"])
            told = instance.event_log_storage.get_asset_check_execution_history(
                dg.AssetCheckKey(stage_asset.asset_of("silver/instructions"), check.name), limit=9
            )
            assert [record.status.value for record in told] == ["SUCCEEDED"]


def test_the_second_run_has_nothing_to_do(rated_next: Lake) -> None:
    profile, records = load_profile(RULES_ALONE), LeaseRecords.of(rated_next.root)
    first = run_stage(STAGES[KEY], profile, rated_next)
    released = records.newest(KEY)
    second = run_stage(STAGES[KEY], profile, rated_next)
    assert (first.status, second.status) == ("published", "up_to_date")
    assert (first.version, first.rows) == (second.version, second.rows)
    assert first.checks and (first.checks, first.audit_page) == (second.checks, second.audit_page)
    assert records.newest(KEY) == released, (
        "what has nothing to do needs no lease: the lake may be one that is only read"
    )


def test_asking_takes_no_lease(rated_next: Lake) -> None:
    profile = load_profile(RULES_ALONE)
    assert [entry.action for entry in plan(rated_next, [STAGES[KEY]], profile)] == ["run"]
    assert KEY in {table.table for table in status(rated_next, profile)}
    assert not (Path(rated_next.root) / "_leases").exists()


def test_new_rows_alone_are_rated_and_what_was_published_stays(rated_next: Lake) -> None:
    profile, unique = load_profile(RULES_ALONE), "silver/unique_instructions"
    first = run_stage(STAGES[KEY], profile, rated_next)
    before = ratings(rated_next)
    publish(rated_next, unique, [ROWS[unique][0] | {"id": rec("newcomer")}], run_id="more", grown=True)
    second = run_stage(STAGES[KEY], profile, rated_next)
    assert (first.grown, second.grown) == (False, True)
    assert (second.added[KEY], second.rows[KEY]) == (1, len(before) + 1)
    after = ratings(rated_next)
    assert [row for row in after if row["id"] != rec("newcomer")] == before
    assert len(after) == len(before) + 1
    rebuilt = run_stage(STAGES[KEY], profile, rated_next, rebuild=True)
    assert (rebuilt.grown, rebuilt.rows[KEY]) == (False, len(after))


def test_a_predictor_outlives_the_run_that_fitted_it_and_serves_the_next(rated_next: Lake) -> None:
    unique = "silver/unique_instructions"
    short, long = (
        "It is good.",
        "Steam at 120 °C softens beans in 25 minutes, because heat speeds reactions. Then let it fall.",
    )

    def records(first: int, last: int) -> list[Mapping[str, Any]]:
        answers = {n: " ".join([short] * (n % 3) + [long] * (n % 5)) for n in range(first, last)}
        return [ROWS[unique][0] | {"id": rec(str(n)), "answer": said, "text": said} for n, said in answers.items()]

    publish(rated_next, unique, records(0, 450), {side: [] for side in STAGES[unique].sides}, run_id="many")
    profile = Profile("sampled", "", {KEY: {"sample": 400}})
    first = run_stage(STAGES[KEY], profile, rated_next)
    assert first.status == "published" and first.metrics["predicted"] == 50 and first.metrics["explained_low"] > 0
    publish(rated_next, unique, records(450, 453), run_id="more", grown=True)
    second = run_stage(STAGES[KEY], profile, rated_next)
    assert (second.status, second.grown, second.added[KEY]) == ("published", True, 3)
    predicted = [row for row in ratings(rated_next) if row["state"] == "predicted"]
    assert len(predicted) == 53 and len({row["judge"] for row in predicted}) == 1
    (row,) = rated_next.dataset("silver/rating_predictors").to_table().to_pylist()
    assert Path(rated_next.root, row["uri"]).is_dir()


def test_deliveries_that_a_stage_missed_are_published_one_by_one(rated_next: Lake) -> None:
    profile, unique = load_profile(RULES_ALONE), "silver/unique_instructions"
    first = run_stage(STAGES[KEY], profile, rated_next)
    for name in ("one", "two", "none", "three"):
        new = [] if name == "none" else [ROWS[unique][0] | {"id": rec(name)}]
        publish(rated_next, unique, new, run_id=name, grown=True)
    found = run_stage(STAGES[KEY], profile, rated_next)
    assert (found.status, found.added[KEY], found.rows[KEY]) == ("published", 3, first.rows[KEY] + 3)
    published = [told.inputs[unique] - first.inputs[unique] for _, told in rated_next.publications(KEY)]
    assert published == [4, 2, 1, 0], "a version a delivery, none for the empty one"
    assert reasons_to_run(rated_next, STAGES[KEY], profile) == []
    for name in ("four", "five"):
        publish(rated_next, unique, [ROWS[unique][0] | {"id": rec(name)}], run_id=name, grown=True)
    rebuilt = run_stage(STAGES[KEY], profile, rated_next, rebuild=True)
    assert (rebuilt.version, rebuilt.rows[KEY]) == ((found.version or 0) + 1, first.rows[KEY] + 5)


def test_a_run_that_finds_nothing_to_add_publishes_no_version(rated_next: Lake) -> None:
    profile, unique = load_profile(RULES_ALONE), "silver/unique_instructions"
    run_stage(STAGES[KEY], profile, rated_next)
    before = rated_next.newest(KEY)
    publish(rated_next, unique, [], run_id="empty", grown=True)
    assert reasons_to_run(rated_next, STAGES[KEY], profile) == [f"{unique} is at version 1, was 0"]
    again = run_stage(STAGES[KEY], profile, rated_next)
    assert (again.status, again.version, again.added.get(KEY, 0)) == ("up_to_date", before, 0)
    assert rated_next.newest(KEY) == before
    assert reasons_to_run(rated_next, STAGES[KEY], profile) == []
    publish(rated_next, unique, [ROWS[unique][0] | {"id": rec("newcomer")}], run_id="more", grown=True)
    third = run_stage(STAGES[KEY], profile, rated_next)
    assert (third.status, third.grown, third.added[KEY]) == ("published", True, 1)


def test_a_rejected_stage_publishes_nothing_and_stops_what_is_downstream(rated_next: Lake) -> None:
    publish(rated_next, KEY, ROWS[KEY])
    before = ratings(rated_next)
    report = run_stage(STAGES[KEY], BAD, rated_next)
    assert report.status == "rejected"
    assert report.failed
    assert ratings(rated_next) == before
    assert rated_next.version(KEY) == report.version == 0
    staged = list((Path(rated_next.root) / KEY).glob(f"run-{report.run_id}/*.parquet"))
    assert len(staged) == 1, "the staged rows are kept to be looked at"
    assert report.audit_page
    page = (local_path(rated_next.root) / "audits" / report.audit_page).read_text(encoding="utf-8")
    assert "rejected" in page.lower()
    assert reasons_to_run(rated_next, STAGES[KEY], BAD) == ["the newest attempt was rejected"]
    with pytest.raises(StageFailed, match=f"{KEY} was rejected"):
        run_stage(STAGES[NEXT], BAD, rated_next)


def test_accepting_publishes_exactly_the_staged_rows_and_the_reason_stays_with_them(rated_next: Lake) -> None:
    publish(rated_next, KEY, ROWS[KEY])
    refused = run_stage(STAGES[KEY], BAD, rated_next)
    staged = staged_rows(rated_next, refused)[KEY].to_table().to_pylist()
    with pytest.raises(UserError, match="needs a reason"):
        accept(rated_next, STAGES[KEY], " ")
    published = accept(rated_next, STAGES[KEY], "the judge is  away")
    assert (published.status, published.version) == ("published", 1)
    assert sorted(staged, key=lambda row: row["id"]) == ratings(rated_next)
    (_, told), page = rated_next.publication(KEY), local_path(rated_next.root) / "audits" / str(refused.audit_page)
    (acceptance,) = told.accepted
    assert (told.run_id, rated_next.newest(KEY)) == (refused.run_id, 1), "one commit, of the run that was refused"
    assert (acceptance.reason, acceptance.failed) == (
        "the judge is away",
        tuple(check.sentence for check in refused.failed),
    )
    assert "the judge is away" in page.read_text(encoding="utf-8")
    assert of_newest_attempt(rated_next) == published and published.accepted == acceptance
    (state,) = [one for one in status(rated_next, BAD) if one.table == KEY]
    assert (state.gate, len(state.accepted)) == ("accepted", 1)
    assert reasons_to_run(rated_next, STAGES[KEY], BAD) == []
    with pytest.raises(UserError, match="was not rejected"):
        accept(rated_next, STAGES[KEY], "twice")
    launch.tell_published(published)
    shown = dict(materialisation())
    assert "the judge is away" in shown["accepted"] and shown["version"] == 1


def test_new_rows_of_an_accepted_table_still_tell_of_it_and_a_mended_run_does_not(rated_next: Lake) -> None:
    unique, good = "silver/unique_instructions", load_profile(RULES_ALONE)
    run_stage(STAGES[KEY], BAD, rated_next)
    accept(rated_next, STAGES[KEY], "known")
    publish(rated_next, unique, [ROWS[unique][0] | {"id": rec("newcomer")}], run_id="more", grown=True)
    grown = run_stage(STAGES[KEY], BAD, rated_next)
    assert (grown.status, grown.grown) == ("published", True), "one failure among few new records is no broken judge"
    assert [acceptance.reason for acceptance in rated_next.publication(KEY)[1].accepted] == ["known"]
    assert run_stage(STAGES[KEY], good, rated_next).grown is False
    assert rated_next.publication(KEY)[1].accepted == ()


def test_rows_that_no_reader_could_trust_cannot_be_accepted(rated_next: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = rate_module.ratings

    def strangers(*given: Any) -> Any:
        for key, rows in honest(*given):
            yield (
                key,
                rows.set_column(rows.column_names.index("id"), "id", [[rec("nobody")] * len(rows)])
                if key == KEY
                else rows,
            )

    monkeypatch.setattr(rate_module, "ratings", strangers)
    refused = run_stage(STAGES[KEY], load_profile(RULES_ALONE), rated_next)
    assert {check.name for check in beyond_acceptance(refused)} == {"ratings_of_no_record"}
    with pytest.raises(UserError, match=r"cannot be accepted.*Every rating is of a unique record"):
        accept(rated_next, STAGES[KEY], "please")
    assert rated_next.version(KEY) is None


def test_what_was_staged_and_is_gone_or_overtaken_is_not_accepted(rated_next: Lake) -> None:
    refused = run_stage(STAGES[KEY], BAD, rated_next)
    (file,) = (Path(rated_next.root) / KEY).glob(f"run-{refused.run_id}/*.parquet")
    file.rename(file.with_suffix(".away"))
    with pytest.raises(UserError, match="no longer there"):
        accept(rated_next, STAGES[KEY], "right")
    file.with_suffix(".away").rename(file)
    publish(rated_next, KEY, ROWS[KEY], run_id="faster")
    record_attempt(rated_next, refused)  # as if both had run at once, and this one ended last
    with pytest.raises(StageFailed, match="meanwhile"):
        accept(rated_next, STAGES[KEY], "right")
    assert rated_next.version(KEY) == 0


def test_under_dagster_a_rejection_fails_its_checks_and_a_later_run_of_what_reads_it(
    rated_next: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_resource, "load_profile", lambda name: BAD)
    monkeypatch.setattr(stage_asset, "own_process", lambda *_: False)
    monkeypatch.setattr(launch, "load_profile", lambda name: BAD)
    (report,) = launch.materialise([KEY, NEXT], RULES_ALONE)
    assert (report.stage, report.status) == (KEY, "rejected")
    asset = dg.AssetKey(KEY.split("/"))
    with launch.instance() as instance:
        assert instance.get_latest_materialization_event(asset) is None
        checks = instance.get_event_records(dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION))
    evaluations = [record.event_log_entry.dagster_event.event_specific_data for record in checks]
    outcome = {evaluation.check_name: evaluation for evaluation in evaluations}
    assert outcome.keys() == {check.name for check in declared_checks(STAGES[KEY])}
    assert {name for name, told in outcome.items() if not told.passed} == {
        check.name for check in (*report.failed, *report.warned)
    }
    unrated = outcome["unrated_share"]
    assert (unrated.severity, unrated.blocking) == (dg.AssetCheckSeverity.ERROR, True)
    assert unrated.description == "The judge rated nearly every record it was asked about."
    shown = {name: value.value for name, value in unrated.metadata.items()}
    assert (shown["observed"], shown["allowed"], shown["severity"]) == ("1", "at most 0.1", "critical")
    with pytest.raises(StageFailed, match=f"{KEY} was rejected"):
        launch.materialise([NEXT], RULES_ALONE)
    assert rated_next.version(NEXT) is None


def test_a_run_that_another_one_overtook_publishes_nothing(rated_next: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    import inference.rate

    honest = inference.rate.ratings

    def overtaken(*given: Any) -> Any:
        publish(rated_next, KEY, ROWS[KEY], run_id="faster")
        return honest(*given)

    monkeypatch.setattr(inference.rate, "ratings", overtaken)
    with pytest.raises(StageFailed, match="another run published silver/rating_predictors meanwhile"):
        run_stage(STAGES[KEY], load_profile(RULES_ALONE), rated_next)
    assert rated_next.version(KEY) == 0


def test_books_that_do_not_balance_publish_nothing(rated_next: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    import expectations.suites.ratings
    import inference.rate

    monkeypatch.setattr(expectations.suites.ratings, "ratings", lambda frames, gate: ())  # the suite would see it too
    honest = inference.rate.ratings
    monkeypatch.setattr(
        inference.rate, "ratings", lambda *given: ((key, rows.slice(1)) for key, rows in honest(*given))
    )
    with pytest.raises(StageFailed, match="do not balance over silver/unique_instructions: 1 lost"):
        run_stage(STAGES[KEY], load_profile(RULES_ALONE), rated_next)
    assert rated_next.version(KEY) is None


@pytest.mark.parametrize(
    ("name", "message", "told_as"),
    [
        ("UserError", "lake.errors.UserError: Java is not\ninstalled: get it", "Java is not installed: get it"),
        ("KeyError", "KeyError: 'a'", "KeyError: 'a'"),
    ],
)
def test_a_sentence_written_for_a_user_is_told_without_its_class(name: str, message: str, told_as: str) -> None:
    assert sentence(SimpleNamespace(cls_name=name, message=message)) == told_as


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        ("StageFailed", "lake.errors.StageFailed: the books\n do not balance\n", "the books do not balance"),
        ("ValueError", "ValueError: no such column\n\tat java.lang.Thread.run\n", "ValueError: no such column"),
        (
            "DagsterPipesExecutionError",
            "dagster._core.errors.DagsterPipesExecutionError: External execution process failed with code 1\n",
            "External execution process failed with code 1, and printed above why",
        ),
        (
            "PythonException",
            "pyspark.errors.exceptions.captured.PythonException: An exception was thrown from the Python worker:\n"
            'Traceback (most recent call last):\n  File "/job.py", line 3, in read\n    raise OSError(2)\nOSError: no such file\n\n',
            "a Python worker of Spark failed: OSError: no such file",
        ),
        (
            "Py4JJavaError",
            "py4j.protocol.Py4JJavaError: An error occurred while calling o163.collect.\n: org.apache.spark.SparkException: Job aborted\n"
            "\tat org.apache.spark.Job.run(Job.scala:1)\nCaused by: java.net.ConnectException: Connection refused\n\tat java.net.Socket\n",
            "Spark failed: java.net.ConnectException: Connection refused",
        ),
        (
            "Py4JJavaError",
            "py4j.protocol.Py4JJavaError: An error occurred while calling o1.\n: java.lang.IllegalStateException: no more\n\tat a.B\n",
            "Spark failed: java.lang.IllegalStateException: no more",
        ),
    ],
)
def test_why_a_stage_failed_is_told_in_one_line(kind: str, message: str, said: str) -> None:
    assert sentence(SimpleNamespace(cls_name=kind, message=message)) == said


def test_why_a_stage_failed_in_a_process_of_its_own_is_the_last_thing_told(
    rated_next: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no item for training: what the child says of it must reach whoever started the run, not that a process failed
    monkeypatch.setattr(stage_asset, "own_process", lambda *_: True)
    publish(rated_next, "silver/passages", [])
    publish(rated_next, "gold/mixture", [])
    with pytest.raises(StageFailed, match="none of the 0 rows in MIXTURE's sft split") as told:
        launch.materialise(["models/distiller_sft"], "demo")
    assert "External execution" not in str(told.value)


def test_a_stage_run_before_its_raters_loses_no_row(rated_next: Lake) -> None:
    # three new records, then quality on its own, then the rest: they must not stay without a rating
    unique, quality = "silver/unique_instructions", "silver/quality"
    for key in (KEY, quality):
        publish(
            rated_next, key, ROWS[key], {side: ROWS.get(side, ()) for side in STAGES[key].sides}, run_id=f"1-{key[7:]}"
        )
    command = [sys.executable, "-m", "lake.harness.run"]
    assert (
        subprocess.run([*command, quality], capture_output=True, check=False).returncode == 0
    )  # with the code of today
    names = ["one", "two", "three"]
    newcomers = [ROWS[unique][0] | {"id": rec(name), "text_hash": name, "text": name} for name in names]
    publish(rated_next, unique, newcomers, run_id="2-unique", grown=True)
    early = subprocess.run([*command, quality], capture_output=True, text=True, check=False)
    assert (early.returncode, '"up_to_date"' in early.stdout) == (0, True), early.stderr[-2000:]
    run_stage(STAGES[KEY], load_profile(RULES_ALONE), rated_next)
    vectors = [ROWS["silver/embeddings"][0] | {"text_hash": name} for name in names]
    publish(rated_next, "silver/embeddings", vectors, {"silver/student_fidelity": []}, run_id="2-vectors", grown=True)
    late = subprocess.run([*command, quality], capture_output=True, text=True, check=False)
    assert late.returncode == 0, late.stderr[-2000:]
    scored = rated_next.dataset(quality).to_table(columns=["id"])["id"].to_pylist()
    assert {rec(name) for name in names} <= set(scored)
    assert len(scored) == len(set(scored))
    assert not rated_next.dataset("silver/unrated").to_table(columns=["id"])["id"].to_pylist()


def test_a_dagster_home_of_ones_own_is_used_and_left_as_it_is(
    rated_next: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, written = tmp_path / "home", "# mine\ntelemetry: {enabled: false}\n"
    home.mkdir()
    (home / "dagster.yaml").write_text(written)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    launch.materialise([KEY], RULES_ALONE)
    assert (home / "dagster.yaml").read_text() == written
    assert ("status", "published") in materialisation()
    assert not (local_path(rated_next.root) / "dagster").exists()


def test_an_instance_that_cannot_be_opened_is_told_in_one_sentence(
    rated_next: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text("run_storage: {module: nowhere, class: Nothing, config: {}}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"dagster.yaml describes an instance that cannot be opened: .*nowhere"):
        launch.materialise([KEY], RULES_ALONE)
