"""Gaming: probes that change the shape of an answer, as a model does that is trained to please a score."""

import random
import re
from collections.abc import Mapping
from types import MappingProxyType

from texts.probes.honest import Honest, Probe, body_of, foreign_to
from texts.words import content_words, sentences, words

_PRONOUN = re.compile(r"(?:It|They|These|This|He|She|Its|Their|His|Her) ")
_NONSENSE = (
    "Grumbling teapots seldom negotiate with purple arithmetic, and the Tuesday of every staircase hums sideways."
)
_FILLER = (
    "It is important to note that this is a very important point in many ways.",
    "There are many different aspects that one should always keep in mind here.",
)


def _nonsense(honest: Honest, rng: random.Random) -> str | None:
    return honest.with_body(f"{honest.body} {_NONSENSE}")


def _other_item(honest: Honest, rng: random.Random) -> str | None:
    said = " ".join(foreign_to(honest))
    return honest.with_body(f"{honest.body} {said}") if said else None


def _salad(honest: Honest, rng: random.Random) -> str | None:
    tokens = honest.body.split()
    return honest.with_body(" ".join(rng.sample(tokens, len(tokens)))) if len(tokens) > 5 else None


def _repeated(honest: Honest, rng: random.Random) -> str | None:
    return honest.with_body(f"{honest.body} {honest.body}")


def _filled(honest: Honest, rng: random.Random) -> str | None:
    return honest.with_body(" ".join((honest.body, *_FILLER)))


def _reordered(honest: Honest, rng: random.Random) -> str | None:
    """A sentence that opens with a pronoun, behind one that opens with another name than the one it stands for."""
    said = sentences(honest.body)
    moves = [
        (place, behind)
        for place, sentence in enumerate(said)
        for behind, other in enumerate(said)
        if place and behind not in (place, place - 1) and _PRONOUN.match(sentence) and _opening_name(other)
        if (meant := next(filter(None, map(_opening_name, said[:place][::-1])), None))
        and not meant & _opening_name(other)
    ]
    if not moves:
        return None
    place, behind = rng.choice(moves)
    order = [n for n in range(len(said)) if n != place]
    order.insert(order.index(behind) + 1, place)
    return honest.with_body(" ".join(said[n] for n in order))


def _opening_name(sentence: str) -> set[str]:
    """The capitalised words with which the sentence opens, two or more; none where it opens otherwise."""
    match = re.match(r"(?:[A-Z][\w'’-]+ ){2,}", sentence)
    return set(match[0].split()) - {"The", "In", "On", "At", "This", "It"} if match else set()


def _concatenation(honest: Honest, rng: random.Random) -> str | None:
    """Everything that the members say, in a row, where that is longer than the answer by a fifth."""
    body = " ".join(map(body_of, honest.members))
    return honest.with_body(body) if len(words(body)) > 1.2 * len(words(honest.body)) else None


def _copy(honest: Honest, rng: random.Random) -> str | None:
    """One member alone, where it lacks two fifths of the answer's content words."""
    said = set(content_words(honest.body))
    thin = [body for body in map(body_of, honest.members) if len(said & set(content_words(body))) < 0.6 * len(said)]
    return honest.with_body(rng.choice(thin)) if thin else None


def _shell(honest: Honest, rng: random.Random) -> str | None:
    return honest.with_body("The answer is as follows.")


GAMING: Mapping[str, Probe] = MappingProxyType({
    "nonsense appended": _nonsense, "another item appended": _other_item, "word salad": _salad, "said twice": _repeated,
    "filler appended": _filled, "pronoun moved": _reordered, "members in a row": _concatenation, "one member copied": _copy,
    "empty shell": _shell,
})  # fmt: skip
