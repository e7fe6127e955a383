"""Weak versions of a strong item by edit operators (method, section 2.1, steps 3 and 5).

Each variant works on its own stretch of the item's long text, so that the variants of one target together still carry
most of what it says.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from texts.formats import FORMATS
from texts.formats.multiple_choice import LETTERS
from texts.words import content_words, sentences

# the field of each item type that holds most of what it says
LONG: Mapping[str, str] = MappingProxyType(
    {
        "qa": "answer",
        "multiple_choice": "explanation",
        "true_false": "explanation",
        "category_statement": "statement",
        "paragraph": "paragraph",
    }
)
_FIGURE = re.compile(r"(?<!\w)\d[\d.,:]*\b")
_NAME = re.compile(r"`[^`]+`|\b\w{2,}(?:[._]\w+)+(?:\(\))?|(?<=[a-z,] )[A-Z][a-z]+\b(?: [A-Z][a-z]+\b)*")
_ASIDE = re.compile(
    r"\s*\([^()]*\)|,? (?:which|because|since|so that|such as|for example|e\.g\.|i\.e\.|unless|although|while)\b[^,.;]*"
)
_SPACED = re.compile(r"\s+([.,;])")
_OPENERS = ("Basically, ", "Well, usually ", "It is something like this: ", "Generally ")
_ECHOES = ("As said, {0}", "Again: {0}", "In other words, {0}", "To repeat it, {0}")


def fragment(text: str, rng: random.Random) -> str:
    """One or two points of the stretch, as they are."""
    said = sentences(text)
    kept = min(len(said), rng.choice((1, 2, 2)))
    first = rng.randrange(len(said) - kept + 1)
    return " ".join(said[first : first + kept])


def vague(text: str, rng: random.Random) -> str:
    """Figures and names become "some" and "something", and the wording hedges."""
    blurred = _NAME.sub("something", _FIGURE.sub("some", text))
    return rng.choice(_OPENERS) + blurred[0].lower() + blurred[1:].rstrip(".") + " or something like that, basically."


def redundant(text: str, rng: random.Random) -> str:
    """The same points said twice, once with an announcement."""
    said = sentences(text)
    again = rng.choice(said)
    echo = rng.choice(_ECHOES).format(again[0].lower() + again[1:])
    return " ".join((*said, echo, again))


def cut_off(text: str, rng: random.Random) -> str:
    """The text stops in the middle of a sentence."""
    tokens = text.split()
    end = max(2, int(len(tokens) * rng.uniform(0.5, 0.75)))
    return " ".join(tokens[:end]).rstrip(".,;:!?") + " ..."


def drop_details(text: str, rng: random.Random) -> str:
    """No asides, reasons, examples or figures, and without the sentence that says most; of a single sentence its
    beginning.
    """
    said = sentences(text)
    fullest = max(said, key=lambda sentence: (len(set(content_words(sentence))), sentence))
    bare = " ".join(sentence for sentence in said if sentence != fullest) or f"{fullest.split(',')[0].rstrip('.')}."
    return _SPACED.sub(r"\1", _FIGURE.sub("some", _ASIDE.sub("", bare)))


def typos(text: str, rng: random.Random) -> str:
    """Mistyped words in lower case, punctuation lost here and there."""
    noisy = [
        _mistyped(token, rng) if token.isalpha() and len(token) > 3 and rng.random() < 0.35 else token
        for token in text.split()
    ]
    return " ".join(noisy).lower().replace(". ", " ", 1).rstrip(".")


# in the order of inference.prompts._WEAKNESSES: variant n has the same fault whichever engine wrote it
OPERATORS: Mapping[str, Callable[[str, random.Random], str]] = MappingProxyType(
    {
        "fragment": fragment,
        "vague": vague,
        "redundant": redundant,
        "cut_off": cut_off,
        "drop_details": drop_details,
        "typos": typos,
    }
)


def operator_of(variant: int) -> str:
    """The name of the operator that makes this variant."""
    return tuple(OPERATORS)[variant % len(OPERATORS)]


def degrade(item_type: str, target: str, variant: int, variants: int, seed: int) -> str | None:
    """The `variant`-th of `variants` weak versions of a well-formed item, incomplete in its form too; None if it is
    not one.
    """
    fields = FORMATS[item_type].parse(target)
    if fields is None:
        return None
    rng = random.Random(f"{seed} {variant} {target}")  # its own, so that no variant depends on those before it
    stretch = _stretch(sentences(fields[LONG[item_type]]), variant, variants)
    weak = OPERATORS[operator_of(variant)](stretch, rng) if stretch else ""
    return _partial(item_type, fields, weak, variant, operator_of(variant) == "typos", rng)


def _stretch(said: Sequence[str], variant: int, variants: int) -> str:
    """The sentences that fall to this variant; any `variants` consecutive variants together have all of them."""
    parts = max(1, min(variants, len(said)))
    part = variant % parts
    return " ".join(
        line.removeprefix("- ") for line in said[len(said) * part // parts : len(said) * (part + 1) // parts]
    )


def _partial(
    item_type: str, fields: Mapping[str, str], weak: str, variant: int, noisy: bool, rng: random.Random
) -> str:
    """The weak text in what is left of the item's form: options, verdict or question may be missing."""
    # careless authors leave out parts, too: every other variant loses wrong options, every third its verdict
    head = dict(fields) | {LONG[item_type]: weak}
    if item_type == "multiple_choice" and variant % 2:
        dropped = [f"option_{letter.lower()}" for letter in LETTERS if letter != fields["answer"]]
        head |= dict.fromkeys(dropped[variant % 3 :: 2], "")
    if item_type in ("multiple_choice", "true_false") and variant % 3 == 2:
        head["answer"] = ""
    short = [name for name in head if name not in (LONG[item_type], "answer") or item_type == "qa"]
    if noisy and item_type != "qa":
        head |= {name: typos(head[name], rng) for name in short if head[name]}
    lines = [f"{marker} {head[name]}".strip() for name, marker in FORMATS[item_type].markers if head[name]]
    return "\n".join(lines)


def _mistyped(word: str, rng: random.Random) -> str:
    """The word with one slip: two neighbours swapped, a letter lost, or a letter doubled."""
    at = rng.randrange(1, len(word) - 1)
    slips = (
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + word[at + 1 :],
        word[: at + 1] + word[at:],
    )
    return rng.choice(slips)
