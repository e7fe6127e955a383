"""The charts that set records beside what was made of them: lengths, scores, sources and languages, as shares of each side."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.charts import Bars, Chart, Histogram
from reports.view import SAMPLE, View

_BEFORE, _AFTER = "silver/instructions", "gold/training_set"
_SIDES = ("cleaned records", "selected examples")
_ANSWERS = {
    "unique records": "silver/unique_instructions",
    "distilled items": "gold/distilled",
    _SIDES[1]: _AFTER,
}


def lengths(view: View) -> Chart | None:
    """Words an answer has."""
    rows = {name: view.sample(key, ["answer"], limit=SAMPLE // 5) for name, key in _ANSWERS.items()}
    words = {
        name: [min(400.0, len((row["answer"] or "").split())) for row in found] for name, found in rows.items() if found
    }
    return _compared("Length of answers", "words; 400 stands for 400 and more", words, (0, 400))


def scores(view: View) -> Chart | None:
    """Scores of records, and of the examples that were selected."""
    before = view.sample("silver/quality", ["curated"])
    after = view.sample(_AFTER, ["score"])
    groups = {
        "rated records": [row["curated"] for row in before if row["curated"] is not None],
        _SIDES[1]: [row["score"] for row in after if row["score"] is not None],
    }
    return _compared("Scores", "score, 0 to 5", groups, (0.0, 5.0))


def _compared(title: str, label: str, groups: Mapping[str, list[float]], span: tuple[float, float]) -> Histogram | None:
    counted = {f"{len(found):,} {name}": found for name, found in groups.items() if found}
    return Histogram(title, label, "% of each", counted, span, outlines=True, shares=True) if counted else None


def sources(view: View) -> Chart | None:
    """Where records are from, and where the examples; one of several sources counts for each."""
    after = view.sample(_AFTER, ["sources"])
    of_examples = Counter(source for row in after for source in set(row["sources"]))
    return _shares("By source", view.tally(_BEFORE, "source"), of_examples)


def languages(view: View) -> Chart | None:
    """The languages of records and of examples."""
    return _shares("By language", view.tally(_BEFORE, "language"), view.tally(_AFTER, "language"))


def _shares(title: str, before: Counter[Any], after: Counter[Any]) -> Bars | None:
    sides = dict(zip(_SIDES, (before, after), strict=True))
    parts = {
        side: {str(label): 100 * count / counts.total() for label, count in counts.items()}
        for side, counts in sides.items()
        if counts
    }
    return Bars(title, "% of each", parts, grouped=True) if len(parts) == len(sides) else None
