"""The plots' numbers are those of the tables; every stage that ran has one, and each is a small PNG."""

import base64
from pathlib import Path

import pytest
from lakes import ROWS, publish, small_lake

from lake.stages import STAGES
from lake.storage.store import Lake
from reports.charts import Bars, Histogram, Lines, Points, render
from reports.plots import chart, picture
from reports.view import View


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    return View(small_lake(tmp_path_factory.mktemp("plots")))


def test_a_stage_that_ran_has_a_picture(view: View) -> None:
    for key in ("bronze/instructions", "silver/quality", "models/distiller_grpo", "models/champion"):
        drawn = base64.b64decode(picture(key, view.lake) or "")
        assert drawn.startswith(b"\x89PNG")
        assert len(drawn) < 60_000


def test_every_stage_has_a_chart(view: View) -> None:
    assert [
        key for key in STAGES if key not in ("releases/current", "upkeep/removals") and chart(key, view) is None
    ] == []


def test_a_stage_that_never_ran_has_none(tmp_path: Path) -> None:
    assert [key for key in STAGES if picture(key, Lake(str(tmp_path)))] == []


@pytest.mark.parametrize(
    "key", ["gold/distilled", "silver/groups", "silver/instructions", "silver/unique_instructions"]
)
def test_a_stage_without_rows_has_none(tmp_path: Path, key: str) -> None:
    lake = Lake(str(tmp_path))
    publish(lake, key, [])
    assert picture(key, lake) is None


def test_bars_hold_the_rows_by_source(view: View) -> None:
    drawn = chart("bronze/instructions", view)
    assert isinstance(drawn, Bars)
    assert drawn.parts == {"read": {"pantry": 5, "workshop": 7}, "quarantined": {"pantry": 1}}


def test_groups_are_counted_once_each(view: View) -> None:
    drawn = chart("silver/groups", view)
    assert isinstance(drawn, Bars)
    assert drawn.parts == {"groups": {"2 members": 1, "3 members": 1}}


def test_scores_are_split_into_high_and_low(view: View) -> None:
    drawn = chart("silver/quality", view)
    assert isinstance(drawn, Histogram)
    assert {side: len(scores) for side, scores in drawn.groups.items()} == {"high": 3, "low": 6}


def test_a_rating_that_failed_is_not_drawn(view: View) -> None:
    drawn = chart("silver/ratings", view)
    assert isinstance(drawn, Histogram)
    assert sorted(drawn.groups["rules"]) == sorted(r["overall"] for r in ROWS["silver/ratings"] if r["overall"])


def test_curves_are_the_logged_ones(view: View) -> None:
    drawn = chart("models/distiller_sft", view)
    assert isinstance(drawn, Lines)
    assert drawn.curves["loss"] == [(step, 3.0 / step) for step in range(1, 6)]


def test_the_evaluation_shows_what_was_compared_with_its_intervals(view: View) -> None:
    drawn = chart("reports/evaluation", view)
    assert isinstance(drawn, Points) and drawn.reference == 0
    (points,) = drawn.panels.values()
    wanted = {"random": (-0.5, -0.8, -0.2), "high only": (-0.25, -0.55, 0.05)}
    assert points == {arm: pytest.approx(point) for arm, point in wanted.items()}
    facts = chart("facts", view)
    assert isinstance(facts, Bars)
    assert facts.parts == {"facts": {"best member": 40.0, "distilled": 80.0, "full": 100.0}}
    per_words = chart("facts_per_words", view)
    assert isinstance(per_words, Bars) and per_words.parts == {"facts": {"distilled": 6.5}}


def test_rewards_and_ways_to_cheat_have_pictures_of_their_own(view: View) -> None:
    for name, shown in (("rewards", ["rewards/quality/mean", "rewards/quality/std"]), ("cheats", ["cheats/thin"])):
        drawn = chart(name, view)
        assert isinstance(drawn, Lines) and [*drawn.curves] == shown


def test_many_curves_stand_in_rows(tmp_path: Path) -> None:
    curves = {f"way {n}": [(1, 0.5), (2, n / 10)] for n in range(10)}
    one, many = (
        render(Lines("ways", "step", {name: curves[name] for name in names})) for names in ([*curves][:4], curves)
    )
    heights = [int.from_bytes(png[20:24], "big") for png in (one, many)]
    assert heights[1] > 2 * heights[0]


def test_a_sample_is_called_one(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.figures.SAMPLE", 9)
    drawn = chart("silver/quality", view)
    assert drawn is not None
    assert drawn.title.endswith("(first 9 rows)")


def test_what_was_released_is_set_beside_what_came_as_shares_of_each(view: View) -> None:
    drawn = chart("sources", view)
    assert isinstance(drawn, Bars) and drawn.grouped
    assert drawn.parts == {
        "cleaned records": {"pantry": pytest.approx(400 / 11), "workshop": pytest.approx(700 / 11)},
        "selected examples": {"pantry": pytest.approx(200 / 3), "workshop": pytest.approx(100 / 3)},
    }
    languages, scores, lengths = (chart(name, view) for name in ("languages", "scores", "lengths"))
    assert isinstance(languages, Bars) and languages.parts["selected examples"] == {"en": 100.0}
    assert isinstance(scores, Histogram) and isinstance(lengths, Histogram) and scores.shares and lengths.shares
    counts = {name: len(values) for name, values in scores.groups.items()}
    assert counts == {"9 rated records": 9, "2 selected examples": 2}
    assert list(lengths.groups) == ["10 unique records", "1 distilled items", "2 selected examples"]
    assert chart("scores", View(Lake(view.lake.root + "/none"))) is None
