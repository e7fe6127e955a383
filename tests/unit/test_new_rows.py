"""What is new to a stage is known from logs alone: the files appended to its inputs since it last published."""

from pathlib import Path

import pytest
from deltalake import DeltaTable
from lakes import ROWS, publish, rec

import lake.harness.plan
from lake.harness.input_versions import input_versions
from lake.harness.new_rows import new_rows
from lake.harness.plan import fingerprint, plan
from lake.harness.profiles import Profile
from lake.landing.register import Entry, register
from lake.stages import STAGES
from lake.storage.publication import Fingerprint
from lake.storage.store import Lake

PROFILE = Profile("test", "", {})
CLEAN, UNIQUE, RATINGS = "silver/instructions", "silver/unique_instructions", "silver/ratings"


def grown(lake_: Lake, key: str) -> dict[str, int] | None:
    """Rows that are new to a stage, by input; None when it would run on everything."""
    wanted = fingerprint(lake_, STAGES[key], PROFILE)
    assert wanted is not None
    found = new_rows(lake_, STAGES[key], wanted)
    return found and {table: len(files) for table, files in found.files.items()}


def more(lake_: Lake, key: str, name: str) -> None:
    """One more row of a table, published by a run on what is new."""
    publish(lake_, key, [ROWS[key][0] | {"id": rec(name), "text_hash": name}], run_id=name, grown=True)


def test_only_appended_files_are_new(current: Lake) -> None:
    more(current, UNIQUE, "one")
    assert grown(current, RATINGS) == {UNIQUE: 1}
    (entry,) = plan(current, [STAGES[RATINGS]], PROFILE)
    assert (entry.action, entry.scope) == ("run", "new_rows")
    more(current, UNIQUE, "two")
    assert current.dataset(UNIQUE).count_rows() == len(ROWS[UNIQUE]) + 2 == current.row_count(UNIQUE, 2)


def test_optimize_moves_rows_and_adds_none(current: Lake) -> None:
    more(current, UNIQUE, "one")
    DeltaTable(current.uri(UNIQUE)).optimize.compact()
    assert grown(current, RATINGS) == {UNIQUE: 1}
    more(current, UNIQUE, "two")
    publish(current, RATINGS, [ROWS[RATINGS][0] | {"id": rec("one")}], run_id="rate", grown=True, inputs={UNIQUE: 1})
    assert current.version(UNIQUE) == 3 and len(current.file_paths(UNIQUE, 3)) == 2, (
        "the rows of before are in one file"
    )
    assert grown(current, RATINGS) == {UNIQUE: 1}
    files = current.added_files(UNIQUE, 1, 3)
    assert files and current.files_dataset(UNIQUE, files).to_table(["id"])["id"].to_pylist() == [rec("two")]


def test_deliveries_that_were_missed_are_taken_one_by_one(current: Lake) -> None:
    read = read_by(current, RATINGS)[UNIQUE]
    for name in ("one", "two", "three"):
        more(current, UNIQUE, name)
    for step in (1, 2, 3):
        assert read_by(current, RATINGS) == {UNIQUE: read + step} and grown(current, RATINGS) == {UNIQUE: 1}
        publish(
            current,
            RATINGS,
            [ROWS[RATINGS][0] | {"id": rec(f"r{step}")}],
            run_id=f"rate-{step}",
            grown=True,
            inputs={UNIQUE: read + step},
        )
    assert [entry.action for entry in plan(current, [STAGES[RATINGS]], PROFILE)] == ["nothing_to_do"]


def test_registrations_that_no_stage_published_are_read_together(tmp_path: Path) -> None:
    lake_ = Lake(str(tmp_path / "lake"))
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.jsonl").write_text('{"prompt": "Which?", "completion": "This."}')
        register(lake_, Entry(str(tmp_path / f"{name}.jsonl"), name, "MIT"))
    read = Fingerprint(inputs={"landing/files": 0}, params_hash="p", code_hash="c")
    assert input_versions(lake_, STAGES["bronze/instructions"], read) == {"landing/files": 2}


