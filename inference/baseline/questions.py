"""The questions of a fused item: the members' own, cleaned, each asked once, put into one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher

from inference.baseline.asking import NAMED, listed
from inference.baseline.statements import NOISE, closed
from texts.slips import faults
from texts.spelling import COMMON
from texts.words import content_words, sentences

_MOST = 3  # questions of one sentence: more are a list
_OWN = 0.1  # share of two questions' content words that only one has, up to which both ask the same
_ALIKE = 0.88  # share of letters in common from which one question is a mistyped other
_ABOUT = ("What if", "What about")  # openings of what was no question
_LONE_I = re.compile(r"\bi\b(?=[ '])")
_ASKS = re.compile(
    r"(?:what|which|who|when|where|why|how|is|are|can|could|do|does|did|has|have|should|will|would|may|must)\b",
    re.IGNORECASE,
)
# a single question, which names what it is about
_SINGLE = re.compile(_ASKS.pattern + r"(?! (?:it|this|that|they|these|those)\b)[^.?!\n]{8,140}\?", re.IGNORECASE)
# several clauses, or no verb in its place: what a reader stumbles over beside other questions
_ELLIPTIC = re.compile(
    r".*,|(?!what (?:if|about)\b)(?=\w+\b)(?:(?:how|why|when|where)\b(?!.*\b(?:is|are|was|do|does|did|can|could|should|will|would|has|have|must|may)\b)"
    r"|(?:what|which)\b(?!.*\b(?:is|are|was|do|does|did|can|could|should|will|would|has|have|must|may)\b)(?=.* (?:to|for|between) ))",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(r"(?:yes|no|not|never|only|both|it depends)\b", re.IGNORECASE)
_WORD = r"[\w'’-]+"
# a few words that say how something is
_STATE = re.compile(
    r"(?=.*\b(?:is|are|was|were|has|have|had|did|does|keeps?|tastes?|goes|went|smells?|feels?|won't|doesn't|didn't)\b)"
    r"(?:\w[^\s.,?!:;]* ?){1,9}[.?]?"
)
# words that name something: two or three, or some before a preposition
_TOPIC = re.compile(
    rf"(?:{_WORD}(?: (?!out |up |off ){_WORD}){{0,3}} (?:for|in|on|of|with|under|behind|after)(?: {_WORD}){{1,6}}"
    rf"|{_WORD}(?: {_WORD}){{1,2}}(?<!s))[.?]?"
)
# neither: it asks in words of its own; nor a name: it orders or judges
_ASKS_ELSE = re.compile(r".*(?: or |\b(?:what|which|when|where|why|how|ok)\b)", re.IGNORECASE)
_NO_NAME = re.compile(r"(?:any|best|easy) |\S+ (?:a|an|the|my|your|to) |.* to ", re.IGNORECASE)


def questions_of(questions: Sequence[str], written: AbstractSet[str]) -> tuple[list[str], dict[int, int]]:
    """Of the members' questions those to be asked, in the members' order, and which of them each member asks that asks one.

    "" stands for a member whose question is not to be asked; written: the words of all members, as written. Of two that ask the same the cleaner is taken; what is no question, and more than one sentence, is left out.
    """
    cleaned = [_asked(question, written) if question else "" for question in questions]
    rough = roughness([question for question in dict.fromkeys(cleaned) if question])
    order = sorted(
        rough,
        key=lambda q: (
            not _SINGLE.fullmatch(q), rough[q] > 1, q.startswith(_ABOUT), -_shared(q, cleaned), cleaned.index(q),
        ),
    )  # fmt: skip
    kept: list[str] = []
    stands_for: dict[str, str] = {}
    for question in order:
        if same := next((other for other in kept if _ask_the_same(question, other)), ""):
            stands_for[question] = same
        elif not kept or (len(kept) < _MOST and _belong_together(question, kept[0])):
            kept.append(question)
            stands_for[question] = question
    asked = sorted(kept, key=cleaned.index)
    return asked, {n: asked.index(stands_for[one]) for n, one in enumerate(cleaned) if one in stands_for}


def one_question(questions: Sequence[str]) -> str:
    """
    >>> one_question(["How long does rice take?", "What about brown rice?"])
    'How long does rice take, and what about brown rice?'
    """
    if len(questions) < 2:
        return "".join(questions)
    clauses = [f"{question[0].lower()}{question[1:].rstrip('?.')}" for question in questions]
    one = f"{listed(clauses, two=', ')}?"
    return one[0].upper() + one[1:]


def roughness(texts: Sequence[str]) -> dict[str, float]:
    """The rubric's penalties for each text, plus one for what opens in lower case without being a name."""
    opens_small = (float(text[:1].islower() and not NAMED.match(text)) for text in texts)
    return {text: taken + small for text, taken, small in zip(texts, faults(texts), opens_small, strict=True)}


