"""What a released set is worth: one model trained on as many tokens of it as of other sets, and what each can then do with held-out items.

Arms (trainers.arms) are trained seed by seed, so that whole comparisons are left where the time limit ends it: what was planned and what was
done stands beside each. Figures of single items (trainers.measures) make the comparisons (trainers.arm_comparisons). What the base can do
untrained is computed once for a model and a choice of items, and kept in the lake. A killed run goes on behind the last arm it ended.
With a time limit it hangs on the machine's speed how many arms are trained. Not yet: several GPUs, answers judged by a model.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import pyarrow as pa

from lake.errors import StageFailed
from lake.harness.environment import prepare
from lake.harness.job import ArrowInputs, ArrowRows, JobContext
from lake.models.named import model_folder
from lake.tables import TABLES
from trainers.evaluation_params import NONE, EvaluationParams
from trainers.facts import facts
from trainers.heldout_items import Item, guessing, heldout_items

Figure = dict[str, Any]


def evaluation(inputs: ArrowInputs, params: EvaluationParams, context: JobContext) -> ArrowRows:
    """Rows of reports/evaluation, of its items and of its comparisons. StageFailed where there is nothing to train on or to measure."""
    found = params
    if isinstance(params.base, str):  # found before this process stops asking hubs
        found = params.model_copy(update={"base": str(model_folder(params.base))})
    prepare(offline=True)
    from trainers.arm_comparisons import comparisons
    from trainers.evaluation_runs import EvaluationRuns

    items = heldout_items(inputs, params)
    if not items or not inputs["gold/training_set"].count_rows():
        raise StageFailed(
            "nothing to evaluate: the training set is empty, or there are no benchmarks, truths or held-out MIXTURE items"
        )
    runs = EvaluationRuns(inputs, items, found, context)
    figures: list[Figure] = [{"arm": NONE, "seed": 0, **figure} for figure in runs.base_figures()]
    trained: list[Figure] = []
    for run in runs.trained():
        about = {"arm": run.arm, "seed": run.seed}
        figures += [about | figure for figure in run.figures]
        rows = int(run.training["train_rows"])
        trained += [about | {"metric": name, "value": value, "items": rows} for name, value in run.training.items()]
    known = {item.id: item for item in items}
    told = [*trained, *_means(figures, known)]
    rows = {
        "reports/evaluation_items": [row | _place(known[row["item_id"]]) for row in figures],
        "reports/evaluation_comparisons": comparisons(figures, items, params),
        "reports/evaluation": [*({"base": params.base_name} | row for row in told), *facts(inputs, params)],
    }
    context.metrics.update(_metrics(rows["reports/evaluation"]))
    yield from ((key, pa.Table.from_pylist(part, schema=TABLES[key].schema)) for key, part in rows.items())


def _place(item: Item) -> dict[str, Any]:
    return {"benchmark": item.benchmark, "cluster": item.cluster}


def _means(figures: Iterable[Figure], items: Mapping[str, Item]) -> Iterator[Figure]:
    """The mean of each metric over the items of each benchmark, for each arm and seed; of right answers also what guessing gives."""
    parts: dict[tuple[str, int, str, str], list[Figure]] = defaultdict(list)
    for row in figures:
        parts[row["arm"], row["seed"], items[row["item_id"]].benchmark, row["metric"]].append(row)
    for (arm, seed, benchmark, metric), rows in parts.items():
        chance = guessing([items[row["item_id"]] for row in rows]) if metric.startswith("accuracy") else None
        yield {
            "arm": arm, "seed": seed, "benchmark": benchmark, "metric": metric, "value": fmean(row["value"] for row in rows),
            "items": len(rows), "chance": chance,
        }  # fmt: skip


def _metrics(rows: Sequence[Figure]) -> dict[str, float]:
    """The mean over seeds of each figure, by its name."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        values[".".join(filter(None, (row["arm"], row.get("benchmark"), row["metric"])))].append(row["value"])
    return {name: fmean(found) for name, found in sorted(values.items())}