def test_a_stage_that_never_ran_begins_with_the_delivery_since_which_nothing_was_made_anew(tmp_path: Path) -> None:
    lake_ = Lake(str(tmp_path))
    publish(lake_, UNIQUE, ROWS[UNIQUE])
    more(lake_, UNIQUE, "one")
    publish(lake_, UNIQUE, ROWS[UNIQUE], run_id="rebuilt")
    for name in ("two", "three"):
        more(lake_, UNIQUE, name)
    assert input_versions(lake_, STAGES[RATINGS], None) == {UNIQUE: 2}
    assert input_versions(lake_, STAGES[RATINGS], None, everything=True) == {UNIQUE: 4}
    assert input_versions(lake_, STAGES["gold/mixture"], None) is None


def test_all_deliveries_are_taken_at_once_by_a_run_on_everything(current: Lake) -> None:
    for name in ("one", "two"):
        more(current, UNIQUE, name)
    wanted = fingerprint(current, STAGES[RATINGS], PROFILE, rebuild=True)
    assert wanted is not None and wanted.inputs == {UNIQUE: current.version(UNIQUE)}


def test_a_rewritten_input_is_new_as_a_whole(current: Lake) -> None:
    more(current, UNIQUE, "one")
    publish(current, UNIQUE, ROWS[UNIQUE], run_id="rewritten")
    assert grown(current, RATINGS) is None
    (entry,) = plan(current, [STAGES[RATINGS]], PROFILE)
    assert (entry.action, entry.scope) == ("run", "everything")


