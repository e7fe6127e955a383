"""The passes of spark_jobs.group.cell_search in one process without Spark: `python benchmarks/group_arithmetic.py --vectors V.npy --rows N...`

Same cells, same groups inside a cell; only the sample that cells are trained on is drawn otherwise. Tells how much of a stage is
arithmetic, what the floor leaves alone, and with --published N how the published procedure does on the first N rows.
CPU seconds of one thread, since a shared machine's clock says little.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from capacity_kmeans import grouped as published
from numpy.typing import NDArray

from spark_jobs.columnar.cells import SAMPLE_ROWS, build_cells, split_crowded
from spark_jobs.columnar.vectors import scaled, unit
from spark_jobs.group.greedy import greedy_groups, pair_products, products_above_floor
from spark_jobs.group.job import GroupParams


def grouped(rows: NDArray[np.float32], params: GroupParams) -> NDArray[np.int64]:
    """The group's number of each row, each lonely row its own negative one."""
    vectors, search = scaled(rows), params.search
    found = -1 - np.arange(len(rows))
    left, ids = np.arange(len(rows)), [f"{number:024x}" for number in range(len(rows))]
    for number in range(search.passes):
        sample = np.random.default_rng(number).permutation(left)[:SAMPLE_ROWS]
        cells = build_cells(vectors[sample], len(left) // search.rows_per_cell)
        cell_of = cells.assign(vectors[left])
        for cell in np.unique(cell_of):
            for part in split_crowded(vectors, left[cell_of == cell], 2 * search.rows_per_cell):
                positions = np.sort(part)
                one_kind = np.zeros(len(positions), int)
                close = products_above_floor(pair_products(vectors[positions]), one_kind, search.cosine_floor)
                for members in greedy_groups([ids[position] for position in positions], close, search.sizes):
                    found[positions[members]] = positions[members[0]]
        left = np.flatnonzero(found < 0)
        if len(cells) < 2:
            break
    return found


def token_means(texts: list[str]) -> NDArray[np.float32]:
    """Cheap vectors of texts: the default embedder's token vectors, rare tokens weighing more, two common directions removed."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    from texts.embed.embedder import open_embedder

    folder = open_embedder().folder
    weights = load_file(folder / "model.safetensors")
    tokens = next(weights[name] for name in weights if name.endswith("word_embeddings.weight")).astype(np.float32)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    ids = [encoded.ids for encoded in tokenizer.encode_batch(texts, add_special_tokens=False)]
    share = np.bincount(np.concatenate(ids), minlength=len(tokens)) / sum(map(len, ids))
    scaled = tokens * (1e-3 / (1e-3 + share[:, None]))
    rows = np.stack([scaled[own].sum(axis=0) / max(1, len(own)) for own in ids]).astype(np.float32)
    rows -= rows.mean(axis=0)
    common = np.linalg.svd(rows[:5_000], full_matrices=False)[2][:2]
    return unit(rows - rows @ common.T @ common).astype(np.float32)


def measured(rows: NDArray[np.float32], floor: float) -> dict[str, Any]:
    """Ours on these rows."""
    from group import cohesion, free_neighbours

    begun = time.process_time()
    found = grouped(rows, GroupParams(similarity_floor=floor))
    spent = round(time.process_time() - begun, 1)
    alone = np.flatnonzero(found < 0)
    free = free_neighbours(rows, np.zeros(len(rows), np.int64), alone, floor, 10_000) if floor else None
    return {"rows": len(rows), "floor": floor, "cpu_seconds": spent, "alone": len(alone), "with_a_free_neighbour": free,
            "groups_of_two_or_more": cohesion(rows, found)}  # fmt: skip


def main() -> None:
    """Parses the arguments, measures, prints."""
    from group import cohesion
    from real_texts import texts

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True, help="a .npy file; made from --real where it is given")
    parser.add_argument("--real", type=Path, help="the folder of raw instruction files")
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 30_000])
    parser.add_argument("--published", type=int, default=0)
    given = parser.parse_args()
    if given.real:
        np.save(given.vectors, token_means(texts(given.real, max(given.rows))))
    rows, told = np.load(given.vectors), {}
    told["with the default floor"] = [measured(rows[:count], GroupParams().similarity_floor) for count in given.rows]
    told["with the floor off"] = [measured(rows[:count], 0.0) for count in sorted({given.published, *given.rows} - {0})]
    if given.published:
        begun = time.process_time()
        theirs = published(rows[: given.published])
        told["published procedure"] = {"rows": given.published, "cpu_seconds": round(time.process_time() - begun, 1)}
        told["published procedure"] |= cohesion(rows[: given.published], theirs)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
