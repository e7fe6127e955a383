"""What each code point is: letter, digit, white space, or a mark that in some places is only punctuation. Tables made from Unicode's own.

>>> what = kinds()[np.array([ord(letter) for letter in "aB7 水+"])]
>>> [(bool(one & LETTER), bool(one & UPPER), bool(one & DIGIT), bool(one & UNSPACED)) for one in what]  # doctest: +NORMALIZE_WHITESPACE
[(True, False, False, False), (True, True, False, False), (False, False, True, False), (False, False, False, False),
 (True, False, False, True), (False, False, False, False)]
>>> "".join(map(chr, folds()[np.array([ord(letter) for letter in "Ａ–５٣’"])]))  # full width, dash, digits, quote
"A-53'"
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

LETTER, DIGIT, SPACE, UPPER, LOWER, UNSPACED, STOP, OPERATOR = (1 << bit for bit in range(8))
# Where a mark is punctuation and no more: behind a word of two letters or more; behind any word or number; between two words of two letters
# or more; between two letters; anywhere. And what may stand between a stop and the space behind it.
CLOSES, TRAILS, JOINS, ELIDES, IGNORED, ENDS = (1 << bit for bit in range(8, 14))

_TABLE = 0x20000  # the first two planes; what lies beyond are letters of unspaced scripts, and tags
# Thai and Lao; Myanmar; Khmer; Han and kana, with their compatible and half-width forms; Hangul, whose negations stand inside words
_UNSPACED = (
    (0xE00, 0xEFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0x312F),
    (0x31A0, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),
    (0xAC00, 0xD7A3),
)
_PUNCTUATION = {
    **dict.fromkeys(".;:?", CLOSES | TRAILS),
    ",": CLOSES | TRAILS | JOINS,
    "…": CLOSES | TRAILS,
    "!": CLOSES,
    "'": ELIDES | ENDS,
    **dict.fromkeys('")]}', ENDS),
}
# quotes, long dashes and the stops of scripts that set them without spaces
_IGNORED = "—«»„‹›‚¿¡•、。・「」『』〈〉《》【】，؛؟।॥"
_FOLDED = dict.fromkeys("‘’ʼ‛", "'") | dict.fromkeys("“”‟", '"') | dict.fromkeys("‐‑‒–−", "-")
_STOPS = ".!?…。！？"
_OPERATORS = "=<>+-*/^%&|~\\()[]{}"  # what it stands between counts with it


@cache
def kinds() -> NDArray[np.uint16]:
    """The bits of each code point below 0x20000, uint16; later ones are looked up as the last."""
    table = np.fromiter(map(_kind, range(_TABLE)), np.uint16, _TABLE)
    for letter in _STOPS:
        table[ord(letter)] |= STOP
    for first, last in _UNSPACED:
        block = table[first : last + 1]
        block[block & LETTER > 0] |= UNSPACED
    table[-1] = LETTER | UNSPACED
    return table


@cache
def folds() -> NDArray[np.uint32]:
    """What each code point below 0x20000 is folded to, its case aside: white space, width, digits, quotes, dashes as short as a minus."""
    table = np.arange(_TABLE, dtype=np.uint32)
    for code in range(_TABLE):
        letter = chr(code)
        digit = unicodedata.decimal(letter, None)
        if letter.isspace():
            table[code] = 32
        elif digit is not None:
            table[code] = 48 + digit
        elif 0xFF01 <= code <= 0xFF5E:
            table[code] = code - 0xFEE0
    for letter, folded in _FOLDED.items():
        table[ord(letter)] = ord(folded)
    return table


@cache
def lowered() -> NDArray[np.uint32]:
    """The lower case of each code point below 0x20000, where it is one code point."""
    lower = (chr(code).lower() for code in range(_TABLE))
    return np.fromiter((ord(other) if len(other) == 1 else code for code, other in enumerate(lower)), np.uint32, _TABLE)


def looked_up(table: NDArray[Any], codes: NDArray[Any]) -> NDArray[Any]:
    """The entry of each code point, those beyond the table as its last."""
    return table[codes if codes.dtype == np.uint8 else np.minimum(codes, _TABLE - 1)]


def _kind(code: int) -> int:
    letter = chr(code)
    category = unicodedata.category(letter)
    if letter.isspace():
        return SPACE
    if letter == "_":
        return LETTER
    if category[0] == "L" or (category[0] == "M" and not 0xFE00 <= code <= 0xFE0F):
        return LETTER | (UPPER if letter.isupper() else LOWER if letter.islower() else 0)
    if category == "Nd":
        return DIGIT
    if letter in _IGNORED or category in ("Cf", "Cc", "Mn"):
        return CLOSES | TRAILS | JOINS | ELIDES | IGNORED | ENDS
    return _PUNCTUATION.get(letter, 0) | (OPERATOR if letter in _OPERATORS or category == "Sm" else 0)
