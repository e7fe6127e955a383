"""A question with four options, of which one is right: what passages about like subjects say their subjects are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from inference.baseline.giveaway import echoes, nations, sex_of
from inference.baseline.passage import Passage, read
from inference.baseline.telling import Refused, dense, room
from inference.baseline.topics import BRACKETED, definition, name_of, names, sort_of
from inference.baseline.verbs import form_of
from lake.ids import sha256_text
from texts.formats.multiple_choice import LETTERS
from texts.words import content_words, words

_OPTION_WORDS = 28  # at most
_PROGRAM = "program "  # a sort, with the form in which a part of a program is described
# a description says what its subject is or does, not when, or of another thing
_POINTING = re.compile(r"\b(?:this|these|e\.g|i\.e|following)\b|^Warning|^Note", re.IGNORECASE)
_NO_KIND = re.compile(r"(?:This|These|It|When|If|Also|To|Is not)\b")
_CONTENT = 3  # words of an option that carry meaning: fewer are true of too much
_ASIDES = 30  # words that the options take of what there is room for
_ALIKE = 0.75  # of the words of the shorter of two options
_HANGS = re.compile(r"\b(?:is|was|are|were|been|be|and|or|to|a|an|the|he|she|it)$", re.IGNORECASE)  # no place to end
# where a long description can end
_GOES_ON = re.compile(
    r",? (?:(?:and )?(?:starring|featuring)|which|who|whose|that|where|based on|(?:(?:best|most|well)[ -])?known)\b"
)


@dataclass(frozen=True)
class Option:
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

    def echoes(self, title: str) -> int:
        """How much of a name is said in it again."""
        return echoes(name_of(title), self.text, self.sort.startswith(_PROGRAM))


def multiple_choice(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """What the passage says its subject is or does, among what others say of theirs.

    others: passages, each its title, a line break, its text. Refused where the opening does not say it, or where fewer than three of
    the others lend an option that is none of the right ones.
    """
    right = option_of(passage)
    if right is None:
        raise Refused("no_definition", "its opening does not say in a few words what it is about")
    wrong = _three(right, list(wrong_options(right, others)))
    place = (
        int(sha256_text(right.text), 16) % 4
    )  # by hash: all four letters are right equally often, and every run agrees
    options = [*wrong[:place], right, *wrong[place:]]
    lettered = {f"option_{letter.lower()}": option.text for letter, option in zip(LETTERS, options, strict=True)}
    asked = (
        f"What does {passage.subject} do?" if passage.named else f"Which of these describes {_asked(passage.title)}?"
    )
    explanation = dense(passage, room(passage) - _ASIDES)
    return {"question": asked, **lettered, "answer": LETTERS[place], "explanation": explanation}


def _asked(title: str) -> str:
    """The name as a question gives it: a single name with what goes on behind its comma.

    >>> _asked("John Lyon, 6th Lord Glamis"), _asked("Adolf, Duke of Holstein")
    ('John Lyon', 'Adolf, Duke of Holstein')
    """
    name = name_of(title)
    return name if " " in name else BRACKETED.sub("", title).strip()


def _three(right: Option, wrong: Sequence[Option]) -> list[Option]:
    """Three wrong options of which nothing but knowledge tells the right one; Refused where there are none such."""
    if len(wrong) < 3:
        raise Refused("few_like_options", f"{len(wrong)} passages about a like subject lend an option, of three")
    title = _asked(right.title)
    echo = right.echoes(title)

    def hides(option: Option) -> tuple[bool, bool]:
        return option.echoes(title) >= echo, bool(option.nations & right.nations)

    # the most alike first, of these the nearest: sorting is stable
    chosen = sorted(wrong, key=lambda option: sum(hides(option)), reverse=True)[:3]
    if echo and not any(hides(option)[0] for option in chosen):
        raise Refused("told_by_name", "only the right option says words of the name that is asked about")
    if right.nations and not any(hides(option)[1] for option in chosen):
        raise Refused("told_by_nation", "no wrong option is of the nationality of the right one")
    return [option for option in wrong if option in chosen]


def _names(right: Option, text: str) -> bool:
    """Whether a text is about the subject: a family's name is one's own, the last word of another name is a common one."""
    return names(right.title, text) if right.sort == "person" else name_of(right.title)[1:] in text


def wrong_options(right: Option, others: Sequence[str]) -> Iterator[Option]:
    """What other passages say of their subjects that cannot be said of this one, each different from those before."""
    taken = [right]
    for option in filter(None, map(_lent, others)):
        like = option.sort == right.sort and option.title != right.title and not _names(right, option.text)
        like = like and (not right.sex or option.sex in ("", right.sex))
        if like and not any(_alike(option.stems, one.stems) for one in taken):
            taken.append(option)
            yield option


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether what one says of a thing may be true of what the other says: one holds most of the other's words."""
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def option_of(passage: Passage) -> Option | None:
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
    option = Option(passage.title, told, sort, sex)
    fits = (
        not (_POINTING.search(told) or _NO_KIND.match(told))
        and len(option.stems) >= _CONTENT
        and len(words(told)) <= _OPTION_WORDS
        and "\n" not in told
    )
    return option if fits else None


def _shortened(kind: str) -> str:
    """The description up to where it goes on, if it is long."""
    end = _GOES_ON.search(kind) if len(words(kind)) > _OPTION_WORDS else None
    if end is None or _HANGS.search(kind[: end.start()]):
        return kind
    return kind[: end.start()].rstrip(".") + "."


def sort(title: str, text: str) -> str:
    """The sort of thing that a passage says its subject is; "" where it does not say it shortly."""
    option = _lent(f"{title}\n{text}")
    return option.sort if option else ""


@lru_cache(maxsize=4_096)  # a passage lends its option to several others of its batch
def _lent(other: str) -> Option | None:
    title, _, text = other.partition("\n")
    return option_of(read(title, text))
