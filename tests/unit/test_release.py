"""The release: every example once, in order, with its card and checksums; out of the lake only if the bytes are those released."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from lakes import MOMENT, ROWS, publish, small_lake
from released_files import contents, released

from lake.books.ledger import ledger
from lake.errors import StageFailed, UserError
from lake.stages import STAGES
from lake.storage.report import Acceptance
from lake.storage.store import Lake
from reports.exported import export, folder


@pytest.fixture
def published(lake: Lake, tmp_path: Path) -> Lake:
    publish(lake, "releases/current", released(lake, tmp_path / "artifacts"))
    return lake


@pytest.mark.parametrize("form", ["messages", "prompt_completion"])
def test_the_splits_hold_every_example_once_in_id_order_in_every_form(lake: Lake, tmp_path: Path, form: str) -> None:
    released(lake, tmp_path / "a")
    texts = {"messages": ("messages",), "prompt_completion": ("prompt", "completion")}[form]
    about = ("id", "origin", "origin_id", "member_ids", "sources", "licences", "language", *texts, "score")
    known = {row["id"]: {**row, "completion": row["answer"]} for row in ROWS["gold/training_set"]}
    for split in ("train", "validation"):
        rows = pq.read_table(tmp_path / "a" / "data" / form / f"{split}-00000.parquet").to_pylist()
        expected = sorted(one for one, row in known.items() if row["split"] == split)
        assert rows == [{name: known[one][name] for name in about} for one in expected]
        lines = (tmp_path / "a" / "jsonl" / form / f"{split}-00000.jsonl").read_text(encoding="utf-8")
        assert [json.loads(line) for line in lines.splitlines()] == rows


def test_a_line_is_a_row_for_readers_that_know_other_ends_of_lines(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake")
    (example, _) = ROWS["gold/training_set"]
    odd = 'one\u2028two\u2029three\x85four\nfive "six" \\ 水'
    publish(lake, "gold/training_set", [{**example, "answer": odd}], {}, run_id="odd")
    released(lake, tmp_path / "a")
    (line,) = (tmp_path / "a/jsonl/prompt_completion/train-00000.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["completion"] == odd


def test_what_was_published_against_a_gate_stands_on_the_card_and_in_the_manifest(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake")
    hostile = Acceptance(reason="| known <b>", at=MOMENT, failed=("No record is in a group and alone.",))
    publish(lake, "silver/groups", ROWS["silver/groups"], {}, run_id="against", accepted=[hostile])
    released(lake, tmp_path / "before")
    assert "known &lt;b" not in (tmp_path / "before" / "README.md").read_text(), (
        "nothing of it has read these groups yet"
    )
    sides = {"gold/training_set_exits": ROWS["gold/training_set_exits"]}
    publish(lake, "gold/training_set", ROWS["gold/training_set"], sides, run_id="of them")
    released(lake, tmp_path / "a")
    card = (tmp_path / "a" / "README.md").read_text()
    (line,) = [line for line in card.splitlines() if line.startswith("- silver/groups: ")]
    assert "/ known &lt;b&gt;" in line and line.endswith("Failed: No record is in a group and alone.")
    (told,) = json.loads((tmp_path / "a" / "manifest.json").read_text())["tables"]["silver/groups"]["accepted"]
    assert told["reason"] == hostile.reason


def test_many_examples_are_sorted_over_several_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.release_files._SORTED_AT_ONCE", 3)
    lake = small_lake(tmp_path / "lake")
    (example, _) = ROWS["gold/training_set"]
    ids = [f"rel_{hashlib.sha256(bytes([n])).hexdigest()[:24]}" for n in range(20)]
    publish(lake, "gold/training_set", [{**example, "id": i} for i in ids], {}, run_id="many")
    released(lake, tmp_path / "a")
    assert pq.read_table(tmp_path / "a/data/messages/train-00000.parquet")["id"].to_pylist() == sorted(ids)


def test_the_same_rows_give_the_same_bytes_whatever_their_order(tmp_path: Path) -> None:
    one, two = small_lake(tmp_path / "one"), small_lake(tmp_path / "two", last="gold/distilled")
    sides = {side: ROWS[side][::-1] for side in STAGES["gold/training_set"].sides}
    publish(two, "gold/training_set", ROWS["gold/training_set"][::-1], sides)
    told = {side: ROWS[side][::-1] for side in STAGES["reports/evaluation"].sides}
    publish(two, "reports/evaluation", ROWS["reports/evaluation"][::-1], told)
    released(one, tmp_path / "a")
    released(two, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_rows_and_manifest_describe_the_files(lake: Lake, tmp_path: Path) -> None:
    rows = released(lake, tmp_path / "a")
    for row in rows:
        written = Path(row["path"]).read_bytes()
        assert (row["size"], row["sha256"]) == (len(written), hashlib.sha256(written).hexdigest())
    assert {row["path"] for row in rows} == {str(path) for path in (tmp_path / "a").rglob("*") if path.is_file()}
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    by_path = {str(Path(row["path"]).relative_to(tmp_path / "a")): row["sha256"] for row in rows}
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == {
        path: digest for path, digest in by_path.items() if path != "manifest.json"
    }
    assert manifest["tables"]["gold/training_set"]["inputs"]["gold/distilled"] == 0
    assert "releases/current" not in manifest["tables"]
    assert manifest["landing"] == {"landing/files": 0}
    assert manifest["made_by"]["params"] == {"name": "mixlake"}
    assert {"reports.card", "pyarrow", "releases/current"} <= set(manifest["made_by"]["code"])


def test_the_card_states_licences_languages_drops_and_benchmarks(lake: Lake, tmp_path: Path) -> None:
    rows = released(lake, tmp_path / "a", name="kitchen")
    _, front, body = (tmp_path / "a" / "README.md").read_text().split("---\n", 2)
    told = yaml.safe_load(front)
    assert told["license"] == ["cc-by-4.0", "cc0-1.0"]
    assert told["language"] == ["en"]
    for licence, words in (("CC-BY-4.0", "Attribution 4.0 International"), ("CC0-1.0", "CC0 1.0 Universal")):
        assert words in (tmp_path / "a" / "licences" / f"{licence}.txt").read_text()
        assert f"| {licence} | " in body and f"`licences/{licence}.txt` |" in body
    assert told["size_categories"] == ["n<1K"]
    assert [file["split"] for file in told["configs"][0]["data_files"]] == ["train", "validation"]
    assert [config["config_name"] for config in told["configs"]] == ["messages", "prompt_completion"]
    for row in (row for row in rows if row["rows"]):
        assert f"| {Path(row['path']).relative_to(tmp_path / 'a')} | 1 | `{row['sha256']}` |" in body
    for source in ledger(lake).sources:
        assert f"| {source.source} | {source.raw} |" in body
    assert "| blocked | quality_floor | 3 |" in body
    assert "The books balance" in body
    assert hashlib.sha256(b"quiz.jsonl").hexdigest() in body
    assert "## Evaluation\n\nAgainst random: it is better in loss, -0.50.\n" in body
    assert "| mixture_nll | mixture | released | 5.1 | 5 | 5.2 |  | 3 | 2 |" in body
    assert "| none | mixture_nll | not compared | | 2 | 0 of 3 |" in body


def test_the_card_says_when_the_evaluation_measured_an_older_training_set(lake: Lake, tmp_path: Path) -> None:
    released(lake, tmp_path / "a")
    assert "It was made of version" not in (tmp_path / "a" / "README.md").read_text()
    publish(lake, "gold/training_set", ROWS["gold/training_set"], run_id="newer")
    released(lake, tmp_path / "b")
    told = "It was made of version 0 of the training set, which is at version 1 now."
    assert told in (tmp_path / "b" / "README.md").read_text()


def test_an_unknown_split_is_refused(lake: Lake, tmp_path: Path) -> None:
    publish(lake, "gold/training_set", [{**ROWS["gold/training_set"][0], "split": "dev"}], {}, run_id="odd")
    with pytest.raises(StageFailed, match="split other than"):
        released(lake, tmp_path / "a")


def test_export_copies_what_was_released(published: Lake, tmp_path: Path) -> None:
    told = export(published, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(folder(published))
    assert {row["path"] for row in told} == set(contents(tmp_path / "out"))


def test_export_into_an_existing_empty_folder(published: Lake, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(published, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(folder(published))


@pytest.mark.parametrize("name", ["README.md", "manifest.json", "data/messages/train-00000.parquet"])
def test_a_changed_file_is_not_exported(published: Lake, tmp_path: Path, name: str) -> None:
    with (folder(published) / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(UserError, match=name):
        export(published, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def test_a_missing_file_is_named(published: Lake, tmp_path: Path) -> None:
    (folder(published) / "README.md").unlink()
    with pytest.raises(UserError, match=r"README\.md is gone"):
        export(published, tmp_path / "out")


def test_export_never_writes_over_anything(published: Lake, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        export(published, tmp_path / "out")
    assert contents(tmp_path / "out") == {"mine.txt": b"mine"}


def test_nothing_released_is_said(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nothing was released"):
        export(lake, tmp_path / "out")
    with pytest.raises(UserError, match="Nothing was released"):
        folder(lake)


def served_by(tmp_path: Path, base: str) -> Lake:
    """A small lake whose distilled items a checkpoint trained from `base` wrote; another was trained since and wrote none of them."""
    lake = small_lake(tmp_path / "lake", last="models/distiller_grpo")
    (sft,), decisions = ROWS["models/distiller_sft"], ROWS["models/champion"]
    serving, rules = {"model": "grpo-1", "engine": "vllm", "uri": "model"}, ROWS["models/in_service"]
    publish(lake, "models/distiller_sft", [sft | {"base": base}], run_id="its own")
    publish(lake, "models/distiller_grpo", ROWS["models/distiller_grpo"], run_id="its own")
    publish(lake, "gold/heldout_answers", ROWS["gold/heldout_answers"])
    publish(lake, "models/champion", decisions, {"models/in_service": [serving]})
    for key in ("gold/distilled", "gold/training_set", "reports/evaluation"):
        publish(lake, key, ROWS[key], {side: ROWS[side] for side in STAGES[key].sides})
    publish(lake, "models/distiller_sft", [sft | {"base": "a later one"}], run_id="later")
    (grpo,) = ROWS["models/distiller_grpo"]
    publish(lake, "models/distiller_grpo", [grpo | {"digest": "grpo-2"}], run_id="later")
    publish(lake, "models/champion", decisions, {"models/in_service": rules}, run_id="later")
    return lake


def test_the_licence_of_the_model_in_the_box_is_released_with_its_words(tmp_path: Path) -> None:
    lake = served_by(tmp_path, "SmolLM2-135M-Instruct")
    rows = released(lake, tmp_path / "a")
    licence = tmp_path / "a" / "licences" / "SmolLM2-135M-Instruct.txt"
    assert str(licence) in {row["path"] for row in rows}
    assert "Apache License" in licence.read_text()
    _, front, body = (tmp_path / "a" / "README.md").read_text().split("---\n", 2)
    assert "apache-2.0" in yaml.safe_load(front)["license"]
    assert "a model trained from SmolLM2-135M-Instruct, made by Hugging Face (HuggingFaceTB)." in body
    assert "under Apache-2.0: `licences/SmolLM2-135M-Instruct.txt`" in body
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["model"]["licence"] == "Apache-2.0"
    publish(lake, "releases/current", rows)
    assert "licences/SmolLM2-135M-Instruct.txt" in {row["path"] for row in export(lake, tmp_path / "out")}


@pytest.mark.parametrize(
    ("base", "shown"), [("Qwen/Qwen2.5-1.5B-Instruct", "Qwen/Qwen2.5-1.5B-Instruct"), ("/home/me/my-model", "my-model")]
)
def test_of_another_model_the_name_is_told_and_that_its_licence_is_not_known(
    tmp_path: Path, base: str, shown: str
) -> None:
    released(served_by(tmp_path, base), tmp_path / "a")
    card = (tmp_path / "a" / "README.md").read_text()
    assert f"a model trained from {shown}.\nIts licence is not known here" in card
    assert "/home/me" not in card
    assert {path.name for path in (tmp_path / "a" / "licences").iterdir()} == {"CC-BY-4.0.txt", "CC0-1.0.txt"}


def test_where_rules_wrote_or_nothing_distilled_is_released_no_model_is_named(tmp_path: Path) -> None:
    lake = served_by(tmp_path, "SmolLM2-135M-Instruct")
    originals = [row for row in ROWS["gold/training_set"] if row["origin"] == "original"]
    publish(lake, "gold/training_set", originals, {}, run_id="originals")
    released(lake, tmp_path / "a")
    released(small_lake(tmp_path / "rules"), tmp_path / "b")
    for folder_ in (tmp_path / "a", tmp_path / "b"):
        assert "words of a model" not in (folder_ / "README.md").read_text()
        assert "model" not in json.loads((folder_ / "manifest.json").read_text())
