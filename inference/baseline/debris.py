"""Marks of a sentence that cannot be told: layout, lost characters, and what points to something that is not there.

Patterns for English, each made from sentences that a reader of items found bad. They refuse a sentence, never an item.
"""

from __future__ import annotations

import re
from functools import lru_cache

LAYOUT = re.compile(
    r">>>|::|\.\. |={3,}|-{3,}|\|\s*\||[{}<>\\]{2,}|^\W*[a-z_]+\(.*\)\W*$|(?<!\w)\(\s*\)|:$|\b(?:XXX|TODO|FIXME)\b"
    r"|\b(?:is|are|be|by|as|of|the|and|or|with|to|for|from|see|via|than)[.:]"  # something was cut out after it
    r"|\w \.(?:\s|$)|\w : [{a-z]"
)
_POINTS = re.compile(
    r"\b(?:described|appears?|defined|found|proposed|discussed|introduced|explained|given|published|implemented) (?:in|on|by|from)\s*[.,;]"
    r"|\b(?:the|of|this) (?:form|following|section|paper)\s*\.|\bfollowing\s*\."
    r"|\b[Ss]ee (?:also |the |main )*(?:[Nn]otes?|[Aa]rticles?|[Bb]elow|[Aa]bove|[Hh]ere|[Rr]eferences?|[Ee]xamples?|[Ss]ection|[Dd]ocumentation|\w+_\w+)\b"
    r"|\b(?:described|explained|listed|mentioned|noted|outlined|shown|given|defined|example|section|table) (?:above|below)\b|\bas (?:above|below)\b"
    r"|\b[Uu]ser [Gg]uide\b|\b(?:refer to|see) (?:also )?the [A-Z]|[,;—] see [A-Z]|\bsee (?:this|their)\b|\bthis link\b|\b[Tt]he above\b|\bfor (?:more|further) (?:examples?|details?|information)\b|\b[Aa]fore-? ?mentioned\b|\b[Ii]n section\b|\boriginal paper\b|\b(?:on|of|is|are|to|for) and\b"
)
_HEADED = re.compile(r"[A-Z]\w+ [A-Z]\w+ (?:If|A|An|The|When|In|To|It|This) [a-z]")  # a heading runs into its text
ASIDE = re.compile(r"\s*\((?:see|cf\.?|see also) [^()]*\)", re.IGNORECASE)
# the same of a text about a topic: a sentence that lost a name, a date or a stop where its page had markup
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_WORK = "album|film|movie|song|single|novel|book|series|play|show|episode"
TORN = re.compile(
    rf"\b(?:of|by|the|an?|with|and),(?= [a-z])|\d{{4,}} (?:{_MONTHS}) \d|\d{{5,}} (?:{_MONTHS})|:-|\( ?[–-]|\b(?:and|,) \(\d{{4}}\)"
    r"|\b(?:over|of|by|the|its|an?) (?:and|or|was|is|were|are)\b(?! over)|\ban? (?:directed|written|produced|starring)\b"
    r"|[a-z],? (?:She|He|It|They|Her|His) (?:is|was|had|were|has)\b|[a-z]{3}(?!Error|Exception|Warning|Interrupt|Exit)[A-Z][^\W\d_A-Z]{2}"
    rf"|\(;|; ?[–-] ?\d|\d(?:{_MONTHS})|[a-z][A-Z]\.(?: ?[A-Z]\.)|\b(?:{_WORK}), (?:was|is|were|are|had)\b|^\(\d{{4}}\)"
    rf"|\(\d{{1,2}} (?:{_MONTHS}) \d{{4}}\) was\b|\d- \d{{1,2}} -|\b(?:born|died)[,;]? ?[–-]"
)
# endings behind which the next piece may be the rest of the sentence
ABBREVIATED = re.compile(r"\b(?:Bros|Inc|Co|Corp|Ltd|Jr|Sr)\.$")
_UNTOLD = re.compile(
    rf"(?:The|This|That|These|Those) (?:\w+ )?(?:{_WORK}|band|company|studio|island|occupation|mechanism|method|algorithm|couple|pair|two)s?\b"
    r"|(?:After|Before|Upon|Following|During) (?:his|her|its|their|the) |According to [A-Z]\w+,?(?! [A-Z])|An? (?:similar|second|third|further)\b"
    r"|[^,]*\b(?:instead|also|another|other)\b"
)


@lru_cache(maxsize=256)  # asked of a sentence as it is read and as it is judged whole
def points_away(sentence: str) -> bool:
    """Whether the sentence names a place that is not told with it, or lost the name of one, or a heading runs into it.

    >>> [points_away(text) for text in ("It is listed below.", "This is described in.", "Class Binding If you bind it.", "It is on.")]
    [True, True, True, False]
    """
    return bool(_POINTS.search(sentence) or _HEADED.match(sentence))


def is_untold(opening: str) -> bool:
    """Whether an opening sentence is about something that a sentence before it must have named.

    >>> is_untold("After his release he went home."), is_untold("After 1912 Ada Moss went home.")
    (True, False)
    """
    return bool(_UNTOLD.match(opening))


def told_part(text: str) -> str:
    """The text without brackets that only say where more is told."""
    return ASIDE.sub("", text)
