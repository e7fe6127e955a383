"""Held-out answers: both models answer every item, and a malformed answer scores nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes import WordEmbedder, asked_penalties, collected, context, dataset

import inference.heldout
from inference.heldout import HeldoutParams, answers, score_answers
from inference.text_engines import Completion, EngineParams
from lake.errors import StageFailed
from lake.models.serving import Serving
from texts.rubric import score
from texts.worth import Group

TARGET = "Q: Why does bread rise?\nA: Yeast eats sugar and gives off gas, which gluten holds."
MEMBERS = ["Q: Why does bread rise?\nA: Yeast gives off gas.", "Q: What makes bread rise?\nA: Gluten holds gas."]


def item(number: int, split: str = "heldout") -> dict[str, Any]:
    return {"id": f"mix_{number}", "item_type": "qa", "split": split, "members": MEMBERS, "target": TARGET}


def inputs() -> dict[str, Any]:
    return {
        "gold/mixture": dataset("gold/mixture", [item(n, ("heldout", "sft", "grpo")[n % 3]) for n in range(9)]),
        "models/distiller_grpo": dataset("models/distiller_grpo", [{"digest": "d1", "uri": "/checkpoints/one"}]),
    }


def scored(text: str | None, error: str | None = None) -> dict[str, Any]:
    (row,) = score_answers([(item(0), Completion("mix_0", text, error))], WordEmbedder())  # type: ignore[arg-type]
    return row


def test_the_target_itself_is_aligned_fully_and_scored_by_what_its_members_support() -> None:
    row = scored(f"<answer>{TARGET}</answer>")
    worth = Group(MEMBERS).worth(TARGET)
    assert row["well_formed"] and row["grounding"] == worth.grounding < 1.0  # the target says more than its members
    assert row["alignment"] == pytest.approx(1.0, abs=1e-5) and row["reference"] == 1.0
    assert row["quality"] == score(TARGET) / 5
    assert row["score"] == row["grounding"] * row["recovered"] * row["conciseness"] == worth.score


def test_an_answer_about_something_else_is_aligned_less() -> None:
    other = scored("<answer>Q: Who paints barns?\nA: Farmers use red oxide paint.</answer>")
    assert other["well_formed"] and other["alignment"] < 0.6 and other["score"] == 0.0


@pytest.mark.parametrize(
    "text",
    [
        TARGET,
        "<answer>just a text</answer>",
        f"<answer>{TARGET}</answer><answer>{TARGET}</answer>",
        f"<answer>{TARGET}</answer> so",
        "",
        "\ufffd",
    ],
)
def test_a_malformed_answer_scores_nothing_however_good_its_words(text: str) -> None:
    row = scored(text)
    assert row["text"] == text and row["error"] is None and row["well_formed"] is False
    assert {row[name] for name in ("quality", "alignment", "grounding", "recovered", "conciseness", "score")} == {0.0}


def test_an_engine_error_is_kept_and_scores_nothing() -> None:
    row = scored(None, "prompt_too_long: 900 tokens")
    assert (row["text"], row["error"], row["well_formed"], row["score"]) == (
        None,
        "prompt_too_long: 900 tokens",
        False,
        0.0,
    )


def test_figures_stay_with_their_answers_when_some_are_malformed() -> None:
    batch = [
        (item(n), Completion(f"mix_{n}", text)) for n, text in enumerate(["bad", f"<answer>{TARGET}</answer>", "bad"])
    ]
    rows = score_answers(batch, WordEmbedder())  # type: ignore[arg-type]
    assert [row["well_formed"] for row in rows] == [False, True, False]
    assert [row["item_id"] for row in rows] == ["mix_0", "mix_1", "mix_2"]
    assert rows[1]["alignment"] == pytest.approx(1.0, abs=1e-5)


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference.heldout, "open_embedder", lambda *_: WordEmbedder())


@pytest.mark.usefixtures("no_model")
def test_both_models_answer_every_heldout_item_and_no_other(tmp_path: Path) -> None:
    params = HeldoutParams(
        challenger=EngineParams(kind="scripted", answers=(f"<answer>{TARGET}</answer>",)), batch_size=2
    )
    run = context(tmp_path)
    rows = collected(answers(inputs(), params, run))["gold/heldout_answers"]
    assert sorted((row["engine"], row["item_id"]) for row in rows) == [
        (e, f"mix_{n}") for e in ("rules", "scripted") for n in (0, 3, 6)
    ]
    assert {row["model"] for row in rows if row["engine"] == "scripted"} == {"d1"}
    assert {(row["engine"], row["role"], row["uri"]) for row in rows} == {
        ("rules", "champion", None),
        ("scripted", "challenger", "/checkpoints/one"),
    }
    assert len({row["id"] for row in rows}) == 6
    for role, engine in (("champion", "rules"), ("challenger", "scripted")):
        mean = sum(row["score"] for row in rows if row["engine"] == engine) / 3
        assert run.metrics[f"{role}_score"] == pytest.approx(mean)


SCRIPTED = EngineParams(kind="scripted", answers=(f"<answer>{TARGET}</answer>",))


def in_service(monkeypatch: pytest.MonkeyPatch, **serving: Any) -> None:
    monkeypatch.setattr(inference.heldout, "in_service", lambda _: Serving(**serving))


@pytest.mark.usefixtures("no_model")
def test_the_challenger_meets_the_one_in_service_whatever_its_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_service(monkeypatch, model="d0", engine="scripted", uri="/checkpoints/older")
    rows = collected(answers(inputs(), HeldoutParams(challenger=SCRIPTED), context(tmp_path)))["gold/heldout_answers"]
    assert {(row["role"], row["model"], row["engine"], row["uri"]) for row in rows} == {
        ("champion", "d0", "scripted", "/checkpoints/older"),
        ("challenger", "d1", "scripted", "/checkpoints/one"),
    }
    assert len({row["id"] for row in rows}) == 6


@pytest.mark.usefixtures("no_model")
def test_new_rules_challenge_the_checkpoint_in_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_service(monkeypatch, model="d0", engine="scripted", uri="/checkpoints/older")
    params = HeldoutParams(challenger=EngineParams(), champion=SCRIPTED)
    rows = collected(answers(inputs(), params, context(tmp_path)))["gold/heldout_answers"]
    assert {(row["role"], row["engine"]) for row in rows} == {("champion", "scripted"), ("challenger", "rules")}


@pytest.mark.usefixtures("no_model")
def test_the_one_in_service_does_not_challenge_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_service(monkeypatch, model="d1", engine="scripted", uri="/checkpoints/one")
    run = context(tmp_path)
    rows = collected(answers(inputs(), HeldoutParams(challenger=SCRIPTED), run))["gold/heldout_answers"]
    assert [row["role"] for row in rows] == ["champion"] * 3 and "challenger_score" not in run.metrics


@pytest.mark.usefixtures("no_model")
def test_the_penalty_of_the_params_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_penalties(monkeypatch)
    challenger = EngineParams(kind="scripted", answers=("x",))
    collected(answers(inputs(), HeldoutParams(challenger=challenger, frequency_penalty=0.5), context(tmp_path)))
    assert asked == {0.5}


@pytest.mark.usefixtures("no_model")
def test_without_a_checkpoint_the_stage_fails(tmp_path: Path) -> None:
    with pytest.raises(StageFailed, match="holds 0 checkpoints"):
        collected(
            answers(
                inputs() | {"models/distiller_grpo": dataset("models/distiller_grpo", [])},
                HeldoutParams(),
                context(tmp_path),
            )
        )
