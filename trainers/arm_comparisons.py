"""The released set against every other arm: paired by item and seed, over clusters of items, corrected for the number of comparisons.

Of each metric there is one comparison an arm, over all items that have it. Of right answers those benchmarks count on which the base is better than
guessing: where it is not, nothing that is learned shows. The first metric of `HEADLINE` that was measured is what the sentence is about,
against random records; which one it is hangs on the items, not on what came out.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from trainers.comparison import Difference, compared, holm, over_seeds
from trainers.evaluation_params import NONE, RELEASED, EvaluationParams
from trainers.heldout_items import Item, guessing
from trainers.measures import LOWER_IS_BETTER, Figure

HEADLINE = ("accuracy_norm", "nll", "mixture_nll", "truth_nll")
COMPARED = (*HEADLINE, "ended", "repetition")
_RATE = 0.05
_WORDS = {
    "accuracy_norm": "right answers, in percentage points", "nll": "loss on held-out answers, in nats a token",
    "mixture_nll": "loss on held-out MIXTURE items, in nats a token", "truth_nll": "loss on truths, in nats a token",
    "ended": "answers that end by themselves, in percentage points", "repetition": "repetition in answers, in percentage points",
}  # fmt: skip
_IN_POINTS = ("accuracy_norm", "ended", "repetition")

Values = dict[tuple[str, str], dict[int, dict[str, float]]]  # (arm, metric) -> seed -> item -> value


def comparisons(figures: Iterable[Figure], items: Sequence[Item], params: EvaluationParams) -> list[dict[str, Any]]:
    """The rows of reports/evaluation_comparisons, from the figures of every arm and seed."""
    values, known = _by_arm(figures), {item.id: item for item in items}
    counting = above_chance(values, known, params)
    controls = [*(arm for arm in params.arms if arm != RELEASED), NONE]
    rows: list[dict[str, Any]] = []
    tests: list[Difference | None] = []
    for metric in COMPARED:
        if (RELEASED, metric) not in values or (metric == "accuracy_norm" and not counting):
            continue
        for control in controls:
            row, test = _against(control, metric, values, known, counting, params)
            rows.append(row)
            tests.append(test)
    _correct(rows, tests)
    headline = next((metric for metric in HEADLINE if any(row["metric"] == metric for row in rows)), None)
    main = "random" if "random" in controls else controls[0]
    for row in rows:
        row["headline"] = (row["metric"], row["control"]) == (headline, main)
        row["sentence"] = _sentence(row, params)
        if row["headline"] and not counting and (NONE, "accuracy_norm") in values:
            row["sentence"] += " On no benchmark does it beat guessing untrained, so right answers are not compared."
    return rows


def above_chance(values: Values, items: Mapping[str, Item], params: EvaluationParams) -> list[str]:
    """The benchmarks of which the base answers more right than guessing would, but for a chance of 5 %."""
    by_benchmark: dict[str, list[str]] = defaultdict(list)
    base = next(iter(values.get((NONE, "accuracy_norm"), {}).values()), {})
    for item in sorted(base):
        by_benchmark[items[item].benchmark].append(item)

    def least(ids: Sequence[str]) -> float:
        gains = np.array([base[item] for item in ids]) - guessing([items[item] for item in ids])
        return compared(gains, _clusters(ids, items), params.resamples, params.seed).least(_RATE)

    return sorted(name for name, ids in by_benchmark.items() if least(ids) > 0)


def _by_arm(figures: Iterable[Figure]) -> Values:
    values: Values = {}
    for row in figures:
        of_seed = values.setdefault((row["arm"], row["metric"]), {}).setdefault(row["seed"], {})
        of_seed[row["item_id"]] = row["value"]
    return values


def _against(
    control: str,
    metric: str,
    values: Values,
    items: Mapping[str, Item],
    counting: Sequence[str],
    params: EvaluationParams,
) -> tuple[dict[str, Any], Difference | None]:
    """The row of a comparison without its interval, and the difference; None where no seed has both arms."""
    released, other = values[RELEASED, metric], values.get((control, metric), {})
    if control == NONE:  # trained on nothing, it has no seeds
        other = dict.fromkeys(released, next(iter(other.values())))
    seeds = sorted(released.keys() & other.keys())
    ids = sorted(next(iter(released.values())))
    if metric == "accuracy_norm":
        ids = [item for item in ids if items[item].benchmark in counting]
    row: dict[str, Any] = {
        "control": control, "metric": metric, "benchmarks": sorted({items[item].benchmark for item in ids}),
        "items": len(ids), "seeds": len(seeds), "seeds_planned": len(params.seeds),
    }  # fmt: skip
    if not seeds:
        return row, None
    gains = np.array([[released[seed][item] - other[seed][item] for item in ids] for seed in seeds])
    difference = over_seeds(gains, _clusters(ids, items), params.resamples, params.seed)
    return row | {"difference": difference.mean, "clusters": difference.clusters}, difference


def _clusters(ids: Sequence[str], items: Mapping[str, Item]) -> Any:
    return np.unique([items[item].cluster for item in ids], return_inverse=True)[1]


def _correct(rows: Sequence[dict[str, Any]], tests: Sequence[Difference | None]) -> None:
    """Adds intervals and chances, as corrected for all comparisons that were made; two shares differ by one at most."""
    made = [(row, test) for row, test in zip(rows, tests, strict=True) if test]
    for (row, test), (chance, at) in zip(made, holm([test.chance for _, test in made], _RATE), strict=True):
        bound = 1.0 if row["metric"] in _IN_POINTS else math.inf
        low, high = max(-bound, test.least(at / 2)), min(bound, test.most(at / 2))
        row |= {"low": low, "high": high, "chance": chance, "comparisons": len(made)}


def _sentence(row: Mapping[str, Any], params: EvaluationParams) -> str:
    who = f"{params.base_name} trained on {params.tokens:,} tokens of the released set"
    other = "untrained" if row["control"] == NONE else f"trained on as many of the arm {row['control']}"
    what = _WORDS[row["metric"]]
    if not row["seeds"]:
        return f"{who} was not compared with the same {other}: that arm has no rows, or time had ended ({what})."
    times = 100 if row["metric"] in _IN_POINTS else 1
    difference, low, high = (times * row[name] for name in ("difference", "low", "high"))
    seeds = "1 seed" if row["seeds"] == 1 else f"{row['seeds']} seeds"
    cut = f" of {row['seeds_planned']} planned" if row["seeds"] < row["seeds_planned"] else ""
    return (
        f"{who} against the same {other}: {_verdict(row)} in {what}: {difference:+.3g} ({low:+.3g} to {high:+.3g}, corrected for "
        f"{row['comparisons']} comparisons; {seeds}{cut}, {row['items']:,} items of {', '.join(row['benchmarks'])})."
    )


def _verdict(row: Mapping[str, Any]) -> str:
    if row["chance"] > _RATE:
        return "no difference was found"
    return "it is better" if (row["difference"] < 0) == (row["metric"] in LOWER_IS_BETTER) else "it is worse"
