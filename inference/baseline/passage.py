"""A titled passage as the parts a builder needs: its subject, what it says in prose, what it lists.

Knows two kinds of title: a topic ("Compost") and a name from a program ("json.dumps"), whose passages may list
`name: description` lines. English only; other languages keep their sentences and get no rewriting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from inference.baseline.topics import mended
from texts.words import sentences, words

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+|[a-z]+_\w+|_\w+")
_ENTRY = re.compile(r"(?P<name>\*{0,2}[A-Za-z_][\w.]*): (?P<text>\S.*)")
# `Note: ...` has the shape of a listed entry but is prose
REMARK = re.compile(
    r"(?:Notes?|Warnings?|Examples?|Tips?|Caution|Important|Deprecated|Changed|Added|See|Attention|Alias(?:es)?)\b",
    re.IGNORECASE,
)
ERROR = re.compile(r"\w*(?:Error|Exception|Warning|Interrupt)$")
_STOP = re.compile(r"[.!?][\"'”’)\]`]*$")
_DEBRIS = re.compile(
    r">>>|::|\.\. |={3,}|-{3,}|\|\s*\||[{}<>\\]{2,}|^\W*[a-z_]+\(.*\)\W*$|\(\s*\)|:$"
    r"|\b(?:is|are|be|by|as|of|the|and|or|with|to|for|from|see|via|than)[.:]"  # something was cut out after it
)
# the same of a text about a topic: a sentence that lost a name, a date or a stop where its page had markup
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_TORN = re.compile(
    rf"\b(?:of|by|the|an?|with|and),(?= [a-z])|\d{{4,}} (?:{_MONTHS}) \d|\d{{5,}} (?:{_MONTHS})|:-|\( ?[–-]|\b(?:and|,) \(\d{{4}}\)"
    r"|\b(?:over|of|by|the|its|an?) (?:and|or|was|is|were|are)\b(?! over)|\ban? (?:directed|written|produced|starring)\b"
    r"|[a-z],? (?:She|He|It|They|Her|His) (?:is|was|had|were|has)\b|[a-z]{3}[A-Z][a-z]{2}"
    r"|\b(?:Gen|Col|Capt|Lt|Sgt|Rev|Maj|Adm|Gov|Sen|Prof|lit|vol|pp)\.$"
)
# endings behind which the next piece may be the rest of the sentence
_ABBREVIATED = re.compile(r"\b(?:Bros|Inc|Co|Corp|Ltd|Jr|Sr|Mt|Ft|Prof|Dott|[A-Z])\.$")
# openings by which a sentence leans on the one before it
_LEANING = """This It Its These Those They Their He She His Her However But And Or So Also Otherwise Such That Then
Therefore Thus For Here There Moreover Furthermore Instead Note See As Both Each One Another Again Finally Next
Consequently Similarly Conversely Likewise Hence"""
_LEANS = re.compile(
    rf"(?:{'|'.join(_LEANING.split())}|(?:In|To|At|During|Despite|After|By|On|For|From|With) (?:this|that|these|those|such|the same)"
    r"|In (?:addition|contrast)|If (?:so|not|it)|While there|Meanwhile|Afterwards?|Soon|Later|By then"
    r"|The (?:following|above|same|former|latter))\b"
)
_THIS = re.compile(r"This (?:class|function|method|module|decorator|routine|object|type) (?=\w+s\b)")
_KIND = re.compile(
    r"(?:[A-Z][\w-]* |(?:An?|The) )?(?:[a-z][\w-]* ){0,3}(?:[Cc]lass|[Ff]unction|object|mixin|[Dd]ecorator|manager"
    r"|[Ww]rapper|exception|iterator|container|interface|version|[Cc]onstructor)\b"
    r"(?= (?:for|that|which|to|with|by|used|from|of an?)\b|[.,])"
)
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
_VERBS = frozenset(_DOCUMENTED.split())
_SECOND = re.compile(r"(?:\b(?:and|or|then)|,) (?:then |optionally )?(?P<verb>[a-z]+) (?!of\b)")
_STATES = re.compile(r"\w+(?: [\w-]+){0,3} (?:is|are|was|were) ")  # "Group centrality is ..." is no order

# words that are verbs wherever they stand
_ALWAYS_VERBS = """is are was were has have had can could will would may might must should do does did became began took made won wrote
led gave held came went found built sold grew ran kept rose fell met saw stars tells follows contains includes lies"""


@dataclass(frozen=True)
class Passage:
    """The usable parts of a passage, in its order; `arguments` and `errors` are (name, description)."""

    title: str
    prose: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    returned: str = ""

    @property
    def named(self) -> bool:
        """Whether the title is a name from a program."""
        return is_program_name(self.title)

    @property
    def subject(self) -> str:
        """The title as running text shows it."""
        return f"`{self.title}`" if self.named else self.title

    @property
    def purpose(self) -> str:
        """The opening sentence, with the subject put in where a program's documentation leaves it out; "" without
        prose.
        """
        return with_subject(self, self.prose[0]) if self.prose else ""

    def without_lists(self) -> Passage:
        """The passage with its prose alone."""
        return replace(self, arguments=(), errors=(), returned="")


def is_program_name(title: str) -> bool:
    """Whether the title is a name from a program, not a topic.

    >>> is_program_name("json.dumps"), is_program_name("Compost")
    (True, False)
    """
    return bool(_NAME.fullmatch(title))


@lru_cache(maxsize=2_048)  # an item of each type is tried on a passage, and it lends its option to others of its batch
def read(title: str, text: str) -> Passage:
    """The passage with what reads badly left out: fragments, code, layout, sentences of under four or over sixty
    words.
    """
    named = is_program_name(title)
    told: list[str] = []
    listed: list[tuple[str, str]] = []
    returned = ""
    for line in (text if named else mended(text)).split("\n"):
        entry = _ENTRY.fullmatch(line.strip()) if named else None
        if entry is None or REMARK.match(line):
            told += sentences(line)
        elif entry["name"] in ("Returns", "Yields"):
            returned = _complete(entry["text"])
        elif not _DEBRIS.search(entry["text"]):
            listed.append((entry["name"].lstrip("*"), _complete(entry["text"])))
    return Passage(
        title=title,
        prose=tuple(dict.fromkeys(_understood(told, named))),
        arguments=tuple(entry for entry in listed if not ERROR.match(entry[0])),
        errors=tuple(entry for entry in listed if ERROR.match(entry[0])),
        returned=returned,
    )


def _understood(told: Sequence[str], named: bool) -> Iterator[str]:
    """The readable sentences without those that lean on one that is not; the first may lean on a title that is a program's name."""
    lost, before = not named, ""
    for sentence in told:
        torn = not named and bool(_TORN.search(sentence) or _ABBREVIATED.search(before))
        lost = torn or not readable(sentence) or (lost and not stands_alone(sentence))
        before = sentence
        if not lost:
            yield sentence


