"""A passage about a topic, such as a page of an encyclopaedia: its name, what its opening says it is, whether it is a person.

Knows English. What it cannot tell it leaves out, and the builder refuses the item by a named rule.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from texts.words import words

BRACKETED = re.compile(r"\s*\([^()]*\)")
_IS = re.compile(
    r"(?P<subject>.{1,160}?),? (?P<verb>is|are|was|were) (?P<kind>(?:an?|the|one of)\b .+"
    # a mass has no article: "organic matter that microbes have broken down"
    r"|(?!(?:not|also|often|known|said|held|made|thought|set|\w+ed|\w+ly|\w+ing)\b)[a-z]+ (?:\w+ )?(?:that|which|of|for|from|used)\b.+)"
)
_DATES = re.compile(r"\([^()]*(?:\bborn\b|\bdied\b|\d{3,4}(?:,[^()\d–-]*)?\s?[–-]\s?[^()]*\d{3,4})[^()]*\)")
_PARTED = re.compile(r"[.!?…]{2}|[a-z]{3}[.!?…] ")
_PERSONS_NAME = re.compile(r"[^\W\d_a-z][\w.'’-]+(?: [^\W\d_a-z][\w.'’-]*)+")
_ALONE_AFTER = re.compile(r"(?!the$)[a-z0-9]+,?|\w{3,}[.!?]|(?:In|On|At|By|With|For|After|Before|While|When|As)")
_OF_A_LIFE = re.compile(r"\b(?:He|She|His|Her)\b")
THING = re.compile(
    r"\b(?:films?|movie|novel|song|album|single|band|series|episode|play|opera|book|magazine|newspaper|company|school|college|city"
    r"|town|village|district|county|river|mountain|island|church|castle|building|ship|station|game|award|language|group|team|club)\b"
)
_MISSET: tuple[tuple[re.Pattern[str], str], ...] = (
    # one comma alone parts a subject from its verb: `Ada Moss (1901 - 1971), was a potter`
    (re.compile(r"^([^,().]+\([^()]*\)),(?= (?:is|was|are|were) )", re.MULTILINE), r"\1"),
    (re.compile(r"(?<=[\w\").]),? ?\( (?=[\w\"])"), " ("),  # `name( born`: the blank stands on the wrong side
    (re.compile(r"(?<=[a-z]{3})\((?=\")"), " ("),
    (re.compile(r"(?<=\w)- (?=(?!(?:and|or|to)\b)\w)"), "-"),  # `lay- abbot`, `17- year-old`
    (re.compile(r"(?<=\w)- (?=(?:and|or|to|the|in)-\w)"), "-"),  # `black- and-white`
    (re.compile(r"(?<=[a-z]) -(?=[a-z])"), "-"),
    (re.compile(r"(?<=\w) ?/ (?=\w)"), "/"),
    (re.compile(r"(?<=\w)& (?=\w)"), " & "),
    (re.compile(r"(?<=\w) n['’]t\b"), "n't"),  # `ca n't`
    (re.compile(r"(?<=\w) (?=[’']s\b)"), ""),
    (re.compile(r"(?<=\b[dDlL]['’]) (?=[A-Z])"), ""),  # `d' Or`
    (re.compile(r"(?<=[a-z])([$£€]) ?(?=\d)"), r" \1"),  # `grossing$ 40`
    (re.compile(r"(?<=[$£€]) (?=\d)"), ""),
    (re.compile(r" +(?=[,;])"), ""),
    (re.compile(r",{2,}"), ","),
    (re.compile(r" {2,}"), " "),
)
# what works are, by the word that names their kind; nothing else than works of one kind is like a work
WORKS = {
    **dict.fromkeys(
        ("film", "movie", "films", "serial", "adaptation", "comedy", "drama", "western", "documentary", "short"), "film"
    ),
    **dict.fromkeys(("song", "single", "track", "tune", "ballad"), "song"),
    **dict.fromkeys(("novel", "book", "story", "play", "poem", "memoir"), "book"),
}
_PEOPLE = """actor actress director filmmaker cinematographer scholar cyclist swimmer wrestler boxer dancer comedian guitarist pianist drummer
entertainer model presenter broadcaster economist mathematician theologian missionary diplomat noblewoman nobleman entrepreneur
businesswoman translator critic jurist attorney biologist botanist astronomer explorer animator illustrator choreographer producer
writer author novelist poet playwright screenwriter journalist editor singer songwriter rapper musician composer conductor painter
sculptor photographer artist architect politician lawyer judge officer soldier general king queen prince princess duke emperor bishop
saint player footballer cricketer coach scientist physicist chemist historian philosopher engineer physician teacher professor
activist businessman"""
PEOPLE = frozenset(_PEOPLE.split())
HEAD = re.compile(
    r"(?P<phrase>.+?)(?=[,;.(]|\s(?:of|in|on|at|for|from|by|to|with|about|as|who|whose|which|that|where|is|was|born|written|made|set|shot|built|held|run|(?:best |most )?known"
    r"|(?!(?:winning|selling|grossing|speaking|acting)\b)\w+(?:ed|ing))\b|$)"
)


@dataclass(frozen=True)
class Definition:
    """What an opening sentence says a topic is: `verb` of is, are, was, were, and `kind`, a phrase of its own with a stop."""

    verb: str
    kind: str


def mended(text: str) -> str:
    """The text with blanks where they belong, which some corpora have beside brackets, quotes and hyphens.

    >>> mended('The lay- abbot( died 875) of" The House" wrote.')
    'The lay-abbot (died 875) of "The House" wrote.'
    """
    for wrong, right in _MISSET:
        text = wrong.sub(right, text)
    return "\n".join(map(_quotes_mended, text.split("\n")))


def _quotes_mended(line: str) -> str:
    """The line with no blank inside a quote, and one before and behind it; unchanged where a quote is not closed."""
    parts = line.split('"')
    if len(parts) % 2 == 0:
        return line
    mended = parts[0]
    for quoted, after in zip(parts[1::2], parts[2::2], strict=True):
        before = " " if mended[-1:].isalnum() or mended[-1:] in list(",;:") else ""
        behind = " " if after[:1].isalnum() else ""
        mended += f'{before}"{quoted.strip()}"{behind}{after}'
    return mended


def name_of(title: str) -> str:
    """The title without what only tells it from others of its name.

    >>> name_of("The Bat (1959 film)"), name_of("John Lyon, 6th Lord Glamis")
    ('The Bat', 'John Lyon')
    """
    return BRACKETED.sub("", title).split(", ")[0].strip() or title


def names(title: str, sentence: str) -> bool:
    """Whether the sentence has the topic's name, or the last word of it, as a family is named."""
    name = name_of(title)
    last = words(name)[-1:] or [name]
    # of a name that a mark parts, such as "Nancy Drew... Reporter", the last word is a part that is cut off
    family = not _PARTED.search(name) and len(last[0]) > 3 and not THING.fullmatch(last[0].casefold())
    return name[1:] in sentence or (family and last[0] in words(sentence))


