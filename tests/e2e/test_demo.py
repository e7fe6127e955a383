"""The demo as a user runs it, from nothing and twice: every raw row ends where it should, and the second run changes nothing."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from copied_columns import strays

from lake.books.ledger import ledger, outcomes
from lake.books.lineage import explain
from lake.harness.profiles import load_profile
from lake.harness.status import status
from lake.settings import project_folder
from lake.stages import STAGES
from lake.storage.store import Lake
from reports.figures import SMOKE_TEST


@dataclass(frozen=True)
class Run:
    """What one run of the demo printed and left."""

    lake: Lake
    out: str
    err: str


def run_demo(root: Path, path: str) -> Run:
    environment = os.environ | {"MIXLAKE_ROOT": str(root), "PATH": path}
    environment.pop("JAVA_HOME", None)
    command = [sys.executable, "-m", "demo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=project_folder())
    assert done.returncode == 0, done.stderr[-3000:]
    return Run(Lake(str(root)), done.stdout, done.stderr)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_demo(tmp_path_factory.mktemp("demo") / "lake", os.environ["PATH"])


def versions(lake: Lake) -> dict[str, int | None]:
    return {table: lake.version(table) for stage in STAGES.values() for table in stage.outputs}


def test_the_books_balance_and_every_stage_passed_its_gate(first: Run) -> None:
    assert ledger(first.lake).balanced
    states = status(first.lake, load_profile("demo"))
    assert {state.gate for state in states} <= {"passed", "warned"}
    assert all(state.up_to_date for state in states)


def test_every_row_of_the_corpus_ends_as_expected(first: Run) -> None:
    ends = {row["id"]: row for row in outcomes(first.lake).to_pylist()}
    places: dict[tuple[str, int], str] = {}
    for table in ("bronze/instructions", "bronze/instructions_quarantine"):
        for row in first.lake.dataset(table).to_table(columns=["id", "uri", "position"]).to_pylist():
            places["/".join(row["uri"].split("/")[-2:]), row["position"]] = row["id"]
    expected = [json.loads(line) for line in (project_folder() / "demo" / "expected.jsonl").read_text().splitlines()]
    wrong = [difference(row, ends[places[row["file"], row["position"]]]) for row in expected]
    rated = [bool(row["quality"] and not row["reason"]) for row in expected]
    planted = [line for by_rating, line in zip(rated, wrong, strict=True) if line and not by_rating]
    assert not planted, "\n".join(planted)
    # rules rate, and see words: they agree with whoever wrote the others, but not on each
    judged = [line for by_rating, line in zip(rated, wrong, strict=True) if by_rating]
    assert sum(map(bool, judged)) <= 0.08 * len(judged), "\n".join(filter(None, judged))
    assert len(expected) >= 300


def difference(expected: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What is wrong with a row's end, or nothing. A reason belongs to an outcome that was planted."""
    planted = expected["reason"] and found["outcome"] in ("quarantined", "rejected", "duplicate", "blocked")
    if found["outcome"] in expected["outcomes"] and (not planted or found["reason"] == expected["reason"]):
        return ""
    return f"{expected['file']}:{expected['position']} is {found['outcome']} ({found['reason']}), expected {expected}"


def test_columns_that_are_declared_as_copied_are(first: Run) -> None:
    assert strays(first.lake) == {}


def test_the_judge_rates_some_rows_high_and_most_low(first: Run) -> None:
    high = first.lake.dataset("silver/quality").to_table(columns=["high"])["high"]
    assert 0.03 <= pc.mean(high.cast("int8")).as_py() <= 0.95


def test_a_model_beside_rates_a_sample_that_selects_nothing(first: Run) -> None:
    second = first.lake.dataset("silver/second_ratings").to_table(columns=["state", "name", "role"]).to_pylist()
    assert len(second) == 100 and {(row["name"], row["role"]) for row in second} == {("perplexity", "beside")}
    judges = pc.unique(first.lake.dataset("silver/ratings").to_table(columns=["judge"])["judge"]).to_pylist()
    assert len(judges) == 1 and judges[0].startswith("rules_")


