"""What tells the right option without knowledge: words of the question's name in it alone, another sex, a nationality that no other has."""

from __future__ import annotations

import re
from functools import lru_cache

from texts.words import content_words, words

_ROOT = 5  # letters by which words of one root are the same ("Montenegro" and "Montenegrin")
_LEAST = 4  # letters of a word of a topic's name that can be told again
_PART = 3  # the same of a part of a program's name: "min", "svd"
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SHE = re.compile(
    r"\b(?:actress|daughter|wife|widow|mother|sister|niece|queen|princess|duchess|countess|empress|baroness|noblewoman|businesswoman"
    r"|heroine|nun|abbess|songstress|socialite|woman|female|consort of .* as the spouse)\b",
    re.IGNORECASE,
)
_HE = re.compile(
    r"\b(?:actor|son|husband|father|brother|nephew|king|prince|duke|count|emperor|baron|nobleman|businessman|monk|abbot|bishop|knight|man|male)\b",
    re.IGNORECASE,
)
_OF_HER, _OF_HIM = re.compile(r"\b(?:[Ss]he|[Hh]er)\b"), re.compile(r"\b(?:[Hh]e|[Hh]is)\b")
_NATION = re.compile(
    r"\b(?:Americ|Austr|Brit|Engl|Scot|Wel(?=sh)|Ir(?=ish)|Fren(?=ch)|German|Ital|Span(?=ish)|Portug|Dutch|Belg|Swiss|Pol(?=ish)|Czech"
    r"|Slov|Hungar|Roman(?=ian)|Bulgar|Gree[kc]|Turk|Russ|Ukrain|Finn|Swed|Norw|Dan(?=ish)|Iceland|Eston|Latv|Lithuan|Serb|Croat|Alban"
    r"|Canad|Indian|Pakist|Chin(?=ese)|Japan|Korea|Vietnam|Thai|Filip|Indones|Mexic|Brazil|Argent|Cuban|Chile|Colomb|Israel|Egypt|Iran"
    r"|Iraq|Syri|Leban|Niger|Kenya|Ghan|Armen|Georgian|Montenegr|Bosni|Tamil|Bengal|Venezuel|Peruv|Malayal|Kannad|Telugu|Hindi|Marathi|Punjab|Bollywood)\w*"
)


def echoes(name: str, text: str, program: bool) -> int:
    """How many roots of the text are also in the name, of a program's its last two parts.

    >>> echoes("ast.untokenize", "Transforms tokens back into code.", True), echoes("Helen of Troy", "Queen of Sparta.", False)
    (1, 0)
    """
    told = {word[:_ROOT] for word in content_words(text)} | {word.casefold()[:_ROOT] for word in words(text)}
    if not program:
        own = {word.casefold()[:_ROOT] for word in words(name) if len(word) >= _LEAST}
        return len(own & told)
    last = ".".join(name.split(".")[-2:])
    joined = last.lower()
    parts = {part.lower() for part in _PARTS.findall(last) if len(part) >= _PART}
    return sum(
        (len(root) >= _LEAST and root in joined) or any(root.startswith(part[:_ROOT]) for part in parts)
        for root in told
    )


def sex_of(description: str, text: str) -> str:
    """ "she", "he" or "": of whom a description of a person is, by its own words, else by the pronouns of the text.

    >>> sex_of("An American actress.", ""), sex_of("A potter.", "He dug. His clay was red."), sex_of("A potter.", "")
    ('she', 'he', '')
    """
    she, he = len(_SHE.findall(description)), len(_HE.findall(description))
    if she == he:
        she, he = len(_OF_HER.findall(text)), len(_OF_HIM.findall(text))
    return "she" if she > he else "he" if he > she else ""


@lru_cache(maxsize=8_192)  # an opening is compared with that of each passage that it lends to
def nations(description: str) -> frozenset[str]:
    """The roots of the nationalities that a description names.

    >>> sorted(nations("A Greek and American film director of Greece."))
    ['ameri', 'greec', 'greek']
    """
    return frozenset(found[:_ROOT].lower() for found in _NATION.findall(description))
