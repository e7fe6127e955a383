"""What suites ask of one table: it is read by Arrow in bounded batches, and the answer is small or read in batches again.

A condition is an Arrow expression. A row for which it is null is not chosen: a suite that asks about a column also wants it `filled`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset as ds

from lake.engines.batches import read_batches
from lake.engines.keys import Column

if TYPE_CHECKING:
    from lake.harness.job import Views

    Frames = Views

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them
field: Any = ds.field  # conditions are written with operators that types do not know


WHOLE_ROWS = 100_000  # of a column that Great Expectations is given as a whole: shares and quantiles are off by some thousandths at most


@dataclass(frozen=True)
class Computed:
    """Rows that are computed batch by batch, again each time they are read."""

    columns: tuple[str, ...]
    read: Callable[[], Iterator[pa.RecordBatch]]


Rows = ds.Dataset | Computed


@dataclass(frozen=True)
class KeyValues:
    """Keys batch by batch, read again each time they are iterated; a null is no key."""

    read: Callable[[], Iterator[pa.Array]]

    def __iter__(self) -> Iterator[pa.Array]:
        return (values.drop_null() for values in self.read())


def whole_columns(rows: Rows | None, columns: Sequence[str]) -> pd.DataFrame:
    """The columns of a table in memory, of more than a hundred thousand rows about so many, drawn by chance; without columns, a frame of as many rows."""
    if rows is None or isinstance(rows, Computed):
        return pd.DataFrame()
    count = rows.count_rows()
    if not columns:
        return pd.DataFrame(index=range(count))
    # drawn, not every n-th: rows of some files come in a rhythm
    chance, parts = np.random.default_rng(0), list[pa.RecordBatch]()
    for batch in read_batches(rows, list(dict.fromkeys(columns))):
        parts.append(batch.filter(pa.array(chance.random(len(batch)) * count < WHOLE_ROWS)))
    found = pa.Table.from_batches(parts) if parts else rows.schema.empty_table().select(list(dict.fromkeys(columns)))
    return found.to_pandas()


def keys(rows: ds.Dataset, column: str, where: ds.Expression | None = None) -> KeyValues:
    """The values of a column; of a list column, its elements."""
    return KeyValues(lambda: iter(Column(rows, column, where)))


def as_kind(kind: str, ids: KeyValues) -> KeyValues:
    """The ids of the same things under another kind: `rec_x` for `raw_x`."""
    return KeyValues(lambda: (pc.replace_substring_regex(batch, "^[a-z]+_", f"{kind}_") for batch in ids))


def phrases(
    rows: ds.Dataset,
    columns: Sequence[str],
    where: ds.Expression | None = None,
    parts: Callable[[str], list[str]] | None = None,
) -> KeyValues:
    """The columns' texts joined by a space, or the `parts` of each, as lower-case words and nothing else.

    `"Who leaked?\\nNobody."` is `who leaked nobody`. A text without a word is no key.
    """

    def read() -> Iterator[pa.Array]:
        for batch in read_batches(rows, columns, where):
            texts = pc.binary_join_element_wise(*batch.columns, " ", null_handling="skip")
            if parts:
                texts = pa.array([part for text in texts.to_pylist() for part in parts(text)], pa.string())
            words = pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\p{L}\p{N}]+", " ")
            trimmed = pc.utf8_trim_whitespace(words)
            yield trimmed.filter(pc.not_equal(trimmed, ""))

    return KeyValues(read)


def table(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> ds.Dataset:
    """A few rows held in memory, also when there is none."""
    listed = list(rows)
    return ds.dataset(pa.table({name: [row[place] for row in listed] for place, name in enumerate(columns)}))


def records(rows: ds.Dataset, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows as dictionaries, read batch by batch."""
    for batch in read_batches(rows, columns):
        yield from batch.to_pylist()


def rows_by(rows: ds.Dataset, column: str, where: ds.Expression | None = None) -> Counter[Any]:
    """How many rows have each value, for a column of few different ones, null among them."""
    counted: Counter[Any] = Counter()
    for batch in read_batches(rows, [column], where):
        for entry in pc.value_counts(batch.column(0)).to_pylist():
            counted[entry["values"]] += entry["counts"]
    return counted


def empty(*columns: str) -> Any:
    """The condition that all these columns are null or NaN."""
    condition = field(columns[0]).is_null(nan_is_null=True)
    for column in columns[1:]:
        condition &= field(column).is_null(nan_is_null=True)
    return condition


def mean(rows: ds.Dataset, column: str) -> float:
    """The mean of a column of at least one value."""
    total = count = 0.0
    for batch in read_batches(rows, [column]):
        total += pc.sum(batch.column(0)).as_py() or 0.0
        count += pc.count(batch.column(0)).as_py()
    return total / count


def elements(rows: ds.Dataset, column: str) -> tuple[int, int]:
    """How many elements the lists of a column have in all, and how many of these are null."""
    counted = [(len(values), values.null_count) for values in Column(rows, column)]
    return sum(count for count, _ in counted), sum(nulls for _, nulls in counted)


def first(batches: Iterable[pa.RecordBatch], order: Sequence[tuple[str, str]], most: int) -> list[dict[str, Any]]:
    """The first `most` rows in the order of (column, "ascending" or "descending")."""
    best: pa.Table | None = None
    for batch in batches:
        found = pa.Table.from_batches([batch])
        rows = found if best is None else pa.concat_tables([best, found])
        best = rows.take(pc.select_k_unstable(rows, k=most, sort_keys=list(order)))
    return best.to_pylist() if best else []
