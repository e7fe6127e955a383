"""Student, static embedder and TF-IDF + SVD against their teacher: `python benchmarks/student.py FOLDER --scratch DIR --out FILE.json`.

FOLDER holds `instruct/dolly.jsonl.zst`. Held-out records are drawn first; the student is trained by the stage's own job on a sample of
the rest. Written to FILE, and beside it as a picture: for each embedder the mean teacher cosine of a text's five nearest others,
their overlap with the teacher's five, R@1 from a question to its answer, texts a second, and what groups it makes, judged by the
teacher's vectors. Figures only: no text of any row.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from lake.harness.job import JobContext
from lake.ids import sha256_text
from lake.settings import settings
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.columnar.vectors import scaled
from spark_jobs.group.greedy import SizeDistribution, greedy_groups, pair_products, products_above_floor
from texts.embed.embedder import Embedder, open_embedder
from texts.embed.fidelity import fidelity, recall
from trainers.student import StudentParams, student_embedder

Encode = Callable[[Sequence[str]], Any]
_SIZES = SizeDistribution(least=2, most=5, mean=3.0, sd=1.0, seed=7)
_SEED = 7


def dolly(folder: Path) -> list[dict[str, str]]:
    """Distinct records with prompt, answer, text and its hash, in an order drawn once."""
    with pa.CompressedInputStream(pa.OSFile(str(folder / "instruct/dolly.jsonl.zst")), "zstd") as stream:
        rows = [json.loads(line) for line in stream.read().splitlines()]
    records: dict[str, dict[str, str]] = {}
    for row in rows:
        prompt = "\n".join(part for part in (row["instruction"], row["context"]) if part)
        text = f"{prompt}\n{row['response']}"
        told = {
            "prompt": prompt,
            "answer": row["response"],
            "text": text,
            "source": row.get("category") or "",
            "language": "en",
        }
        records[sha256_text(text)] = told | {"id": sha256_text(text), "text_hash": sha256_text(text)}
    found = [records[text_hash] for text_hash in sorted(records)]
    return [found[place] for place in np.random.default_rng(_SEED).permutation(len(found))]


def train(records: list[dict[str, str]], params: StudentParams, scratch: Path) -> tuple[Embedder, dict[str, Any]]:
    """The student that the stage's job makes of the records, its published figures and the seconds of the whole job."""
    context = JobContext(Lake(str(scratch / "lake")), "benchmark", scratch / "artifacts")
    key = "silver/unique_instructions"
    inputs = {key: ds.dataset(pa.Table.from_pylist(records, schema=TABLES[key].schema))}
    begun = time.monotonic()
    made = dict(student_embedder(inputs, params, context))
    [row] = made["models/student_embedder"].to_pylist()
    told = {"seconds": round(time.monotonic() - begun, 1), "teacher_texts": made["models/student_sample"].num_rows}
    kept = ("share", "overlap", "recall", "loss", "train_rows", "train_texts", "heldout_rows", "digest")
    return Embedder(row["uri"], Path(row["uri"])), told | {name: row[name] for name in kept}


def tfidf(records: list[dict[str, str]]) -> Encode:
    """TF-IDF and 256 dimensions of SVD, fitted on the records that the student learns from."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    model = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, min_df=2), TruncatedSVD(256, random_state=_SEED), Normalizer()
    )
    model.fit([record["text"] for record in records])
    return lambda texts: model.transform(texts).astype(np.float32)


def grouped(rows: Any, judge: Any, floor: float) -> tuple[set[frozenset[int]], float]:
    """Groups by `rows`, and the mean cosine of their members' pairs by the judge's vectors."""
    ids = [f"{number:06d}" for number in range(len(rows))]
    one_kind = np.zeros(len(rows), np.int64)
    found = list(greedy_groups(ids, products_above_floor(pair_products(scaled(rows)), one_kind, floor), _SIZES))
    pairs = [(judge[members] @ judge[members].T)[np.triu_indices(len(members), 1)].mean() for members in found]
    return {frozenset(members.tolist()) for members in found}, float(np.mean(pairs))


def floor_for(rows: Any, share: float) -> float:
    """The cosine that this share of all pairs reaches: a floor of equal strictness for embedders of different scales."""
    cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    return float(np.quantile(cosines, 1 - share))


def judged(encode: Encode, held: list[dict[str, str]], taught: dict[str, Any], pairs: float) -> dict[str, float]:
    """All figures of one embedder on the held-out records."""
    begun = time.monotonic()
    rows = {side: encode([record[side] for record in held]) for side in ("text", "prompt", "answer")}
    seconds = time.monotonic() - begun
    found = fidelity(rows["text"], taught["text"])
    made, cohesion = grouped(rows["text"], taught["text"], floor_for(rows["text"], pairs))
    wanted, _ = grouped(taught["text"], taught["text"], floor_for(taught["text"], pairs))
    return {
        "neighbour_cosine": found.neighbour_cosine, "share_of_teacher": found.share, "overlap_at_5": found.overlap,
        "recall_at_1": recall(rows["prompt"], rows["answer"]), "texts_a_second": 3 * len(held) / seconds,
        "groups": len(made), "group_cohesion_by_teacher": cohesion, "groups_that_are_the_teachers": len(made & wanted) / len(wanted),
    }  # fmt: skip


def picture(found: dict[str, dict[str, float]], path: Path) -> None:
    """Three bars an embedder: what it keeps of the teacher."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = ("neighbour_cosine", "overlap_at_5", "recall_at_1")
    figure, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=False)
    for axis, name in zip(axes, names, strict=True):
        bars = axis.bar(
            list(found), [figures[name] for figures in found.values()], color=["#444", "#2a7", "#48c", "#bbb"]
        )
        axis.bar_label(bars, fmt="%.2f", fontsize=8)
        axis.set_title(name.replace("_", " "), fontsize=10)
        axis.tick_params(axis="x", labelsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Parses the arguments, trains, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of real raw files")
    parser.add_argument("--held", type=int, default=3_000, help="records kept for measuring")
    parser.add_argument("--sample", type=int, default=9_000, help="records that the teacher embeds for training")
    parser.add_argument("--pairs", type=float, default=0.001, help="share of all pairs that count as close in grouping")
    parser.add_argument("--scratch", type=Path, required=True, help="an empty folder")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    given = parser.parse_args()
    records = dolly(given.folder)
    held, rest = records[: given.held], records[given.held :]
    student, trained = train(
        rest, StudentParams(train=True, sample=given.sample, heldout=max(50, given.sample // 20)), given.scratch
    )
    teacher = open_embedder("teacher")
    begun = time.monotonic()
    taught = {side: teacher.encode([record[side] for record in held]) for side in ("text", "prompt", "answer")}
    speed = 3 * len(held) / (time.monotonic() - begun)
    encoders: dict[str, Encode] = {
        "student": student.encode,
        "static": open_embedder("static", settings().cache).encode,
        "tf-idf": tfidf(rest),
    }
    sides = iter(taught.values())
    found = {"teacher": judged(lambda _: next(sides), held, taught, given.pairs) | {"texts_a_second": speed}}
    found |= {name: judged(encode, held, taught, given.pairs) for name, encode in encoders.items()}
    told = {"held": len(held), "cores": os.cpu_count(), "training": trained, "embedders": found}
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    picture(found, given.out.with_suffix(".png"))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
