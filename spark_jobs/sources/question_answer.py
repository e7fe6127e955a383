"""Question and answer columns, in any case of letters: {question, answer}, a context if there is one, TruthfulQA's best answer."""

from spark_jobs.sources.turns import Record, Turn, single

_ANSWERS = ("best answer", "answer", "answers", "response")


def turns(record: Record) -> list[Turn] | None:
    """The turns of a question and its answer, or None if the record has not both."""
    fields = {name.strip().casefold(): value for name, value in record.items()}
    answer = next((name for name in _ANSWERS if name in fields), None)
    if "question" not in fields or answer is None or isinstance(fields["question"], list):
        return None
    return single(fields["question"], fields.get("context"), fields[answer])
