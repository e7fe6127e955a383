"""Tables written column by column: pandas' orients and lists of equal length; one record a row.

>>> rows({"columns": ["question", "answer"], "index": [0], "data": [["Why?", "So."]]})
[{'question': 'Why?', 'answer': 'So.'}]
>>> rows({"question": {"0": "Why?"}, "answer": {"0": "So."}})
[{'question': 'Why?', 'answer': 'So.'}]
>>> rows({"question": ["Why?", "How?"], "answer": ["So.", "Thus."]})
[{'question': 'Why?', 'answer': 'So.'}, {'question': 'How?', 'answer': 'Thus.'}]
"""

from typing import Any

from spark_jobs.ingest.sources.fields import Record, is_record

_TABLES = (("columns", "data"), ("columns", "rows"), ("header", "rows"), ("header", "data"), ("headers", "rows"), ("fields", "values"), ("columns", "values"))  # fmt: skip


def rows(record: Record) -> list[Any] | None:
    """The rows of a record that is a table by columns; None if it is none. Whether they mean anything is for the caller to see."""
    return _split(record) or _lists(record) or _objects(record)


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