def readable(sentence: str) -> bool:
    """Whether a sentence is complete, of ordinary length, closes its brackets and quotes, and is free of code and layout."""
    opens = sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "\"'`“‘(¿¡_"
    closed = sentence.count("(") == sentence.count(")") and sentence.count('"') % 2 == 0
    return (
        opens
        and closed
        and 4 <= len(words(sentence)) <= 60
        and bool(_STOP.search(sentence))
        and not _DEBRIS.search(sentence)
    )


def stands_alone(sentence: str) -> bool:
    """Whether a sentence can be understood without the one before it, as far as its opening shows."""
    return not _LEANS.match(sentence.lstrip("\"'`“‘("))


def states(sentence: str) -> bool:
    """Whether the sentence has a verb, as far as its words tell: a heading has none.

    >>> states("The heap is warm."), states("`heap.sort` sorts it."), states("Turns and uses of heaps in winter.")
    (True, True, False)
    """
    return bool(_FINITE.search(sentence))


def with_subject(passage: Passage, sentence: str) -> str:
    """The sentence as a statement about a named subject, where documentation leaves it out or says "this class"; else
    unchanged.
    """
    if not passage.named:
        return sentence
    first, _, rest = sentence.partition(" ")
    verb = first.lower()
    if (
        verb in _VERBS and rest and not rest.startswith("of ") and not _STATES.match(sentence)
    ):  # a list of names, a set of them
        # "Read a file and return it" stays an order: half of it would read as one
        return sentence if _orders_too(rest) else f"{passage.subject} {inflected(verb)} {rest}"
    if rest and any(verb == inflected(known) for known in (verb[:-1], verb[:-2], verb[:-3] + "y") if known in _VERBS):
        return f"{passage.subject} {verb} {rest}"
    if _THIS.match(sentence):
        return _THIS.sub(f"{passage.subject} ", sentence, count=1)
    if _KIND.match(sentence):
        lowered = sentence if first.isupper() and len(first) > 1 else sentence[0].lower() + sentence[1:]
        article = "" if verb in ("a", "an", "the") else "an " if lowered[0] in "aeiou" else "a "
        return f"{passage.subject} is {article}{lowered}"
    return sentence


def _orders_too(rest: str) -> bool:
    """Whether a second verb follows in the form of the first."""
    return any(found["verb"] in _VERBS for found in _SECOND.finditer(rest))


def inflected(verb: str) -> str:
    """The third person singular of a regular English verb."""
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "s"


_FINITE = re.compile(
    rf"\b(?:{'|'.join(_ALWAYS_VERBS.split())}|[a-z]{{2,}}ed)\b|` (?:{'|'.join(map(inflected, sorted(_VERBS)))})\b"
)


def _complete(text: str) -> str:
    """The text with a capital and a full stop, so that it reads as a sentence."""
    text = text.strip()
    opened = text[0].upper() + text[1:] if text.split(" ")[0].isalpha() else text
    return opened if _STOP.search(opened) else opened.rstrip(":;,") + "."
