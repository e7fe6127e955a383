"""The composer of benchmark corpora, on a few invented records under the names of the real files."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import corpus
from benchmarks.sentences import ORIGINS, read_pools
from lake.tables import TABLES

_RECORDS = [
    ("Which river runs north? Name 1 of them.", "The Ister runs north. It is 40 miles long.\nNobody swims there."),
    ("Why do kettles sing?", "Bubbles collapse near the metal. The sound fades when the water boils."),
    ("河流向北吗?", "这条河流向北方。没有人在那里游泳。"),
]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    for origin in ORIGINS:
        rows = [
            dict.fromkeys(origin.asks, "") | {origin.asks[0]: one, origin.answers: other} for one, other in _RECORDS
        ]
        for name in origin.files:
            path = folder / "instruct" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".zst"):
                with pa.output_stream(str(path), compression="zstd") as stream:
                    stream.write("\n".join(map(json.dumps, rows)).encode())
            else:
                path.write_bytes(gzip.compress(json.dumps(rows).encode()))
    return folder


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "BLOCK", 1_000)


def test_a_block_follows_from_seed_and_number_alone(real: Path) -> None:
    block = corpus.block_table(real, 7, 2, 1_000)
    assert block.equals(corpus.block_table(real, 7, 2, 1_000))
    assert not block.equals(corpus.block_table(real, 8, 2, 1_000))
    assert not set(block["id"].to_pylist()) & set(corpus.block_table(real, 7, 1, 1_000)["id"].to_pylist())


def test_copies_name_an_original_of_the_block_before(real: Path) -> None:
    before = {row["id"]: row for row in corpus.block_table(real, 7, 0, 2_000).to_pylist()}
    rows = corpus.block_table(real, 7, 1, 2_000).to_pylist()
    copies = [row for row in rows if row["copy_of"]]
    exact = [row for row in copies if not row["near"]]
    assert {row["copy_of"] for row in copies} <= set(before)
    assert all(row["prompt"] == before[row["copy_of"]]["prompt"] for row in exact)
    assert all(row["answer"] == before[row["copy_of"]]["answer"] for row in exact)
    assert len(exact) == pytest.approx(corpus.EXACT * len(rows), abs=10)
    assert len(copies) == pytest.approx((corpus.EXACT + corpus.NEAR) * len(rows), abs=10)


def test_edits_leave_figures_alone(real: Path) -> None:
    pools = read_pools(real)
    side = pools.pools[0].answered
    rows = side.sentences
    changed = corpus.edited(pools, side, rows, np.ones(len(rows.bounds) - 1), np.random.default_rng(3))
    numeric = pools.numeric[rows.tokens]
    assert numeric.any()
    assert (changed.tokens[numeric] == rows.tokens[numeric]).all()
    assert (changed.tokens != rows.tokens).any()
    assert not pools.numeric[changed.tokens[~numeric]].any()


def test_real_records_come_unchanged_and_once(real: Path) -> None:
    rows = corpus.block_table(real, 7, 0, 2_000).to_pylist()
    asked = [row["prompt"] for row in rows if row["copy_of"] is None]
    assert asked.count(_RECORDS[0][0]) >= len(ORIGINS)


@pytest.mark.parametrize("shape", ["records", "raw"])
def test_every_row_is_written(real: Path, tmp_path: Path, shape: corpus.Shape) -> None:
    written = [corpus.write_block(real, tmp_path, shape, 7, part) for part in corpus.parts(1_500, 100)]
    assert written == [1_000, 500, 100]
    if shape == "records":
        table = pq.read_table(tmp_path / "base")
        assert table.schema.equals(TABLES["silver/instructions"].schema)
        assert table.num_rows == len(set(table["id"].to_pylist())) == 1_500
        return
    array = json.loads((tmp_path / "base" / "alpaca" / "block-00000.json").read_bytes())
    lines = (tmp_path / "base" / "dolly" / "block-00000.jsonl").read_bytes().splitlines()
    assert set(array[0]) == {"instruction", "input", "output"}
    assert set(json.loads(lines[0])) == {"instruction", "context", "response", "category"}
    assert len(array) + len(lines) > 500
