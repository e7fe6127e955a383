"""What a run would do and why, from commits alone."""

import os
from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from lakes import ROWS, publish, small_lake

import lake.harness.plan
from lake.errors import UserError
from lake.harness.code_hash import code_hash
from lake.harness.plan import PlannedStage, check_passages, fingerprint, plan, rejected_inputs, select_stages, why_idle
from lake.harness.profiles import Profile, resolve
from lake.landing.register import Entry, landing_folder, register
from lake.stages import STAGES
from lake.storage.attempts import record_attempt
from lake.storage.report import StageReport
from lake.storage.store import Lake

PROFILE = Profile("test", "", {})


def actions(lake_: Lake, *keys: str) -> dict[str, str]:
    return {entry.stage: entry.action for entry in plan(lake_, [STAGES[key] for key in keys], PROFILE)}


UNIQUE, QUALITY, GROUPS = "silver/unique_instructions", "silver/quality", "silver/groups"


def test_nothing_to_do_when_nothing_changed(current: Lake) -> None:
    assert set(actions(current, UNIQUE, QUALITY, GROUPS).values()) == {"nothing_to_do"}


def test_an_input_that_moved_is_a_reason_and_downstream_waits(current: Lake) -> None:
    publish(current, "silver/instructions", ROWS["silver/instructions"], run_id="again")
    assert actions(current, UNIQUE, QUALITY, GROUPS) == {UNIQUE: "run", QUALITY: "wait", GROUPS: "wait"}
    (entry, *_) = plan(current, [STAGES[UNIQUE]], PROFILE)
    assert entry.reason == "silver/instructions is at version 1, was 0"


@pytest.mark.parametrize(("what", "reason"), [("code_hash", "code changed"), ("hash_json", "params changed")])
def test_code_and_params_are_reasons(current: Lake, monkeypatch: pytest.MonkeyPatch, what: str, reason: str) -> None:
    monkeypatch.setattr(lake.harness.plan, what, lambda _: "other")
    assert [entry.reason for entry in plan(current, [STAGES[UNIQUE]], PROFILE)] == [reason]


def test_a_rejected_stage_runs_again_and_stops_what_reads_it(current: Lake) -> None:
    record_attempt(current, StageReport(stage=QUALITY, status="rejected", run_id="x"))
    assert actions(current, QUALITY, GROUPS) == {QUALITY: "run", GROUPS: "wait"}
    assert rejected_inputs(current, STAGES[GROUPS]) == [QUALITY]
    assert rejected_inputs(current, STAGES[QUALITY]) == []


def test_a_missing_input_gives_no_fingerprint(current: Lake) -> None:
    assert fingerprint(current, STAGES["gold/training_set"], PROFILE) is None


def test_stages_are_selected_in_pipeline_order() -> None:
    assert [stage.key for stage in select_stages([GROUPS, UNIQUE])] == [UNIQUE, GROUPS]
    keys = [stage.key for stage in select_stages((), UNIQUE, QUALITY)]
    assert (keys[0], keys[-1]) == (UNIQUE, QUALITY)
    with pytest.raises(UserError, match="not both"):
        select_stages([GROUPS], first=UNIQUE)


def test_every_dotted_name_resolves() -> None:
    for stage in STAGES.values():
        for dotted in (stage.job, stage.params, stage.suite):
            assert callable(resolve(dotted)), dotted


def test_the_pipeline_is_in_order_and_without_a_circle() -> None:
    ready = {"landing/files"}
    for stage in STAGES.values():
        assert set(stage.inputs) <= ready, stage.key
        ready |= set(stage.outputs)


def test_the_code_hash_sees_the_job_the_modules_it_imports_and_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    import lake.harness.code_hash

    stage = STAGES[UNIQUE]
    before = code_hash.__wrapped__(stage)
    assert "spark_jobs.dedupe.minhash" in lake.harness.code_hash.module_closure(stage.job.split(":")[0])
    assert code_hash.__wrapped__(replace(stage, suite=STAGES[QUALITY].suite.replace("silver", "gold"))) != before
    monkeypatch.setattr(lake.harness.code_hash, "_version", lambda library: "0")
    assert code_hash.__wrapped__(stage) != before


def test_a_landed_file_is_work_to_do(current: Lake) -> None:
    file = landing_folder(current) / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("{}\n")
    os.utime(file, (time() - 60, time() - 60))
    bronze, silver = plan(current, [STAGES["bronze/instructions"], STAGES["silver/instructions"]], PROFILE)
    assert (bronze.action, silver.action) == ("run", "wait")
    assert bronze.reason.endswith("1 landed file waits to be registered")


