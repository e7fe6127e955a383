"""What an answer gives away about itself: that it only declines, that it was cut off, that a template's blank was left in.

Each function takes columns and gives a mask, both of the batch's length:

    >>> answers = pa.array(["Sorry, I cannot help with that.", "It keeps well for days, because the pot is tight and", "4"])
    >>> declines(answers, most_words=60).to_pylist()
    [True, False, False]
    >>> cut_off(answers, pa.array(["en", "en", "en"])).to_pylist()
    [False, True, False]

Precision before recall: an answer is rejected for what no finished answer has. Titles, lists, code and short answers do without
a full stop, so a missing one proves nothing; an end in the middle of a phrase, a fence or a JSON value does. Declining is
known in six languages, unfinished phrases in seven. A dear test runs only on the texts in which a cheap pattern occurs.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import json
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.clean.text import matches

_SORRY = r"(?:(?:i['’]?m|i am) (?:very |really |so )?(?:sorry|afraid)\b.{0,40}?|(?:sorry|unfortunately|apologies)\b.{0,40}?)?"
_MACHINE = r"(?:as an?|i am(?: just| only)? an?|i['’]m(?: just| only)? an?) (?:ai|artificial intelligence|(?:large )?language model)\b"
_CANNOT = r"\b(?:can ?not|can['’]?t|unable|(?:do not|don['’]?t) have|not able|won['’]?t|lack|not (?:capable|programmed|appropriate))\b"
_DECLINE = (
    r"\bi (?:can ?not|can['’]?t|am unable to|am not able to|won['’]?t) "
    r"(?:help|assist|answer|fulfil|provide|comply|complete|do that|engage|discuss|respond)"
)
_DECLINES = (
    rf"{_SORRY}(?:{_MACHINE}.{{0,160}}?{_CANNOT}|{_DECLINE})",
    r"(?:(?:tut mir leid|leider|entschuldigung).{0,40}?)?als (?:ki|künstliche intelligenz|sprachmodell)\b.{0,120}?\b(?:nicht|keine?n?)\b",
    r"(?:(?:désolé|je suis désolé|malheureusement).{0,40}?)?en tant qu(?:e |['’])(?:modèle de langage|ia\b|intelligence artificielle)"
    r".{0,120}?\bne? ?(?:peux|suis|dispose|possède|ai)\b",
    r"(?:lo siento.{0,40}?)?como (?:un |una )?(?:modelo de lenguaje|ia\b|inteligencia artificial).{0,120}?\bno (?:puedo|tengo|soy)\b",
    r"(?:desculpe.{0,40}?)?como (?:um |uma )?(?:modelo de linguagem|ia\b|inteligência artificial).{0,120}?\bnão (?:posso|tenho|sou)\b",
    r"(?:(?:很?抱歉|对不起).{0,20}?)?(?:我(?:只)?是|作为)(?:一个|一名|一款|一种)?(?:大型)?(?:ai|人工智能|语言模型).{0,60}?(?:无法|不能|没有|不具备|不会)",
)
_REFUSAL = rf"(?is)^[^\w]*(?:{'|'.join(_DECLINES)})"

# Words with which no phrase ends, where at least four others come before them on the line. Prepositions that can end a question
# or a relative clause (in, for, with, to) are not here, nor `a`, which names things.
_UNFINISHED = {
    "en": "the|an|and|or|but|because|although|whereas|your|my|our|their|every|whose|into|of",
    "de": "und|oder|aber|weil|dass|sowie|eine[mnr]?|deren|dessen",
    "fr": "et|ou|mais|parce que|les?|des?|du|une|leurs|dont",
    "es": "y|o|pero|porque|el|los|las|del?|una|cuy[oa]s?",
    "pt": "e|ou|mas|porque|os|d[aeo]s?|uma|cuj[oa]s?",
    "it": "e|o|ma|perché|il|gli|del(?:la|le)?|degli|una",
}  # fmt: skip
_BEFORE = r"(?:\S+[ \t]+){4,}"
_OPEN_CLAUSE = (
    r"[^\s,;:.!?]+(?:[ \t]+[^\s,;:.!?]+){7,},$|[^\s，、。！？]{12,}，$|、$"  # closings of letters are shorter
)
_OPEN_BRACKET = r"[^:;=\s-]\s*[({]$"
_COMMA = r"[,，、]$"
_TAIL = 240  # characters of the end in which an unfinished phrase shows
_FENCE = r"(?m)^[ \t]*```"
# The last fence opens code: it names a language, or what follows it ends unlike a sentence
_OPEN_FENCE = r"(?:^|\n)[ \t]*```(?:[\w+#.-]+[^\n`]*\n(?:[^`]|`{1,2}[^`])*|[ \t]*\n(?:[^`]|`{1,2}[^`])*[^`.!?:)\s])$"
_JSON = r'^\s*(?:\{\s*"|\[\s*[\[{"])'

_BLANK = r"(?:^|[^{])\{\{\s*[A-Za-z_][\w .-]*\}\}(?:[^}]|$)"
_ABOUT_TEMPLATES = r"(?i)`|\{%|</|\b(?:templat\w*|placeholders?|jinja2?|handlebars|mustache|liquid|django|vue|angular|ansible|helm|latex|mediawiki|wiki\w*)\b"


def declines(answers: pa.StringArray, most_words: int) -> pa.BooleanArray:
    """Whether an answer of at most `most_words` words (a Han character counts as half a word) only declines."""
    suspects = matches(answers, _REFUSAL)
    if not pc.any(suspects).as_py():
        return suspects
    # a long answer that opens by declining goes on to answer
    return pc.replace_with_mask(suspects, suspects, pc.less_equal(_words(answers.filter(suspects)), most_words))


def cut_off(answers: pa.StringArray, languages: pa.StringArray) -> pa.BooleanArray:
    """Whether an answer ends inside a phrase, a bracket, a code fence or a JSON value."""
    # patterns that are tied to the end are tried at every character before it: on the last few only, that costs little
    ends = pc.utf8_slice_codeunits(answers, -_TAIL, None)
    open_end = pc.or_(_open_clause(ends), matches(ends, _OPEN_BRACKET))
    phrases = (_unfinished(ends, languages, language) for language in _UNFINISHED)
    return reduce(pc.or_, (*phrases, open_end, _open_fence(answers), _open_json(answers)))


def blanks(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether a template's `{{name}}` was left in a text that is not about templates."""
    left = matches(texts, _BLANK)
    if not pc.any(left).as_py():
        return left
    return pc.replace_with_mask(left, left, pc.invert(matches(texts.filter(left), _ABOUT_TEMPLATES)))


