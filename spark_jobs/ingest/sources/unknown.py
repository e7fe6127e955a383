"""Records without a reading: the sentence that says what was seen in them, and what to type so that they are read."""

from typing import Any

from spark_jobs.ingest.sources.fields import ANSWER, Record, find_name, fold, folded, is_record
from spark_jobs.ingest.sources.messages import unknown_speakers
from spark_jobs.ingest.sources.preference import CHOSEN, REJECTED
from spark_jobs.ingest.sources.texts import in_cell
from spark_jobs.ingest.sources.wrapper import wrong_lists

_ASKED = ("question", "prompt", "instruction", "query", "input", "problem", "title", "task")
# what says which answer is better, or whose it is, is none itself
_ABOUT = frozenset(
    {"id", "winner", "preference", "preferred", "better", "model", "source", "category", "lang", "language", "type", "split"}
)  # fmt: skip
_SHOWN = 12  # names of fields in a sentence, at most


def why_unread(record: Record) -> tuple[str, str] | None:
    """The reason and the sentence where a single thing keeps the record from being read; None where no shape fits at all."""
    for name, value in record.items():
        if isinstance(value, list | str | dict) and (names := unknown_speakers(value)):
            said = ", ".join(map(repr, names[:5]))
            return (
                "unknown_role",
                f"in the field {name!r} speaks {said}, which is no known role: not user, assistant, system or tool",
            )
    fields = folded(record)
    wrong = [name for one in wrong_lists(record) for name in one]
    worse = find_name(fields, REJECTED) if find_name(fields, CHOSEN) is None and not wrong else None
    if worse is not None:
        return "bad_answer", f"the only answer is in the field {worse!r}, and that is the one its owner rejects"
    # beside other lists and objects, which may be read
    if wrong and not any(isinstance(in_cell(record[name]), list | dict) for name in record if name not in wrong):
        count = sum(len(in_cell(record[name])) for name in wrong)
        return (
            "bad_answer",
            f"{' and '.join(map(repr, wrong))} is called wrong by its name: its {count} examples are not read",
        )
    return None


def fields_seen(record: Record) -> tuple[str, str]:
    """The reason and the sentence for a record that no shape fits: its fields, and the map that would read it."""
    names = [str(name) for name in record]
    if names and all(name.isdecimal() for name in names):
        seen = ", ".join(f"{name} ({_short(value)})" for name, value in list(record.items())[:_SHOWN])
        return (
            "no_header",
            f"the table has no header that is known; its columns are {seen}; {_suggestion(record)} reads it",
        )
    seen = ", ".join(sorted(names))
    return "unknown_shape", f"no known shape has the fields {seen}"[:400] + f"; {_suggestion(record)} reads it"


def list_seen(values: list[Any]) -> str:
    """The sentence for a list where a record with fields was expected."""
    return f"a list where a record with fields was expected, of {len(values)} values; {_suggestion({str(place): value for place, value in enumerate(values, 1)})} reads it"


def _suggestion(record: Record) -> str:
    """What to type so that such records are read; placeholders where nothing speaks for a field."""
    talk = next(
        (name for name, value in record.items() if isinstance(value, list) and value and all(map(is_record, value))),
        None,
    )
    if talk is not None:
        return f"if {talk} is a conversation, --map messages={talk}"
    fields = folded(map(str, record))
    texts = [
        str(name)
        for name, value in record.items()
        if isinstance(value, str) and value.strip() and not value.strip().isdecimal() and fold(str(name)) not in _ABOUT
    ]
    prompt = find_name(fields, _ASKED) or next(iter(texts), "FIELD")
    rest = [name for name in texts if name != prompt]
    answer = find_name({known: name for known, name in fields.items() if name != prompt}, ANSWER) or next(
        iter(rest), "FIELD"
    )
    return f"if these are a question and its answer, --map prompt={prompt},response={answer}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 30 else f"{text[:29]}…"
