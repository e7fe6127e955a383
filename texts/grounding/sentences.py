"""A text cut for comparison: sentences without markers and bullets, what asks, and under which heading a line stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from texts.grounding.tokens import Kind, Token, tokens
from texts.words import sentence_spans

_MARKER = re.compile(r"(?:Q|A|C|S|[A-D]\)|Answer|Explanation)[:)]?\s(?=\S)|\d+[.)]\s+")
_BULLET = re.compile(r"[-*•]\s+")
_LINE = re.compile(r"[^\n]*\S")
_QUESTION_PART = re.compile(r"Q:")
_REMEMBERED = 2_048  # sentences: a text and its members, and members among one another, share many
_OTHER_PART = re.compile(r"(?:A|[A-D]\)|Answer|Explanation|S):?")


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands in its text.

    asks: whether it is a question, or stands in the part that asks. heading: whether it only names what the lines below it are about.
    under: the keys of what a listed line is about.
    """

    text: str
    start: int
    end: int
    asks: bool
    heading: bool = False
    under: frozenset[str] = frozenset()

    @property
    def tokens(self) -> list[Token]:
        """What is compared."""
        return _compared(self.text)[0]

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its tokens."""
        return _compared(self.text)[1]


@dataclass(frozen=True)
class Stretch:
    """Sentences `first` to `last` of a member."""

    member: int
    first: int
    last: int
    tokens: list[Token]
    keys: frozenset[str]


def cut(text: str) -> list[Sentence]:
    """The sentences of a text that say something."""
    found: list[Sentence] = []
    asking = False
    about: frozenset[str] = frozenset()
    for start, end in _lines(text):
        line = text[start:end]
        asking = bool(_QUESTION_PART.match(line)) or (asking and not _OTHER_PART.match(line))
        marker = _MARKER.match(line)
        start += marker.end() if marker else 0
        bullet = _BULLET.match(text, start, end)  # the first line of an answer may be a list's
        start = bullet.end() if bullet else start
        asks, heading = asking or line.endswith("?"), line.endswith(":") and not bullet
        one = Sentence(text[start:end], start, end, asks, heading, about if bullet else frozenset())
        keys = one.keys
        if keys:
            found.append(one)
        if keys and not bullet and not asks:
            about = keys if heading else frozenset(token.key for token in one.tokens[:1] if token.code)
    return found


def stretches(member: int, sentences: Sequence[Sentence]) -> list[Stretch]:
    """Every sentence of a member, and every two that follow one another."""
    single = [Stretch(member, n, n, one.tokens, one.keys) for n, one in enumerate(sentences)]
    stop = Token(".", Kind.BREAK, ".")
    double = [
        Stretch(member, n, n + 1, [*one.tokens, stop, *other.tokens], one.keys | other.keys)
        for n, (one, other) in enumerate(pairwise(sentences))
    ]
    return single + double


@lru_cache(maxsize=_REMEMBERED)
def _compared(sentence: str) -> tuple[list[Token], frozenset[str]]:
    """The tokens of a sentence and their keys."""
    found = tokens(sentence)
    return found, frozenset(token.key for token in found if token.kind != Kind.BREAK)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the sentences, none over a line break."""
    for start, end in sentence_spans(text):
        for line in _LINE.finditer(text[start:end]):
            first = start + line.start() + len(line[0]) - len(line[0].lstrip())
            yield first, start + line.end()
