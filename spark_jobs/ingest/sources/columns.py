"""Tables written column by column: pandas' orients and lists of equal length; one record a row.

>>> rows({"columns": ["question", "answer"], "index": [0], "data": [["Why?", "So."]]})
[{'question': 'Why?', 'answer': 'So.'}]
>>> rows({"question": {"0": "Why?"}, "answer": {"0": "So."}})
[{'question': 'Why?', 'answer': 'So.'}]
>>> rows({"question": ["Why?", "How?"], "answer": ["So.", "Thus."]})
[{'question': 'Why?', 'answer': 'So.'}, {'question': 'How?', 'answer': 'Thus.'}]
"""

from typing import Any

from lake.landing.delimiters import header_of
from lake.landing.names import have_exchange_or_text
from spark_jobs.ingest.sources.fields import Record, is_record

_TABLES = (("columns", "data"), ("columns", "rows"), ("header", "rows"), ("header", "data"), ("headers", "rows"), ("fields", "values"), ("columns", "values"))  # fmt: skip


def rows(record: Record) -> list[Any] | None:
    """The rows of a record that is a table by columns; None if it is none. Whether they mean anything is for the caller to see."""
    return _split(record) or _headed(record) or _lists(record) or _objects(record)


def _rows_below_names(values: list[Any]) -> list[Any] | None:
    """The rows below a first row of names, as records; None where the first row is no header, or a row has another length."""
    if len(values) < 2 or not all(isinstance(row, list) and len(row) == len(values[0]) for row in values):
        return None
    first = values[0]
    names = header_of(first) if len(first) > 1 and all(isinstance(name, str) for name in first) else None
    known = names is not None and have_exchange_or_text(names)[0] and len(set(names)) == len(names)
    return [dict(zip(names, row, strict=True)) for row in values[1:]] if names and known else None


def _headed(record: Record) -> list[Any] | None:
    """The one list of rows with a header that a record has (a range of a spreadsheet), and nothing that asks or answers."""
    if have_exchange_or_text(record)[0]:
        return None
    tables = [rows for value in record.values() if isinstance(value, list) and (rows := _rows_below_names(value))]
    return tables[0] if len(tables) == 1 else None


def _split(record: Record) -> list[Any] | None:
    """Names in one list, rows of values in another."""
    for names, values in _TABLES:
        header, body = record.get(names), record.get(values)
        if isinstance(header, list) and isinstance(body, list) and body:
            labels = [str(label.get("name", label)) if is_record(label) else str(label) for label in header]
            if all(isinstance(row, list) and len(row) == len(labels) for row in body):
                return [dict(zip(labels, row, strict=True)) for row in body]
    return None


def _lists(record: Record) -> list[Any] | None:
    """One list a column, all of one length."""
    columns = list(record.values())
    if len(columns) < 2 or not all(isinstance(column, list) for column in columns):
        return None
    # a list of records is a list of turns or of options of one record
    if len({len(column) for column in columns}) > 1 or any(is_record(column[0]) for column in columns if column):
        return None
    return [dict(zip(record, row, strict=True)) for row in zip(*columns, strict=True)]


def _objects(record: Record) -> list[Any] | None:
    """One object a column, with the rows' numbers or ids as its names."""
    columns = list(record.values())
    if len(columns) < 2 or not all(is_record(column) and column for column in columns):
        return None
    index = list(columns[0])
    # cells that are objects of their own kind and value are one row
    if "value" in index or any(column.keys() != columns[0].keys() for column in columns):
        return None
    return [{name: column[place] for name, column in record.items()} for place in index]
