"""One text in, one text out, under the names in use: {prompt, completion}, FLAN's {inputs, targets} and their mixtures."""

from spark_jobs.sources.turns import Record, Turn, has, single

_PAIRS = (
    ("prompt", "completion"),
    ("prompt", "response"),
    ("prompt", "output"),
    ("prompt", "answer"),
    ("inputs", "targets"),
    ("input", "target"),
    ("input", "output"),
    ("query", "response"),
    ("source", "target"),
)


def turns(record: Record) -> list[Turn] | None:
    """The turns of a record with one of these pairs of fields, or None if it has none."""
    for prompt, completion in _PAIRS:
        if has(record, prompt, completion):
            return single(record[prompt], None, record[completion], record.get("system"))
    return None
