"""Who serves after which decisions: a history told from outside, with real bootstrap and planted differences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from numpy.typing import NDArray
from scipy.stats import t as student

from lake.errors import StageFailed
from lake.harness.job import JobContext
from lake.tables import TABLES
from texts.audit import Audited
from trainers.champion import ChampionParams, champion

Scores = Sequence[float | None] | NDArray[np.float64]
RULES = {"model": "rules-1", "engine": "rules", "uri": None}
ITEMS = 120


def dataset(key: str, rows: Sequence[dict[str, Any]]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[key].schema))


def checkpoint(name: str) -> dict[str, Any]:
    return {"model": name, "engine": "vllm", "uri": f"/checkpoints/{name}"}


class Served:
    """A lake's champion stage, run after run: its history and who serves, as the harness keeps them."""

    def __init__(self, folder: Path, passages: int = ITEMS, **params: Any) -> None:
        self.folder, self.params = folder, ChampionParams(**{"resamples": 200, **params})
        items = [{"id": f"mix_{n:03}", "split": "heldout", "clusters": [f"psg_{n % passages}"]} for n in range(ITEMS)]
        self.mixture = dataset("gold/mixture", items)
        self.history: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.serving: dict[str, Any] = RULES
        self.answers = dataset("gold/heldout_answers", [])

    def try_out(
        self,
        challenger: dict[str, Any] | None,
        old: Scores,
        new: Scores,
        guards: float = 0.0,
        by: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """The decision that a run makes on a challenger with these scores; `guards`: how far its other figures are from those of `by`."""
        sides = [("champion", by or self.serving, old, 0.0)]
        sides += [("challenger", challenger, new, guards)] if challenger else []
        rows = [
            {"item_id": f"mix_{n:03}", "role": role, **who, "score": score}
            | dict.fromkeys(("grounding", "recovered", "reference"), 0.5 + off)
            for role, who, scores, off in sides
            for n, score in enumerate(scores)
        ]
        self.answers = dataset("gold/heldout_answers", rows)
        return self.run()

    def order(self, act: str, who: dict[str, Any] | None = None) -> dict[str, Any] | None:
        self.orders.append({"id": f"ord_{len(self.orders)}", "act": act, **(who or {}), "ordered_at": len(self.orders)})
        return self.run()

    def run(self) -> dict[str, Any] | None:
        """Runs the stage once; the last of its new decisions, None where it made none."""
        inputs = {"gold/heldout_answers": self.answers, "gold/mixture": self.mixture}
        inputs |= {"models/champion": dataset("models/champion", self.history)} if self.history else {}
        inputs |= {"landing/service_orders": dataset("landing/service_orders", self.orders)} if self.orders else {}
        context = JobContext(lake=None, run_id="test", artifacts=self.folder)  # type: ignore[arg-type]
        found = {key: table.to_pylist() for key, table in champion(inputs, self.params, context)}
        self.history += found["models/champion"]
        (self.serving,) = found["models/in_service"]
        return found["models/champion"][-1] if found["models/champion"] else None


@pytest.fixture(autouse=True)
def passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainers.champion.audited", lambda *_: [Audited("figure", 100, 99)])


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


def noisy(mean: float, seed: int = 0, count: int = ITEMS) -> NDArray[np.float64]:
    return np.random.default_rng([round(100 * mean), seed]).normal(mean, 0.1, count)


def test_a_better_challenger_serves_with_its_checkpoint_and_becomes_the_one_to_beat(served: Served) -> None:
    row = served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6))
    assert row and row["promoted"] and served.serving == checkpoint("one")
    assert 0 < row["low"] < row["difference"] < row["high"] and (row["test"], row["alpha"]) == (1, 0.025)
    assert "It was promoted" in row["decision"] and "0.6" in row["decision"]
    worse = served.try_out(checkpoint("two"), noisy(0.6), noisy(0.55))  # far above the rules, below the one in service
    assert worse and not worse["promoted"] and served.serving == checkpoint("one")
    assert (worse["champion"], worse["challenger"], worse["test"]) == ("one", "two", 2)
    assert [(row["number"], row["act"]) for row in served.history] == [(1, "first"), (2, "challenge"), (3, "challenge")]


def test_over_all_tries_no_more_chance_is_spent_than_stated(served: Served) -> None:
    for number in range(20):
        served.try_out(checkpoint(str(number)), noisy(0.5), noisy(0.5, seed=number + 1))
    tests = [row for row in served.history if row["act"] == "challenge"]
    assert [row["test"] for row in tests] == [*range(1, 21)]
    assert 0.04 < sum(row["alpha"] for row in tests) <= 0.05
    assert any(2.02 * spread(row) < row["difference"] for row in tests), "one that 2.5 % a try would have promoted"
    assert served.serving == RULES


def spread(row: dict[str, Any]) -> float:
    """The standard error behind a row's bounds."""
    return float((row["difference"] - row["low"]) / student.isf(row["alpha"], row["clusters"] - 1))


def test_a_truly_better_challenger_is_found_also_after_many_others(served: Served) -> None:
    for number in range(10):
        served.try_out(checkpoint(str(number)), noisy(0.5), noisy(0.5, seed=number + 1))
    assert served.serving == RULES
    row = served.try_out(checkpoint("better"), noisy(0.5), noisy(0.6, seed=3))
    assert row and row["promoted"] and row["test"] == 11


