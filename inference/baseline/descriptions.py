"""What passages say their subjects are or do, and which of that could be taken for what another one is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from inference.baseline.giveaway import echoes, nations, sex_of
from inference.baseline.passage import Passage, read
from inference.baseline.topics import definition, name_of, names, sort_of
from inference.baseline.verbs import form_of
from texts.words import content_words, words

_MOST_WORDS = 28
_PROGRAM = "program "  # a sort, with the form in which a part of a program is described
# a description says what its subject is or does, not when, or of another thing
_POINTING = re.compile(r"\b(?:this|these|e\.g|i\.e|following)\b|^Warning|^Note", re.IGNORECASE)
_NO_KIND = re.compile(r"(?:This|These|It|When|If|Also|To|Is not)\b")
_CONTENT = 3  # words of a description that carry meaning: fewer are true of too much
_ALIKE = 0.75  # of the words of the shorter of two
_HANGS = re.compile(r"\b(?:is|was|are|were|been|be|and|or|to|a|an|the|he|she|it)$", re.IGNORECASE)  # no place to end
# where a long description can end
_GOES_ON = re.compile(
    r",? (?:(?:and )?(?:starring|featuring)|which|who|whose|that|where|based on|(?:(?:best|most|well)[ -])?known)\b"
)


@dataclass(frozen=True)
class Description:
    """What a passage says its subject is or does, and the sort of thing that its subject is."""

    title: str
    text: str
    sort: str
    sex: str = ""

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(content_words(self.text))

    @cached_property
    def nations(self) -> frozenset[str]:
        """The nationalities that it names."""
        return nations(self.text)

    @property
    def of_program(self) -> bool:
        """Whether it is of a part of a program."""
        return self.sort.startswith(_PROGRAM)

    @property
    def owner(self) -> str:
        """The module or class that a part of a program belongs to."""
        return self.title.rpartition(".")[0]

    def echoes(self, title: str) -> int:
        """How much of a name is said in it again."""
        return echoes(name_of(title), self.text, self.of_program)


def _names(right: Description, text: str) -> bool:
    """Whether a text is about the subject: a family's name is one's own, the last word of another name is a common one."""
    return names(right.title, text) if right.sort == "person" else name_of(right.title)[1:] in text


def lent(right: Description, others: Sequence[str]) -> Iterator[Description]:
    """What other passages say of their subjects that could be said of this one and is not true of it, each different from those before."""
    taken = [right]
    for one in filter(None, map(_described, others)):
        if _like(right, one) and not any(_alike(one.stems, other.stems) for other in taken):
            taken.append(one)
            yield one


def _like(right: Description, other: Description) -> bool:
    """Whether nothing but knowledge tells which of two descriptions is the subject's: its sort, sex, nation, module or name do not."""
    return (
        other.sort == right.sort
        and other.title != right.title
        and not _names(right, other.text)
        and (not right.sex or other.sex in ("", right.sex))
        and (not right.nations or bool(other.nations & right.nations))
        and other.echoes(right.title) >= right.echoes(right.title)
        and (not right.of_program or other.owner == right.owner)
    )


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether what one says of a thing may be true of what the other says: one holds most of the other's words."""
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def described(passage: Passage) -> Description | None:
    """What the opening says the subject does, without its name, or what it is; None where it does neither shortly."""
    if not passage.prose:
        return None
    if passage.named:
        bare = passage.purpose.removeprefix(f"{passage.subject} ")
        told, sort = bare[0].upper() + bare[1:], f"{_PROGRAM}{form_of(bare)}"
        if not form_of(bare):
            return None
    else:
        defined = definition(passage.title, passage.purpose)
        told = _shortened(defined.kind) if defined else ""
        sort = sort_of(told, passage.purpose, " ".join(passage.prose[1:]))
    sex = sex_of(told, " ".join(passage.prose[1:])) if sort == "person" else ""
    one = Description(passage.title, told, sort, sex)
    fits = (
        not (_POINTING.search(told) or _NO_KIND.match(told))
        and len(one.stems) >= _CONTENT
        and len(words(told)) <= _MOST_WORDS
        and "\n" not in told
    )
    return one if fits else None


def _shortened(kind: str) -> str:
    """The description up to where it goes on, if it is long."""
    end = _GOES_ON.search(kind) if len(words(kind)) > _MOST_WORDS else None
    if end is None or _HANGS.search(kind[: end.start()]):
        return kind
    return kind[: end.start()].rstrip(".") + "."


def sort(title: str, text: str) -> str:
    """The sort of thing that a passage says its subject is; "" where it does not say it shortly."""
    one = _described(f"{title}\n{text}")
    return one.sort if one else ""


@lru_cache(maxsize=4_096)  # a passage lends its description to several others of its batch
def _described(other: str) -> Description | None:
    title, _, text = other.partition("\n")
    return described(read(title, text))
