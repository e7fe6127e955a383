"""Distillation: each group ends as one item or as one refusal, and an item's figures are those of its text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from fakes import asked_penalties, collected, context, dataset
from lakes import ROWS, publish, small_lake
from pydantic import ValidationError

from inference.acceptance import AcceptanceParams
from inference.distil import DistilParams, distilled
from inference.text_engines import Completion, EngineParams, Request
from inference.text_engines.scripted import ScriptedEngine
from lake.errors import StageFailed
from texts.coverage import copied, member_coverage
from texts.rubric import score
from texts.worth import Group

GROUPS = {
    "grp_a": [
        ("How do I boil eggs?", "Put the eggs into boiling water for 7 minutes."),
        ("How are eggs boiled?", "Cool boiled eggs in cold water, because that stops the cooking."),
        ("How to boil an egg?", "Take eggs from the fridge early, otherwise the shells may crack."),
    ],
    "grp_b": [
        ("Why does bread rise?", "Yeast eats sugar and gives off gas."),
        ("What makes bread rise?", "Gluten holds the gas, therefore the dough grows to twice its size in 1 hour."),
    ],
}
ITEM = (
    "Q: How do I boil eggs?\nA: Put the eggs into boiling water for 7 minutes. Cool boiled eggs in cold water, because that stops "
    "the cooking. Take eggs from the fridge early, otherwise the shells may crack."
)
LENIENT = AcceptanceParams(support=0.0, recovered=0.0, gain=0.0)


def inputs(engine: str = "rules", uri: str | None = None) -> dict[str, Any]:
    members = [
        {
            "group_id": group,
            "id": f"rec_{group[-1]}{n}",
            "source": f"s{n % 2}",
            "licence": "MIT",
            "language": "en",
            "prompt": p,
            "answer": a,
        }
        for group, pairs in GROUPS.items()
        for n, (p, a) in enumerate(pairs)
    ]
    grouped = ("group_id", "id", "source", "licence", "language")
    written = ("id", "prompt", "answer")
    strangers = [{"id": "rec_z", "prompt": "not in a group", "answer": "at all"}]
    return {
        "silver/groups": dataset("silver/groups", [{name: row[name] for name in grouped} for row in members[::-1]]),
        "silver/unique_instructions": dataset(
            "silver/unique_instructions", [{name: row[name] for name in written} for row in members] + strangers
        ),
        "models/in_service": dataset("models/in_service", [{"model": "model_1", "engine": engine, "uri": uri}]),
    }


def scripted(*answers: str, **changes: Any) -> DistilParams:
    return DistilParams(engine=EngineParams(answers=answers), **changes)


def run(tmp_path: Path, answer: str, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    return collected(distilled(inputs("scripted"), scripted(answer, **changes), context(tmp_path)))


def test_each_group_is_distilled_or_refused(tmp_path: Path) -> None:
    surroundings = context(tmp_path)
    rows = collected(distilled(inputs(), DistilParams(batch_size=1, limits=LENIENT), surroundings))
    taken = {row["group_id"] for row in rows["gold/distilled"]}
    refused = {row["group_id"] for row in rows["gold/distilled_refused"]}
    assert taken | refused == set(GROUPS) and not taken & refused
    assert surroundings.metrics == {"groups": 2, "accepted": len(taken)}


def test_an_item_names_its_members_and_carries_the_figures_of_its_text(tmp_path: Path) -> None:
    row = next(
        row
        for row in run(tmp_path, f"<answer>{ITEM}</answer>", limits=LENIENT)["gold/distilled"]
        if row["group_id"] == "grp_a"
    )
    texts = [f"Q: {prompt}\nA: {answer}" for prompt, answer in GROUPS["grp_a"]]
    assert row["member_ids"] == ["rec_a0", "rec_a1", "rec_a2"]
    assert (row["sources"], row["licences"], row["language"]) == (["s0", "s1"], ["MIT"], "en")
    assert (row["model"], row["item_type"]) == ("model_1", "qa")
    assert f"Q: {row['prompt']}\nA: {row['answer']}" == ITEM
    assert row["coverage"] == fmean(member_coverage(texts, ITEM))
    worth = Group(texts).worth(ITEM)
    assert (row["faithful"], row["novelty"], row["rating"]) == (worth.grounding, 1 - copied(texts, ITEM), score(ITEM))
    assert (row["recovered"], row["worth"]) == (worth.recovered, worth.score)
    assert row["gain"] == worth.score - max(Group(texts).worth(text).score for text in texts) > 0.5


def test_the_evidence_of_each_statement_is_kept(tmp_path: Path) -> None:
    rows = run(tmp_path, f"<answer>{ITEM}</answer>", limits=LENIENT)["gold/distilled"]
    row = next(row for row in rows if row["group_id"] == "grp_a")
    texts = dict(
        zip(row["member_ids"], (f"Q: {prompt}\nA: {answer}" for prompt, answer in GROUPS["grp_a"]), strict=True)
    )
    told = [texts[one["member_id"]][one["start"] : one["end"]] for one in row["evidence"]]
    assert told == [one["statement"] for one in row["evidence"]]
    assert f"Q: {told[0]}\nA: {' '.join(told[1:])}" == ITEM


def test_a_refusal_names_the_statement_that_no_member_supports(tmp_path: Path) -> None:
    refused = run(tmp_path, f"<answer>{ITEM.replace('7', '9')}</answer>")["gold/distilled_refused"]
    row = next(row for row in refused if row["group_id"] == "grp_a")
    assert row["reason"] == "unfaithful"
    assert row["detail"] == "no member supports 'Put the eggs into boiling water for 9 minutes.': '9' is not there"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("no tags at all", "malformed"),
        ("<answer>Q: one?\nA: two</answer> and more", "malformed"),
        ("<answer>no question</answer>", "malformed"),
        (
            "<answer>Q: How do I boil eggs?\nA: Elephants in Peru vote on 37 taxes every November.</answer>",
            "unfaithful",
        ),
        ("<answer>Q: How do I boil eggs?\nA: Put the eggs into boiling water.</answer>", "thin"),
    ],
)
def test_what_falls_short_is_refused_with_its_text_and_reason(tmp_path: Path, answer: str, reason: str) -> None:
    refused = run(tmp_path, answer)["gold/distilled_refused"]
    row = next(row for row in refused if row["group_id"] == "grp_a")
    assert (row["reason"], row["text"], row["member_ids"]) == (reason, answer, ["rec_a0", "rec_a1", "rec_a2"])
    assert row["detail"]


def test_a_group_that_breaks_the_engine_is_refused_and_the_other_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_or_fail(self: ScriptedEngine, requests: Any, answer: Any = ScriptedEngine.generate) -> Any:
        self.fault = lambda request: ValueError("no") if "bread" in request.payload["members"][0] else None
        return answer(self, requests)

    monkeypatch.setattr(ScriptedEngine, "generate", answer_or_fail)
    rows = run(tmp_path, f"<answer>{ITEM}</answer>", limits=LENIENT)
    assert [(row["group_id"], row["reason"], row["text"]) for row in rows["gold/distilled_refused"]] == [
        ("grp_b", "engine_error", None)
    ]
    assert [row["group_id"] for row in rows["gold/distilled"]] == ["grp_a"]


def test_a_near_miss_of_the_form_is_kept_in_the_form(tmp_path: Path) -> None:
    near = ITEM.replace("Q:", "**Question:**").replace("A:", "**Answer:**")
    exact = run(tmp_path / "exact", f"<answer>{ITEM}</answer>")["gold/distilled"]
    assert near != ITEM and exact
    assert run(tmp_path / "near", f"<answer>{near}</answer>")["gold/distilled"] == exact


def test_the_stage_is_foretold_a_request_a_group(tmp_path: Path) -> None:
    surroundings = context(tmp_path)
    collected(distilled(inputs("scripted"), scripted(f"<answer>{ITEM}</answer>", limits=LENIENT), surroundings))
    metrics = surroundings.metrics
    assert metrics["forecast_requests"] == metrics["requests"] == metrics["groups"]


SAMPLED: dict[str, Any] = {"samples": 3, "temperature": 0.7}
SHORT = "Q: How do I boil eggs?\nA: Put the eggs into boiling water for 7 minutes. Cool boiled eggs in cold water, because that stops the cooking."
FALSE = ITEM.replace("7", "9")


def by_seed(monkeypatch: pytest.MonkeyPatch, *items: str) -> list[Request]:
    """The scripted engine answers with the item at the request's place among its group's samples; what it is sent is noted."""
    sent: list[Request] = []

    def answer(self: ScriptedEngine, request: Request) -> Completion:
        sent.append(request)
        text = f"<answer>{items[request.seed - 7]}</answer>"
        return Completion(request.id, text, None, 1, len(text.split()), "stop")

    monkeypatch.setattr(ScriptedEngine, "_answer", answer)
    return sent


@pytest.mark.parametrize("items", [(SHORT, ITEM, FALSE), (FALSE, SHORT, ITEM), ("no item", ITEM, ITEM)])
def test_of_several_answers_the_best_that_passes_is_the_groups_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: tuple[str, ...]
) -> None:
    by_seed(monkeypatch, *items)
    rows = run(tmp_path, "", **SAMPLED)
    assert [(row["group_id"], f"Q: {row['prompt']}\nA: {row['answer']}") for row in rows["gold/distilled"]] == [
        ("grp_a", ITEM)
    ]
    assert [row["group_id"] for row in rows["gold/distilled_refused"]] == ["grp_b"]


def test_where_every_answer_fails_the_refusal_is_that_of_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_seed(monkeypatch, "no item", FALSE.replace("Cool", "Heat"), FALSE)
    row = next(row for row in run(tmp_path, "", **SAMPLED)["gold/distilled_refused"] if row["group_id"] == "grp_a")
    assert (row["reason"], row["text"]) == ("unfaithful", f"<answer>{FALSE}</answer>")


def test_each_sample_is_a_request_of_its_own_and_is_foretold_and_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = by_seed(monkeypatch, SHORT, ITEM, FALSE)
    surroundings = context(tmp_path)
    collected(distilled(inputs("scripted"), scripted("", **SAMPLED), surroundings))
    assert len(sent) == len({request.id for request in sent}) == 6
    assert surroundings.metrics["forecast_requests"] == surroundings.metrics["requests"] == 6
    assert surroundings.metrics["groups"] == 2


def test_what_was_answered_before_there_were_samples_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = by_seed(monkeypatch, ITEM, ITEM, ITEM)
    surroundings = context(tmp_path)
    for params in (scripted("", temperature=0.7), scripted("", **SAMPLED)):
        collected(distilled(inputs("scripted"), params, surroundings))
    assert len(sent) == 2 + 4


def test_a_batch_holds_whole_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_seed(monkeypatch, SHORT, ITEM, FALSE)
    batches = list(distilled(inputs("scripted"), scripted("", batch_size=1, **SAMPLED), context(tmp_path)))
    assert [(key, rows.num_rows) for key, rows in batches if rows.num_rows] == [
        ("gold/distilled", 1),
        ("gold/distilled_refused", 1),
    ]


def test_the_rules_give_one_answer(tmp_path: Path) -> None:
    assert collected(distilled(inputs(), DistilParams(**SAMPLED), context(tmp_path / "many"))) == collected(
        distilled(inputs(), DistilParams(), context(tmp_path / "one"))
    )


def test_samples_at_temperature_0_are_refused_in_a_sentence() -> None:
    with pytest.raises(
        ValidationError, match="3 samples at temperature 0 would all be the same: set temperature above 0"
    ):
        DistilParams(samples=3)


def test_the_penalty_of_the_params_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_penalties(monkeypatch)
    run(tmp_path, f"<answer>{ITEM}</answer>", limits=LENIENT, frequency_penalty=0.5)
    assert asked == {0.5}


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    shuffled = inputs()
    for key in ("silver/groups", "silver/unique_instructions"):
        table = shuffled[key].to_table()
        shuffled[key] = dataset(key, table.to_pylist()[::-1])
    params = DistilParams(limits=LENIENT)
    assert collected(distilled(shuffled, params, context(tmp_path))) == collected(
        distilled(inputs(), params, context(tmp_path))
    )


def test_a_member_without_its_record_fails_the_stage(tmp_path: Path) -> None:
    broken = inputs()
    broken["silver/unique_instructions"] = dataset(
        "silver/unique_instructions", [{"id": "rec_a0", "prompt": "p", "answer": "a"}]
    )
    with pytest.raises(StageFailed, match="4 members"):
        collected(distilled(broken, DistilParams(), context(tmp_path)))


def test_no_champion_fails_the_stage(tmp_path: Path) -> None:
    with pytest.raises(StageFailed, match="names 0 distillers"):
        collected(
            distilled(
                inputs() | {"models/in_service": dataset("models/in_service", [])}, DistilParams(), context(tmp_path)
            )
        )


def test_new_groups_alone_are_fused_with_members_that_were_alone_before(tmp_path: Path) -> None:
    given, params = inputs("scripted"), scripted(f"<answer>{ITEM}</answer>", limits=LENIENT)
    records = given["silver/unique_instructions"].to_table().to_pylist()
    grouped = given["silver/groups"].to_table().to_pylist()
    whole = collected(distilled(given, params, context(tmp_path / "whole")))
    # one member of grp_a is new, the other two were published before
    new = given | {
        "silver/groups": dataset("silver/groups", [row for row in grouped if row["group_id"] == "grp_a"]),
        "silver/unique_instructions": dataset(
            "silver/unique_instructions", [r for r in records if r["id"] == "rec_a0"]
        ),
    }
    before = {
        "silver/unique_instructions": dataset("silver/unique_instructions", [r for r in records if r["id"] != "rec_a0"])
    }
    grown = collected(distilled(new, params, replace(context(tmp_path / "new"), before=before)))
    for key, name in (("gold/distilled", "group_id"), ("gold/distilled_refused", "group_id")):
        assert grown.get(key, []) == [row for row in whole.get(key, []) if row[name] == "grp_a"]
    assert sum(map(len, grown.values())) == 1


def test_only_a_model_in_service_needs_a_process_of_its_own(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    assert DistilParams().opens_no_model(lake, None)
    serving = {"models/in_service": [row | {"engine": "vllm"} for row in ROWS["models/in_service"]]}
    publish(lake, "models/champion", ROWS["models/champion"], serving, run_id="promoted")
    assert not DistilParams().opens_no_model(lake, None)
