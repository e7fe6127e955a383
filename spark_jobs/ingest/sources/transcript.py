"""Whole conversations in one text: `Human: … Assistant: …`, `Q: … A: …`, ChatML, and prompts rendered with `### Instruction:`."""

import re

from spark_jobs.ingest.sources.fields import Fields, find_name
from spark_jobs.ingest.sources.turns import ROLES, Reader, Turn

_TEXTS = ("text", "transcript", "conversation", "dialogue", "dialog", "chat", "prompt", "sample", "content")
# a mark stands at the beginning of a line: within one, a name with a colon is just text
_MARK = re.compile(
    r"(?:^|\n)[ \t]*(?:<\|im_start\|>[ \t]*(?P<chatml>\w+)[ \t]*\n"
    r"|###[ \t]*(?P<section>Human|User|Assistant|System|Instruction|Input|Response|Output)[ \t]*:?"
    r"|(?P<name>Human|User|Assistant|AI|Bot|System|Q|A|Question|Answer)[ \t]*:)[ \t]*"
)
_ROLE_OF_MARK = {
    "instruction": "user", "input": "user", "q": "user", "question": "user",
    "response": "assistant", "output": "assistant", "a": "assistant", "answer": "assistant", "ai": "assistant",
}  # fmt: skip
_END = "<|im_end|>"


def reader(fields: Fields) -> Reader | None:
    """Turns of records whose text is a conversation, or None if they have no text."""
    name = find_name(fields, _TEXTS)
    if name is None:
        return None
    return lambda record: parse_transcript(record[name]) if isinstance(record[name], str) else None


def parse_transcript(text: str) -> list[Turn] | None:
    """The turns of a text that opens with a speaker's mark and has an answer; what stands before the first mark opens as system."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    before = text[: marks[0].start()].strip()
    rendered = marks[0]["section"] in ("Instruction", "System")
    # a preamble belongs to rendered prompts; elsewhere text before the first mark means that it is no transcript
    if before and not rendered:
        return None
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    spoken = [
        (_role(mark), text[mark.end() : end].replace(_END, "").strip()) for mark, end in zip(marks, ends, strict=True)
    ]
    # without an answer it is a text that begins with a name, such as a play or a letter
    if any(role is None for role, _ in spoken) or not {"user", "assistant"} <= {role for role, _ in spoken}:
        return None
    return _merge_prompts([("system", before)] * bool(before) + [(str(role), content) for role, content in spoken])


def _role(mark: re.Match[str]) -> str | None:
    name = (mark["chatml"] or mark["section"] or mark["name"]).lower()
    return _ROLE_OF_MARK.get(name) or ROLES.get(name)


def _merge_prompts(spoken: list[tuple[str, str]]) -> list[Turn]:
    """Turns, of which an instruction and the input that follows it are one: both are the user's."""
    merged: list[Turn] = []
    for role, content in spoken:
        if merged and role == "user" == merged[-1]["role"]:
            merged[-1] = {"role": role, "content": f"{merged[-1]['content']}\n\n{content}".strip()}
        else:
            merged.append({"role": role, "content": content})
    return merged
