"""A judge rates a sample; the ratings of the other records are predicted from theirs.

The sample is drawn by hash of id; a share of it may be kept for records of whose ratings a predictor of the rest is least certain. A quarter of
what is drawn by hash is held out: it gives the margin, and it tells the gate how well the predictor does. What is published keeps the
predictor it was made with, and later deliveries are predicted by the same one; `mixlake run silver/ratings --rebuild` fits another.

The vectors are those of the static embedder, made here: those of silver/embeddings would have to be joined in, which a job within one
machine's memory cannot do for millions of records. Memory: the sample's rows, and a batch a process.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from heapq import nsmallest
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.judges import MANY, RATINGS, Judge, ratings_table
from inference.predictor import Fidelity, Matrix, Predictor, fit, load
from lake.engines.parallel import in_processes, usable_cores
from lake.errors import StageFailed, as_user_error
from lake.harness.job import ArrowRows, JobContext
from lake.ids import sha256_folder
from lake.settings import settings
from lake.storage.artifacts import at_hand
from lake.tables import TABLES
from texts.embed.embedder import STATIC, open_embedder
from texts.errors import EmbedderError
from texts.features import NAMES, features

PREDICTORS = "silver/rating_predictors"
PREDICT_VERSION = "predict-1"
_COLUMNS = ("id", "prompt", "answer")
_BATCH = 2_048  # records
_HELD_OUT = 4  # one in so many of the sample
_LEAST_HELD_OUT = 40  # ratings: of fewer, neither margin nor fidelity says anything


T = TypeVar("T")
Rows = Generator[tuple[str, pa.Table], None, T]


@dataclass(frozen=True)
class _Judged:
    """Records that the judge rated: their rows of the predictor's columns, and their overall ratings."""

    rows: Matrix
    ratings: Matrix

    def part(self, chosen: np.ndarray) -> _Judged:
        return _Judged(self.rows[chosen], self.ratings[chosen])

    def with_more(self, other: _Judged) -> _Judged:
        rows = [self.rows, *([other.rows] if len(other.ratings) else [])]
        return _Judged(np.concatenate(rows), np.concatenate([self.ratings, other.ratings]))


def drawn(records: ds.Dataset, count: int) -> list[str]:
    """`count` ids, or all, those with the smallest hashes: the same ones in any order of the records."""
    ids = (record for batch in records.to_batches(columns=["id"]) for record in batch["id"].to_pylist())
    return nsmallest(count, ids, key=lot)


def lot(record: str) -> bytes:
    """What the record with this id is drawn by."""
    return sha256(f"sample {record}".encode()).digest()


