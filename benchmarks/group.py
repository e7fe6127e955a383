"""Grouping measured: `python benchmarks/group.py embed|procedure|singletons|scaling --out FILE.json` (`--help` for each).

embed       teacher vectors of real raw texts, in a .npy file for the next two
procedure   the published procedure beside this one, at equal coverage: same vectors, the floor off
singletons  how many singletons still have a free neighbour above the floor, by exact search
scaling     seconds and memory over made-up vectors in clusters, and the exponent; then one per cent of new rows on top

Seconds are of the job from its inputs in Parquet to its rows in Parquet, without the session's start. The job runs in the
process's Spark session on two cores; peak memory is of the JVM and its workers, sampled twice a second.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from capacity_kmeans import grouped as published
from chain import PeakMemory
from numpy.typing import NDArray

from lake.harness.job import JobContext
from spark_jobs.group.job import GroupParams, groups
from texts.embed.embedder import open_embedder
from texts.embed.vector_bytes import to_bytes

Rows = NDArray[np.float32]
_PART = 50_000
_LICENCES = ("MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "Apache-2.0")
_ANSWER = "Keep the boat dry before it is painted. It then lasts for 30 years, and needs no other care in winter."
_KEYS = ("silver/unique_instructions", "silver/quality", "silver/embeddings")
_OWN = ("silver/groups", "silver/singletons")


def session(scratch: Path) -> Any:
    """A Spark session of two cores and two gigabytes."""
    from lake.engines.jars import delta_jars
    from lake.settings import settings
    from spark_jobs.session import spark_session

    return spark_session(delta_jars(settings().cache), "local[2]", "2g", scratch / "spark", brief=False)


def write_inputs(folder: Path, parts: Iterator[tuple[Rows, NDArray[np.int64]]], first: int = 0) -> None:
    """The stage's inputs in Parquet: a low-rated record for each vector; the part's numbers choose its licence."""
    digest = open_embedder().digest
    for number, (rows, topics) in enumerate(parts):
        names = [f"{first + number * _PART + place:024x}" for place in range(len(rows))]
        ids, licences = [f"rec_{name}" for name in names], [_LICENCES[topic % len(_LICENCES)] for topic in topics]
        plain = {
            key: [value] * len(rows)
            for key, value in (
                *(("source", "made"), ("language", "en"), ("item_type", "qa")),
                *(
                    ("prompt", ""),
                    ("answer", _ANSWER),
                    ("text", ""),
                ),  # what is compared with benchmarks, of which there is none here
            )
        }
        tables = (
            {"id": ids, "licence": licences, "personal": pa.nulls(len(ids), pa.list_(pa.string())), "text_hash": names}
            | {"subjects": [[f"topic{topic}"] for topic in topics]}
            | plain,
            {"id": ids, "high": [False] * len(ids)},
            {"text_hash": names, "embedder": [digest] * len(ids), "vector": to_bytes(rows)},
        )
        for key, columns in zip(_KEYS, tables, strict=True):
            path = folder / key / f"part-{number:05}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table(columns), path)


def made_up(count: int, seed: int, dimension: int = 384) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
    """Unit vectors in clusters of about twelve, clusters in topics of about two thousand; and each row's topic."""
    common, own = np.random.default_rng(7), np.random.default_rng(seed)
    topics = _unit(common.standard_normal((512, dimension), np.float32))
    clusters = max(4, count // 12)
    topic = common.integers(0, len(topics), clusters)
    centres = _unit(topics[topic] + 0.9 * _unit(common.standard_normal((clusters, dimension), np.float32)))
    for start in range(0, count, _PART):
        size = min(_PART, count - start)
        cluster = own.integers(0, clusters, size)
        spread = own.uniform(0.2, 1.0, (size, 1)).astype(np.float32)
        yield (
            _unit(centres[cluster] + spread * _unit(own.standard_normal((size, dimension), np.float32))),
            topic[cluster],
        )


def _unit(rows: NDArray[Any]) -> Rows:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def real_parts(path: Path, count: int) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
    """The first `count` vectors of a file made by `embed`, all under one licence."""
    rows = np.load(path)[:count]
    for start in range(0, len(rows), _PART):
        part = rows[start : start + _PART]
        yield part, np.zeros(len(part), np.int64)


def run(
    spark: Any, folders: dict[str, Path], params: GroupParams, out: Path, before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The job on the Parquet under `folders`, its rows under `out`: seconds, CPU seconds, peak memory, the job's own figures."""
    context = JobContext(cast("Any", None), "benchmark", out, before=before or {})
    inputs = {key: spark.read.parquet(str(folder / key)) for key, folder in folders.items()}
    inputs |= {"bronze/references": no_benchmark(spark), "bronze/instructions_withdrawn": nothing_withdrawn(spark)}
    watch, begun, worked = PeakMemory(), time.monotonic(), _cpu_seconds()
    watch.start()
    for key, frame in groups(inputs, params, context).items():
        frame.write.mode("overwrite").parquet(str(out / key))
    spent = _spent(begun, worked)
    watch.ended.set()
    spark.catalog.clearCache()
    figures = spent | {"peak_memory_gib": round(watch.peak / 2**30, 2)}
    return figures | {name: round(value, 4) for name, value in context.metrics.items()}


def no_benchmark(spark: Any) -> Any:
    """bronze/references without a row: nothing is compared with it."""
    return spark.createDataFrame([], "id string, source string, role string, text string")


def nothing_withdrawn(spark: Any) -> Any:
    """bronze/instructions_withdrawn without a row."""
    return spark.createDataFrame([], "id string, source string, uri string")


def _cpu_seconds() -> float:
    """Of this process and those under it: on a machine that others use too, what tells runs apart."""
    every = [psutil.Process(), *psutil.Process().children(recursive=True)]
    times = [process.cpu_times() for process in every if process.is_running()]
    return sum(spent.user + spent.system for spent in times) + times[0].children_user + times[0].children_system


def _spent(begun: float, worked: float) -> dict[str, float]:
    return {"seconds": round(time.monotonic() - begun, 1), "cpu_seconds": round(_cpu_seconds() - worked, 1)}


def cohesion(rows: Rows, group: NDArray[np.int64]) -> dict[str, float]:
    """Mean pairwise cosine of a group, averaged over groups and over rows; groups of one do not count."""
    order = np.argsort(group, kind="stable")
    _, starts, sizes = np.unique(group[order], return_index=True, return_counts=True)
    totals = np.add.reduceat(rows[order].astype(np.float64), starts, axis=0)
    many = sizes > 1
    sizes, lengths = sizes[many], (totals[many] ** 2).sum(axis=1)
    means = (lengths - sizes) / (sizes * (sizes - 1))
    return {"groups": len(sizes), "rows": int(sizes.sum()), "cohesion": round(float(means.mean()), 4),
            "cohesion_by_row": round(float(np.average(means, weights=sizes)), 4)}  # fmt: skip


def procedure(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Both procedures on the same rows; the published one first, alone on the machine."""
    rows = np.load(given.vectors)[: given.rows]
    begun, worked = time.monotonic(), _cpu_seconds()
    theirs = published(rows)
    figures = {"published": _spent(begun, worked) | cohesion(rows, theirs)}
    write_inputs(scratch, real_parts(given.vectors, given.rows))
    spark = session(scratch)
    folders: dict[str, Path] = dict.fromkeys(_KEYS, scratch)
    for name in ("first", "warm"):
        told = run(spark, folders, GroupParams(similarity_floor=0.0), scratch / "out")
        spent = {key: told[key] for key in ("seconds", "cpu_seconds", "peak_memory_gib")}
        figures[f"ours, {name} run"] = spent | cohesion(rows, _groups_in(scratch / "out", len(rows)))
    return {"rows": len(rows)} | figures


def _groups_in(out: Path, count: int) -> NDArray[np.int64]:
    """The group's number of each row; a row without one has a number of its own."""
    table = pq.read_table(out / "silver/groups", columns=["id", "group_id"])
    rows = np.array([int(name.removeprefix("rec_"), 16) for name in table["id"].to_pylist()], np.int64)
    found = -1 - np.arange(count)
    found[rows] = table["group_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    return found


def free_neighbours(rows: Rows, kinds: NDArray[np.int64], alone: NDArray[np.int64], floor: float, asked: int) -> float:
    """The share of `asked` singletons that have another singleton of their kind above the floor: exact, over all singletons."""
    chosen = np.random.default_rng(7).permutation(alone)[:asked]
    hits = 0
    for start in range(0, len(chosen), 500):
        some = chosen[start : start + 500]
        near = (rows[some] @ rows[alone].T >= floor) & (kinds[some][:, None] == kinds[alone])
        hits += int(((near.sum(axis=1) - 1) > 0).sum())  # a row is near itself
    return round(hits / max(len(chosen), 1), 4)


def singletons(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """The default params on real vectors where a file is given, else on made-up ones."""

    def parts() -> Iterator[tuple[Rows, NDArray[np.int64]]]:
        return real_parts(given.vectors, given.rows) if given.vectors else made_up(given.rows, 1)

    write_inputs(scratch, parts())
    rows, topics = (np.concatenate(held) for held in zip(*parts(), strict=True))
    params = GroupParams(rows_per_cell=given.rows_per_cell)
    told = run(session(scratch), dict.fromkeys(_KEYS, scratch), params, scratch / "out")
    alone = np.flatnonzero(_groups_in(scratch / "out", len(rows)) < 0)
    share = free_neighbours(rows, topics % len(_LICENCES), alone, params.similarity_floor, 10_000)
    return {"rows": len(rows), "vectors": "real" if given.vectors else "made up", "with_a_free_neighbour": share} | told


def scaling(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Each number of rows in turn, the exponent between the first and the last, and one per cent more on top of the last."""
    spark, runs = session(scratch), list[dict[str, Any]]()
    for count in given.rows:
        folder = scratch / str(count)
        write_inputs(folder, made_up(count, 1))
        runs.append({"rows": count} | run(spark, dict.fromkeys(_KEYS, folder), GroupParams(), folder / "out"))
        print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    count, folder, more = given.rows[-1], scratch / str(given.rows[-1]), scratch / "more"
    cut = ((rows[: count // 100], topics[: count // 100]) for rows, topics in made_up(count, 2))
    write_inputs(more, (next(cut) for _ in range(1)), first=count)
    old = {key: spark.read.parquet(str((folder / "out" if key in _OWN else folder) / key)) for key in (*_KEYS, *_OWN)}
    old |= {"bronze/references": no_benchmark(spark), "bronze/instructions_withdrawn": nothing_withdrawn(spark)}
    growth = run(spark, dict.fromkeys(_KEYS, more), GroupParams(), more / "out", old)
    exponents = {} if len(runs) < 2 else {name: _exponent(runs, name) for name in ("seconds", "cpu_seconds")}
    return {"runs": runs, "exponent": exponents, "one_per_cent_more": growth}


def _exponent(runs: list[dict[str, Any]], name: str) -> float:
    """Of the cost in rows, between the first run and the last."""
    first, last = runs[0], runs[-1]
    return round(float(np.log(last[name] / first[name]) / np.log(last["rows"] / first["rows"])), 3)


def embed(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Vectors of the first tokens of `rows` distinct texts of the real files, chosen by seed, saved to --vectors."""
    from real_texts import texts
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(open_embedder().folder), device="cpu")
    model.max_seq_length = given.tokens
    found = texts(given.real, given.rows)
    np.save(given.vectors, model.encode(found, batch_size=64, normalize_embeddings=True))
    return {"rows": len(found), "tokens": given.tokens}


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "embed": embed, "procedure": procedure, "singletons": singletons, "scaling": scaling,
    }  # fmt: skip
    parser.add_argument("what", choices=actions)
    parser.add_argument("--out", type=Path, help="where the figures go")
    parser.add_argument("--real", type=Path, help="embed: the folder of raw instruction files")
    parser.add_argument("--tokens", type=int, default=256, help="embed: the first tokens of each text that count")
    parser.add_argument("--vectors", type=Path, help="the .npy file of real vectors")
    parser.add_argument("--rows", type=int, nargs="+", default=[30_000], help="scaling takes several")
    parser.add_argument("--rows-per-cell", type=int, default=GroupParams().rows_per_cell)
    parser.add_argument("--scratch", type=Path, help="where inputs and outputs go meanwhile")
    given = parser.parse_args()
    if given.what != "scaling":
        given.rows = given.rows[0]
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        told = json.dumps(actions[given.what](given, Path(scratch)), indent=1)
    print(told)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
