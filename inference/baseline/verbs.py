"""English verbs as documentation uses them: with which a description opens, and whether a sentence has one."""

from __future__ import annotations

import re

from texts.grounding.irregular import PLAIN
from texts.words import FUNCTION_WORDS, words

# verbs with which documentation opens a sentence whose subject is the documented thing ("Returns the mean.")
_DOCUMENTED = """accept acquire add allow append apply ask assert assign attempt bind bisect broadcast build calculate call cast change
check classify clean clear close coerce collect combine compare compile compute concatenate configure connect
construct contain control convert convolve copy count create decide decode decorate define delete deprecate describe
detect determine differentiate disable dispatch display divide draw drop dump emit enable encode ensure enter estimate
evaluate execute expand expire export extract fetch fill filter find fit flatten flush force format generate get give
group guess handle hash implement indicate initialize insert inspect install instantiate integrate interpret
invalidate invoke iterate join keep learn list load localize locate look make map mark match materialize merge move
multiply normalize notify obtain open pack parse perform permute plot pop predict prepare print produce provide push
put raise read receive reconstruct record reduce register reject release remove rename render repeat replace report
represent request resample reset reshape resolve restore retrieve return reverse roll round run save scale search
select send serialize set shift show shut simulate skip solve sort specify split squeeze start stop store stream strip
submit subtract swap switch take terminate test track transform translate traverse trim truncate try unpack update use
validate verify visit wait walk warn wrap write yield zip"""
VERBS = frozenset(_DOCUMENTED.split())
# words that are verbs wherever they stand
_ALWAYS_VERBS = """is are was were has have had can could will would may might must should do does did became began took made won wrote
led gave held came went found built sold grew ran kept rose fell met saw stars tells follows contains includes lies"""
_HEADING = 8  # words
_THIRD = re.compile(r"[a-z]{2,}s")  # "removes"
# an order by a verb that is not known: "Smooth a sampled signal"
_ORDER = re.compile(r"(?P<verb>[a-z]{2,}[a-rt-z]) (?:an?|the|every|each|all|its|one|it|them) ")


_FURTHER = "left sit sat put cut hit let live lie lay appear remain work play show like love"
_VERB_FORMS = {*VERBS, *PLAIN, *PLAIN.values(), *_FURTHER.split()}


def inflected(verb: str) -> str:
    """The third person singular of a regular English verb."""
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "s"


INFLECTED = frozenset(map(inflected, VERBS))
_FINITE = re.compile(rf"\b(?:{'|'.join(_ALWAYS_VERBS.split())}|[a-z]{{2,}}ed)\b|` (?:{'|'.join(sorted(INFLECTED))})\b")


def states(sentence: str) -> bool:
    """Whether the sentence has a verb, as far as its words tell: a heading has none.

    >>> states("The heap is warm."), states("`heap.sort` sorts it."), states("Turns and uses of heaps in winter.")
    (True, True, False)
    """
    return bool(_FINITE.search(sentence))


def may_state(sentence: str) -> bool:
    """Whether any word of a sentence may be its verb.

    >>> may_state("It runs long."), may_state("Born in Hull, England."), may_state("Ned Brick, son of John Brick; a potter.")
    (True, False, False)
    """
    return states(sentence) or any(_THIRD.fullmatch(word) or word in _VERB_FORMS for word in words(sentence))


def is_heading(sentence: str) -> bool:
    """Whether a sentence of few words has none that may be its verb: behind others it is a heading."""
    first, *rest = words(sentence) or [""]
    orders = first.lower() in VERBS or first.lower() in INFLECTED or _ORDER.match(sentence.lower())
    return len(rest) < _HEADING and not (orders or states(sentence) or any(_THIRD.fullmatch(word) for word in rest))


def form_of(description: str) -> str:
    """How a description of a part of a program opens: "verb" (also as an order), "noun", or "" where it is none.

    >>> [form_of(text) for text in ("Return it.", "Returns it.", "Is a heap.", "A heap.", "All heaps are full.")]
    ['verb', 'verb', 'noun', 'noun', '']
    """
    first, _, rest = description.lower().partition(" ")
    if first in ("a", "an") or description.lower().startswith(("is a ", "is an ", "is the ")):
        return "noun"
    if rest.startswith("of "):  # "List of names"
        return ""
    order = _ORDER.match(description.lower())
    told = first in VERBS or first in INFLECTED or (order and order["verb"] not in FUNCTION_WORDS)
    return "verb" if told else ""
