"""A text as the tokens that decide what it states: words that carry meaning, figures, operators, negations, words of scope.

    >>> [(token.key, token.kind.name) for token in tokens("It doesn't melt below 1,085 °C, mostly")]
    [('not', 'NEGATION'), ('melt', 'WORD'), ('below', 'SCOPE'), ('1085', 'FIGURE'), ('°', 'SIGN'), ('c', 'WORD'), (',', 'BREAK'), ('mostly', 'SCOPE')]

English only: of other languages words, figures and operators are compared, their negations and scope as words among others.
"""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from texts.grounding.irregular import PLAIN
from texts.grounding.synonyms import SETS
from texts.opposites import EXCLUDING
from texts.words import FUNCTION_WORDS, STEMS


class Kind(IntEnum):
    """What a token is; a BREAK parts clauses and is never compared."""

    BREAK, WORD, FIGURE, SIGN, NEGATION, SCOPE = range(6)


class Token(NamedTuple):
    """key: what is compared, in lower case. form: as written. named: a name or code, as far as its letters tell; code: code alone.

    lead: the words without a part in the meaning that stand between it and the token before it, in lower case.
    """

    key: str
    kind: Kind
    form: str
    named: bool = False
    code: bool = False
    lead: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether nothing may stand in its place, nor it in another place."""
        return self.named or self.kind != Kind.WORD or self.key in _EXCLUDING


_NEGATING = "not no never neither nor none without nobody nothing nowhere hardly scarcely barely non"
_NEGATIONS = frozenset(_NEGATING.split())
_OF_SCOPE = """all every each any some both either most many much few several half almost nearly always sometimes usually often
rarely seldom mostly mainly generally typically probably possibly perhaps maybe only just solely except unless if until while when
whenever once before after above below under over up down on off into out from against through during than more less least fewer
first last must should ought shall may might can could need or true false"""
_SCOPE = frozenset(_OF_SCOPE.split())
_IF = "if unless until except only when whenever while provided"
CONDITIONS = frozenset(_IF.split())
_HEDGES = (
    "sometimes usually often rarely seldom mostly mainly generally typically probably possibly perhaps maybe almost"
)
# what takes from a statement however late in the clause it stands
RESTRICTING = CONDITIONS | frozenset(_HEDGES.split())
COORDINATORS = frozenset({"and", "but", ";"})
_PARTING = COORDINATORS | {"because", "so", "which", "who", "whereas", "though", "although"}
# words that say nothing in any place; hedges among the vague words are words of scope
_SAYING_NOTHING = "things thing stuff something really basically actually simply very quite please"
_FILLERS = frozenset(_SAYING_NOTHING.split())
_TOKEN = re.compile(
    r"(?P<figure>\d+(?:[.,]\d+)*(?![\w]))"
    r"|(?P<word>[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['’._-]+[^\W_]+)*(?:#|\+\+)?|_+\w+)"
    r"|(?P<sign><=|>=|==|!=|->|=>|&&|\|\||//|[<>=+%^~°$€£¥±≤≥≠√²³&@]|(?<=[\w)] )[*/-](?= [\d(])|(?<=[\w)])[*/](?=[\w(])"
    r"|(?<![\w\s])-(?=\d)|(?<=\s)-(?=\d)|!(?=\())"
    r"|(?P<stop>[,;:.!?()\[\]{}—–…]|\s-\s)"
)
# with an ending that the stemmer leaves on short words: `us-ed`, `liv-ing`, `ask-ed`
_SHORT_VERB = re.compile(
    r"(?:(?P<silent>[^aeiou]?[aeiou][^aeiouwxy])|(?P<whole>[aeiou][a-z][^aeiou]|[^aeiou][aeiou][wxy]))(?:ed|ing)"
)
_GENITIVE = re.compile(r"['’]s$")
_JOINED = re.compile(r"[A-Za-z]+(?:['-][a-z]+)+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_WORDS = 100_000  # whose tokens are remembered
_CONTRACTED = {"ca": "can", "wo": "will", "sha": "shall", "can": "can"}


def tokens(text: str) -> list[Token]:
    """The tokens of the text, in order; words without a part in its meaning are left out."""
    return list(tokens_in(text))


def tokens_in(text: str) -> Iterator[Token]:
    """The tokens of the text one by one, for whoever asks for the first ones alone."""
    lead: tuple[str, ...] = ()
    opening = True  # a capital tells no name at the start of a sentence
    for match in _TOKEN.finditer(text):
        form, kind = match[0], match.lastgroup
        made = _word(form, opening) if kind == "word" else _sign(form, kind)
        if made and lead:
            first = made[0]
            yield Token(first.key, first.kind, first.form, first.named, first.code, lead)
            yield from made[1:]
        else:
            yield from made
        lead = () if made else (*lead, form.lower())
        opening = form in ".!?:" or (opening and kind != "word")


@lru_cache(maxsize=_WORDS)
def _sign(form: str, kind: str | None) -> tuple[Token]:
    """The token of what is no word."""
    if kind == "figure":
        return (Token(form.replace(",", "") if _thousands(form) else form, Kind.FIGURE, form),)
    return (Token(form.strip(), Kind.SIGN if kind == "sign" else Kind.BREAK, form),)


def _stem(word: str) -> str:
    """The stem, of short and irregular words and of those on y too: `uses` and `using` are one, as are `copies` and `copy`, `wrote` and `write`."""
    word = PLAIN.get(word, word)
    if len(word) > 4 and word.isalpha() and word.endswith(("ies", "ied")):
        return f"{word[:-3]}y"
    if short := _SHORT_VERB.fullmatch(word):
        return f"{short['silent']}e" if short["silent"] else short["whole"]
    stem = STEMS[word]
    if stem != word and stem[-1] == stem[-2] and stem[-1] not in "lsz" and word.endswith(("ed", "ing")):
        return stem[:-1]
    return stem[:-1] if len(stem) == 4 and stem[-1] == "s" and stem[-2] not in "sui" else stem


_SAME = {_stem(word): _stem(first) for first, *others in SETS for word in others}


def _key(word: str) -> str:
    """What is compared of a word: its stem, or that of the first of its synonyms."""
    stem = _stem(word)
    return _SAME.get(stem, stem)


_EXCLUDING = EXCLUDING | frozenset(map(_key, EXCLUDING))


def parts(*keys: Iterable[str]) -> frozenset[str]:
    """The parts of all keys: `a.b` and "b of a" have the same."""
    found: set[str] = set()
    for key in (key for some in keys for key in some):
        found.update(map(_key, key.split(".")) if "." in key and key.upper() != key else [key])
    return frozenset(found)


def _thousands(figure: str) -> bool:
    return bool(_THOUSANDS.fullmatch(figure))


@lru_cache(maxsize=_WORDS)
def _word(form: str, opening: bool) -> tuple[Token, ...]:
    """The tokens of one word: none for a filler, two for a contraction such as `can't`."""
    form = _GENITIVE.sub("", form)
    lower = form.lower().replace("’", "'")
    if lower.endswith("n't") or lower == "cannot":
        verb = _CONTRACTED.get(lower.removesuffix("not").removesuffix("n't"), lower[:-3])
        # a text may come with its words parted: `did n't`
        return (*(_word(verb, opening) if verb else ()), Token("not", Kind.NEGATION, form))
    if lower in _PARTING:
        return (Token(lower, Kind.BREAK, form),)
    if lower in _NEGATIONS:
        return (Token(lower, Kind.NEGATION, form),)
    kept = form in ("US", "IT") or (form == "May" and not opening)
    if lower in _SCOPE and not kept:
        return (Token(lower, Kind.SCOPE, form),)
    if lower in _FILLERS or (lower in FUNCTION_WORDS and not kept):
        return ()
    if lower[0].isdigit() and not lower.isalnum():
        return (Token(lower, Kind.FIGURE, form),)  # a date, a version
    code = not form.isalpha() and not _JOINED.fullmatch(form)
    named = code or not (form[1:].islower() or len(form) == 1) or (form[0].isupper() and not opening)
    return (Token(lower if code else _key(lower), Kind.WORD, form, (named and not form.islower()) or code, code),)