def _words(texts: pa.StringArray) -> pa.Array:
    """How many words each text has, int; two Han characters count as one."""
    spaced = pc.list_value_length(pc.utf8_split_whitespace(texts))
    return pc.add(spaced, pc.divide(pc.count_substring_regex(texts, r"\p{Han}"), 2))


def _unfinished(ends: pa.StringArray, languages: pa.StringArray, language: str) -> pa.BooleanArray:
    spoken = pc.equal(languages, language)
    if not pc.any(spoken).as_py():
        return spoken
    return pc.and_(spoken, matches(ends, rf"{_BEFORE}(?:{_UNFINISHED[language]})$"))


def _open_clause(ends: pa.StringArray) -> pa.BooleanArray:
    breaks = matches(ends, _COMMA)
    if not pc.any(breaks).as_py():
        return breaks
    return pc.replace_with_mask(breaks, breaks, matches(ends.filter(breaks), _OPEN_CLAUSE))


def _open_fence(answers: pa.StringArray) -> pa.BooleanArray:
    fenced = matches(answers, _FENCE)
    if not pc.any(fenced).as_py():
        return fenced
    some = answers.filter(fenced)
    # fences come in pairs: an odd number leaves one without its other end, but a text may also just speak of fences
    odd = pc.equal(pc.bit_wise_and(pc.count_substring_regex(some, _FENCE), 1), 1)
    return pc.replace_with_mask(fenced, fenced, pc.and_(odd, matches(some, _OPEN_FENCE)))


def _open_json(answers: pa.StringArray) -> pa.BooleanArray:
    begun = matches(answers, _JSON)
    if not pc.any(begun).as_py():
        return begun
    return pc.replace_with_mask(begun, begun, pa.array(map(_ends_early, answers.filter(begun).to_pylist()), pa.bool_()))


def _ends_early(text: str) -> bool:
    """Whether the text is the beginning of a JSON value: without a fault, and without its end."""
    try:
        json.JSONDecoder(strict=False).raw_decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text) or error.msg.startswith("Unterminated string")
    except RecursionError:
        return False
    return False
