"""What a benchmark item asks, its right answer and the wrong ones: by these a model is examined."""

from collections.abc import Sequence
from typing import Any

from spark_jobs.ingest.sources.fields import Record, fold
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.texts import as_text, in_cell
from texts.choice_questions import choice_question, plain_question

_WRONG = ("incorrectanswers", "incorrectanswer", "wronganswers", "wronganswer", "distractors")
_ONE_OF_THEM = ("distractor", "incorrectanswer", "wronganswer")  # and its number, as in SciQ
_BETWEEN = "; "  # as TruthfulQA has its answers


def examined(record: Record, turns: Sequence[Turn]) -> dict[str, Any]:
    """The columns question, answer and wrong, from the turns that were read and the fields that name wrong answers."""
    *before, last = (turn["content"] for turn in turns)
    prompt, wrong = "\n".join(before), wrong_answers(record)
    chosen = None if wrong else choice_question(prompt, last)
    if chosen:
        return {"question": chosen.question, "answer": chosen.answer, "wrong": list(chosen.wrong)}
    others = [text for text in dict.fromkeys(wrong) if text != last]
    return {"question": plain_question(prompt), "answer": last, "wrong": others}


def wrong_answers(record: Record) -> list[str]:
    """The wrong answers that a record's fields name: a list, a text with `; ` between them, or a field for each.

    >>> wrong_answers({"Question": "Why?", "Incorrect Answers": "For fun; By chance"}), wrong_answers({"distractor1": "cork"})
    (['For fun', 'By chance'], ['cork'])
    """
    found: list[str] = []
    for name, value in record.items():
        folded = fold(name)
        if folded in _WRONG:
            held = in_cell(value)
            found += map(as_text, held) if isinstance(held, list) else as_text(held).split(_BETWEEN)
        elif folded.rstrip("0123456789") in _ONE_OF_THEM:
            found.append(as_text(value))
    return [text.strip() for text in found if text.strip()]
