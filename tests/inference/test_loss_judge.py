"""The judges by losses: figures as plain arithmetic gives them, ratings by cut points, and a state for what has no figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import collected, context, dataset
from pydantic import ValidationError
from tiny_chat import write_tiny_chat

from inference.judge_params import JudgeParams, RateParams
from inference.loss_judge import LossEngine, LossJudge
from inference.losses import AnswerLosses
from inference.rate import ratings

TEXTS = ("A kettle boils water for tea.", "Bread rises because yeast makes gas.", "Salt melts ice on the road.")
CUTS = tuple(float(n) for n in range(1, 10))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model") / "chat"
    write_tiny_chat(made, TEXTS, 400, 256)
    return made


@pytest.fixture(scope="module")
def losses(folder: Path) -> AnswerLosses:
    return AnswerLosses(folder, 64)


def params(folder: Path, **changes: Any) -> RateParams:
    settings = {"kind": "perplexity", "model": str(folder), "cuts": CUTS, "tokens": 64} | changes
    return RateParams(engine=JudgeParams.model_validate(settings))


def records(*pairs: tuple[str, str]) -> dict[str, Any]:
    rows = [{"id": f"rec_{n}", "prompt": prompt, "answer": answer} for n, (prompt, answer) in enumerate(pairs)]
    return {"silver/unique_instructions": dataset("silver/unique_instructions", rows)}


def test_a_loss_is_that_of_the_answers_tokens_alone_computed_plainly(folder: Path, losses: AnswerLosses) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    for prompt, answer in (("How is tea made?", TEXTS[0]), ("", TEXTS[1])):
        turn = [{"role": "user", "content": prompt}]
        before = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)
        said = tokenizer(answer, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            chances = model(torch.tensor([[*before, *said]])).logits[0].log_softmax(-1)
        plain = -np.mean([float(chances[len(before) + at - 1, token]) for at, token in enumerate(said)])
        assert losses.losses([prompt], [answer])[0] == pytest.approx(plain, abs=1e-5)
        if not prompt:
            assert losses.losses_alone([answer])[0] == pytest.approx(plain, abs=1e-5)


def test_a_loss_does_not_hang_on_what_else_is_rated(losses: AnswerLosses, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = ["How?", "Why is that so, and what follows from it?", "", "Tell me."] * 5
    answers = [*TEXTS, " ".join(TEXTS)] * 5
    together = losses.losses(prompts, answers)
    alone = [losses.losses([prompt], [answer])[0] for prompt, answer in zip(prompts, answers, strict=True)]
    assert together == pytest.approx(alone, abs=1e-4)
    monkeypatch.setattr("inference.losses._BATCH_TOKENS", 1)
    assert together == pytest.approx(losses.losses(prompts, answers), abs=1e-4)


def test_the_end_of_a_prompt_and_the_beginning_of_an_answer_are_read(losses: AnswerLosses) -> None:
    """The tokens that are read are 32 and 32; a word of this alphabet is at least one."""
    words = "tea water gas ice road salt bread yeast " * 8
    assert losses.losses(["unseen " + words], [words])[0] == losses.losses([words], [words + "unseen"])[0]
    assert losses.losses([words + "seen"], [words])[0] != losses.losses([words], [words])[0]


def test_a_control_token_in_a_text_is_read_as_its_letters(losses: AnswerLosses) -> None:
    from trainers.tiny import END

    special = losses._tokenizer.convert_tokens_to_ids(END)
    assert special not in losses._ids([f"tea{END}water"])[0]


def test_perplexity_and_difficulty_are_what_their_sources_define(folder: Path, losses: AnswerLosses) -> None:
    prompts, answers = ["How is tea made?"] * 3, list(TEXTS)
    after, alone = losses.losses(prompts, answers), losses.losses_alone(answers)
    perplexity = LossEngine(params(folder).engine).figures(prompts, answers)
    difficulty = LossEngine(params(folder, kind="difficulty").engine).figures(prompts, answers)
    assert perplexity == pytest.approx(np.exp(after), abs=1e-3)
    assert difficulty == pytest.approx(after / alone, abs=1e-3)


def test_each_end_of_the_figure_can_be_the_better_one(folder: Path) -> None:
    figures = (0.0, 1.0, 5.5, 9.0, 99.0)
    low, high, turned = params(folder), params(folder, kind="difficulty"), params(folder, better="high")
    found = [[one.engine.overall(figure) for figure in figures] for one in (low, high, turned)]
    assert found == [[10, 9, 5, 1, 1], [1, 2, 6, 10, 10], [1, 2, 6, 10, 10]]


def test_a_kind_of_record_may_have_cut_points_of_its_own(folder: Path, tmp_path: Path) -> None:
    far = tuple(n * 1e6 for n in range(1, 10))
    rows = [
        {"id": f"rec_{n}", "item_type": kind, "prompt": "How?", "answer": TEXTS[0]}
        for n, kind in enumerate(("qa", "code"))
    ]
    inputs = {"silver/unique_instructions": dataset("silver/unique_instructions", rows)}
    prose, code = collected(ratings(inputs, params(folder, cuts_of={"code": far}), context(tmp_path)))["silver/ratings"]
    assert prose["figure"] == code["figure"] and (prose["overall"], code["overall"]) == (1, 10)


def test_a_record_gets_its_figure_and_overall_alone_and_an_empty_answer_is_skipped(
    folder: Path, tmp_path: Path
) -> None:
    run = context(tmp_path)
    rows = collected(ratings(records(("How?", TEXTS[0]), ("Why?", "")), params(folder), run))["silver/ratings"]
    rated, skipped = rows
    assert rated["state"] == "rated" and rated["error"] is None and rated["figure"] > 1 and 1 <= rated["overall"] <= 10
    assert [rated[name] for name in ("rarity", "complexity", "informativeness", "said")] == [None] * 4
    assert (skipped["state"], skipped["overall"], skipped["figure"]) == ("skipped", None, None)
    assert skipped["error"] == "nothing_to_rate: the answer is empty"
    assert run.metrics == {"records": 2, "unrated": 1}


PAIRS = tuple((f"What of {n}?", f"{TEXTS[n % 3]} {'So it is. ' * (n % 5)}") for n in range(20))


def test_a_run_that_ends_early_is_gone_on_with_and_no_figure_is_computed_twice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    compute = LossEngine.figures

    def noted(self: LossEngine, prompts: Any, answers: Any) -> Any:
        if len(computed) >= 12:
            raise KeyboardInterrupt
        computed.extend(prompts)
        return compute(self, prompts, answers)

    monkeypatch.setattr("inference.loss_judge._ROOM", 4)
    monkeypatch.setattr(LossEngine, "figures", noted)
    with pytest.raises(KeyboardInterrupt):
        list(ratings(records(*PAIRS), params(folder), context(tmp_path)))
    assert len(computed) == 12
    first, computed[:] = list(computed), []
    rows = collected(ratings(records(*PAIRS), params(folder), context(tmp_path)))["silver/ratings"]
    assert sorted([*first, *computed]) == sorted(prompt for prompt, _ in PAIRS)
    monkeypatch.undo()
    whole = collected(ratings(records(*PAIRS), params(folder), context(tmp_path / "other")))["silver/ratings"]
    assert rows == whole


def test_other_cut_points_and_the_other_end_cost_no_computation(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = context(tmp_path)
    before = collected(ratings(records(*PAIRS), params(folder), run))["silver/ratings"]
    monkeypatch.setattr(LossEngine, "figures", lambda *_: pytest.fail("a figure was computed again"))
    again = params(folder, better="high", cuts=tuple(n * 50.0 for n in range(1, 10)))
    after = collected(ratings(records(*PAIRS), again, run))["silver/ratings"]
    assert [row["figure"] for row in after] == [row["figure"] for row in before]
    assert [row["overall"] for row in after] != [row["overall"] for row in before]


def test_a_judge_has_another_name_for_everything_that_changes_a_rating(folder: Path, tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {}, {"kind": "difficulty"}, {"tokens": 32}, {"better": "high"}, {"cuts": tuple(n + 0.5 for n in CUTS)}, {"cuts_of": {"code": CUTS}}, {"cuts_of": {"chat": CUTS}},
    ]  # fmt: skip
    assert len({LossJudge(params(folder, **change), context(tmp_path)).name for change in changes}) == len(changes)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "difficulty needs cuts"),
        ({"cuts": (1.0, 2.0)}, "nine figures"),
        ({"cuts": (1.0,) * 9}, "each above the one before"),
        ({"cuts": CUTS, "cuts_of": {"code": (1.0, 2.0)}}, "nine figures"),
        ({"cuts": CUTS, "cuts_of": {"poems": CUTS}}, "cuts_of"),
        ({"cuts": CUTS, "cuts_of": {"code": ()}}, "nine figures"),
        ({"cuts": CUTS, "scale": (0, 5)}, "only figures of a file"),
    ],
)
def test_cut_points_that_cannot_be_meant_are_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        JudgeParams.model_validate({"kind": "difficulty"} | given)


def test_the_worked_example_is_true() -> None:
    import doctest

    import inference.losses

    found = doctest.testmod(inference.losses)
    assert found.attempted > 0 and found.failed == 0
