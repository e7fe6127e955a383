"""Composes corpora of any size from real records: `python benchmarks/corpus.py --data FOLDER --rows N --out FOLDER`.

A row is a real record, each used once, or real sentences of one source put together anew: a question from some, an answer from
others, with one word in ten exchanged for another word of that source. Stated shares of the rows are exact copies of earlier
rows, and near copies with 1 to 10 % of their words exchanged (word 3-gram Jaccard about 0.95 down to 0.5); figures are never
exchanged. The same seed gives the same rows; a block of rows depends on its number alone, so blocks are made side by side.

--shape records: Parquet files with the columns of silver/instructions, and in `truth/` which row is a copy of which.
--shape raw: Alpaca, Dolly, ShareGPT and messages records in JSON, JSONL and CSV files, one folder a source.
--delta M: M rows more, for runs after growth, whose copies are of rows of the corpus itself.

Every row is one question and one answer; longer conversations are not composed.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import argparse
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.sentences import ORIGINS, Flags, Ints, Origin, Pools, Ragged, Side, read_pools
from lake.ids import content_id, sha256_text
from lake.tables import TABLES

Shape = Literal["records", "raw"]
Rng = np.random.Generator

BLOCK = 50_000  # rows made at once
REAL = 0.06  # share of a block's rows that are real records, while they last
EXACT, NEAR = 0.05, 0.10  # shares of the rows that are copies
FRESH_EDITS, NEAR_EDITS = 0.10, (0.01, 0.10)  # share of the words exchanged
ANSWER_WORDS = (45.0, 0.85)  # median and log-sd of a composed answer's length


@dataclass(frozen=True)
class Rows:
    """Composed rows of one source; `copied` is the place of the original in the block before, -1 for a row of its own."""

    asked: Ragged
    answered: Ragged
    copied: Ints
    near: Flags


def own_rows(pools: Pools, number: int, seed: int, block: int) -> tuple[Ragged, Ragged]:
    """Questions and answers of the rows of source `number` that block `block` has of its own: real ones first."""
    pool = pools.pools[number]
    rng = np.random.default_rng([seed, block, number])
    most = round(BLOCK * pool.origin.share)
    real = pool.order[round(most * REAL) * block : round(most * REAL) * (block + 1)]
    fresh = round(most * (1 - EXACT - NEAR)) - len(real)
    words = pool.answered.sentences.bounds[-1] / (len(pool.answered.sentences.bounds) - 1)
    median, spread = ANSWER_WORDS
    counts = np.maximum(1, np.rint(rng.lognormal(np.log(median), spread, fresh) / words)).astype(np.int64)
    asked = _sides(pools, pool.asked, real, rng.integers(1, 3, fresh), rng)
    return asked, _sides(pools, pool.answered, real, np.minimum(counts, 60), rng)


def _sides(pools: Pools, side: Side, real: Ints, counts: Ints, rng: Rng) -> Ragged:
    """One side of real records as they are, then of rows with counts[i] sentences each, drawn and edited."""
    own = np.diff(side.records)[real]
    starts = np.concatenate([[0], np.cumsum(own)])
    kept = np.repeat(side.records[real] - starts[:-1], own) + np.arange(starts[-1])
    drawn = rng.integers(0, len(side.sentences.bounds) - 1, counts.sum())
    rows = side.sentences.take(np.concatenate([kept, drawn])).joined(np.concatenate([own, counts]))
    shares = np.concatenate([np.zeros(len(real)), np.full(len(counts), FRESH_EDITS)])
    return edited(pools, side, rows, shares, rng)


def edited(pools: Pools, side: Side, rows: Ragged, shares: NDArray[np.float64], rng: Rng) -> Ragged:
    """The rows with about that share of each one's words exchanged for words of the same side of the source."""
    chance = np.repeat(shares, np.diff(rows.bounds))
    at = np.flatnonzero((rng.random(len(rows.tokens)) < chance) & ~pools.numeric[rows.tokens])
    tokens = rows.tokens.copy()
    tokens[at] = side.exchangeable[rng.integers(0, len(side.exchangeable), len(at))]
    return Ragged(tokens, rows.bounds)


