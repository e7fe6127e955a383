"""What the subject of a passage is called in a question that stands alone: its name with what it is, such as "the Danish potter Ada Moss".

Knows English. The kind is that of the opening sentence, else what the title has in brackets or behind its comma.
"""

from __future__ import annotations

import re
from functools import lru_cache

from inference.baseline.passage import Passage
from inference.baseline.telling import JOINER
from inference.baseline.topics import BRACKETED, HEAD, PEOPLE, THING, WORKS, definition, is_person, name_of
from inference.baseline.usable import is_usable, usable
from texts.words import words

_MOST_WORDS = 8  # of a kind
_REMEMBERED = 4_096  # passages: each is asked about by several forms, and by those that it lends to
_ARTICLE = re.compile(r"(?:an?|the) ")
_IN_BRACKETS = re.compile(r"\((?P<inside>[^()]*)\)$")
_ASIDE = re.compile(r"(?:,| and) .*")
_CALLED = re.compile(r"[a-z-]+(?: [a-z-]+)?")  # what somebody is, as "long-distance runner"
_YEAR_FIRST = re.compile(r"\d{4} ")
# nouns that say little without "of" and a name
_OF_SOMETHING = re.compile(
    r"(?P<noun>(?:[A-Za-z-]+ ){0,3}?(?i:king|queen|ruler|duke|duchess|count|countess|member|bishop|archbishop|part|genus|species|family|suburb|district"
    r"|municipality|village|town|city|tributary|type|form|kind|work|collection) of (?:the )?[^\W\d_][\w'’-]*(?: [A-Z][\w'’-]+)*)",
)
# what somebody thinks of the subject is no kind of thing
_PRAISE = re.compile(
    r"\b(?:(?:very|most|highly|critically|twice|internationally) )?(?:noted|notable|renowned|famous|celebrated|prominent|successful|acclaimed|prolific|influential|popular"
    r"|distinguished|eminent|outstanding|well[- ]known|award[- ]winning) (?!for\b|as\b)",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(r"(?:al|ic|ive|ous|ent|ary|ate|less|ful|able)$")
_NO_KIND = re.compile(
    r"(?:.*\b)?(?:wife|husband|widow|mother|father|daughter|son|brother|sister|place|person|thing|name|term|part|pair|member|cadet|heir|former|retired|winning|nominated)$|(?:one|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|only|main|principal|chief|leading|founding|other|same|such|most|elder|eldest|younger|youngest)\b|\w+ly$|.*(?:\band (?:man|woman)|\d(?:st|nd|rd|th))$",
    re.IGNORECASE,
)


@lru_cache(maxsize=_REMEMBERED)
def is_of_a_person(passage: Passage) -> bool:
    """Whether the passage is about somebody."""
    if passage.named or JOINER in passage.title:
        return False
    noun = words(kind_of(passage))[-1:]
    of_people = bool(noun) and noun[0].casefold() in PEOPLE
    return of_people or is_person(passage.purpose, " ".join(passage.prose[1:]))


@lru_cache(maxsize=_REMEMBERED)
def kind_of(passage: Passage) -> str:
    """What the opening says the subject is, in a few words without an article; "" where it says no such thing shortly.

    >>> kind_of(Passage("The Kiln", ("The Kiln is a 1931 British film about a potter.",)))
    '1931 British film'
    """
    defined = None if passage.named else definition(passage.title, passage.purpose)
    if defined is None or defined.kind.startswith("One of "):
        return ""
    told = _PRAISE.sub("", _ARTICLE.sub("", defined.kind[0].lower() + defined.kind[1:], count=1))
    of_it = _OF_SOMETHING.match(told)
    head = of_it or HEAD.match(told)
    kind = (head["noun"] if of_it else head["phrase"]).strip() if head else ""
    if _ADJECTIVE.search(kind) and told[len(kind) :].startswith(","):
        return ""  # "a coeducational, private university"
    # without "of" the last word says the kind: a capital makes it a name, or a nation's adjective
    fits = 0 < len(words(kind)) <= _MOST_WORDS and not _NO_KIND.match(kind) and (of_it or words(kind)[-1][:1].islower())
    return kind if fits and '"' not in kind else ""


def label_of(passage: Passage) -> str:
    """The category that the subject is of, with a capital; of a part of a program, what it is a part of; "" where neither is told."""
    if passage.named:
        owner = passage.title.rpartition(".")[0]
        return f"Part of `{owner}`" if owner else ""
    kind = kind_of(passage)
    return kind[:1].upper() + kind[1:]


def has_label(title: str, text: str) -> bool:
    """Whether an item can say what category a passage's subject is of."""
    return is_usable(title, text) and bool(label_of(usable(title, text)))


def plain_name(title: str) -> str:
    """The name of a topic as a sentence has it: without brackets, with what goes on behind its comma."""
    return BRACKETED.sub("", title).strip() or title


def known_as(passage: Passage, dated: bool = True) -> str:
    """The subject's name with what it is, of a work in quotes; "" where nothing tells it from others of its name.

    dated: whether the year of a work may be told.

    >>> known_as(Passage("The Kiln", ("The Kiln is a 1931 British film about a potter.",)), dated=False)
    'the British film "The Kiln"'
    """
    title, name = passage.title, plain_name(passage.title)
    kind, bracket = kind_of(passage), _IN_BRACKETS.search(title)
    noun, person = _noun(_ASIDE.sub("", kind)), is_of_a_person(passage)
    if (noun.islower() and noun not in WORKS) if person else noun in WORKS:
        # of two things that somebody is the first; "stage and film actor" is one
        told = cut if _noun(cut := _ASIDE.sub("", kind)) in {*WORKS, *PEOPLE} else kind
    elif bracket and _noun(bracket["inside"]) in {*WORKS, *PEOPLE}:
        told, noun = bracket["inside"], _noun(bracket["inside"])
    elif bracket and bracket["inside"][0].isalpha() and is_person(passage.purpose, " ".join(passage.prose[1:])):
        return f"{name}, {bracket['inside']},"
    else:
        return f"{name}," if ", " in title else ""
    told = told if dated else _YEAR_FIRST.sub("", told)
    if noun in WORKS:
        return f'the {told} "{name.strip(chr(34))}"'
    whole = f"the {told} {name_of(title) if bracket else name}"
    return f"{whole}," if ", " in whole else whole  # what stands behind a name's comma ends with another one


def _noun(phrase: str) -> str:
    """The last word of a phrase, as it is written: "King" is a title, "king" says what somebody is."""
    return (words(phrase) or [""])[-1]


def asked_name(passage: Passage) -> str:
    """The name by which an open question asks: what is in the title's brackets tells it from others, and a work stands in quotes."""
    title, bracket = passage.title, _IN_BRACKETS.search(passage.title)
    if bracket and _noun(bracket["inside"]) in {*WORKS, *PEOPLE} | {"band", "series", "album"}:
        name = plain_name(title)
        work = _noun(bracket["inside"]) in {*WORKS, "series", "album"}
        return f'the {bracket["inside"]} "{name}"' if work else f"the {bracket['inside']} {name}"
    if bracket and is_of_a_person(passage) and _CALLED.fullmatch(bracket["inside"]):
        return f"the {bracket['inside']} {plain_name(title)}"
    if _noun(kind_of(passage)) in WORKS and not THING.search(title):
        return f'"{title}"'
    return title
