"""A judge rates a sample, the rest is predicted: who is asked, what is marked, what stays, and what the gate refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as ds
import pytest
from fakes import collected, context, dataset

from inference.beside import SECOND
from inference.judge_params import JudgeParams, RateParams
from inference.predictor import Predictor, fit, load
from inference.rate import ratings
from inference.sampling import PREDICTORS, drawn
from inference.text_engines.rules import RulesEngine
from lake.errors import StageFailed
from lake.harness.job import JobContext
from lake.tables import TABLES

RECORDS, RATINGS = "silver/unique_instructions", "silver/ratings"
SAMPLE = 400
_FACTS = ("Steam at 120 °C softens beans in 25 minutes.", "Salt lowers the melting point, so ice turns to brine at -5 °C.",
          "it is good", "Yeast makes gas because it eats sugar, and so the dough rises.", "well you know", "Because iron rusts, paint it.")  # fmt: skip


def records(first: int, last: int) -> dict[str, Any]:
    """Records whose answers are of one to six sentences, more or less worth saying."""
    rng = np.random.default_rng(first)
    rows = [
        {"id": f"rec_{n}", "prompt": f"What of {n}?", "answer": answer, "text": f"What of {n}?\n{answer}"}
        for n in range(first, last)
        for answer in [" ".join(rng.choice(_FACTS, rng.integers(1, 7)))]
    ]
    return {RECORDS: dataset(RECORDS, rows)}


def params(**changes: Any) -> RateParams:
    return RateParams(engine=JudgeParams(), sample=SAMPLE, **changes)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[JobContext, dict[str, list[dict[str, Any]]]]:
    """A run on a thousand records."""
    run = context(tmp_path_factory.mktemp("run"))
    run = replace(run, artifacts=run.artifacts / "artifacts")
    return run, collected(ratings(records(0, 1_000), params(), run))


def test_the_judge_sees_the_sample_and_every_record_has_a_rating(whole: Any, tmp_path: Path) -> None:
    run, found = whole
    rows = {row["id"]: row for row in found[RATINGS]}
    assert len(rows) == len(found[RATINGS]) == 1_000
    rated = {record for record, row in rows.items() if row["state"] == "rated"}
    assert len(rated) == SAMPLE and {row["state"] for row in rows.values()} == {"rated", "predicted"}
    everything = collected(ratings(records(0, 1_000), RateParams(), context(tmp_path)))[RATINGS]
    assert [row for row in everything if row["id"] in rated] == [rows[record] for record in sorted(rated)]
    assert run.metrics["predicted"] == 600 and run.metrics["records"] == 1_000


def test_a_prediction_says_who_made_it_and_how_far_it_may_be_off(whole: Any, tmp_path: Path) -> None:
    _, found = whole
    predicted = [row for row in found[RATINGS] if row["state"] == "predicted"]
    judge = {row["judge"] for row in found[RATINGS] if row["state"] == "rated"}
    assert len({row["judge"] for row in predicted}) == 1 and not judge & {row["judge"] for row in predicted}
    assert all(row["overall"] == round(min(10, max(1, row["figure"]))) and row["margin"] > 0 for row in predicted)
    everything = collected(ratings(records(0, 1_000), RateParams(), context(tmp_path)))[RATINGS]
    truth = {row["id"]: row["overall"] for row in everything}
    within = [abs(truth[row["id"]] - row["figure"]) <= row["margin"] for row in predicted]
    assert 0.8 < np.mean(within) <= 1.0, "the margin holds nine in ten"
    errors = [abs(truth[row["id"]] - row["figure"]) for row in predicted]
    constant = np.mean(list(truth.values()))
    assert np.mean(errors) < 0.8 * np.mean([abs(truth[row["id"]] - constant) for row in predicted])


def test_the_predictor_is_measured_on_records_it_was_not_fitted_on(whole: Any) -> None:
    run, found = whole
    (row,) = found[PREDICTORS]
    assert row["fitted"] + row["heldout"] == SAMPLE and row["heldout"] == SAMPLE // 4
    assert 0 < row["explained_low"] < row["explained"] < 1
    assert f"{row['explained']:.2f}" in row["advice"] and "raise sample above 400" in row["advice"]
    assert sorted(path.name for path in Path(row["uri"]).iterdir()) == ["predictor.json", "predictor.safetensors"]
    assert Path(row["uri"]).is_relative_to(run.artifacts)


def test_what_the_predictor_is_least_certain_of_goes_to_the_judge_until_the_sample_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = records(0, 1_000)
    first = set(drawn(given[RECORDS], 300))
    # as if it knew least of what has the highest number
    monkeypatch.setattr(
        "inference.sampling._margins",
        lambda predictor, batch, embedder: [float(one[4:]) for one in batch["id"].to_pylist()],
    )
    found = collected(
        ratings(given, params(uncertain=0.25), replace(context(tmp_path), artifacts=tmp_path / "artifacts"))
    )
    rated = {row["id"] for row in found[RATINGS] if row["state"] == "rated"}
    others = sorted((f"rec_{n}" for n in range(1_000) if f"rec_{n}" not in first), key=lambda one: -int(one[4:]))
    assert rated == first | set(others[:100]) and len(found[RATINGS]) == 1_000
    (row,) = found[PREDICTORS]
    assert (row["fitted"], row["heldout"]) == (325, 75), "nothing that was chosen is held out"


def grown(whole: Any, tmp_path: Path) -> JobContext:
    """The context of a run on what came after `whole`."""
    _, found = whole
    before = {key: dataset(key, found[key]) for key in (RATINGS, PREDICTORS)}
    return replace(context(tmp_path), before=before)


def test_what_comes_later_is_predicted_by_the_same_predictor_and_no_judge_is_asked(
    whole: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(RulesEngine, "rate")
    monkeypatch.setattr(RulesEngine, "generate", lambda *_: pytest.fail("the judge was asked"))
    found = collected(ratings(records(1_000, 1_010), params(), grown(whole, tmp_path)))
    assert {row["judge"] for row in found[RATINGS]} == {
        row["judge"] for row in whole[1][RATINGS] if row["state"] == "predicted"
    }
    assert not found.get(PREDICTORS)
    ours = collected(ratings(records(0, 1_000), params(), grown(whole, tmp_path)))[RATINGS]
    before = {row["id"]: row for row in whole[1][RATINGS] if row["state"] == "predicted"}
    assert [row for row in ours if row["id"] in before] == list(before.values()), "equal records, equal predictions"


def test_a_predictor_that_is_not_what_was_published_is_not_used(whole: Any, tmp_path: Path) -> None:
    (row,) = whole[1][PREDICTORS]
    settings = Path(row["uri"]) / "predictor.json"
    kept = settings.read_text()
    try:
        settings.write_text(kept.replace('"unit"', ' "unit"'))
        with pytest.raises(StageFailed, match="--rebuild"):
            list(ratings(records(1_000, 1_010), params(), grown(whole, tmp_path)))
    finally:
        settings.write_text(kept)


def test_few_records_are_all_rated_and_a_judge_that_fails_predicts_nothing(tmp_path: Path) -> None:
    found = collected(ratings(records(0, SAMPLE), params(), context(tmp_path)))
    assert {row["state"] for row in found[RATINGS]} == {"rated"} and not found.get(PREDICTORS)
    mute = RateParams(engine=JudgeParams(kind="scripted", answers=("no rating",)), sample=SAMPLE)
    with pytest.raises(StageFailed, match="rated 0 of 400"):
        list(ratings(records(0, 500), mute, context(tmp_path)))


def test_the_order_of_records_and_batches_changes_no_rating(
    whole: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = records(0, 1_000)[RECORDS].to_table()
    shuffled = {RECORDS: ds.dataset(table.take(np.random.default_rng(1).permutation(1_000)))}
    monkeypatch.setattr("inference.sampling._BATCH", 37)
    run = context(tmp_path)
    found = collected(ratings(shuffled, params(), replace(run, artifacts=run.artifacts / "other")))
    was = {row["id"]: row for row in whole[1][RATINGS]}
    for row in found[RATINGS]:
        assert row["state"] == was[row["id"]]["state"]
        assert row["overall"] == was[row["id"]]["overall"]
        assert row["figure"] == pytest.approx(was[row["id"]]["figure"], abs=0.002) if row["figure"] else True


def test_a_predictor_of_noise_has_no_proof_and_one_of_signal_has(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(600, 20))
    for signal, proven in ((1.0, True), (0.0, False)):
        rating = 5 + signal * rows[:, 0] + rng.normal(size=600)
        found = fit(rows[:400], rating[:400], {"judge": "j"}).calibrated(rows[400:500], rating[400:500])
        assert (found.fidelity(rows[400:500], rating[400:500]).low > 1e-4) is proven
        expected, margin = found.predict(rows[500:])
        assert np.mean(np.abs(expected - rating[500:]) <= margin) > 0.8
    found.save(tmp_path / "predictor")
    again = load(tmp_path / "predictor")
    assert again.name == found.name and np.array_equal(again.predict(rows)[1], found.predict(rows)[1])


def test_a_column_that_was_the_same_in_the_whole_sample_moves_no_later_rating() -> None:
    rng = np.random.default_rng(5)
    rows = np.hstack([rng.normal(size=(300, 4)), np.full((300, 3), 0.1)])
    rating = rows[:, 0] + 5
    predictor = fit(rows[:200], rating[:200], {}).calibrated(rows[200:], rating[200:])
    expected, margins = predictor.predict(rows)
    later, wider = predictor.predict(rows + np.array([0, 0, 0, 0, 0.2, 0.2, 0.2]))
    assert later == pytest.approx(expected, abs=1e-6)
    assert np.isfinite(margins).all() and (wider >= margins).all() and wider.max() < 100


def test_the_tables_are_declared(whole: Any) -> None:
    assert set(whole[1]) == {RATINGS, PREDICTORS, SECOND}
    assert {TABLES[key].side_of for key in (PREDICTORS, SECOND)} == {RATINGS}


def test_a_spread_that_rounding_takes_below_zero_is_none() -> None:
    one, zero = np.ones(1), np.zeros(1)
    nearly = Predictor(zero, one, one, np.array([[-1e-15]]), 0.0, noise=0.0, unit=1.0, made_for={})
    assert nearly.predict(np.array([[3.0]]))[1].tolist() == [0.0]