def block_rows(pools: Pools, number: int, seed: int, block: int) -> Rows:
    """The rows of source `number` in a block: its own, then exact and near copies of rows that the block before has of its own."""
    pool = pools.pools[number]
    asked, answered = own_rows(pools, number, seed, block)
    before = own_rows(pools, number, seed, block - 1) if block else (asked, answered)
    rng = np.random.default_rng([seed, block, number, 1])
    most = round(BLOCK * pool.origin.share)
    exact, near = round(most * EXACT), round(most * NEAR)
    chosen = rng.integers(0, len(before[0].bounds) - 1, exact + near)
    shares = np.concatenate([np.zeros(exact), rng.uniform(*NEAR_EDITS, near)])
    # half of the near copies ask the very same question: a short one hardly survives an edit above the threshold
    in_question = shares * (rng.random(exact + near) < 0.5)
    copies = (
        edited(pools, pool.asked, before[0].take(chosen), in_question, rng),
        edited(pools, pool.answered, before[1].take(chosen), shares, rng),
    )
    own = len(asked.bounds) - 1
    return Rows(
        _below(asked, copies[0]),
        _below(answered, copies[1]),
        np.concatenate([np.full(own, -1), chosen]),
        np.arange(own + exact + near) >= own + exact,
    )


def _below(first: Ragged, second: Ragged) -> Ragged:
    bounds = np.concatenate([first.bounds, first.bounds[-1] + second.bounds[1:]])
    return Ragged(np.concatenate([first.tokens, second.tokens]), bounds)


def as_texts(rows: Ragged, vocabulary: pa.StringArray) -> pa.Array:
    """The rows as texts."""
    words = pa.DictionaryArray.from_arrays(pa.array(rows.tokens, pa.int32()), vocabulary).cast(pa.string())
    lists = pa.ListArray.from_arrays(pa.array(rows.bounds, pa.int32()), words)
    return pc.utf8_trim_whitespace(pc.binary_join(lists, ""))


def block_table(data: Path, seed: int, block: int, count: int) -> pa.Table:
    """The first `count` rows of a block, all sources shuffled: source number, prompt, answer, id, copy_of, near."""
    pools = read_pools(data)
    tables = [_source_table(pools, number, seed, block) for number in range(len(ORIGINS))]
    whole = pa.concat_tables(tables)
    return whole.take(np.random.default_rng([seed, block]).permutation(whole.num_rows)[:count])


def _source_table(pools: Pools, number: int, seed: int, block: int) -> pa.Table:
    rows = block_rows(pools, number, seed, block)
    name = partial(content_id, "rec", seed, number)
    copied = [None if at < 0 else name(max(block - 1, 0), at) for at in rows.copied.tolist()]
    ids = [name(block, at) for at in range(len(copied))]
    return pa.table(
        {
            "number": pa.array(np.full(len(ids), number)),
            "prompt": as_texts(rows.asked, pools.vocabulary),
            "answer": as_texts(rows.answered, pools.vocabulary),
            "id": ids,
            "copy_of": pa.array(copied, pa.string()),
            "near": pa.array(rows.near),
        }
    )


