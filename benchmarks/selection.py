"""What selection by coverage gives beside other ways: `python -m benchmarks.selection FOLDER [--lake LAKE] --out FILE.json`.

FOLDER holds real raw files (benchmarks/real_texts.py). 20,000 texts are rated by the rubric and embedded by the static embedder; 2,000
are held out, and of the others those with a score of 4 or more may be selected. For each way and budget:

- nearest: mean cosine of a held-out text with the selected one nearest to it
- topics: share of 200 topics (spherical k-means of the held-out texts) that at least one selected text is nearest to
- redundancy: mean cosine of a selected text with the nearest other one
- score: their mean score

The same vectors select and measure, and no model is trained on anything. Then how far the estimate of tokens is from the tokenizer of
the model in the box. With --lake, a lake whose judge is the rubric: how far the score that selection gives to a distilled item is from what the
rubric says of its text. Figures only: no text.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lake.models.named import model_folder
from lake.settings import settings
from lake.storage.store import Lake
from spark_jobs.columnar.cells import build_cells, spherical_kmeans, split_crowded
from spark_jobs.columnar.vectors import COSINE_ONE, ScaledVectors, scaled
from spark_jobs.select.gain import ORDERS, Gains, Rows
from texts.embed.embedder import STATIC, open_embedder
from texts.rubric import HIGH, compress, ratings
from texts.tokens import BYTES_A_TOKEN

sys.path.insert(0, str(Path(__file__).parent))
from real_texts import texts as real_texts

_TEXTS, _HELD_OUT, _TOPICS = 20_000, 2_000, 200
_BUDGETS = (250, 1_000)
_ROWS_PER_CELL = 800
_SEEDS = (0, 1, 2)
NOBODY = np.array([], np.int64)


def in_cells(rows: Rows, may_be: NDArray[np.bool_], order: str) -> Gains:
    """The gain of each row that may be selected, in their order, as the stage finds it without a row released before."""
    cells = build_cells(rows.vectors, len(rows.vectors) // _ROWS_PER_CELL)
    cell, gains = cells.assign(rows.vectors), np.zeros(len(rows.vectors))
    for number in np.unique(cell):
        for part in split_crowded(rows.vectors, np.flatnonzero(cell == number), 2 * _ROWS_PER_CELL):
            asked = np.flatnonzero(may_be[part])
            gains[part[asked]] = ORDERS[order](Rows(rows.vectors[part], rows.scores[part]), asked, NOBODY)
    return gains[may_be]


def ways(pool: Rows, may_be: NDArray[np.bool_], budget: int) -> Iterator[tuple[str, Rows]]:
    """Name and rows of each selection."""
    rows = Rows(pool.vectors[may_be], pool.scores[may_be])
    all_of_them = np.ones(len(rows.scores), np.bool_)

    def first(order: NDArray[Any], of: Rows = rows) -> Rows:
        return Rows(of.vectors[order[:budget]], of.scores[order[:budget]])

    rare = in_cells(rows, all_of_them, "long_tail")
    yield "coverage of the pool", first(np.argsort(-in_cells(pool, may_be, "coverage"), kind="stable"))
    yield "coverage of what may be selected", first(np.argsort(-in_cells(rows, all_of_them, "coverage"), kind="stable"))
    yield "score", first(np.argsort(-rows.scores, kind="stable"))
    yield "score, then long tail (published, originals)", first(np.lexsort((-rare, -rows.scores)))
    yield "long tail (published, distilled items)", first(np.argsort(-rare, kind="stable"))
    for name, of in (("random above the floor", rows), ("random", pool)):
        for seed in _SEEDS:
            yield name, first(np.random.default_rng(seed).permutation(len(of.scores)), of)


def figures(selected: Rows, held_out: ScaledVectors, topics: ScaledVectors) -> dict[str, float]:
    """The four figures of one selection."""
    among = selected.vectors @ selected.vectors.T
    np.fill_diagonal(among, -np.inf)
    reached = np.unique((selected.vectors @ topics.T).argmax(axis=1))
    return {
        "nearest": float((held_out @ selected.vectors.T).max(axis=1).mean() / COSINE_ONE),
        "topics": len(reached) / len(topics),
        "redundancy": float(among.max(axis=1).mean() / COSINE_ONE),
        "score": float(selected.scores.mean()),
    }


def compared(found: list[str]) -> dict[str, Any]:
    """The table: for each budget and way the mean figures."""
    model = open_embedder(STATIC, settings().cache)
    vectors, rated = (
        scaled(model.encode(found)),
        np.array([compress(one.overall) for one in ratings(found)], np.float64),
    )
    held_out, pool = vectors[:_HELD_OUT], np.arange(_HELD_OUT, len(found))
    topics = spherical_kmeans(held_out, _TOPICS)
    may_be = rated[pool] >= HIGH
    table: dict[str, Any] = {"texts": len(found), "held_out": len(held_out), "may_be_selected": int(may_be.sum())}
    for budget in _BUDGETS:
        runs: dict[str, list[dict[str, float]]] = {}
        for name, selected in ways(Rows(vectors[pool], rated[pool]), may_be, budget):
            runs.setdefault(name, []).append(figures(selected, held_out, topics))
        table[f"budget {budget}"] = {
            name: {key: round(float(np.mean([run[key] for run in some])), 3) for key in some[0]}
            for name, some in runs.items()
        }
    return table


def tokens(found: list[str]) -> dict[str, float]:
    """Estimated over real tokens of the model in the box: of all texts together, and the 5th and 95th percentile of one."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model_folder("embedded") / "tokenizer.json"))
    real = np.array([len(one.ids) for one in tokenizer.encode_batch(found, add_special_tokens=False)])
    estimated = np.array([-(-len(text.encode()) // BYTES_A_TOKEN) for text in found])
    low, high = np.percentile(estimated / real, [5, 95])
    return {
        "of all": round(estimated.sum() / real.sum(), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


def distilled_scores(lake: Lake) -> dict[str, float]:
    """The score of distilled items against the rubric's, where the rubric rated the members: mean difference, mean error, correlation."""
    quality = lake.dataset("silver/quality").to_table(columns=["id", "score"])
    score = dict(zip(quality["id"].to_pylist(), quality["score"].to_pylist(), strict=True))
    items = (
        lake.dataset("gold/distilled").to_table(columns=["member_ids", "coverage", "faithful", "rating"]).to_pylist()
    )
    given = np.array([
        5 * (1 - np.prod([1 - row["coverage"] * row["faithful"] * score[name] / 5 for name in row["member_ids"]]))
        for row in items
    ])  # fmt: skip
    said = np.array([row["rating"] for row in items])
    return {
        "items": len(items),
        "members": round(float(np.mean([len(row["member_ids"]) for row in items])), 2),
        "difference": round(float((given - said).mean()), 3),
        "error": round(float(np.abs(given - said).mean()), 3),
        "correlation": round(float(np.corrcoef(given, said)[0, 1]), 3),
        "reach 4": round(float((given >= HIGH).mean()), 3),
        "reach 4 by the rubric": round(float((said >= HIGH).mean()), 3),
    }


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lake", action="append", default=[])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found = real_texts(given.folder, _TEXTS)
    told: dict[str, Any] = {"selection": compared(found), "tokens": tokens(found[:_HELD_OUT])}
    if given.lake:
        told["distilled_scores"] = [distilled_scores(Lake(lake)) for lake in given.lake]
    text = json.dumps(told, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
