"""Signs that a text is not clean prose: marks of its page, lost words, broken grammar. One of them refuses the whole passage or record.

Patterns for English, each made from sentences that a reader of items found bad. What else such a text says is as likely to be
spoilt, in ways that no pattern finds.
"""

from __future__ import annotations

import re

from inference.baseline.topics import PEOPLE, WORKS
from texts.words import content_words, sentences

_SIGNS = {
    "a mark of its page": re.compile(
        r"(?<=[\w.,;:!?)\"”])\s?\[(?:\d{1,3}|[a-z]|note \d+|citation needed|[a-z ]+ needed)\]|_\[|&(?:amp|nbsp|lt|gt|quot|#\d+);"
        r"|\{\{|\}\}|\[\[|\]\]|https?://|www\.|<\w+[ />]|``|''(?=\w)|\w\[\w+(?:\.\w+)+\]|\\\w|\((?:\d{4} )?(?:[A-Za-z]+ ){0,2}(?:film|song|album|novel|band|series|singer|actor|actress)\)|(?<!\w)_[a-z]+(?: [a-z]+)?_(?!\w)"
    ),
    "punctuation with nothing in it": re.compile(
        r"\((?:or|and|also|lit|in)\.?\)|\((?:born|bapti[sz]ed|died|c\.) ?[–)-]|\(\s*[,;:]|(?<!\w)\(\s*\)|[,;]\s*\)|,\s*(?:[,;:]|\.(?!\.))|:\s*[.,;]|;\s*[.,;]|\s[,;.](?=\s)|(?<!\.)\.\.(?!\.)|['’]\"\w|\w :\w|\(see\)|[.!?][\"”)]\.|[!?]\.(?=\s|$)|\w\s[!?](?=\s|$)|;\(|\d\(\"|\(\w+/\)|[a-z]\[ (?=[a-z])"
    ),
    "an article without its noun": re.compile(
        r"\b(?:the|an) (?:an?|the|and|or|of|in|to|is|was|are|were|by|for|with|from|on|at|that|which|has|had|have|be|been)\b(?!-)"
        r"|\ba (?:an?|the|of|in|to|was|were|by|for|with|from|at)\b(?!-)|\ban [bcdfgjklmnpqrtvwyz][aeiou][a-z]*\b|\ba (?!one|once|eu|ou)[aeio][a-z]+\b"
    ),
    "a noun without its article": re.compile(
        rf"\b(?:is|was) (?:\d{{4}} )?[A-Z][a-z]+(?:an|ish|ese|ch|ic) (?:[a-z-]+ ){{0,3}}(?:{'|'.join(sorted({*WORKS, *PEOPLE, 'noble', 'series', 'album', 'band'}))})(?=[,.]| (?:by|who|directed|and|in|from|of)\b)"
        r"|\b(?:of|by|from|in|to) (?:United (?:States|Kingdom|Nations|Arab Emirates)|Government of)\b"
        r"|\b(?:during|after|before|in|of) (?:(?:American|English|Spanish|Chinese|Russian|French) (?:Civil War|Revolution)|(?:First|Second) World War)\b"
        r"|\bin (?:(?:lead|leading|title|main) role|(?:lower|upper) house)\b"
    ),
    "a measure that is not there": re.compile(
        r"\b(?:about|approximately|roughly) (?:(?:high|wide|long|tall|deep)(?=[.,;)]| and\b| above\b)|away\b|from\b|to the \w+\b|(?:north|south|east|west)\w* of\b|in (?:length|height|area)\b)|\b(?:about|approximately|roughly|nearly)[.;)]"
        r"|\b(?:from|between) \d{4} ?[–-] ?\d{2,4}\b"
    ),
    "what was still to come": re.compile(
        r"\bupcoming\b|\b(?:scheduled|slated|set) to (?:be released|air|begin|open|premiere)\b|\bwill be released\b"
    ),
    "a preposition without its noun": re.compile(
        r"\b(?:of (?:of|from|by|with|for|to)|in (?:of|from)|from (?:of|from|by|with|for|to)|with (?:of|from|by|with|for|to)"
        r"|at (?:of|from|by|with|for|to)|for (?:of|from|for|to)|by (?:of|by|from|with|for)|(?:of|the|between|in|from|by) (?:is|are|was|were) (?:of|in|to))\b"
        r"|\b(?:roughly|approximately|nearly|than|least|of|the|an|by|from|between),(?= [a-z])|\b(?:as|the|than|of|and)[.;](?=\s|$)|\d in\.(?=\s|$)"
        r"|\b(?:by|of|the|an?|in|with|and|or|is|was|are|were|from|for|as) \((?:1\d{3}|20\d\d)\)|\b(?:the|an?|by|of|and|with|from|in)\)"
    ),
    "a verb in the wrong form": re.compile(
        r"(?<!did )(?<!does )\b(?:he|she) (?:arrive|become|begin|die|direct|go|join|leave|live|make|marry|move|play|star|start|take|win|work|write)\b"
        r"|\b(?:him|her|them) and (?:his|her|their) [a-z]+ (?:was|were|is|are|had)\b|\b(?:is|was) starring\b|\binspired from\b"
        r"|(?:^|[.!?] )(?:From|In|Since|Until) (?:[A-Z][a-z]+ )?\d{4}(?: to (?:[A-Z][a-z]+ )?\d{4})?,? (?:was|were|is|had|became)\b"
        r"|\b[Ii]t's [a-z]+ (?:is|was|are|were|has)\b|, th(?:is|at) (?:is|was) (?:an?|the)\b|\band the [a-z]+ed (?:the|an?)\b|\band to [a-z]+ with\b"
        r"|\b(?:published|released|recorded|directed) (?:first|second|last|debut) [a-z]+ (?:is|was)\b|\b(?:where|when) (?:worked|went|became|lived|wrote)\b"
        r"|\bto (?:had|was|were|has|is|are|did|went|became|been)\b|\b(?:he|she|they|it|we) (?:he|she|they|we)\b"
        r"|\b(?:is|was|are|were) (?:is|was|are|were)\b|\b(?:should|would|could|must|will|can) (?:\w+s themselves|had|has|was|were|is|are)\b"
        r"|\b(?:did|does|do)(?:n't| not)? (?:had|has|was|were|is|are)\b|\b(?:has|have|had) (?:was|were|is|are|went|did)\b"
    ),
    "a word said twice": re.compile(
        r"\b(?!that\b|had\b|very\b)([a-z]{2,}) \1\b|\b([A-Z][a-z]+(?: [A-Z][a-z]+)+|The [A-Z][a-z]+) \2\b"
    ),
    "a quote that is not there": re.compile(
        r"\b(?:said|says|wrote|writes|stated|states|recalled|remarked|commented|noted|added|called it)\b[^.:\"“]{0,80}: (?![\"“'‘(])[A-Z]|\w'\d0s\b|\" s\b|[a-rt-z]' [A-Z][^'\"]{1,60}'(?!\w)"
    ),
    "a title that runs into another": re.compile(r'"[^"]* (?:\w*[a-z]{3}[A-Z]\w* [^"]*|[^"]*[a-z],[A-Z][^"]*)"|"The [^":]* The [^"]*"'),
    "a list or a date that is not there": re.compile(
        r"\b(?:were|was|are|is|as|includ(?:e|es|ed|ing)|following): (?:He|She|It|They|The|In|His|Her|This|After)\b|: (?:He|She|They) (?:died|was|is|had|has|married|also)\b|\bof (?:world|nation)wide\b|\bwhen the \w+ed\b|\d\?(?=\W)|(?:^|[.!?]\s)Examples? (?:of|using|usage|for)\b|(?:^|[.!?] )Where \w+ (?:is|are)\b"
        r"|\b\d{4} \d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    ),
    "a name in small letters": re.compile(r"\b(?:american|british|english|french|german|italian|spanish|greek|russian|indian|chinese|japanese|dutch|swedish)\b"),
    "two joined by nothing": re.compile(r"(?:^|[.!?] )(?:He|She|It|They|The [a-z]+)\b[^,;.:\"()]* (?:was|is|were|had)\b[^,;.:\"()]*, (?:he|she|it|they|(?:his|her|its|their) [a-z]+) (?:was|were|is|are|had|has|included?|became)\b|\b(?:prince|princess|nobleman|noblewoman) member of\b|(?:^|[.!?] )(?:Film|Movie|Trailer|Song|Album) (?:is|was|of|has)\b|\bIn lead\b|\b(?:directed|made|published|recorded|produced|wrote) first (?=[a-z])|\bstar(?:s|ring) (?:[A-Z][\w.'-]*(?:, | ))*[A-Z][\w.'-]*, (?:[A-Z][\w.'-]* )+(?:in|was|with)\b|[a-z] The [a-z]+ (?:was|is|were|has)\b|\b(?:married|was|is|were|had|has)\b[^.!?]*\) [A-Z][a-z]+ (?:was|is|were|had)\b|\b[a-z]{4,} (?:After|Although|While|Despite|Because|However),? [A-Za-z]+(?:'s)? [a-z]+,|\b(?:and|or|but),? (?:and|or|but)\b|\band to [a-z]+ [a-z]+ed\b"),
}  # fmt: skip
_LEAST = 4  # words that carry meaning, of a sentence that can repeat another
_WHOLLY = 2  # the same, of one that is wholly in another
_SHARED = 0.7  # of the words of the shorter of two sentences that say the same


def sign(text: str) -> str:
    """What shows that a text is not clean prose; "" where nothing does.

    >>> sign("The facade is roughly, on the other side."), sign("It burned for 3 days.")
    ('a preposition without its noun', '')
    >>> [sign(text) for text in ("Occurrence in tortoises,[2] too.", "He sat (as a rule.", "In order to had a residence.")]
    ['a mark of its page', 'a bracket or quote left open', 'a verb in the wrong form']
    """
    for name, pattern in _SIGNS.items():
        if pattern.search(text):
            return name
    opened = any(text.count(left) != text.count(right) for left, right in ("()", "[]"))
    return "a bracket or quote left open" if opened or text.count('"') % 2 else ""


def said_again(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sentences, by their words that carry meaning, say the same."""
    fewer, shared = min(len(one), len(other)), len(one & other)
    return (fewer >= _LEAST and shared >= _SHARED * fewer) or (shared == fewer >= _WHOLLY)


def repeated(text: str) -> str:
    """A sentence that says what one before it said; "" where there is none.

    >>> repeated("The heap warms the garden soil. Rain cools it. The garden soil is warmed by the heap.")
    'The garden soil is warmed by the heap.'
    """
    before: list[frozenset[str]] = []
    for sentence in sentences(text):
        stems = frozenset(content_words(sentence))
        if any(said_again(stems, other) for other in before):
            return sentence
        before.append(stems)
    return ""
