"""Alpaca: {instruction, input, output}, with LLaMA-Factory's optional system prompt and history of [question, answer] pairs."""

from spark_jobs.sources.turns import Record, Turn, has, single


def turns(record: Record) -> list[Turn] | None:
    """The turns of an Alpaca record, or None if it is not one."""
    if not has(record, "instruction", "output"):
        return None
    latest = single(record["instruction"], record.get("input"), record["output"])
    history = record.get("history")
    pairs = [pair for pair in history if isinstance(pair, list) and len(pair) == 2] if isinstance(history, list) else []
    earlier = [turn for question, answer in pairs for turn in single(question, None, answer)]
    opening = single(None, None, None, record.get("system"))[:-2]
    return [*opening, *earlier, *latest]
