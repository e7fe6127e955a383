"""The judge `file`: ratings that a user brings, a figure a record, found by what the file and the record have in common.

`by` names the columns that tell a record together: its `id` in the lake, `source` and `original_id`, or its `prompt`; they are compared as
texts, white space aside. A record of which the file has no figure is `skipped`, a figure beyond the scale `unparsable`. Figures of no
record at hand are counted and told. Memory: about 200 bytes a figure.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from inference.judge_params import JudgeParams
from inference.judges import ratings_table
from lake.errors import UserError
from lake.harness.progress import console
from lake.ids import content_id, sha256_file

FILE_VERSION = "file-1"  # of how a figure is found
_PACKED = (".gz", ".zst", ".bz2")
_NO_FIGURE = (None, "")

Row = Mapping[str, Any]
Rated = tuple[str, float | None, int | None, str | None]  # state, figure, overall, error


class FileJudge:
    """Rates records by the figures of one file; `name` is the digest of all that decides a rating."""

    def __init__(self, params: JudgeParams) -> None:
        self._params, self._path = params, Path(params.path)
        self._figures = _figures(self._path, params.by, params.column)
        self._unused = set(self._figures)
        meant = (*params.by, params.column, *params.cuts, *(params.scale or ()), params.better_end)
        self.name = content_id("file", sha256_file(self._path), *map(str, meant))
        self.columns = tuple(dict.fromkeys(("id", *params.by)))

    def rated(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """The rows of silver/ratings, in order."""
        for batch in batches:
            keys = (_key(row, self._params.by) for row in batch.to_pylist())
            state, figure, overall, error = map(list, zip(*map(self._rated, keys), strict=True))
            columns = {"id": batch["id"], "state": state, "figure": figure, "overall": overall, "error": error}
            yield ratings_table(columns, judge=self.name, prompt_version=FILE_VERSION)

    def bill(self, kept: int) -> Mapping[str, float]:
        """How many figures of the file are of no record that was asked for."""
        return {"figures_of_no_record": len(self._unused)}

    def tell_unused(self) -> None:
        """Says how many figures are of no record that was asked for, where there are any."""
        if self._unused:
            of = f"{len(self._unused):,} of {len(self._figures):,} figures in {self._path.name}"
            console().print(f"  {of} are of no record that was to be rated", style="dim")

    def _rated(self, key: bytes | None) -> Rated:
        figure = None if key is None else self._figures.get(key)
        if key is None or figure is None:
            return "skipped", None, None, "nothing_to_rate: the file has no figure of this record"
        self._unused.discard(key)
        overall = self._params.overall(figure)
        if overall is None:
            return "unparsable", figure, None, f"unparsable_rating: {figure:g} is not on the scale {self._params.scale}"
        return "rated", figure, overall, None


def _figures(path: Path, by: Sequence[str], column: str) -> dict[bytes, float]:
    """The figure of each key; rows without a figure are left out. Raises UserError for what cannot be meant."""
    found: dict[bytes, float] = {}
    wanted = (*by, column)
    for number, row in enumerate(_rows(path, wanted), start=1):
        if missing := [name for name in wanted if name not in row]:
            raise UserError(f"{path}: row {number} has no {missing[0]!r}: it has {', '.join(map(str, row))}")
        key = _key(row, by)
        if row[column] in _NO_FIGURE or key is None:
            continue
        figure = _figure(row[column])
        if figure is None:
            raise UserError(
                f"{path}: {column!r} of row {number} is {row[column]!r}; allowed are finite numbers and nothing"
            )
        if found.setdefault(key, figure) != figure:
            raise UserError(f"{path}: row {number} rates {dict(row)} {figure:g}, a row before it {found[key]:g}")
    return found


def _figure(value: Any) -> float | None:
    try:
        figure = float(value)
    except (TypeError, ValueError):
        return None
    return figure if isfinite(figure) else None


def _key(row: Row, by: Sequence[str]) -> bytes | None:
    """Digest of the values of `by`; None where one of them is empty."""
    values = [" ".join(str(row[name]).split()) if row[name] is not None else "" for name in by]
    return sha256(json.dumps(values).encode()).digest()[:16] if all(values) else None


def _rows(path: Path, columns: Sequence[str]) -> Iterable[Row]:
    """The rows of a file; of Parquet these columns alone. Raises UserError where it is not there, or of no known form."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in _PACKED]
    reader = _READERS.get(suffixes[-1] if suffixes else "")
    if reader is None:
        raise UserError(
            f"{path}: ratings are read from {', '.join(_READERS)}, each of text also packed as {', '.join(_PACKED)}"
        )
    try:
        yield from reader(path, columns)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file of ratings") from None
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise UserError(f"{path} cannot be read as ratings: {' '.join(str(error).split())[:200]}") from None


def _lines(path: Path) -> Iterator[str]:
    # Arrow unpacks by the suffix; a byte order mark is none of the first name
    with pa.input_stream(str(path)) as packed, io.TextIOWrapper(packed, encoding="utf-8-sig", newline="") as lines:
        yield from lines


def _delimited(delimiter: str) -> Callable[[Path, Sequence[str]], Iterator[Row]]:
    def rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
        yield from csv.DictReader(_lines(path), delimiter=delimiter)

    return rows


def _json_lines(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    for line in _lines(path):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"a line holds {line.strip()[:40]!r}, not an object")
            yield row


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        there = [name for name in columns if name in file.schema_arrow.names]
        if len(there) < len(columns):
            yield dict.fromkeys(file.schema_arrow.names)  # the first row is told to lack a column
        for batch in file.iter_batches(columns=there):
            yield from batch.to_pylist()


_READERS: Mapping[str, Callable[[Path, Sequence[str]], Iterator[Row]]] = {
    ".csv": _delimited(","), ".tsv": _delimited("\t"), ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet,
}  # fmt: skip