def test_training_without_passages_or_good_records_is_told_before_anything_starts(tmp_path: Path) -> None:
    empty = Lake(str(tmp_path / "lake"))
    file = tmp_path / "a.jsonl"
    file.write_text('{"prompt": "a", "response": "b"}\n')
    register(empty, Entry(str(file), "mine", "MIT"))
    check_passages(empty, select_stages())  # whether a record is good is not known yet
    publish(empty, "silver/best_records", [])
    with pytest.raises(UserError, match="no passage is registered, and no record is rated high"):
        check_passages(empty, select_stages())
    check_passages(empty, select_stages(last="silver/groups"))
    file.write_text('{"title": "a", "text": "b"}\n')
    register(empty, Entry(str(file), "texts", "MIT", "passages"))
    check_passages(empty, select_stages())


def test_a_plan_tells_what_a_judge_would_be_asked_without_opening_it(current: Lake) -> None:
    cuts = [float(n) for n in range(1, 10)]
    judged = {"engine": {"kind": "perplexity", "cuts": cuts, "model": "/nowhere"}, "sample": 400}
    (entry,) = plan(
        current, [STAGES["silver/ratings"]], Profile("judged", "", {"silver/ratings": judged}), rebuild=True
    )
    rows = len(ROWS[UNIQUE])
    assert (entry.action, entry.asks) == ("run", f"asks perplexity about {rows} of {rows} records at most")
    (rules,) = plan(current, [STAGES["silver/ratings"]], PROFILE, rebuild=True)
    assert (rules.action, rules.asks) == ("run", "")
    (waits,) = plan(
        Lake(current.root + "-empty"), [STAGES["silver/ratings"]], Profile("j", "", {"silver/ratings": judged})
    )
    assert waits.asks == ""


EVALUATION, SET = "reports/evaluation", "gold/training_set"


@pytest.fixture
def evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A small lake whose training set was evaluated and then made anew, with the same examples."""
    lake_ = small_lake(tmp_path, EVALUATION)
    monkeypatch.setattr(lake.harness.plan, "code_hash", lambda stage: "c" * 16)
    monkeypatch.setattr(lake.harness.plan, "hash_json", lambda content: "p" * 16)
    publish(lake_, SET, ROWS[SET], run_id="again")
    publish(lake_, UNIQUE, ROWS[UNIQUE], run_id="again")
    return lake_


def planned_evaluation(lake_: Lake, refresh_share: float = 0.1, rebuild: bool = False) -> PlannedStage:
    profile = Profile("test", "", {EVALUATION: {"refresh_share": refresh_share}})
    (entry,) = plan(lake_, [STAGES[EVALUATION]], profile, rebuild)
    return entry


def test_an_evaluation_stands_while_few_examples_differ_and_says_of_which_set_it_is(evaluated: Lake) -> None:
    entry = planned_evaluation(evaluated)
    assert entry.action == "nothing_to_do"
    assert entry.reason.startswith("made of version 0 of the training set, from which 0.0% of version 1 differ")
    assert planned_evaluation(evaluated, rebuild=True).action == "run"
    publish(evaluated, SET, ROWS[SET][1:], run_id="fewer")
    share = 1 / len(ROWS[SET])
    assert planned_evaluation(evaluated, refresh_share=share + 0.01).action == "nothing_to_do"
    assert planned_evaluation(evaluated, refresh_share=share - 0.01).reason.startswith(
        "gold/training_set is at version 2"
    )
    assert "made of version 0" in why_idle(
        evaluated, STAGES[EVALUATION], Profile("x", "", {EVALUATION: {"refresh_share": 0.9}})
    )


@pytest.mark.parametrize("kind", ["instructions", "passages", "benchmark", "reference"])
def test_a_file_is_a_reason_to_run_for_the_stage_that_reads_its_kind_alone(
    current: Lake, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "new.jsonl").write_text('{"question": "Why?", "answer": "So."}\n')
    register(current, Entry(str(tmp_path / "new.jsonl"), "new", "MIT", kind))
    reader = f"bronze/{kind}" if kind in ("instructions", "passages") else "bronze/references"
    for stage in (f"bronze/{table}" for table in ("instructions", "passages", "references")):
        (entry,) = plan(current, [STAGES[stage]], PROFILE)
        assert entry.action == ("run" if stage == reader else "nothing_to_do")
        assert stage == reader or entry.reason == "nothing that was registered since is for this table"


@pytest.mark.parametrize("held_out", ["bronze/references", "gold/mixture"])
def test_an_evaluation_on_other_held_out_items_does_not_stand(evaluated: Lake, held_out: str) -> None:
    publish(evaluated, held_out, ROWS[held_out], run_id="more")
    assert planned_evaluation(evaluated).action == "run"


@pytest.mark.parametrize("what", ["code_hash", "hash_json"])
def test_an_evaluation_by_other_code_or_params_does_not_stand(
    evaluated: Lake, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(lake.harness.plan, what, lambda _: "other")
    assert planned_evaluation(evaluated).action == "run"
