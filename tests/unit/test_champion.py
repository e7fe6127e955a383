"""The champion's decision on planted differences."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from lake.harness.job import JobContext
from lake.tables import TABLES
from texts.audit import Audited
from trainers.champion import ChampionParams, champion, interval


def answers(old: list[float | None], fresh: list[float | None]) -> ds.Dataset:
    rows = [
        {"id": f"ans_{engine}_{n}", "item_id": f"mix_{n}", "model": model, "engine": engine, "score": score}
        for engine, model, scores in (("rules", "rules-digest", old), ("vllm", "trained-digest", fresh))
        for n, score in enumerate(scores)
    ]
    return ds.dataset(pa.Table.from_pylist(rows, schema=TABLES["gold/heldout_answers"].schema))


def decide(old: list[float | None], fresh: list[float | None], tmp_path: Path, **params: Any) -> dict[str, Any]:
    trained = pa.Table.from_pylist([{"uri": "somewhere"}], schema=TABLES["models/distiller_grpo"].schema)
    mixture = ds.dataset(pa.Table.from_pylist([], schema=TABLES["gold/mixture"].schema))
    inputs = {
        "gold/heldout_answers": answers(old, fresh),
        "models/distiller_grpo": ds.dataset(trained),
        "gold/mixture": mixture,
    }
    context = JobContext(lake=None, run_id="test", artifacts=tmp_path)  # type: ignore[arg-type]
    [(key, table)] = champion(inputs, ChampionParams(**params), context)
    assert key == "models/champion"
    return table.to_pylist()[0]


@pytest.fixture(autouse=True)
def passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainers.champion.audited", lambda *_: Audited("figure", 100, 99))


def noisy(mean: float, count: int = 200) -> list[float | None]:
    return [float(value) for value in np.random.default_rng(round(100 * mean)).normal(mean, 0.1, count)]


def test_a_clear_winner_is_promoted_with_its_checkpoint(tmp_path: Path) -> None:
    row = decide(noisy(0.5), noisy(0.55), tmp_path)
    assert (row["promoted"], row["model"], row["engine"], row["uri"]) == (True, "trained-digest", "vllm", "somewhere")
    assert 0 < row["low"] <= row["difference"] <= row["high"]
    assert "trained distiller serves" in row["decision"]


def test_a_score_that_fails_its_audit_promotes_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainers.champion.audited", lambda *_: Audited("figure", 100, 60))
    row = decide(noisy(0.5), noisy(0.55), tmp_path)
    assert (row["promoted"], row["model"], row["audit_kind"], row["audit_share"]) == (
        False,
        "rules-digest",
        "figure",
        0.6,
    )
    assert "of 100 answers with figure it puts 60% below the honest ones, and 95% are needed" in row["decision"]
    monkeypatch.setattr("trainers.champion.audited", lambda *_: None)
    assert not decide(noisy(0.5), noisy(0.55), tmp_path)["promoted"]


def test_a_loser_is_not_promoted_and_the_figures_say_why(tmp_path: Path) -> None:
    row = decide([0.8] * 50, [0.3] * 50, tmp_path)
    assert (row["promoted"], row["model"], row["engine"], row["uri"]) == (False, "rules-digest", "rules", None)
    assert "0.300" in row["decision"] and "0.800" in row["decision"] and "-0.500" in row["decision"]


def test_a_higher_mean_that_may_be_chance_is_not_enough(tmp_path: Path) -> None:
    fresh: list[float | None] = [0.5 + (0.4 if n % 2 else -0.38) for n in range(60)]
    row = decide([0.5] * 60, fresh, tmp_path)
    assert row["difference"] > 0 > row["low"]
    assert not row["promoted"]


def test_pairing_finds_a_small_steady_gain_that_is_lost_in_the_spread_of_scores(tmp_path: Path) -> None:
    spread = [n / 100 for n in range(100)]
    row = decide([*spread], [value + 0.01 for value in spread], tmp_path)
    assert row["promoted"]


def test_failed_answers_count_as_zero_and_too_few_items_keep_the_champion(tmp_path: Path) -> None:
    assert decide([0.4] * 40, [None] * 40, tmp_path)["challenger_score"] == 0
    few = decide([0.1] * 10, [0.9] * 10, tmp_path)
    assert not few["promoted"] and "only 10" in few["decision"]


def test_no_challenger_at_all_keeps_the_champion(tmp_path: Path) -> None:
    row = decide([0.4] * 40, [], tmp_path)
    assert (row["promoted"], row["items"], row["challenger"]) == (False, 0, None)


def test_the_interval_depends_on_the_seed_only_and_holds_the_mean() -> None:
    differences = np.random.default_rng(2).normal(0.1, 0.5, 300)
    low, high = interval(differences, ChampionParams())
    assert (low, high) == interval(differences, ChampionParams()) != interval(differences, ChampionParams(seed=8))
    assert low < differences.mean() < high
    half_width, expected = (high - low) / 2, 1.96 * differences.std() / 300**0.5
    assert abs(half_width - expected) < 0.15 * expected
