"""The few questions that suites ask across rows and tables, answered alike for Spark frames and for frames in memory.

Answers are small: one row per source, per pattern of membership, or a number. Only `summary` and `exploded`
return frames that grow with rows, and those stay where their rows are: in Spark, if they came from Spark.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeGuard

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from lake.harness.job import Views

    Frame = DataFrame | ds.Dataset | pa.Table | pd.DataFrame
    Frames = Views


_BLANKS = " \t\n\v\f\r"


def is_spark(frame: Frame) -> TypeGuard[DataFrame]:
    """Whether the rows are in Spark."""
    return not isinstance(frame, ds.Dataset | pa.Table | pd.DataFrame)


def in_memory(frame: Frame, columns: Collection[str]) -> pd.DataFrame | None:
    """The named columns that exist (the first, if none does), or None for a frame in Spark: the harness hands out small ones held."""
    return None if is_spark(frame) else _pandas(frame, columns)


def _pandas(frame: Any, columns: Collection[str]) -> pd.DataFrame:
    if isinstance(frame, pd.DataFrame):
        return frame.loc[:, _existing(list(frame.columns), columns)]
    chosen = _existing(frame.schema.names, columns)
    table = frame.select(chosen) if isinstance(frame, pa.Table) else frame.to_table(columns=chosen)
    return table.to_pandas()


def _existing(names: Sequence[str], columns: Collection[str]) -> list[str]:
    return [name for name in names if name in columns] or list(names[:1])


def keys(frame: Frame, column: str, where: str | None = None) -> Frame:
    """The values of one column as a frame with the column `key`, one row each; a list gives one row per element.

    `where` is a condition in the language that Spark SQL and pandas share: comparisons, and, or, not.
    """
    if is_spark(frame):
        from pyspark.sql import functions as F

        chosen = frame.filter(where) if where else frame
        listed = dict(chosen.dtypes)[column].startswith("array")
        return chosen.select((F.explode(column) if listed else F.col(column)).alias("key"))
    held = _pandas(frame, {column} | set(re.findall(r"\w+", where or "")))
    chosen: Any = held.query(where) if where else held
    return pd.DataFrame({"key": chosen[column].explode().dropna()})


def phrases(frame: Frame, columns: Sequence[str], where: str | None = None, until: str | None = None) -> Frame:
    """`key`: the columns' texts joined by a space, cut before the first `until`, as lower-case words and nothing else."""
    if is_spark(frame):
        from pyspark.sql import functions as F

        chosen = frame.filter(where) if where else frame
        joined = F.concat_ws(" ", *columns)
        cut = joined if until is None else F.substring_index(joined, until, 1)
        keyed = chosen.select(F.trim(F.regexp_replace(F.lower(cut), r"[^\p{L}\p{N}]+", " ")).alias("key"))
        return keyed.filter("key != ''")
    held = _pandas(frame, {*columns} | set(re.findall(r"\w+", where or "")))
    chosen: Any = held.query(where) if where else held
    joined = (" ".join(row) for row in chosen[[*columns]].itertuples(index=False))
    cut = (text.split(until, 1)[0] if until else text for text in joined)
    words = (" ".join(re.findall(r"[^\W_]+", text.lower())) for text in cut)
    return pd.DataFrame({"key": [phrase for phrase in words if phrase]})


def mean(frame: Frame, column: str) -> float:
    """The mean of a column of at least one row."""
    if is_spark(frame):
        from pyspark.sql import functions as F

        return float(frame.agg(F.avg(column)).collect()[0][0])
    return float(_pandas(frame, {column})[column].mean())


def rows_in(frame: Frame, where: str | None = None) -> int:
    """The number of rows, or of those for which `where` is true; it is written as in `keys`.

    Spark and pandas disagree on comparisons with null: a suite that asks about a column also wants it `filled`.
    """
    if is_spark(frame):
        return (frame.filter(where) if where else frame).count()
    held = _pandas(frame, set(re.findall(r"\w+", where or "")))
    return len(held.query(where) if where else held)


def loss(before: Frame, after: Frame, column: str = "source") -> pd.DataFrame:
    """For each value of `column` in `before`: the rows, and `lost`, the share that `after` no longer has."""
    totals = pd.DataFrame({"before": _counts(before, column), "after": _counts(after, column)}).fillna(0)
    totals = totals[totals["before"] > 0]
    return totals.assign(lost=1 - totals["after"] / totals["before"]).rename_axis(column).reset_index()


def _counts(frame: Frame, column: str) -> Any:
    """Rows per value: small, because a source has many rows."""
    if is_spark(frame):
        return frame.groupBy(column).count().toPandas().set_index(column)["count"]
    return _pandas(frame, {column}).groupby(column, dropna=False).size()


