"""What a passage about a topic tells of its subject that can be asked for in one question: a year, a person, a place, a profession.

Patterns for English. Each fact has the sentence that tells it, so that an answer can be checked; what else may be such a fact is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from inference.baseline.giveaway import nations, sex_of
from inference.baseline.naming import is_of_a_person, kind_of, known_as, plain_name
from inference.baseline.passage import Passage
from inference.baseline.topics import PEOPLE, WORKS
from inference.baseline.usable import is_usable, usable
from texts.words import words

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
A_YEAR = r"1\d{3}|20[0-2]\d"
FOUR_DIGITS = re.compile(r"\b\d{4}\b")
# what tells about when something was besides its year
TELLS_THE_TIME = re.compile(
    r"\bcentur(?:y|ies)\b|\b\d+['’]?s\b|['’]\d0s\b|\byears? (?:later|earlier|after|before)\b|\baged\b|\bage of\b|\bdecades?\b|\bcentenary\b|\bbirthday\b|\banniversary\b", re.IGNORECASE
)  # fmt: skip
_DATE = rf"(?:(?:{MONTHS}) \d{{1,2}}, |\d{{1,2}} (?:{MONTHS}),? |(?:{MONTHS}) )?"
_LIFE = re.compile(
    rf"(?:[^()\d–-]*, )?(?:born )?{_DATE}(?P<born>{A_YEAR})(?:, [^()\d–-]*)? ?[–-] ?(?:[^()\d–-]*, )?{_DATE}(?P<died>{A_YEAR})(?:, [^()\d]*)?"
)
_BORN = re.compile(rf"born (?:[^()\d;]{{0,40}}; )?{_DATE}(?P<born>{A_YEAR})(?:,? [^()\d]*)?")
_BRACKET = re.compile(r"[^()]{2,90}? ?\((?P<inside>[^()]*)\)")
_ONE_AGE = 50  # years
_INNER = "de|da|di|del|der|la|le|van|von|bin|ibn|al|y"
_NAME = rf"(?P<right>[^\W\d_a-z][\w'’-]*\.?(?: (?:(?:{_INNER}) )*[^\W\d_a-z][\w'’-]*\.?){{1,3}})"
_ONE = r"(?=[,.;]|\s(?:and (?=[a-z])|with|for|in|on|from|starring|featuring|based|who|about|that|which|set|as)\b)(?! and [A-Z]|, [^\W\d_a-z]|,? and [^\W\d_a-z]|, Jr)"
_PATTERNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "director": re.compile(rf"\b(?:directed|directed and \w+|directed, [a-z, ]+and \w+) by {_NAME}{_ONE}"),
        "star": re.compile(rf"\b(?:starring|It stars|The film stars) {_NAME}(?=,| and|\.| in\b)"),
        "performer": re.compile(
            rf"\b(?:songs?|single|album|EP)(?: recorded| released| performed| written and recorded)? by (?:the )?(?:(?!and |featuring |with )[A-Za-z-]+ )*?(?:singer|artist|rapper|band|musician|duo|group|singer-songwriter) {_NAME}{_ONE}"
        ),
        "author": re.compile(rf"\b(?:novel|book|play|poem|memoir|story)(?: written)? by (?:(?!and |with )[A-Za-z-]+ )*?(?:author|writer|novelist|playwright|poet) {_NAME}{_ONE}"),
    }
)  # fmt: skip
_PLACE = r"(?P<right>[^\W\d_a-z][\w'’-]+(?: (?:(?:upon|on|of|de|am|an der) )?[^\W\d_a-z][\w'’-]+){0,2})"
_WHEN = rf"(?:on (?:{_DATE}|\d{{1,2}} )\d{{4}}, |on {_DATE}\d{{4}} |in \d{{4}} )?"
_BORN_IN_BRACKET = re.compile(rf"\(born (?:{_DATE})\d{{4}},? in {_PLACE}(?=[,)])")
_BORN_IN = re.compile(
    rf"^(?:(?:He|She|[^\W\d_a-z][\w.'’ -]{{1,40}}) was born {_WHEN}(?:in|at) {_PLACE}(?=[,.]| (?:and|to|into|on|as|in)\b)"
    rf"|Born {_WHEN}in {_PLACE.replace('right', 'other')}(?=,))"
)
# professions of one field: who is called one of them may be called another one as well
_FIELDS = [
    "composer singer songwriter rapper musician conductor guitarist pianist drummer producer entertainer broadcaster presenter",
    "actor actress director filmmaker producer cinematographer animator comedian dancer choreographer model entertainer presenter photographer",
    "writer author novelist poet playwright screenwriter journalist editor critic translator essayist",
    "painter sculptor artist illustrator photographer architect designer",
    "politician lawyer judge diplomat activist attorney jurist",
    "player footballer cricketer coach cyclist swimmer wrestler boxer",
    "scientist physicist chemist biologist botanist astronomer mathematician historian philosopher scholar professor teacher economist theologian",
    "businessman businesswoman entrepreneur producer director",
]
_FIELD = {
    word: {n for n, line in enumerate(_FIELDS) if word in line.split()} for line in _FIELDS for word in line.split()
}
_NATIONAL = re.compile(r"(?:(?:[A-Z][\w/–-]+|former|retired|early|late) )*")
_PROFESSION = re.compile(r"[a-z][a-z -]*")


@dataclass(frozen=True)
class Asked:
    """How a kind of fact is asked for and stated: `{who}` is the subject with what it is, `{right}` the fact, `{article}` its "a" or "an"."""

    question: str
    statement: str


ASKED: Mapping[str, Asked] = MappingProxyType(
    {
        "born": Asked("In which year was {who} born?", "{who} was born in {right}."),
        "died": Asked("In which year did {who} die?", "{who} died in {right}."),
        "appeared": Asked("In which year did {who} come out?", "{who} came out in {right}."),
        "director": Asked("Who directed {who}?", "{who} was directed by {right}."),
        "star": Asked("Which of these people stars in {who}?", "{right} stars in {who}."),
        "performer": Asked("Who recorded {who}?", "{who} was recorded by {right}."),
        "author": Asked("Who wrote {who}?", "{who} was written by {right}."),
        "birthplace": Asked("Where was {who} born?", "{who} was born in {right}."),
        "profession": Asked("As what is {who} known?", "{who} is known as {article} {right}."),
    }
)  # fmt: skip
YEARS = frozenset({"born", "died", "appeared"})


@dataclass(frozen=True)
class Fact:
    """One fact: its kind, a key of ASKED; what is right; the sentence that tells it; the subject as a question names it."""

    kind: str
    right: str
    told: str
    who: str

    @property
    def question(self) -> str:
        """The question that asks for it."""
        return ASKED[self.kind].question.format(who=self.who).replace(",?", "?")

    def stated(self, value: str) -> str:
        """A statement that a value is the one asked for."""
        article = "an" if value[0] in "aeiou" else "a"
        statement = ASKED[self.kind].statement.format(who=self.who, right=value, article=article).replace(",.", ".")
        return statement[0].upper() + statement[1:]


@dataclass(frozen=True)
class Life:
    """The years in which somebody was born and died, as far as they are told."""

    born: int | None = None
    died: int | None = None


def life_of(passage: Passage) -> Life:
    """The years of a life that the first bracket of the opening tells.

    >>> life_of(Passage("Ada Moss", ("Ada Moss (born 3 May 1901) was a potter.",)))
    Life(born=1901, died=None)
    """
    bracket = _BRACKET.match(passage.purpose)
    found = (_LIFE.fullmatch(bracket["inside"]) or _BORN.fullmatch(bracket["inside"])) if bracket else None
    if found is None or not is_of_a_person(passage):
        return Life()
    return Life(**{event: int(year) for event, year in found.groupdict().items()})


@lru_cache(maxsize=8_192)  # an opening is compared with that of each passage that it lends to
def years_in(text: str) -> frozenset[int]:
    """The years that a text tells, all of four digits."""
    return frozenset(map(int, FOUR_DIGITS.findall(text)))


@lru_cache(maxsize=2_048)  # each form asks
def facts(passage: Passage) -> tuple[Fact, ...]:
    """What can be asked for of a topic, each fact once; nothing where its subject cannot be told from others of its name."""
    if passage.named or not known_as(passage):
        return ()
    return tuple(_of_a_life(passage) if is_of_a_person(passage) else _of_a_work(passage))


def _of_a_life(passage: Passage) -> Iterator[Fact]:
    life, who, opening = life_of(passage), known_as(passage), passage.prose[0]
    for event, year in (("born", life.born), ("died", life.died)):
        if year:
            yield Fact(event, str(year), opening, who)
    if "-born" not in who and (place := _birthplace(passage)):
        yield Fact("birthplace", *place, who)
    if life.born and (profession := _profession(passage)):
        years = f"({life.born}–{life.died})" if life.died else f"(born {life.born})"
        yield Fact("profession", profession, opening, f"{plain_name(passage.title)} {years}")


def _of_a_work(passage: Passage) -> Iterator[Fact]:
    kind, opening = kind_of(passage), passage.prose[0]
    work = WORKS.get((words(kind) or [""])[-1])
    if work is None:
        return
    year = kind[:4]
    if FOUR_DIGITS.fullmatch(year) and len(FOUR_DIGITS.findall(f"{plain_name(passage.title)} {opening}")) == 1:
        yield Fact("appeared", year, opening, known_as(passage, dated=False))
    for name, of_kind in (("director", "film"), ("star", "film"), ("performer", "song"), ("author", "book")):
        found = _PATTERNS[name].search(opening) if work == of_kind else None
        if found and found["right"] not in passage.title:
            yield Fact(name, found["right"], opening, known_as(passage))


def _birthplace(passage: Passage) -> tuple[str, str] | None:
    """The place where somebody was born, and the sentence that tells it."""
    inside = _BORN_IN_BRACKET.search(passage.prose[0])
    if inside:
        return inside["right"], passage.prose[0]
    last = words(plain_name(passage.title).split(",")[0])[-1:]
    for sentence in passage.prose[1:3]:
        found = _BORN_IN.match(sentence)
        about = sentence.startswith(("He ", "She ")) or bool(last and last[0] in words(sentence))
        if found and about and "Born " not in sentence[1:]:
            return found["right"] or found["other"], sentence
    return None


def _profession(passage: Passage) -> str:
    """What somebody was by profession, in small letters; "" where the opening has no single word of the kind."""
    kind = kind_of(passage)
    bare = kind[_NATIONAL.match(kind).end() :] if kind else ""  # pyright: ignore[reportOptionalMemberAccess]
    fits = _PROFESSION.fullmatch(bare) and bare.split(" ")[-1] in PEOPLE and " and " not in bare
    return bare if fits and not sex_of(bare, "") and len(bare.split(" ")) <= 3 else ""


def lent_values(fact: Fact, passage: Passage, others: Sequence[str]) -> list[str]:
    """What other passages tell of the same kind that is not true of this one, the nearest first; of a like nation where one is told."""
    text = f"{passage.title} {' '.join(passage.prose)}".casefold()
    own = nations(passage.prose[0])
    taken = {word.casefold() for word in words(fact.right)}
    found: list[str] = []
    professions = fact.kind == "profession"
    for other in others:
        opening, told = _told_by(other)
        # a name tells the nation: of whom none is told only those lend of whom none is told
        if not professions and own != nations(opening) and not own & nations(opening):
            continue
        if not _of_one_age(passage.prose[0], opening):
            continue
        for value in (one.right for one in told if one.kind == fact.kind):
            roots = {word.casefold() for word in words(value)}
            if (
                value.casefold() not in text
                and not roots & taken
                and not (professions and any(_of_one_field(one, value) for one in (fact.right, *found)))
            ):
                found.append(value)
                taken |= roots
    return found


def _of_one_age(one: str, other: str) -> bool:
    """Whether two openings tell years that a person may have lived through: nobody who died in 1951 directed a film of 2010."""
    apart = [abs(year - another) for year in years_in(one) for another in years_in(other)]
    return not apart or min(apart) <= _ONE_AGE


def _of_one_field(one: str, other: str) -> bool:
    """Whether two professions are such that somebody who is called by one may be called by the other."""
    return bool(_FIELD.get(one.split(" ")[-1], set()) & _FIELD.get(other.split(" ")[-1], set()))


@lru_cache(maxsize=4_096)  # a passage lends to several others of its batch
def _told_by(other: str) -> tuple[str, tuple[Fact, ...]]:
    """The opening of another passage, given as its title, a line break and its text, and what can be asked for of it."""
    title, _, text = other.partition("\n")
    if not is_usable(title, text):
        return "", ()
    passage = usable(title, text)
    return passage.prose[0], facts(passage)