@pytest.mark.parametrize("what", ["code_hash", "hash_json"])
def test_other_code_or_params_run_on_everything(current: Lake, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    more(current, UNIQUE, "one")
    monkeypatch.setattr(lake.harness.plan, what, lambda _: "other")
    assert grown(current, RATINGS) is None


def test_a_table_that_is_always_replaced_never_grows(current: Lake) -> None:
    publish(current, "silver/passages", ROWS["silver/passages"][:1], run_id="more", grown=True)
    publish(current, "silver/best_records", ROWS["silver/best_records"])
    publish(current, "gold/mixture", ROWS["gold/mixture"])
    publish(current, "silver/passages", ROWS["silver/passages"][1:2], run_id="again", grown=True)
    assert grown(current, "gold/mixture") is None


def test_a_rebuild_is_a_reason_of_its_own(current: Lake) -> None:
    assert [entry.action for entry in plan(current, [STAGES[RATINGS]], PROFILE)] == ["nothing_to_do"]
    (entry,) = plan(current, [STAGES[RATINGS]], PROFILE, rebuild=True)
    assert (entry.action, entry.reason, entry.scope) == ("run", "a rebuild was asked for", "everything")


QUALITY, VECTORS = "silver/quality", "silver/embeddings"


def read_by(lake_: Lake, key: str) -> dict[str, int]:
    wanted = fingerprint(lake_, STAGES[key], PROFILE)
    assert wanted is not None
    return wanted.inputs


def rated(lake_: Lake, name: str) -> None:
    publish(lake_, RATINGS, [ROWS[RATINGS][0] | {"id": rec(name)}], run_id=f"rate-{name}", grown=True)


def embedded(lake_: Lake, name: str) -> None:
    row = ROWS[VECTORS][0] | {"text_hash": name}
    publish(lake_, VECTORS, [row], {"silver/student_fidelity": []}, run_id=f"embed-{name}", grown=True)


def test_records_wait_until_all_that_is_said_of_them_is_there(current: Lake) -> None:
    before = read_by(current, QUALITY)
    more(current, UNIQUE, "one")
    assert read_by(current, QUALITY) == before, "neither rated nor embedded"
    rated(current, "one")
    assert read_by(current, QUALITY) == before, "not embedded: its rating must not count as read"
    (entry,) = plan(current, [STAGES[QUALITY]], PROFILE)
    assert (entry.action, entry.reason) == ("nothing_to_do", f"new rows of {UNIQUE} wait for {VECTORS}")
    embedded(current, "one")
    assert read_by(current, QUALITY) == {key: current.version(key) for key in before}
    assert grown(current, QUALITY) == {UNIQUE: 1, RATINGS: 1, VECTORS: 1}


def test_what_reads_ahead_is_read_as_of_the_records_that_the_slowest_has_read(current: Lake) -> None:
    for name in ("one", "two"):
        more(current, UNIQUE, name)
        rated(current, name)
    embedded(current, "two")  # one run over both deliveries
    assert grown(current, QUALITY) == {UNIQUE: 2, RATINGS: 2, VECTORS: 1}


def test_the_second_delivery_waits_and_the_first_goes_on(current: Lake) -> None:
    before = read_by(current, QUALITY)
    more(current, UNIQUE, "one")
    rated(current, "one")
    embedded(current, "one")
    more(current, UNIQUE, "two")
    rated(current, "two")
    assert read_by(current, QUALITY) == {key: version + 1 for key, version in before.items()}
    assert grown(current, QUALITY) == {UNIQUE: 1, RATINGS: 1, VECTORS: 1}


def test_a_rater_that_first_ran_after_a_second_delivery_is_waited_for(tmp_path: Path) -> None:
    lake_ = Lake(str(tmp_path))
    publish(lake_, UNIQUE, ROWS[UNIQUE])
    publish(lake_, VECTORS, ROWS[VECTORS], inputs={UNIQUE: 0, "models/student_embedder": 0})
    more(lake_, UNIQUE, "one")
    publish(lake_, RATINGS, ROWS[RATINGS], inputs={UNIQUE: 1})
    assert input_versions(lake_, STAGES[QUALITY], None) is None, "no rating was made from what has vectors"
    embedded(lake_, "one")
    assert input_versions(lake_, STAGES[QUALITY], None) == {UNIQUE: 1, RATINGS: 0, VECTORS: 1}


def test_a_stage_never_goes_back_behind_what_it_has_read(current: Lake) -> None:
    more(current, UNIQUE, "one")  # read by quality without ratings, as a lake of before may have it
    publish(current, QUALITY, ROWS[QUALITY], {"silver/unrated": []}, run_id="ahead")
    read = read_by(current, QUALITY)
    assert read[UNIQUE] == current.version(UNIQUE)
    assert read_by(current, QUALITY) == read


def test_a_state_is_given_whole_and_is_no_reason_to_read_all_rows_again(current: Lake) -> None:
    withdrawn = "bronze/instructions_withdrawn"
    gone = [{"id": "raw_1", "source": "pantry", "uri": "file:pantry.jsonl"}]
    publish(current, "bronze/instructions", [], {withdrawn: gone}, run_id="changed", grown=True)
    assert grown(current, UNIQUE) == {"silver/instructions": 0, withdrawn: 1}
    wanted = fingerprint(current, STAGES[UNIQUE], PROFILE)
    assert wanted is not None
    found = new_rows(current, STAGES[UNIQUE], wanted)
    assert found is not None
    assert current.files_dataset(withdrawn, found.files[withdrawn]).to_table()["id"].to_pylist() == ["raw_1"]


def test_another_distiller_in_service_distils_all_groups_anew(current: Lake) -> None:
    groups, champion, distilled = "silver/groups", "models/champion", "gold/distilled"
    for key in (champion, distilled):
        publish(current, key, ROWS[key], {side: ROWS.get(side, ()) for side in STAGES[key].sides})
    more(current, groups, "one")
    assert grown(current, distilled) == {groups: 1, UNIQUE: 0, "models/in_service": 1}
    (serving,) = ROWS["models/in_service"]
    publish(current, champion, ROWS[champion], {"models/in_service": [serving | {"model": "other"}]}, run_id="promoted")
    assert grown(current, distilled) is None
