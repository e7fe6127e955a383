"""Records that can be read in two ways: which fields compete, and the `--map` for each way, so that their owner can say which is meant.

    >>> record = {"question": "Why is it wet?", "answer": "It rained all night.", "response": "Somebody spilled the tea."}
    >>> said = [record["question"], record["response"]]
    >>> two_readings(record, said)
    "'answer' and 'response' may both be the response; --map prompt=question,response=answer or --map prompt=question,response=response decides"
    >>> two_readings({**record, "answer": "Tea."}, said) is None
    True

Only names that mean the same, with texts of several words of which one says what the other does not: a short result beside its
working, a marked best answer or a rendered prompt leave no doubt. One name twice, as `Answer` and `answer`, is a doubt in any case.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from spark_jobs.ingest.sources.choices import GOLD
from spark_jobs.ingest.sources.fields import CONTEXT, Record, answer_name, find_name, folded, plain_name
from spark_jobs.ingest.sources.options import has_options, options_name
from spark_jobs.ingest.sources.passage import TEXTS

_SIDES = {
    "prompt": frozenset({"prompt", "question", "query", "problem", "instruction", "request"}),
    "response": frozenset(
        {"output", "outputs", "response", "responses", "completion", "answer", "reply", "target", "targets", "generation"}
    ),
}  # fmt: skip
_WORDS = 3  # of a text that is compared, at least


def two_readings(record: Record, said: Sequence[str]) -> str | None:
    """The fields of a record that compete for one role, if one's text is not in what was read of the record; None if none do."""
    for role, rivals in _rivals(tuple(record)):
        twins = len(set(map(plain_name, rivals))) < len(rivals)
        texts = {name: record[name].split() for name in rivals if isinstance(record[name], str)}
        texts = {name: " ".join(words) for name, words in texts.items() if len(words) >= (1 if twins else _WORDS)}
        read = " ".join(" ".join(said).split()) if len(texts) > 1 else ""
        # what another field says as well is not lost
        if read and any(text not in read for text in texts.values()):
            return (
                f"{' and '.join(map(repr, texts))} may both be the {role}; {_maps(record, role, list(texts))} decides"
            )
    return None


def counted_options(record: Record) -> str | None:
    """The maps for options that are named by a number, counted from 0 or from 1; None where the options are not one field."""
    fields = folded(record)
    offered, answer = options_name(fields), answer_name(fields) or find_name(fields, GOLD)
    question = next((name for name in record if plain_name(name) in _SIDES["prompt"]), None)
    if offered is None or answer is None or question is None:
        return None
    start = f"--map prompt={question},options={offered}"
    return f"{start},answer_index={answer} counts from 0, {start},answer_number={answer} from 1"


@lru_cache(4096)
def _rivals(names: tuple[Any, ...]) -> list[tuple[str, list[str]]]:
    """For each role, the names that may be it, where there are several; none beside options, of which an answer is one."""
    if has_options(folded(names)):
        return []
    sides = [(role, [name for name in names if plain_name(name) in known]) for role, known in _SIDES.items()]
    # a summary beside a text is no rival of it, another `text` is
    sides += [("text", [name for name in names if plain_name(name) == known]) for known in TEXTS]
    return [(role, found) for role, found in sides if len(found) > 1]


def _maps(record: Record, role: str, rivals: Sequence[str]) -> str:
    """The map that takes each of the rivals in turn, beside the other fields of the exchange."""
    if role == "text":
        return " or ".join(f"--map text={rival}" for rival in rivals)
    other = next(one for one in _SIDES if one != role)
    partner = next((name for name in record if plain_name(name) in _SIDES[other]), "FIELD")
    context = find_name(folded(record), CONTEXT)
    more = f",context={context}" if context is not None and record[context] else ""
    ways = [{role: rival, other: partner} for rival in rivals]
    return " or ".join(f"--map prompt={way['prompt']}{more},response={way['response']}" for way in ways)
