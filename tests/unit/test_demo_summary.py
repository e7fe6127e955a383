"""What the demo prints of its figures."""

from typing import Any

from demo.run import facts_recovered


def figure(metric: str, value: float) -> dict[str, Any]:
    return {"metric": metric, "value": value}


def test_shares_of_facts_are_told_without_what_is_no_share() -> None:
    measured = [
        figure("accuracy", 0.5),
        figure("facts_best_member", 0.4),
        figure("facts_per_100_words_best_member", 7.25),
        figure("facts_distilled", 0.8),
    ]
    assert facts_recovered(measured) == "best member 0.40, distilled 0.80"
    assert facts_recovered(measured[:1]) == ""