def _belong_together(question: str, first: str) -> bool:
    """Whether both are whole questions that share a word that counts."""
    return all(map(_is_clause, (question, first))) and bool(_shared(question, [first]))


def _is_clause(question: str) -> bool:
    """Whether a question can be one of several in a sentence: single, of one clause, with its verb.

    >>> [_is_clause(text) for text in ("How long does rice take?", "Which drill bit for a wall?", "Why wait with new rice?")]
    [True, False, False]
    """
    return bool(_SINGLE.fullmatch(question)) and not _ELLIPTIC.match(question)


def answers_by_itself(question: str, answer: str) -> bool:
    """Whether the first sentence of an answer can be told from answers to other questions: it names what is asked, and is no yes or no."""
    first = next(iter(sentences(answer)), "")
    return bool(_shared(first, [question])) and not _YES_OR_NO.match(first)


def _ask_the_same(question: str, other: str) -> bool:
    """Whether one question is the other mistyped, or has nearly the same content words."""
    stems, others = set(content_words(question)), set(content_words(other))
    alike = SequenceMatcher(None, question, other).ratio() >= _ALIKE
    return alike or len(stems ^ others) <= _OWN * len(stems | others)


def _shared(question: str, others: Iterable[str]) -> int:
    stems = set(content_words(question))
    return sum(len(stems & set(content_words(other))) for other in others)


def _asked(question: str, written: AbstractSet[str]) -> str:
    """The question without a greeting, with a capital and a closing mark, on one line; of a few words that ask nothing, about these.

    >>> [_asked(text, {"salt"}) for text in ("hi, how do i boil eggs", "Salt for pasta", "the lid is lost")]
    ['How do I boil eggs?', 'What about salt for pasta?', 'What if the lid is lost?']
    """
    told = NOISE.sub("", question.strip()) or question
    first, *context = (_LONE_I.sub("I", line.strip()) for line in told.splitlines() if line.strip())
    bare = " ".join(first.split()).removesuffix(" pls").removesuffix(" please")
    asked = closed(bare)
    if _ASKS.match(bare):
        asked = closed(bare.rstrip("?.") + "?", "?")
    elif not NAMED.search(bare) and not _ASKS_ELSE.match(bare):
        asked = _about(bare, written) or asked
    return " ".join([asked, *map(closed, context)])


def _about(words: str, written: AbstractSet[str]) -> str:
    """The question about what a few words name, or say; "" where they do neither.

    A capital that only opens them goes: it is no name's where the word is common, or written without it as well.
    """
    first = words.split(" ")[0]
    small = first.lower() in written or first.lower() in COMMON
    inner = f"{first.lower() if small else first}{words[len(first) :]}".rstrip("?.")
    if _STATE.fullmatch(words):
        return f"{_ABOUT[0]} {inner}?"
    return f"{_ABOUT[1]} {inner}?" if _TOPIC.fullmatch(words) and not _NO_NAME.match(words) else ""
