"""Looks at every row of a batch in bounded memory: how many break each rule, and a sample of rows that shows it.

Great Expectations is then given the sample: the first rows, and of the later ones the first that break a rule. So its verdict is
that of all rows, and where there are few rows it has seen them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, KeyValues, Rows, field, pc
from expectations.rules import BETWEEN, EQUAL, FILLED, LISTED, MATCHING, UNIQUE, Rule
from lake.engines.batches import read_batches
from lake.engines.keys import KEYS_IN_MEMORY, Fingerprints, fingerprints, tallies

HEAD = 1_000  # first rows, which are in the sample whether they break a rule or not
EXAMPLES = 5  # rows in the sample that break a rule, for each rule
_LENGTH = "_length"
_PLAIN = re.compile(r"\^?[a-z0-9_\[\]{},-]+\$?")
_BLANKS = " \t\n\v\f\r"

Mask = npt.NDArray[np.bool_]


@dataclass
class Count:
    """One rule over all rows: how many break it, how many it passes over because they are null, why it could not be counted."""

    unexpected: int = 0
    missing: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Scan:
    """What was found. A rule about a whole column, such as its greatest value, has no count: it is judged on the sample."""

    rows: int
    counts: Sequence[Count | None]
    sample: pa.Table  # of the columns that rules name, and the key, those that exist


def scan(rows: Rows, rules: Sequence[Rule], key: str | None, keys_in_memory: int = KEYS_IN_MEMORY) -> Scan:
    """The counts of the rules, in their order, and the sample. Whatever cannot be read or counted is an error of its count."""
    checks = [_Check(rule) for rule in rules]
    named = {name for check in checks for name in check.columns} | ({key} if key else set())
    total, sampled, columns = 0, list[pa.RecordBatch](), list[str]()
    try:
        columns = _existing(rows, named)
        for check in checks:
            if check.kind == UNIQUE and check.columns[0] in columns:
                check.count_repeated(KeyValues(lambda name=check.columns[0]: _values(rows, name)), keys_in_memory)
        for batch in _read(rows, columns):
            wanted = np.arange(total, total + len(batch)) < HEAD
            for check in checks:
                wanted[check.look(batch)] = True
            total += len(batch)
            if wanted.any():
                sampled.append(batch.filter(pa.array(wanted)))
    except Exception as error:  # a file that cannot be read, for one: whatever it is, nothing of this batch passes
        for check in checks:
            check.count.error = _sentence(error)
    empty = pa.table({name: pa.nulls(0) for name in columns})
    sample = pa.Table.from_batches(sampled) if sampled else empty
    for check in checks:
        if not check.counted and total > len(sample):
            check.count.error = f"{check.kind} is not counted over more than {HEAD:,} rows"
    return Scan(total, [check.count if check.counted or check.count.error else None for check in checks], sample)


def _sentence(error: Exception) -> str:
    """What an error says; never empty, since an empty one would count as none."""
    return str(error) or type(error).__name__


class _Check:
    """One rule while batches go by."""

    def __init__(self, rule: Rule) -> None:
        self.kind, self.arguments, self.columns = rule.type, rule.arguments, rule.columns
        self.counted = self.kind in (UNIQUE, FILLED, *_BROKEN)
        self.count = Count()
        # six rows of five repeated keys have two that are alike: Great Expectations is to see a pair
        self._room = EXAMPLES if self.kind != UNIQUE else EXAMPLES + 1
        self._repeated: Fingerprints = np.empty((0, 2), np.uint64)  # a few of the keys that come twice

    def count_repeated(self, keys: KeyValues, keys_in_memory: int) -> None:
        """Counts the rows whose key is not theirs alone, before batches go by."""
        try:
            for tally in tallies({"rows": keys}, limit=keys_in_memory):
                twice = tally.counts[:, 0] > 1
                self.count.unexpected += int(tally.counts[twice].sum())
                found = np.concatenate([self._repeated, tally.fingerprints[twice]])
                self._repeated = found[:EXAMPLES]
        except Exception as error:
            self.count.error = _sentence(error)

    def look(self, batch: pa.RecordBatch) -> npt.NDArray[np.intp]:
        """The places of the rows that the sample needs for this rule; what breaks it is counted."""
        if not self.counted or self.count.error or not set(self.columns) <= set(batch.schema.names):
            return np.empty(0, np.intp)
        try:
            broken = self._broken(batch)
        except Exception as error:
            self.count.error = _sentence(error)
            return np.empty(0, np.intp)
        rows = np.flatnonzero(broken)[: self._room]
        self._room -= len(rows)
        return rows

    def _broken(self, batch: pa.RecordBatch) -> Mask:
        """Which rows break the rule; they are counted, but for repeated keys, which are counted already."""
        columns = [batch.column(name) for name in self.columns]
        null = np.logical_and.reduce([_mask(pc.is_null(values, nan_is_null=True)) for values in columns])
        if self.kind == FILLED:
            self.count.unexpected += int(null.sum())
            return null
        self.count.missing += int(null.sum())
        if null.all():
            return np.zeros(len(batch), np.bool_)
        if self.kind == UNIQUE:
            if not len(self._repeated):
                return np.zeros(len(batch), np.bool_)
            return (fingerprints(columns[0])[:, None] == self._repeated).all(axis=2).any(axis=1) & ~null
        broken = _mask(_BROKEN[self.kind](columns, self.arguments)) & ~null
        self.count.unexpected += int(broken.sum())
        return broken


def _outside(columns: Sequence[pa.Array], arguments: Mapping[str, Any]) -> pa.Array:
    values, least, most = columns[0], arguments.get("min_value"), arguments.get("max_value")
    below = pc.less(values, least) if least is not None else None
    above = pc.greater(values, most) if most is not None else None
    return below if above is None else above if below is None else pc.or_(below, above)


def _not_listed(columns: Sequence[pa.Array], arguments: Mapping[str, Any]) -> pa.Array:
    values = columns[0]
    if pa.types.is_floating(values.type):
        values = pc.add(values, 0.0)  # -0.0 is 0.0
    return pc.invert(pc.is_in(values, value_set=pa.array(arguments["value_set"], values.type)))


def _not_matching(columns: Sequence[pa.Array], arguments: Mapping[str, Any]) -> pa.Array:
    """By Python's `re`, as Great Expectations does: Arrow's expressions differ in what a line break at the end is.

    Arrow is asked first where a pattern is made of letters, digits, sets and counts alone: what it finds there, Python finds too.
    """
    search, values = re.compile(arguments["regex"]).search, columns[0]
    if not (_PLAIN.fullmatch(arguments["regex"]) and pa.types.is_string(values.type)):
        return _not_found(values, search)
    found = pc.match_substring_regex(values, arguments["regex"])
    if pc.all(found).as_py():
        return pc.invert(found)
    return pc.and_(pc.invert(found), _not_found(pc.if_else(found, None, values), search))


def _not_found(values: pa.Array, search: Callable[[str], object]) -> pa.Array:
    """In which values the pattern is not found; each different one is searched once."""
    coded = values.dictionary_encode()
    broken = [search(str(value)) is None for value in coded.dictionary.to_pylist()]
    return pa.array(broken, pa.bool_()).take(coded.indices)


def _unequal(columns: Sequence[pa.Array], arguments: Mapping[str, Any]) -> pa.Array:
    """A null is equal to a null only."""
    return pc.fill_null(pc.not_equal(*columns), True)


_BROKEN: Mapping[str, Callable[[Sequence[pa.Array], Mapping[str, Any]], pa.Array]] = {
    BETWEEN: _outside,
    LISTED: _not_listed,
    MATCHING: _not_matching,
    EQUAL: _unequal,
}


def _mask(values: pa.Array) -> Mask:
    """A null is false."""
    return pc.fill_null(values, False).to_numpy(zero_copy_only=False)


def _existing(rows: Rows, named: set[str]) -> list[str]:
    """The columns to read: all that are named and exist, or any one, since rows without columns are not counted."""
    if isinstance(rows, Computed):
        return [name for name in rows.columns if name in named] or [rows.columns[0]]
    names = rows.schema.names
    measured = [f"{name}{_LENGTH}" for name in names if f"{name}{_LENGTH}" in named - set(names)]
    return [*(name for name in names if name in named), *measured] or names[:1]


def _read(rows: Rows, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    if isinstance(rows, Computed):
        yield from (batch.select(list(columns)) for batch in rows.read())
    else:
        yield from read_batches(rows, {name: _column(rows.schema, name) for name in columns})


def _values(rows: Rows, column: str) -> Iterator[pa.Array]:
    return (batch.column(0) for batch in _read(rows, [column]))


def _column(schema: pa.Schema, name: str) -> ds.Expression:
    """The column itself, or the length of the one it is named after: of texts only numbers are then moved.

    A text's length is in characters from the first that is not blank, so that a blank text has none.
    """
    if name in schema.names:
        return field(name)
    text = name.removesuffix(_LENGTH)
    kind, column = schema.field(text).type, field(text)
    if pa.types.is_list(kind):
        return pc.list_value_length(column)
    if pa.types.is_binary(kind):
        return pc.binary_length(column)
    return pc.utf8_length(pc.utf8_ltrim(column, characters=_BLANKS))
