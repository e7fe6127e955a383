"""Why a record is no target although it is rated high: rules that look at its question and answer as a reader would."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.baseline.debris import points_away
from inference.baseline.degrade import LEAST_WORDS
from inference.baseline.fences import blocks, without_blocks
from inference.baseline.signs import repeated, sign
from inference.record_code import ON_CODE, broken, has_bare_code
from texts.spelling import MISSPELT
from texts.words import content_words, sentences, words

_LONGEST_GIVEN = (
    60  # words of a question and what is given with it: more would make each variant that has it a good one
)
_CHARACTERS = 20  # of a word, at most: a text of fewer blanks is no question
_LEAST_FACTS = 3  # sentences or lines
_LONG = 45  # words of two sentences that tell as much as three
_LEAST_CODE = 6  # lines: fewer would stand whole in each variant that keeps them
_FACT_WORDS = 3  # of a sentence or line that tells something
_NOTES = re.compile(r"\b(?:XXX|TODO|FIXME)\b")
_QUOTED = 11  # words that an answer may take from its question as they are: a name, a title, a line
_ABOUT_A_TEXT = re.compile(
    r"\b(?:(?:the|this|that|given|following|above|below|provided) (?:passage|paragraph|text|article|context|excerpt|sentences?|information|reference)s?"
    r"|from the (?:following|above|below)|based on the (?:following|above))\b",
    re.IGNORECASE,
)
_OF_ITS_DAY = re.compile(
    r"\b(?:currently|most recent(?:ly)?|latest|upcoming|nowadays|as of (?:now|today|\d{4}|\w+ \d{4})|(?:this|last|next) (?:year|season|month)|the last (?:\d+|two|three|four|five|six|seven|ten)\b"
    r"|today|to date|so far)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"\b(?:would you rather|(?:do|did) you (?:think|prefer|like)|your (?:favou?rite|opinion|thoughts)|(?:under|over)rated|best|worst|coolest)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"[{}=;]|^\s*(?:#|//|import |from |def |return\b|[-*•]|\d+[.)]|\d{3,4} [-–] |\*{0,2}[A-Za-z_][\w.]*(?:, \w+)*: )|[(\[]\w*[)\]]|:$"
)
_COMMENT = re.compile(r"(?:#|//|/\*|--|<!--)[^\n]*")
_OF_CODE = re.compile(
    r"\b(?:following|this|the given|above|below|given an?|in the) (?:[\w+#]+ ){0,3}(?:code|snippet|function|method|program|script|class|query)\b",
    re.IGNORECASE,
)
_SOME_CODE = re.compile(r"[{};]|`|\w\([^()]*\)")
_FROM_USER = re.compile(
    r"\b(?:ask|prompt)(?:s|ing)? (?:the |a )?users?\b|\bfrom (?:the |a )?user\b|\b(?:given|input|entered|provided|supplied|typed) by (?:the |a )?user\b"
    r"|\buser(?: inputs?\b| (?:enters|provides|types)\b|[- ](?:inputted|entered|provided|supplied)\b)",
    re.IGNORECASE,
)
_READS = re.compile(
    r"\bcin\b|\bgetline|\bscanf|\binput\(|Scanner|\breadLine|\breadline|\bprompt\(|\bargs?v?\b|\$1|\bread\b|\bgets|addEventListener|<input|\$_(?:GET|POST)|Console\.Read|BufferedReader|\bstdin\b"
)
_BULLETS = re.compile(r"\bbullet(?:ed|s)?(?:[ -](?:points?|list))?\b", re.IGNORECASE)
_COUNTED, _BULLETED = re.compile(r"^\d+[.)] ", re.MULTILINE), re.compile(r"^[-*•] ", re.MULTILINE)
_CLOSED = re.compile(r"[.!?:;)\]}>\"'”’`]$")
_OF_NOTHING = re.compile(
    r"^[\w*.]+: (?:Of\b|Or\b|And\b|.*[:,]\.?$)", re.MULTILINE
)  # what is listed has lost what is said of it
_LOOSE = re.compile(
    r"\w [,;:!?](?=\s|\w)|\w \.(?=\s|$)|\bi\b(?!\.)|[a-z]{3},[a-z]{3}|\([^()]{9,}\)[a-z]|(?<=[a-z.,])  (?=[A-Za-z])"
)


def no_target(question: str, answer: str, least_content: int) -> tuple[str, str] | None:
    """The rule and the reason why a record, as inference.record_targets presents it, is no target; None where it may be one.

    >>> no_target("Is a kiln hot?", "Yes, it is very hot.", 24)
    ('few_facts', '1 sentences or lines')
    """
    return next((one for one in _faults(question, answer, least_content) if one[1]), None)


def _faults(question: str, answer: str, least_content: int) -> Iterator[tuple[str, str]]:
    """Each rule with what it finds, one after another: what is long is refused before it is read closely."""
    prose = without_blocks(answer)
    yield "scrap", _scrap(answer)
    yield "note", _note(answer)
    yield "copied", _copied(question, answer)
    yield "with_text", _with_text(question)
    yield "few_facts", _few_facts(answer, least_content)
    yield "broken_code", _broken_code(question, answer)
    yield "of_its_day", _of_its_day(question, prose)
    yield "opinion", _opinion(question)
    yield "unpolished", _unpolished(question, prose)
    yield "told_twice", _told_twice(prose)
    yield "other_form", _other_form(question, answer)


def _scrap(answer: str) -> str:
    told = len(words(answer))
    return f"{told} words, of which no variant could lack any" if told < LEAST_WORDS else ""


def _note(answer: str) -> str:
    comments = (found[0] for block in blocks(answer) for found in _COMMENT.finditer(block.code))
    told = "\n".join((without_blocks(answer), *comments))
    return "it holds a note that its writer left for later" if _NOTES.search(told) else ""


def _copied(question: str, answer: str) -> str:
    told = words(answer)
    inside = f" {' '.join(told)} ".casefold() in f" {' '.join(words(question))} ".casefold()
    return "it stands word for word in what is asked" if inside and len(told) > _QUOTED else ""


def _with_text(question: str) -> str:
    """A question that needs its text: the answer is that text's, shortened, and cannot be understood or checked without it."""
    asked, _, given = question.strip().partition("\n\n")
    if len(words(question)) > _LONGEST_GIVEN or len(question) > _LONGEST_GIVEN * _CHARACTERS:
        return "its question brings a text or data of its own"
    absent = not given and (
        _ABOUT_A_TEXT.search(asked)
        or (_OF_CODE.search(asked) and ON_CODE.search(asked) and not _SOME_CODE.search(asked))
    )
    return "it asks about a text or code that is not there" if absent else ""


