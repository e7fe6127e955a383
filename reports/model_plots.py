"""The charts of training runs, of held-out answers and of the evaluation."""

from collections.abc import Callable, Sequence
from math import isfinite
from statistics import fmean

from reports.charts import Bars, Chart, Lines, Points
from reports.figures import Measured, Rows, evaluation_rows, titled
from reports.view import View

_TESTS = 12  # of the newest challengers, as many as a picture holds
_MEASURES = ("score", "grounding", "recovered", "conciseness", "quality", "alignment", "well_formed")


def curves(stage: str, title: str, names: Sequence[str]) -> Callable[[View], Chart | None]:
    """What draws those of the named curves that the run of `stage` logged."""

    def made(view: View) -> Chart | None:
        points = [point for row in view.sample(stage, ["curve"]) for point in row["curve"] or ()]
        logged = {name: [(p["step"], p["value"]) for p in points if p["name"] == name] for name in names}
        found = {name.replace("_", " "): values for name, values in logged.items() if values}
        return Lines(title, "step", found) if found else None

    return made


def logged(stage: str, title: str, prefix: str) -> Callable[[View], Chart | None]:
    """What draws every curve of the run of `stage` whose name begins so."""

    def made(view: View) -> Chart | None:
        points = [point for row in view.sample(stage, ["curve"]) for point in row["curve"] or ()]
        names = dict.fromkeys(point["name"] for point in points if point["name"].startswith(prefix))
        return curves(stage, title, list(names))(view)

    return made


def student(view: View) -> Chart | None:
    """How near the newest student comes to its teacher, by source and language; None where none was trained."""
    trained = [row for row in view.sample("models/student_embedder", ["parts"]) if row["parts"]]
    if not trained:
        return None
    shares = {f"{part['part']} {part['value']}": part["share"] for part in trained[-1]["parts"]}
    return Bars("Student embedder", "share of the teacher's neighbour cosine", {"share": shares})


def heldout(view: View) -> Chart:
    """Mean score of each distiller's held-out answers and of its parts; an answer that failed counts as 0."""
    rows = view.sample("gold/heldout_answers", ["role", "engine", *_MEASURES])
    who = sorted({(row["role"], row["engine"]) for row in rows}, reverse=True)
    parts = {
        f"{role} ({engine})": _means([row for row in rows if (row["role"], row["engine"]) == (role, engine)])
        for role, engine in who
    }
    return Bars(titled("Held-out answers by distiller", rows), "mean, 0 to 1", parts, grouped=True, in_order=True)


def _means(rows: Rows) -> dict[str, float]:
    return {name.replace("_", " "): fmean(float(row[name] or 0) for row in rows) for name in _MEASURES}


def champion(view: View) -> Chart | None:
    """The newest differences that decided which distiller serves, each with the bounds of its test."""
    rows = [row for row in view.decisions() if row["test"] is not None][-_TESTS:]
    points = {f"test {row['test']}": (row["difference"], row["low"], row["high"]) for row in rows}
    title = "Challengers against the distiller in service, on held-out items"
    return (
        Points(title, {"difference in score and its bounds; one wins above 0": points}, reference=0.0)
        if points
        else None
    )


def evaluation(view: View) -> Chart | None:
    """The released set less every other arm, with the intervals, in the metric that the report begins with."""
    rows = view.sample("reports/evaluation_comparisons", ["control", "metric", "headline", "difference", "low", "high"])
    metric = next((row["metric"] for row in rows if row["headline"]), None)
    points = {
        row["control"].replace("_", " "): (row["difference"], row["low"], row["high"])
        for row in rows
        if row["metric"] == metric and row["difference"] is not None and isfinite(row["low"])
    }
    named = (metric or "").replace("_", " ")
    better = "above" if metric == "accuracy_norm" else "below"
    title = "The released set against other arms, with as many tokens each"
    return Points(title, {f"difference in {named}; better {better} 0": points}, reference=0.0) if points else None


def facts(view: View) -> Chart | None:
    """The shares of known facts that the best member, what was distilled, the members in a row and the full truth state, over all groups."""
    return _of_facts(view, "Facts recovered", "% of the facts", "facts_", 100)


def facts_per_words(view: View) -> Chart | None:
    """The same facts in a hundred words of each: what is longer states more."""
    return _of_facts(view, "Facts in a hundred words", "facts", "facts_per_100_words_", 1)


def _of_facts(view: View, title: str, label: str, prefix: str, times: int) -> Chart | None:
    found = {row.metric: row for row in _measured(view)}
    sides = [side for side in ("best_member", "distilled", "concatenation", "full") if prefix + side in found]
    if not sides:
        return None
    groups = max(found[prefix + side].items for side in sides)
    shown = {side.replace("_", " "): times * found[prefix + side].mean for side in sides}
    return Bars(f"{title} (groups with a known truth: {groups:,})", label, {"facts": shown}, in_order=True)


def _measured(view: View) -> list[Measured]:
    return evaluation_rows(
        view.sample("reports/evaluation", ["arm", "seed", "benchmark", "metric", "value", "items", "chance"])
    )