def records_table(rows: pa.Table) -> pa.Table:
    """Composed rows with the columns of silver/instructions."""
    numbers = rows["number"]

    def told(of: Callable[[Origin], str]) -> pa.ChunkedArray:
        return pc.take(pa.array([of(origin) for origin in ORIGINS]), numbers)

    text = pc.binary_join_element_wise(rows["prompt"], rows["answer"], "\n")
    pairs = zip(rows["prompt"].to_pylist(), rows["answer"].to_pylist(), strict=True)
    messages = [[{"role": "user", "content": one}, {"role": "assistant", "content": other}] for one, other in pairs]
    columns = {
        "id": rows["id"],
        "raw_id": pc.replace_substring_regex(rows["id"], "^rec_", "raw_"),
        "source": told(lambda origin: origin.source),
        "licence": told(lambda origin: origin.licence),
        "original_id": pa.nulls(rows.num_rows, pa.string()),
        "language": told(lambda origin: origin.language),
        "item_type": pa.array(["qa"] * rows.num_rows),
        "messages": messages,
        "prompt": rows["prompt"],
        "answer": rows["answer"],
        "text": text,
        "text_hash": [sha256_text(one) for one in text.to_pylist()],
        "subjects": [[] for _ in messages],
        "personal": [[] for _ in messages],
    }
    return pa.Table.from_pydict(columns, schema=TABLES["silver/instructions"].schema)


def _raw_record(shape: str, prompt: str, answer: str, id: str) -> Mapping[str, Any]:
    if shape == "dolly":
        return {"instruction": prompt, "context": "", "response": answer, "category": "open_qa"}
    if shape == "messages":
        return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]}
    if shape == "sharegpt":
        return {"id": id, "conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": answer}]}
    return {"instruction": prompt, "input": "", "output": answer}


def raw_file(shape: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, bytes]:
    """The ending and the content of a file of one source's records."""
    if shape == "csv":
        written = io.StringIO(newline="")
        csv.writer(written).writerows([list(rows[0]), *(list(row.values()) for row in rows)])
        return "csv", written.getvalue().encode()
    if shape == "alpaca":
        return "json", b"[\n" + b",\n".join(map(orjson.dumps, rows)) + b"\n]\n"
    return "jsonl", b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def write_block(data: Path, out: Path, shape: Shape, seed: int, part: tuple[str, int, int]) -> int:
    """Writes the first rows of one block and returns how many; `part` is (folder, block, rows)."""
    folder, block, count = part
    rows = block_table(data, seed, block, count)
    if shape == "records":
        for name, table in ((folder, records_table(rows)), ("truth", rows.select(["id", "copy_of", "near"]))):
            (out / name).mkdir(parents=True, exist_ok=True)
            pq.write_table(table, out / name / f"block-{block:05d}.parquet", compression="zstd", compression_level=1)
        return count
    for number, origin in enumerate(ORIGINS):
        mine = rows.filter(pc.equal(rows["number"], number)).select(["prompt", "answer", "id"])
        if mine.num_rows:
            listed = [_raw_record(origin.shape, **row) for row in mine.to_pylist()]
            ending, content = raw_file(origin.shape, listed)
            path = out / folder / origin.source / f"block-{block:05d}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return count


def parts(rows: int, delta: int) -> Iterator[tuple[str, int, int]]:
    """(folder, block, rows) of every block of the corpus, and of its growth, which continues the blocks."""
    bounds = [*range(0, rows, BLOCK), rows]
    for block, (start, end) in enumerate(pairwise(bounds)):
        yield "base", block, end - start
    for block, start in enumerate(range(0, delta, BLOCK), len(bounds) - 1):
        yield "delta", block, min(BLOCK, delta - start)


def compose(data: Path, out: Path, rows: int, shape: Shape = "records", delta: int = 0, seed: int = 7) -> int:
    """Writes the corpus below `out` (`base/`, `delta/`, for records `truth/`) with two processes and returns its number of rows."""
    work = partial(write_block, data, out, shape, seed)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(work, parts(rows, delta)))


def main() -> None:
    """Parses the arguments and composes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real files")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    parser.add_argument("--shape", choices=["records", "raw"], default="records")
    parser.add_argument("--delta", type=int, default=0, help="rows of growth")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    print(compose(given.data, given.out, given.rows, given.shape, given.delta, given.seed))


if __name__ == "__main__":
    main()