def first(frame: Frame, order: Sequence[str], most: int, **equal: Any) -> pd.DataFrame:
    """The first rows by the columns `order` (downwards for `-name`) of those with these values."""
    names, upwards = [name.removeprefix("-") for name in order], [not name.startswith("-") for name in order]
    if is_spark(frame):
        from pyspark.sql import functions as F

        chosen = reduce(lambda rows, column: rows.filter(F.col(column) == equal[column]), equal, frame)
        return chosen.orderBy(*names, ascending=upwards).limit(most).toPandas()
    held: Any = frame if isinstance(frame, pd.DataFrame) else _pandas(frame, frame.schema.names)
    chosen = reduce(lambda rows, column: rows[rows[column] == equal[column]], equal, held)
    return chosen.sort_values(names, ascending=upwards).head(most)


def summary(frame: Frame, by: str, distinct: Sequence[str], largest: Sequence[str] = ()) -> Frame:
    """One row per value of `by`: `rows`, how many different values each column of `distinct` has there, and for each of
    `largest` its greatest value as `largest_<name>`.

    A null counts as a value: two licences, one of them unstated, are two.
    """
    if is_spark(frame):
        from pyspark.sql import functions as F

        unlike = [(F.count_distinct(name) + F.max(F.col(name).isNull().cast("int"))).alias(name) for name in distinct]
        tops = [F.max(name).alias(f"largest_{name}") for name in largest]
        return frame.groupBy(by).agg(F.count("*").alias("rows"), *unlike, *tops)
    groups = _pandas(frame, {by, *distinct, *largest}).groupby(by)
    unlike = {name: groups[name].nunique(dropna=False) for name in distinct}
    tops = {f"largest_{name}": groups[name].max() for name in largest}
    return pd.DataFrame({"rows": groups.size(), **unlike, **tops}).reset_index()


def patterns(frame: Frame, columns: Sequence[str], key: str) -> Frame:
    """Each combination of the columns' values once, with the `key` of one row that has it: for columns of few different values."""
    if is_spark(frame):
        return frame.select(key, *columns).dropDuplicates([*columns])
    return _pandas(frame, {key, *columns}).drop_duplicates([*columns])


def empty(frame: Frame, *columns: str) -> int:
    """The number of rows in which all these columns are null."""
    if is_spark(frame):
        return frame.filter(" and ".join(f"{column} is null" for column in columns)).count()
    held: Any = _pandas(frame, columns)
    return int(held[[*columns]].isna().all(axis=1).sum())


def measured(frame: Frame, lengthy: Sequence[str], others: Sequence[str]) -> Frame:
    """The other columns, and for each lengthy one `<name>_length`: characters from the first that is no blank on, bytes or
    elements.

    An audit of long texts then moves numbers only.
    """
    if is_spark(frame):
        from pyspark.sql import functions as F

        kinds = dict(frame.dtypes)
        sizes = {name: F.size(name) if kinds[name].startswith("array") else F.length(name) for name in lengthy}
        for name in (name for name in lengthy if kinds[name] == "string"):
            # not both ends: for the end, Spark first finds where each character of the text begins
            sizes[name] = F.length(F.ltrim(name, F.lit(_BLANKS)))
        return frame.select(*others, *(size.alias(f"{name}_length") for name, size in sizes.items()))
    held = _pandas(frame, {*lengthy, *others})
    return held[[*others]].assign(**{f"{name}_length": held[name].map(_length) for name in lengthy})


def _length(value: Any) -> int | None:
    if value is None:
        return None
    return len(value.lstrip(_BLANKS) if isinstance(value, str) else value)


def exploded(frame: Frame, column: str) -> Frame:
    """One row per element of a list column: `id` and `element`; an empty or missing list has no row."""
    if is_spark(frame):
        from pyspark.sql import functions as F

        return frame.select("id", F.explode(column).alias("element"))
    held = _pandas(frame, {"id", column})
    listed = [
        (id_, entry) for id_, entries in zip(held["id"], held[column], strict=True) for entry in _entries(entries)
    ]
    return table(listed, ["id", "element"])


def _entries(listed: Any) -> Any:
    return () if listed is None else listed


def table(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The rows as a frame in memory, also when there is none."""
    return pd.DataFrame.from_records(list(rows), columns=[*columns])


def records(frame: Frame, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a frame held by Arrow or pandas, batch by batch."""
    held: Any = pa.Table.from_pandas(frame, preserve_index=False) if isinstance(frame, pd.DataFrame) else frame
    table = held.select(list(columns)) if isinstance(held, pa.Table) else held
    batches = table.to_batches() if isinstance(held, pa.Table) else table.to_batches(columns=list(columns))
    for batch in batches:
        yield from batch.to_pylist()
