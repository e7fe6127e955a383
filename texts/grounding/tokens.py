"""A text as the tokens that decide what it states: words that carry meaning, figures, operators, negations, words of scope.

    >>> [(token.key, token.kind.name) for token in tokens("It doesn't melt below 1,085 °C, mostly")]
    [('not', 'NEGATION'), ('melt', 'WORD'), ('below', 'SCOPE'), ('1085', 'FIGURE'), ('°', 'SIGN'), ('c', 'WORD'), (',', 'BREAK'), ('mostly', 'SCOPE')]

English only: of other languages words, figures and operators are compared, their negations and scope as words among others.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from texts.opposites import EXCLUDING
from texts.words import FUNCTION_WORDS, STEMS


class Kind(IntEnum):
    """What a token is; a BREAK parts clauses and is never compared."""

    BREAK, WORD, FIGURE, SIGN, NEGATION, SCOPE = range(6)


class Token(NamedTuple):
    """key: what is compared, in lower case. form: as written. named: a name or code, as far as its letters tell; code: code alone."""

    key: str
    kind: Kind
    form: str
    named: bool = False
    code: bool = False

    @property
    def exact(self) -> bool:
        """Whether nothing may stand in its place, nor it in another place."""
        return self.named or self.kind != Kind.WORD or self.key in _EXCLUDING


_EXCLUDING = EXCLUDING | frozenset(STEMS[word] for word in EXCLUDING)
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
_WORDS = 100_000  # whose tokens are remembered
_CONTRACTED = {"ca": "can", "wo": "will", "sha": "shall", "can": "can"}


def tokens(text: str) -> list[Token]:
    """The tokens of the text, in order; words without a part in its meaning are left out."""
    found: list[Token] = []
    opening = True  # a capital tells no name at the start of a sentence
    for match in _TOKEN.finditer(text):
        form = match[0]
        if match["word"]:
            found += _word(form, opening)
        elif match["figure"]:
            found.append(Token(form.replace(",", "") if _thousands(form) else form, Kind.FIGURE, form))
        elif match["sign"]:
            found.append(Token(form.strip(), Kind.SIGN, form))
        else:
            found.append(Token(form.strip(), Kind.BREAK, form))
        opening = form in ".!?:" or (opening and not match["word"])
    return found


def _stem(word: str) -> str:
    """The stem, of short words and of those on y too: `uses` and `use` are one, as are `copies` and `copy`."""
    if len(word) > 4 and word.isalpha() and word.endswith(("ies", "ied")):
        return f"{word[:-3]}y"
    stem = STEMS[word]
    return stem[:-1] if len(stem) == 4 and stem[-1] == "s" and stem[-2] not in "sui" else stem


def parts(*keys: Iterable[str]) -> frozenset[str]:
    """The parts of all keys: `a.b` and "b of a" have the same."""
    found: set[str] = set()
    for key in (key for some in keys for key in some):
        found.update(map(_stem, key.split(".")) if "." in key and key.upper() != key else [key])
    return frozenset(found)


def _thousands(figure: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", figure))


@lru_cache(maxsize=_WORDS)
def _word(form: str, opening: bool) -> tuple[Token, ...]:
    """The tokens of one word: none for a filler, two for a contraction such as `can't`."""
    form = re.sub(r"['’]s$", "", form)
    lower = form.lower().replace("’", "'")
    if lower.endswith("n't") or lower == "cannot":
        verb = _CONTRACTED.get(lower.removesuffix("not").removesuffix("n't"), lower[:-3])
        # a text may come with its words parted: `did n't`
        return (*(_word(verb, opening) if verb else ()), Token("not", Kind.NEGATION, form))
    if lower in _PARTING:
        return (Token(lower, Kind.BREAK, form),)
    if lower in _NEGATIONS:
        return (Token(lower, Kind.NEGATION, form),)
    if lower in _SCOPE:
        return (Token(lower, Kind.SCOPE, form),)
    if lower in _FILLERS or (lower in FUNCTION_WORDS and not (form == "US" or form == "IT")):
        return ()
    if lower[0].isdigit() and not lower.isalnum():
        return (Token(lower, Kind.FIGURE, form),)  # a date, a version
    code = not form.isalpha() and not re.fullmatch(r"[A-Za-z]+(?:['-][a-z]+)+", form)
    named = code or not (form[1:].islower() or len(form) == 1) or (form[0].isupper() and not opening)
    return (Token(lower if code else _stem(lower), Kind.WORD, form, (named and not form.islower()) or code, code),)
