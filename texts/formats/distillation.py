"""The prompt of distillation and the form of its answer, the one rendering for SFT, GRPO and inference alike.

These words stand here and not in inference.prompts, where all other prompts are, because the distiller is trained on exactly them
(trainers.dataset): a model asked in other words than it was taught answers worse. Whoever changes a word raises PROMPT_VERSION,
which is part of a request's id.
It does not budget tokens yet: a caller rejects a group that is too long for its model, with a reason.
"""

import re
from collections.abc import Sequence

from texts.formats import FORMATS
from texts.formats.marked import TAG

PROMPT_VERSION = "distil-3"

_SYSTEM = (
    "You merge weak samples into one strong sample. Keep every fact they support, add none, say nothing twice. "
    "You may reason inside <think></think>; write the sample inside <answer></answer> and nothing outside these tags."
)
# what a member could use to speak for the conversation itself: our tags and chat-template control tokens
_CONTROL = re.compile(r"<(?=/?(?:think|answer)>|\|)", re.IGNORECASE)
_RESPONSE = re.compile(r"\s*(?:<think>(?P<think>.*?)</think>\s*)?<answer>(?P<answer>.*?)</answer>\s*", re.DOTALL)


def distil_messages(item_type: str, members: Sequence[str]) -> list[dict[str, str]]:
    """A system and a user turn that ask for one `item_type` item made from the numbered members (after method, section 3).

    Tags and control tokens inside a member are disarmed: their opening bracket becomes a single guillemet.
    """
    numbered = "\n\n".join(f"[{n}] {_CONTROL.sub('‹', member).strip()}" for n, member in enumerate(members, start=1))
    # what is asked for stands last, next to the answer: the farther away it is, the easier it is lost
    form = FORMATS[item_type]
    request = f"Samples:\n{numbered}\n\nType: {item_type}\nRules: {form.rules}\n{completion(form.outline)}"
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": request}]


def completion(answer: str, reasoning: str = "") -> str:
    """The text a distiller is taught to write; ValueError if either part is itself tagged."""
    if TAG.search(answer) or TAG.search(reasoning):
        raise ValueError("an answer or its reasoning may not hold think or answer tags")
    thought = f"<think>{reasoning}</think>\n\n" if reasoning else ""
    return f"{thought}<answer>{answer}</answer>"


def answer_of(text: str) -> str | None:
    """The stripped content of the one answer block, or None if there is none, several, an empty one, or text outside
    it.
    """
    if len(TAG.findall(text)) > 4:
        return None
    response = _RESPONSE.fullmatch(text)
    if response is None or TAG.search(response["answer"]) or TAG.search(response["think"] or ""):
        return None
    return response["answer"].strip() or None


def item_in(text: str, item_type: str) -> str | None:
    """The one item in the answer block, in its own form, read from that or from a near miss of it; None where there is none."""
    answer = answer_of(text)
    return FORMATS[item_type].canonical(answer) if answer else None


def format_score(text: str, item_type: str) -> float:
    """0 without exactly one answer block, 0.5 with one, 1 if it also holds one well-formed item (after method,
    section 4.5).

    Stricter than the method: several blocks fail, and a paragraph must not borrow another type's form. A near miss, which
    `item_in` reads, scores 0.5: training is to teach the form itself.
    """
    answer = answer_of(text)
    if answer is None:
        return 0.0
    return 1.0 if FORMATS[item_type].parse(answer) else 0.5