def test_the_distiller_was_trained_answered_and_weighed(first: Run) -> None:
    (sft,) = first.lake.dataset("models/distiller_sft").to_table().to_pylist()
    (grpo,) = first.lake.dataset("models/distiller_grpo").to_table().to_pylist()
    gates = {state.table: state.gate for state in status(first.lake, load_profile("demo"))}
    assert sft["format_rate"] is grpo["reward"] is None, "all held-out answers are those of gold/heldout_answers"
    # where so short a training taught no form yet, all completions earn the same, and nothing moves
    signal = grpo["frac_reward_zero_std"] < 1
    assert grpo["weight_change"] > 0 if signal else gates["models/distiller_grpo"] == "warned"
    answers = first.lake.dataset("gold/heldout_answers").to_table(columns=["engine", "item_id"]).to_pylist()
    by_engine = {engine: {row["item_id"] for row in answers if row["engine"] == engine} for engine in ("rules", "vllm")}
    assert by_engine["rules"] == by_engine["vllm"]
    assert len(by_engine["vllm"]) >= 10
    _, champion = first.lake.dataset("models/champion").to_table().sort_by("number").to_pylist()
    assert champion["test"] == 1, "the first challenger was tried"
    assert champion["low"] > 0 or not champion["promoted"]
    (serving,) = first.lake.dataset("models/in_service").to_table().to_pylist()
    assert serving["model"] == (champion["challenger"] if champion["promoted"] else champion["champion"])


def test_all_five_item_types_are_in_the_mixture(first: Run) -> None:
    types = set(first.lake.dataset("gold/mixture").to_table(columns=["item_type"])["item_type"].to_pylist())
    assert types == {"qa", "multiple_choice", "true_false", "category_statement", "paragraph"}


def test_distilling_recovers_facts(first: Run) -> None:
    rows = first.lake.dataset("reports/evaluation").to_table().to_pylist()
    facts = {row["metric"]: row["value"] for row in rows if row["arm"] == "distilled"}
    assert facts["facts_best_member"] < facts["facts_distilled"] <= facts["facts_full"]
    assert {row["arm"] for row in rows} >= {"released", "random", "high_only"}


def test_a_released_row_leads_back_to_its_files(first: Run) -> None:
    examples = first.lake.dataset("gold/training_set").to_table(columns=["id", "origin", "member_ids"]).to_pylist()
    distilled = next(example for example in examples if example["origin"] == "distilled")
    told = explain(first.lake, distilled["id"])
    assert told.outcome == "distilled_released"
    assert len(told.raw_ids) == len(distilled["member_ids"]) >= 2
    assert explain(first.lake, told.raw_ids[0]).outcome == "distilled_released"


def test_it_prints_what_came_out(first: Run) -> None:
    assert SMOKE_TEST in first.out
    for heading in ("Funnel", "Before and after, 3 of 3", "Rejected (", "Release:", "Report:"):
        assert heading in first.out
    assert re.search(r"Beside rules, which decides, perplexity .* rated 100 records: rank correlation -?\d", first.out)
    assert re.search(r"In service: the (extractive rules|distiller \w+ \(vllm\))\. It was (not )?promoted", first.out)


class _Outside(HTMLParser):
    """Collects scripts, and addresses that a page would load or lead to outside itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append(" ".join([tag, *dict(attrs)]))
        self.found += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name.startswith("on") or (value or "").startswith(("http:", "https:", "//"))
        ]


def test_the_report_needs_no_network_and_has_no_script_but_its_own(first: Run) -> None:
    page = Path(re.search(r"Report:\s+(\S+)", first.out)[1]).read_text(encoding="utf-8")
    outside = _Outside()
    outside.feed(page)
    assert outside.found == ["script"]
    assert "alert(&#34;mixlake&#34;)" in page or "alert(" not in page


def test_the_second_run_changes_nothing_and_starts_neither_spark_nor_a_model(first: Run, tmp_path: Path) -> None:
    before = versions(first.lake)
    # without Java on the path Spark could not start
    again = run_demo(Path(first.lake.root), str(tmp_path))
    assert "Nothing to do" in again.err
    assert versions(first.lake) == before