def has_all(title: str, text: str) -> bool:
    """Whether the text has each word of the topic's name somewhere, accents and case apart.

    >>> has_all("Andrea Corr", "Andrea Jane Corr sang."), has_all("Andrea Corr", "Corr sang.")
    (True, False)
    """
    return set(words(_folded(name_of(title)))) <= set(words(_folded(text)))


def in_full(title: str, text: str) -> str:
    """The text with the whole name of a person where it first has the family's alone; unchanged where it does not.

    >>> in_full("Ada Moss", "In 1901 Moss left Hull. Moss dug clay."), in_full("Ada Moss", "Ned Moss left, and the Moss grew.")
    ('In 1901 Ada Moss left Hull. Moss dug clay.', 'Ned Moss left, and the Moss grew.')
    """
    name = name_of(title)
    if not _PERSONS_NAME.fullmatch(name):
        return text
    found = re.search(rf"\b{re.escape(name.split(' ')[-1])}\b(?!-| [A-Z])", text)
    if found is None:
        return text
    before = text[: found.start()].split()[-1:]
    if before and not _ALONE_AFTER.fullmatch(before[0]):  # another's first name, or a thing of that name
        return text
    return f"{text[: found.start()]}{name}{text[found.end() :]}"


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("-", " "))
    return "".join(one for one in plain if not unicodedata.combining(one))


def definition(title: str, opening: str) -> Definition | None:
    """What the opening sentence says the topic is; None where it says no such thing, or not of the topic."""
    found = _IS.fullmatch(BRACKETED.sub("", opening))
    if found is None or not names(title, found["subject"]) or len(words(found["subject"])) > 14:
        return None
    return Definition(found["verb"], found["kind"][0].upper() + found["kind"][1:])


def sort_of(kind: str, opening: str, rest: str) -> str:
    """What sort of thing a phrase describes, so that things of one sort can be taken for each other: a work's, "person" or "thing".

    opening, rest: the sentences that the phrase is from, and all behind it.

    >>> sort_of("A 1961 American comedy film adaptation of a play.", "", ""), sort_of("A film director.", "A. B. (born 1901) is ...", "")
    ('film', 'person')
    """
    head = HEAD.match(kind)
    noun = words(head["phrase"])[-1].casefold() if head and words(head["phrase"]) else ""
    return "person" if noun in PEOPLE or is_person(opening, rest) else WORKS.get(noun, "thing")


def is_person(opening: str, rest: str) -> bool:
    """Whether the opening tells of a life, or what follows does and the opening of no work, place or company."""
    return bool(_DATES.search(opening) or (_OF_A_LIFE.search(rest) and not THING.search(opening)))
