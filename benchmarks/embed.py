"""Texts a second through Spark into Delta's files: `python benchmarks/embed.py FOLDER --embedder NAME --rows N --scratch DIR --out FILE.json`.

FOLDER holds `instruct/dolly.jsonl.zst`; N texts are composed of its sentences, seeded. Session start and, for a static embedder, the
making of its folder are not counted; reading the texts, embedding and writing are. With a teacher, `--plain K` also times
`SentenceTransformer.encode` in float32 over K of the same texts, and the mean cosine between the two. Figures only.
"""

import argparse
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from lake.ids import sha256_text
from lake.settings import settings
from lake.storage.store import Lake
from texts.embed.embedder import Embedder

_UNIQUE, _FILE_ROWS = "silver/unique_instructions", 50_000


def compose(folder: Path, count: int, into: Path) -> float:
    """Writes `count` texts, each the length of a real one and of sentences of others; returns their mean length in characters."""
    with pa.CompressedInputStream(pa.OSFile(str(folder / "instruct/dolly.jsonl.zst")), "zstd") as stream:
        rows = [json.loads(line) for line in stream.read().splitlines()]
    texts = ["\n".join(part for part in (row["instruction"], row["context"], row["response"]) if part) for row in rows]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence]
    lengths, random, total = np.array([len(text) for text in texts]), np.random.default_rng(7), 0
    into.mkdir(parents=True)
    for start in range(0, count, _FILE_ROWS):
        made = [
            _text(sentences, int(length), random) for length in random.choice(lengths, min(_FILE_ROWS, count - start))
        ]
        total += sum(map(len, made))
        columns = {
            "id": [f"{start + n}" for n in range(len(made))],
            "text": made,
            "text_hash": [*map(sha256_text, made)],
        }
        pq.write_table(pa.table(columns), into / f"part-{start:09d}.parquet")
    return total / count


def _text(sentences: list[str], length: int, random: np.random.Generator) -> str:
    parts: list[str] = []
    while not parts or sum(map(len, parts)) < length:
        parts.append(sentences[random.integers(len(sentences))])
    return " ".join(parts)[: max(length, 20)]


def through_spark(texts: Path, root: Path, name: str) -> dict[str, float]:
    """Seconds of the whole stage until its files are ready to be registered, which takes no time, and texts a second."""
    # a machine without Spark can still compare the model with the plain one
    from lake.engines.spark import SparkFrames
    from lake.harness.job import JobContext
    from lake.stages import STAGES
    from lake.tables import TABLES
    from spark_jobs.embed.job import EmbedParams

    lake = Lake(str(root))
    frames = SparkFrames(lake)
    columns = ", ".join(
        f"{field.name} string" for field in TABLES[_UNIQUE].schema if field.name in ("id", "text", "text_hash")
    )
    frame = frames.spark.read.schema(columns).parquet(str(texts))
    frames.spark.range(10).count()  # the session is up
    context = JobContext(lake, "benchmark", root / "artifacts")
    begun = time.monotonic()
    staged = frames.run(
        STAGES["silver/embeddings"], {_UNIQUE: frame}, EmbedParams(embedder=name), context, "run-benchmark"
    )
    seconds, rows = time.monotonic() - begun, staged["silver/embeddings"].rows
    return {"rows": rows, "seconds": round(seconds, 1), "texts_a_second": round(rows / seconds, 1)}


def plain(texts: list[str], model: Embedder) -> dict[str, float]:
    """SentenceTransformer.encode as it comes, in float32, against `model` in this process."""
    import torch
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(model.folder), device="cpu", model_kwargs={"dtype": torch.float32})
    reference.encode(texts[:8])
    model.encode(texts[:8])
    begun = time.monotonic()
    wanted = reference.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    plain_seconds, begun = time.monotonic() - begun, time.monotonic()
    found = model.encode(texts)
    seconds = time.monotonic() - begun
    return {
        "plain_texts_a_second": round(len(texts) / plain_seconds, 1), "texts_a_second": round(len(texts) / seconds, 1),
        "times": round(plain_seconds / seconds, 2), "cosine_mean": float((wanted * found).sum(axis=1).mean()),
        "cosine_least": float((wanted * found).sum(axis=1).min()),
    }  # fmt: skip


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of real raw files")
    parser.add_argument("--embedder", default="static", help="teacher, static, student, a folder or a hub name")
    parser.add_argument("--rows", type=int, default=1_000_000, help="texts through Spark; 0 leaves Spark out")
    parser.add_argument("--plain", type=int, default=0, help="texts for the comparison in this process")
    parser.add_argument("--scratch", type=Path, required=True, help="an empty folder")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    given = parser.parse_args()
    from spark_jobs.columnar.embedders import embedder

    model = embedder(given.embedder, Lake(settings().root))
    characters = compose(given.folder, max(given.rows, given.plain), given.scratch / "texts")
    name = Path(given.embedder).name  # of a folder: where it lies is nobody's business
    told: dict[str, Any] = {"embedder": name, "cores": os.cpu_count(), "characters": round(characters)}
    if given.plain:
        texts = pq.read_table(given.scratch / "texts", columns=["text"])["text"].to_pylist()[: given.plain]
        told["beside_plain"] = plain(texts, model)
    if given.rows:
        told["through_spark"] = through_spark(given.scratch / "texts", given.scratch / "lake", given.embedder)
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
