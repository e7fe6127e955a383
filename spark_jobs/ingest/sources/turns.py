"""Turns of a conversation, made of the values of a record: of one exchange, of exchanges, of texts that alternate.

    >>> turns_of_exchange("Add", "2 and 2", 4)
    [{'role': 'user', 'content': 'Add\\n\\n2 and 2'}, {'role': 'assistant', 'content': '4'}]

Lists of messages are read in `messages.py`. Nothing is mended here: what a text went through on its way is for the clean stage.
"""

import re
from collections.abc import Callable
from typing import Any

from lake.landing.conversations import closed, conversation_turns, opening_role, prompt_turns
from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Record, find_name, folded, is_record
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, context_text, first_text, in_cell

Reader = Callable[[Record], list[Turn] | None]

_QUESTION_FIELDS = ("human", "user", "question", "prompt", "instruction", "query", "input", "q")
_ANSWER_FIELDS = ("assistant", "bot", "gpt", "answer", "response", "completion", "output", "reply", "a")
# the ends of a prompt that was rendered as a template up to where the answer begins; a blank may follow behind what is
# a speaker for sure, behind other words with a colon it may belong to the prompt
_OPEN_END = re.compile(
    r"(?:[:\]>]|(?:Assistant:|ASSISTANT:|AI:|\|>|\[/INST\]|(?:<\|im_start\|>|<start_of_turn>|#{2,4} ?)[A-Za-z]{2,12}:?)\s*)\Z"
)


def turns_of_exchange(question: Any, context: Any, answer: Any) -> list[Turn]:
    """The turns of one question and its answer; the context follows the question after a blank line.

    A question may be a conversation already, which the answer ends.
    """
    if not isinstance(question, str):
        earlier = turns_of_messages(question.get("messages") if is_record(question) else question)
        if earlier:
            return [*earlier, {"role": "assistant", "content": first_text(answer)}]
        _check_one_question(question, answer)
    prompt = as_text(question)
    more = "" if context is None or context == "" else context_text(context)
    if more.strip():
        prompt = f"{prompt}\n\n{more}" if prompt.strip() else more
    elif _ends_open(prompt[-40:]) and (before := prompt_turns(prompt)):
        return [*turns_said(before), {"role": "assistant", "content": closed(first_text(answer))}]
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": first_text(answer)}]


def _ends_open(tail: str) -> bool:
    """Whether the end of a prompt is that of a template; nearly all prompts are told by their last character."""
    may = tail.rstrip().endswith((":", "]", ">")) or "<" in tail or "##" in tail
    return may and _OPEN_END.search(tail) is not None


def _check_one_question(question: Any, answer: Any) -> None:
    """Raises RecordRejected for the numbers of tokens, and for several questions with an answer each."""
    if not isinstance(question, list) or not question:
        return
    if all(isinstance(token, int) for token in question):
        raise RecordRejected(
            "unknown_shape", "the question is a list of numbers, as programs have texts by their tokens"
        )
    if (
        isinstance(answer, list)
        and len(answer) == len(question) > 1
        and all(isinstance(text, str) for text in question)
    ):
        told = f"{len(question)} questions with an answer each may be the rounds of one conversation or records of their own"
        raise RecordRejected("unknown_shape", f"{told}; one list of turns, or a record each, is read")


def turns_said(said: list[tuple[str, str]]) -> list[Turn]:
    """The turns of (role, words) pairs."""
    return [{"role": role, "content": words} for role, words in said]


def with_system(system: Any, turns: list[Turn] | None) -> list[Turn] | None:
    """The turns, behind a system turn if `system` says something; None if there are no turns."""
    if turns is None or not system:
        return turns
    text = context_text(system)
    # some exports keep the instruction both in and beside the conversation
    if not text.strip() or (turns and turns[0] == {"role": "system", "content": text}):
        return turns
    return [{"role": "system", "content": text}, *turns]


def turns_of_exchanges(exchanges: object) -> list[Turn] | None:
    """The turns of a list of exchanges, each [question, answer] or {human, assistant}; None if any is not one."""
    exchanges = in_cell(exchanges)
    if not isinstance(exchanges, list) or not exchanges:
        return None
    # a pair may be a speaker and the words
    if isinstance(exchanges[0], list) and (spoken := turns_of_messages(exchanges)):
        return spoken
    turns: list[Turn] = []
    for exchange in exchanges:
        pair = _turns_of_pair(exchange)
        if pair is None:
            return None
        turns += pair
    return turns


def answered(turns: list[Turn] | None, record: Record, answer: str | None) -> list[Turn] | None:
    """The turns with the answer that stands beside them, where they end before it."""
    if not turns or answer is None or turns[-1]["role"] not in ("user", "tool") or record[answer] in (None, ""):
        return turns
    given = record[answer]
    last = turns_of_messages([given] if is_record(given) else given)
    said = last[-1]["content"] if last and last[-1]["role"] == "assistant" else first_text(given)
    return [*turns, {"role": "assistant", "content": said}] if said.strip() else turns


def turns_of_texts(texts: object) -> list[Turn] | None:
    """The turns of two or more texts that a user and an assistant say in turn; None if it is not that."""
    if not isinstance(texts, list) or len(texts) < 2 or not all(isinstance(text, str) for text in texts):
        return None
    # each may say itself who speaks
    if all(map(opening_role, texts)) and (spoken := conversation_turns("\n".join(texts))):
        return turns_said(spoken)
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


def _turns_of_pair(exchange: Any) -> list[Turn] | None:
    if isinstance(exchange, list | tuple):
        two = len(exchange) == 2 and all(isinstance(text, str) for text in exchange)
        return turns_of_exchange(exchange[0], None, exchange[1]) if two else None
    if not is_record(exchange):
        return None
    # `Human` and `human` are one name here, too
    names = folded(exchange)
    question, answer = find_name(names, _QUESTION_FIELDS), find_name(names, _ANSWER_FIELDS)
    if question is None or answer is None:
        return None
    turns = turns_of_exchange(exchange[question], _context(exchange, names, question), exchange[answer])
    system = find_name(names, SYSTEM)
    return turns if system is None else with_system(exchange[system], turns)


def _context(exchange: Record, names: Fields, question: str) -> Any:
    name = find_name(names, ("input", "context"))
    return None if name in (None, question) else exchange[name]