def test_items_of_one_passage_count_as_one(tmp_path: Path) -> None:
    gain = np.tile(np.random.default_rng(3).normal(0.03, 0.1, 24), 5)  # 24 different ones, each five times
    one_each = Served(tmp_path).try_out(checkpoint("one"), noisy(0.5), noisy(0.5) + gain)
    together = Served(tmp_path, passages=24).try_out(checkpoint("one"), noisy(0.5), noisy(0.5) + gain)
    assert one_each and together and one_each["difference"] == together["difference"]
    assert (one_each["clusters"], together["clusters"]) == (120, 24)
    assert spread(together) > 1.8 * spread(one_each)


def test_a_higher_score_does_not_make_up_for_less_evidence(served: Served) -> None:
    row = served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6), guards=-0.06)
    assert row and row["low"] > 0 and not row["promoted"]
    assert "it may be worse in grounding and recovered and reference by more than 0.05" in row["decision"]
    row = served.try_out(checkpoint("two"), noisy(0.5), noisy(0.6), guards=-0.04)
    assert row and row["promoted"]


def test_a_score_that_fails_its_audit_promotes_nobody_and_costs_no_try(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for found in ([Audited("figure", 100, 60), Audited("name", 100, 98)], []):
        monkeypatch.setattr("trainers.champion.audited", lambda *_, found=found: found)
        row = served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6))
        assert row and not row["promoted"] and row["test"] is None
    assert "of 100 answers with figure it puts 60% below the honest ones" in served.history[1]["decision"]
    assert (served.history[1]["audit_kind"], served.history[1]["audit_share"]) == ("figure", 0.6)
    assert [(one["kind"], one["pairs"], one["below"]) for one in served.history[1]["audit"]] == [
        ("figure", 100, 60),
        ("name", 100, 98),
    ]
    monkeypatch.setattr("trainers.champion.audited", lambda *_: [Audited("figure", 100, 99)])
    row = served.run()
    assert row and row["promoted"] and row["test"] == 1, "tried once the reason is gone"


def test_the_same_answers_are_judged_once(served: Served) -> None:
    old, new = noisy(0.5), noisy(0.51)
    assert served.try_out(checkpoint("one"), old, new)
    assert served.run() is None and served.try_out(checkpoint("one"), old, new) is None
    assert len(served.history) == 2 and served.serving == RULES


def test_failed_answers_count_as_zero_and_too_few_groups_are_no_test(tmp_path: Path) -> None:
    row = Served(tmp_path).try_out(checkpoint("one"), [0.4] * ITEMS, [None] * ITEMS)
    assert row and row["challenger_score"] == 0 and not row["promoted"]
    few = Served(tmp_path, passages=19).try_out(checkpoint("one"), noisy(0.1), noisy(0.9))
    assert few and not few["promoted"] and few["test"] is None and "Only 19 groups" in few["decision"]


def test_without_a_challenger_the_first_decision_says_who_serves(served: Served) -> None:
    row = served.try_out(None, [0.4] * ITEMS, [])
    assert row and (row["act"], row["model"], row["challenger"]) == ("first", "rules-1", None)
    assert row["decision"] == "In service: the extractive rules, until a challenger wins."
    with pytest.raises(StageFailed, match="no answer of the distiller in service"):
        Served(served.folder).run()


def test_while_one_is_pinned_nobody_is_tried_and_then_the_waiting_challenger_is(served: Served) -> None:
    served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6))
    pinned = served.order("pin", RULES)
    assert pinned and pinned["pinned"] and served.serving == RULES
    assert served.try_out(checkpoint("two"), noisy(0.5), noisy(0.7)) is None
    row = served.order("unpin")
    assert row and row["act"] == "challenge" and row["promoted"] and served.serving == checkpoint("two")
    assert [row["act"] for row in served.history] == ["first", "challenge", "pin", "unpin", "challenge"]


def test_what_was_rolled_back_is_not_promoted_again_but_can_be_pinned(served: Served) -> None:
    served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6))
    row = served.order("rollback")
    assert row and row["champion"] == "one" and served.serving == RULES and not row["pinned"]
    again = served.try_out(checkpoint("one"), noisy(0.5), noisy(0.65))
    assert again and not again["promoted"] and "rolled back before" in again["decision"]
    assert served.order("pin", checkpoint("one")) and served.serving == checkpoint("one")


def test_an_order_is_obeyed_once(served: Served) -> None:
    served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6))
    served.order("rollback")
    assert served.run() is None and served.serving == RULES


def test_answers_of_another_than_the_one_in_service_decide_nothing(served: Served) -> None:
    served.try_out(checkpoint("one"), noisy(0.5), noisy(0.6))
    row = served.try_out(checkpoint("two"), noisy(0.3), noisy(0.6), by=RULES)
    assert row and not row["promoted"] and row["test"] is None and served.serving == checkpoint("one")
    assert "the extractive rules, no longer in service" in row["decision"] and "--rebuild" in row["decision"]


def test_newer_rules_are_the_same_distiller(served: Served) -> None:
    served.try_out(checkpoint("one"), noisy(0.5), noisy(0.5))
    newer = RULES | {"model": "rules-2"}
    row = served.try_out(checkpoint("two"), noisy(0.5), noisy(0.51), by=newer)
    assert row and row["test"] == 2 and served.serving == newer