def only(records: ds.Dataset, ids: Sequence[str], columns: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
    """These columns of the records `ids`, in batches of at most `size` rows, none of them empty."""
    wanted = pc.field("id").isin(pa.array(ids, pa.string()))
    batches = records.to_batches(columns=list(columns), filter=wanted, batch_size=size)
    return (batch for batch in batches if batch.num_rows)


class Sampling:
    """The rows of silver/ratings and silver/rating_predictors where a judge rates a sample of `records`, and no more."""

    def __init__(self, records: ds.Dataset, context: JobContext) -> None:
        self._records, self._context = records, context
        with as_user_error(EmbedderError):
            embedder = open_embedder(STATIC, settings().cache)
        self._embedder = embedder.name
        self._columns = {"embedder": embedder.digest, "features": ",".join(NAMES)}
        self._processes = usable_cores() if records.count_rows() >= MANY else 1
        self._seen: list[str] = []  # what the judge was shown

    def published(self) -> Predictor | None:
        """The predictor that the published rows were made with, where the job is given only newer ones.

        Raises StageFailed where its files are not those that were published, or it was fitted on other columns.
        """
        before = self._context.before
        rows = before[PREDICTORS].to_table().to_pylist() if PREDICTORS in before else []
        if not rows:
            return None
        folder = Path(at_hand(self._context.lake, rows[-1]["uri"]))
        if not folder.is_dir() or sha256_folder(folder) != rows[-1]["digest"]:
            raise StageFailed(
                f"The predictor of the ratings is not in {folder} as it was published: `--rebuild` fits another"
            )
        predictor = load(folder)
        if not self._columns.items() <= predictor.made_for.items():
            raise StageFailed(
                "The predictor of the ratings was fitted on another embedder's vectors: `--rebuild` fits another"
            )
        return predictor

    def fitted(self, judge: Judge, sample: int, uncertain: float = 0.0) -> Rows[Predictor]:
        """Has the judge rate `sample` records; returns what is fitted on them, which lies in the run's artifacts.

        uncertain: the share of them that are the least certain. Raises StageFailed where the judge rated too few of them.
        """
        later = round(sample * uncertain)
        judged = yield from self._judged(judge, drawn(self._records, sample - later))
        held_out = np.arange(len(judged.ratings)) % _HELD_OUT == 0
        if held_out.sum() < _LEAST_HELD_OUT:
            raise StageFailed(
                f"The judge rated {len(judged.ratings)} of {sample} records of the sample: too few to predict others from"
            )
        training, held = judged.part(~held_out), judged.part(held_out)
        made_for = self._columns | {"judge": judge.name}
        predictor = fit(training.rows, training.ratings, made_for)
        if later:
            training = training.with_more((yield from self._judged(judge, self._least_certain(predictor, later))))
            predictor = fit(training.rows, training.ratings, made_for)
        predictor = predictor.calibrated(held.rows, held.ratings)
        folder = self._context.artifacts / "predictor"
        found = predictor.fidelity(held.rows, held.ratings)
        self._context.metrics.update(explained=found.explained, explained_low=found.low, heldout_error=found.error)
        row = {
            "digest": predictor.save(folder), "uri": self._context.named(folder), "judge": judge.name, "fitted": len(training.ratings), "heldout": found.heldout,
            "explained": found.explained, "explained_low": found.low, "error": found.error, "advice": _advice(found, sample),
        }  # fmt: skip
        yield PREDICTORS, pa.Table.from_pylist([row], schema=TABLES[PREDICTORS].schema)
        return predictor

    def predicted(self, predictor: Predictor) -> ArrowRows:
        """The ratings of all records that the judge was not shown."""
        work = partial(_predicted, predictor, self._embedder)
        for table in in_processes(work, self._batches(self._others()), self._processes):
            yield RATINGS, table

    def _judged(self, judge: Judge, ids: Sequence[str]) -> Rows[_Judged]:
        """Has the judge rate these; returns those that it rated, in the order of `ids`."""
        self._seen += ids
        overall: dict[str, int] = {}
        for table in judge.rated(only(self._records, ids, judge.columns, _BATCH)):
            overall |= {row["id"]: row["overall"] for row in table.to_pylist() if row["overall"] is not None}
            yield RATINGS, table
        row_of: dict[str, Matrix] = {}
        for batch in only(self._records, ids, _COLUMNS, _BATCH):
            row_of |= zip(batch["id"].to_pylist(), _columns(batch, self._embedder), strict=True)
        rated = [record for record in ids if record in overall]
        return _Judged(np.array([row_of[one] for one in rated]), np.array([overall[one] for one in rated], float))

    def _least_certain(self, predictor: Predictor, count: int) -> list[str]:
        """The records that the judge was not shown and of whose ratings the predictor is least certain."""
        found = (
            (-margin, lot(record), record)
            for batch in self._batches(self._others())
            for record, margin in zip(batch["id"].to_pylist(), _margins(predictor, batch, self._embedder), strict=True)
        )
        return [record for *_, record in nsmallest(count, found)]

    def _others(self) -> ds.Expression:
        return ~pc.field("id").isin(pa.array(self._seen, pa.string()))

    def _batches(self, wanted: ds.Expression) -> Iterator[pa.RecordBatch]:
        batches = self._records.to_batches(columns=list(_COLUMNS), filter=wanted, batch_size=_BATCH, batch_readahead=2)
        return (batch for batch in batches if batch.num_rows)


def _advice(found: Fidelity, sample: int) -> str:
    share = f"{found.explained:.2f} (at least {found.low:.2f}) of the variance of {found.heldout} held-out ratings is explained"
    return f"{share}; where that is too little, raise sample above {sample}, rate all (sample: null), or name another judge"


def _columns(batch: pa.RecordBatch, embedder: str) -> Matrix:
    """The predictor's columns, shape (records, columns): what is counted, then the vectors of prompt and answer."""
    prompts, answers = ([text or "" for text in batch[name].to_pylist()] for name in ("prompt", "answer"))
    encode = open_embedder(embedder).encode
    return np.hstack([features(prompts, answers), encode(prompts), encode(answers)]).astype(np.float64)


def _margins(predictor: Predictor, batch: pa.RecordBatch, embedder: str) -> list[float]:
    return predictor.predict(_columns(batch, embedder))[1].round(3).tolist()


def _predicted(predictor: Predictor, embedder: str, batch: pa.RecordBatch) -> pa.Table:
    """Rows of silver/ratings in the state `predicted`."""
    expected, margins = predictor.predict(_columns(batch, embedder))
    figures = expected.round(3)
    columns = {
        "id": batch["id"],
        "overall": np.clip(np.rint(figures), 1, 10).astype(np.int32),
        "figure": figures,
        "margin": margins.round(3),
    }
    return ratings_table(columns, judge=predictor.name, prompt_version=PREDICT_VERSION, state="predicted")
