"""A statement that is true or false, from a sentence of a passage that says something by itself."""

from __future__ import annotations

import re
from dataclasses import replace

from inference.baseline.passage import Passage, stands_alone, states, with_subject
from inference.baseline.telling import Refused, dense, room
from inference.baseline.topics import is_person, name_of, names
from lake.ids import sha256_text
from texts.words import content_words, numbers, words

_FIGURE = re.compile(r"(?<![\w.`])[0-9]{1,15}(?![\w.]*[`\w])")
# a first clause about somebody who is named elsewhere
_LEANS_LATER = re.compile(
    r"(?:When|After|As|While|Although|Before|Since|Until|Though) [^,]*\b(?:he|she|they|it|his|her|their)\b[^,]*,"
)
_YEARS = (1000, 2100)  # a figure between them is taken for a year: doubled, it would be absurd rather than wrong
_FLIPS: tuple[tuple[str, str], ...] = (
    ("always", "never"), ("never", "always"), ("before", "after"), ("after", "before"), ("first", "last"),
    ("last", "first"), ("minimum", "maximum"), ("maximum", "minimum"), ("ascending", "descending"),
    ("descending", "ascending"), ("increases", "decreases"), ("decreases", "increases"), ("larger", "smaller"),
    ("smaller", "larger"), ("True", "False"), ("False", "True"), ("must", "need not"), ("cannot", "can"),
    ("is not", "is"), ("are not", "are"), ("does not", "does"), ("do not", "do"), ("is", "is not"),
    ("are", "are not"), ("was", "was not"), ("were", "were not"), ("can", "cannot"), ("will", "will not"),
    ("should", "should not"), ("may", "may not"), ("has", "does not have"), ("returns", "does not return"),
    ("raises", "does not raise"),
)  # fmt: skip


def true_false(passage: Passage) -> dict[str, str]:
    """A statement taken from the passage or altered, by the statement's own hash; the explanation gives the passage's words."""
    original = _telling(passage)
    told = with_subject(passage, original)
    # about half are made false; which half follows from the statement, so that every run makes the same
    wrong = altered(told) if int(sha256_text(told), 16) % 2 == 0 else None
    remaining = replace(passage, prose=tuple(sentence for sentence in passage.prose if sentence != original))
    rest = dense(remaining, room(passage) - len(words(told)))
    listed = f"The documentation lists:\n{rest}" if rest.startswith("- ") else rest
    return {
        "statement": _about(passage, wrong or told),
        "answer": "False" if wrong else "True",
        "explanation": " ".join(filter(None, (f"In fact: {told}" if wrong else "", listed))),
    }


def _telling(passage: Passage) -> str:
    """The sentence of 7 to 40 words that stands alone and says most; Refused where there is none."""
    candidates = [
        sentence
        for sentence in passage.prose
        if stands_alone(sentence)
        and not _LEANS_LATER.match(sentence)
        and 7 <= len(words(sentence)) <= 40
        and sentence.count(": ") < 2
        and states(with_subject(passage, sentence))
    ]
    if not candidates:
        raise Refused("no_statement", "no sentence of 7 to 40 words says something by itself")
    return max(candidates, key=lambda one: (len(set(content_words(one))) + 2 * len(numbers(one)), one))


def _about(passage: Passage, sentence: str) -> str:
    """The sentence with the title before it where it does not name its subject."""
    family = (
        not passage.named and names(passage.title, sentence) and is_person(passage.purpose, " ".join(passage.prose))
    )
    named = passage.title in sentence or name_of(passage.title) in sentence or family
    return sentence if named else f"About {passage.subject}: {sentence}"


def altered(sentence: str) -> str | None:
    """The sentence made false by one change: a figure, a word and its opposite, or a negation; None if none applies."""
    figure = max(_FIGURE.finditer(sentence), key=lambda found: int(found[0]), default=None)
    if figure:
        value = int(figure[0])
        wrong = value + 7 if _YEARS[0] <= value <= _YEARS[1] else 2 * value + 1
        return f"{sentence[: figure.start()]}{wrong}{sentence[figure.end() :]}"
    for word, opposite in _FLIPS:
        match = re.search(rf"(?<![\w`]){word}(?![\w`])", sentence)
        if match:
            return sentence[: match.start()] + opposite + sentence[match.end() :]
    return None
