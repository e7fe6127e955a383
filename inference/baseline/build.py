"""One well-formed, dense item of a given type from a passage: questions by what the passage offers, answers from its
sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from inference.baseline.asking import DOES, FAILS, RETURNS, TAKES, Told, question_about
from inference.baseline.passage import Passage, read, stands_alone, with_subject
from lake.ids import sha256_text
from texts.formats import FORMATS
from texts.formats.multiple_choice import LETTERS
from texts.spelling import COMMON
from texts.words import content_words, numbers, stem, words

BUDGET = 130  # words of a dense answer
_OPTION_WORDS = 28
_FIGURE = re.compile(r"(?<![\w.`])[0-9]{1,15}(?![\w.]*[`\w])")
_YEARS = (1000, 2100)  # a figure between them is taken for a year: doubled, it would be absurd rather than wrong
_DEFINES = re.compile(r"\b(?:is|are|was|were|means|refers to|denotes)\b")
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


def build(item_type: str, title: str, text: str, others: Sequence[str] = ()) -> str | None:
    """The item as text, or None where the passage does not carry one.

    others: other passages that lend wrong options, each its title, a line break, its text.
    """
    passage = read(title, text)
    fields = _BUILDERS[item_type](passage, others) if title.strip() else None
    if fields is None:
        return None
    try:
        return FORMATS[item_type].render({name: value.strip() for name, value in fields.items()})
    except ValueError:  # a sentence of the passage looks like a marker of the form
        return None


def dense(passage: Passage, budget: int = BUDGET) -> str:
    """What the passage says, prose first, then what it lists, whole sentences within the budget of words."""
    listed = [f"- `{name}`: {text}" for name, text in passage.arguments]
    listed += [f"- Returns: {passage.returned}"] if passage.returned else []
    listed += [f"- Raises `{name}`: {text}" for name, text in passage.errors]
    # what is listed gets two fifths of the room at least
    prose = (
        _within([passage.purpose, *passage.prose[1:]], int(0.6 * budget) if listed else budget) if passage.prose else []
    )
    return "\n".join(filter(None, (" ".join(prose), *_within(listed, budget - _count(prose)))))


def introduced(passage: Passage, told: str) -> str:
    """What is told of a named subject with its name before it, unless the opening sentence has it."""
    return told if not told or not passage.named or passage.subject in passage.purpose else f"{passage.subject}: {told}"


def _within(lines: Sequence[str], budget: int) -> list[str]:
    """The lines up to the budget, in order; the first always is. What repeats, and what then leans on it, is left
    out.
    """
    kept: list[str] = []
    said: set[str] = set()
    skipped = False
    for line in lines:
        stems = set(content_words(line))
        if kept and _count([*kept, line]) > budget:
            break
        if kept and (len(stems - said) < 0.3 * len(stems) or (skipped and not stands_alone(line))):
            skipped = True
            continue
        kept.append(line)
        said |= stems
        skipped = False
    return kept


def _count(lines: Sequence[str]) -> int:
    return sum(len(words(line)) for line in lines)


def _question(passage: Passage) -> str:
    """What a reader would ask, by the aspects that the passage covers."""
    name = passage.subject
    if not passage.named and passage.prose:
        defined = _DEFINES.search(passage.prose[0])
        verb = "are" if " and " in name else "is"
        return (
            f"What {verb} {name}, and what is important to know?" if defined else f"What should one know about {name}?"
        )
    offered = {DOES: passage.prose, TAKES: passage.arguments, RETURNS: passage.returned, FAILS: passage.errors}
    return question_about({name: Told(frozenset(aspect for aspect, part in offered.items() if part))})


def _qa(passage: Passage, others: Sequence[str]) -> dict[str, str] | None:
    told = dense(passage)
    return {"question": _question(passage), "answer": told} if told else None


def _category_statement(passage: Passage, others: Sequence[str]) -> dict[str, str] | None:
    return {"category": passage.title, "statement": dense(passage)}


def _paragraph(passage: Passage, others: Sequence[str]) -> dict[str, str] | None:
    """Running text: what the passage lists is told as sentences; the subject is named at the start."""
    if not passage.prose:
        return None
    told = [f"Argument `{name}`: {_lowered(text)}" for name, text in passage.arguments]
    told += [f"The result: {_lowered(passage.returned)}"] if passage.returned else []
    told += [f"It raises `{name}` in this case: {_lowered(text)}" for name, text in passage.errors]
    flowing = replace(passage.without_lists(), prose=(*passage.prose, *told))
    return {"paragraph": introduced(passage, dense(flowing))}


def _true_false(passage: Passage, others: Sequence[str]) -> dict[str, str] | None:
    """A statement taken from the passage or altered, by the statement's own hash; the explanation gives the passage's
    words.
    """
    original = _telling(passage)
    if original is None:
        return None
    statement = with_subject(passage, original)
    # about half are made false; which half follows from the statement, so that every run makes the same
    wrong = altered(statement) if int(sha256_text(statement), 16) % 2 == 0 else None
    remaining = replace(passage, prose=tuple(sentence for sentence in passage.prose if sentence != original))
    rest = dense(remaining, BUDGET - len(words(statement)))
    listed = f"The documentation lists:\n{rest}" if rest.startswith("- ") else rest
    return {
        "statement": _about(passage, wrong or statement),
        "answer": "False" if wrong else "True",
        "explanation": " ".join(filter(None, (f"In fact: {statement}" if wrong else "", listed))),
    }


def _multiple_choice(passage: Passage, others: Sequence[str]) -> dict[str, str] | None:
    """The passage's own opening among the openings of others; without enough others, among altered sentences of its
    own.
    """
    if not passage.prose:
        return None
    right = _option(passage, passage.purpose)
    wrong = [
        _option(other, other.purpose)
        for other in map(_titled, others)
        # an option about a topic is no choice beside parts of a program
        if other.prose and other.title != passage.title and other.named == passage.named
    ]
    wrong += [change for sentence in passage.prose[1:] if (change := altered(sentence)) and stands_alone(sentence)]
    wrong = [option for option in dict.fromkeys(wrong) if option.casefold() != right.casefold() and _fits(option)][:3]
    if not _fits(right) or len(wrong) < 3:
        return None
    place = int(sha256_text(right), 16) % 4  # by hash: all four letters are right equally often, and every run agrees
    options = [*wrong[:place], right, *wrong[place:]]
    explanation = dense(passage, BUDGET - 30)
    question = (
        f"What does {passage.subject} do?"
        if passage.named
        else f"Which of these statements is about {passage.subject}?"
    )
    lettered = {f"option_{letter.lower()}": option for letter, option in zip(LETTERS, options, strict=True)}
    return {"question": question, **lettered, "answer": LETTERS[place], "explanation": explanation}


@lru_cache(maxsize=4_096)  # a passage lends its opening to several others of its batch
def _titled(other: str) -> Passage:
    title, _, text = other.partition("\n")
    return read(title, text)


def _option(passage: Passage, sentence: str) -> str:
    """The sentence without the name that would give it away."""
    bare = sentence.removeprefix(f"{passage.subject} ")
    return bare[0].upper() + bare[1:]


def _lowered(text: str) -> str:
    """The text to follow a colon: its first letter small where the word is an everyday one."""
    first = text.split(" ")[0]
    return text[0].lower() + text[1:] if stem(first) in COMMON and first not in ("True", "False", "None", "I") else text


def _fits(option: str) -> bool:
    return 3 <= len(words(option)) <= _OPTION_WORDS and "\n" not in option


def _telling(passage: Passage) -> str | None:
    """The sentence of 7 to 40 words that stands alone and says most; None if there is none."""
    candidates = [s for s in passage.prose if stands_alone(s) and 7 <= len(words(s)) <= 40 and s.count(": ") < 2]
    return max(
        candidates,
        key=lambda sentence: (len(set(content_words(sentence))) + 2 * len(numbers(sentence)), sentence),
        default=None,
    )


def _about(passage: Passage, sentence: str) -> str:
    """The sentence with the title before it where it does not name its subject."""
    named = set(content_words(passage.title)) & set(content_words(sentence)) or passage.title in sentence
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


_BUILDERS: Mapping[str, Callable[[Passage, Sequence[str]], dict[str, str] | None]] = MappingProxyType(
    {
        "qa": _qa,
        "multiple_choice": _multiple_choice,
        "true_false": _true_false,
        "category_statement": _category_statement,
        "paragraph": _paragraph,
    }
)