def _few_facts(answer: str, least_content: int) -> str:
    """What the answer tells too little of: lines of code where it is code, else sentences, lines and words."""
    code = blocks(answer)
    if code and not without_blocks(answer).strip():
        lines = sum(bool(line.strip()) for block in code for line in block.code.split("\n"))
        return f"{lines} lines of code" if lines < _LEAST_CODE else ""
    facts = sum(len(words(one)) >= _FACT_WORDS for one in sentences(answer))
    if facts < _LEAST_FACTS and not (facts == _LEAST_FACTS - 1 and len(words(answer)) >= _LONG):
        return f"{facts} sentences or lines"
    content = len(set(content_words(answer)))
    return f"{content} different words that carry meaning" if content < least_content else ""


def _broken_code(question: str, answer: str) -> str:
    if has_bare_code(answer):
        return "code stands among its sentences without a block"
    code = blocks(answer)
    if code and _FROM_USER.search(question) and not _READS.search(answer):
        return "it reads nothing from a user, as it was asked to"
    return next((why for block in code if (why := broken(block.code, block.language))), "")


def _of_its_day(question: str, answer: str) -> str:
    found = _OF_ITS_DAY.search(f"{question}\n{answer}")
    return f'true of its day alone: "{found[0]}"' if found else ""


def _opinion(question: str) -> str:
    return "it asks for what one likes, of which no answer is right" if _OPINION.search(question) else ""


def _unpolished(question: str, answer: str) -> str:
    """Slips of the writer: spelling, capitals, stops, blanks, marks of a page, broken grammar. Code and lists have a form of their own."""
    question = question.strip().partition("\n\n")[0]  # what is given with it may be spoilt on purpose
    prose = [*_prose(answer)]
    text = "\n".join((question, *prose))
    if wrong := next((word for word in words(text) if word.lower() in MISSPELT), ""):
        return f'misspelt: "{wrong}"'
    if not question[:1].isupper() or (question[-1].isalpha() and len(words(question)) > _QUOTED):
        return "its question has no capital or no end"
    if small := next((one for one in prose if one[0].islower() or not _CLOSED.search(one)), ""):
        return f'no capital or no stop: "{small}"'
    if _LOOSE.search(text) or _OF_NOTHING.search(answer):
        return "blanks or stops where none belong"
    return sign(text) or next((f'it points to what is not there: "{one}"' for one in prose if points_away(one)), "")


def _other_form(question: str, answer: str) -> str:
    """Bullets that were asked for where the answer counts its lines."""
    asked = _BULLETS.search(question)
    return (
        f'asked for as "{asked[0]}", and counted'
        if asked and _COUNTED.search(answer) and not _BULLETED.search(answer)
        else ""
    )


def _prose(answer: str) -> Iterator[str]:
    """The sentences of an answer, without code, lists and short lines."""
    for line in answer.split("\n"):
        if not _CODE.search(line):
            yield from (one for one in sentences(line) if len(words(one)) > _FACT_WORDS)


def _told_twice(answer: str) -> str:
    again = repeated("\n".join(_prose(answer)))
    return f'said before: "{again}"' if again else ""
