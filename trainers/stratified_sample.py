"""A sample of the lake's records in which the small strata count as much as the large ones, the same in any order of the rows."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

_BANDS = (0, 200, 800)  # characters: a short, a middling and a long text
_COLUMNS = ["text_hash", "source", "language", "prompt", "answer", "text"]


def stratified(records: ds.Dataset, count: int, seed: int) -> list[dict[str, Any]]:
    """Up to `count` records of distinct texts with source, language, prompt, answer and text, in the order of their draw.

    Strata are source, language and length. They take turns, and at each turn a stratum gives its record with the smallest hash of
    seed and text; so any prefix of the sample is such a sample itself. Rows are read in batches; at most `count` rows and a batch
    are in memory.
    """
    sample: Any = None
    for batch in records.to_batches(columns=_COLUMNS):
        if batch.num_rows:
            sample = _first(pd.concat([sample, _drawn(batch, seed)]), count)
    if sample is None:
        return []
    return sample.drop_duplicates("text_hash")[_COLUMNS].to_dict("records")


def _drawn(batch: pa.RecordBatch, seed: int) -> pd.DataFrame:
    """The rows with their stratum and the number that decides their turn in it."""
    rows = batch.to_pandas()
    band: Any = pd.cut(rows["text"].str.len(), [*_BANDS, np.inf], right=False, labels=False)
    stratum = rows["source"].fillna("") + "\n" + rows["language"].fillna("") + "\n" + band.astype(str)
    draw = [hashlib.sha256(f"{seed} {text_hash}".encode()).hexdigest() for text_hash in rows["text_hash"]]
    return rows.assign(stratum=stratum, draw=draw)


def _first(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    ordered = rows.sort_values(["stratum", "draw"])
    turn = ordered.groupby("stratum").cumcount()
    return ordered.assign(turn=turn).sort_values(["turn", "stratum"]).head(count).drop(columns="turn")
