"""By which texts a benchmark item is known: those that prove, found elsewhere, that the item was copied."""

import re

LEAST_LETTERS = 16  # letters and digits: a text with fewer may have been written by anybody
_LETTERS_OF_IDEOGRAPH = 3  # a sign of the scripts that begin at _IDEOGRAPHS says as much as so many letters
_IDEOGRAPHS = 0x2E80

_ASKS = re.compile(r"[?？؟][\"'”’»)\]*_]*$")


def known_by(text: str) -> list[str]:
    """The whole item, the item without its answer, and its question, all from the item's beginning; each once, none that is a stub.

    >>> known_by("Which metal rusts in the rain?\\nA. iron\\nB. gold\\nA")[1:]
    ['Which metal rusts in the rain?\\nA. iron\\nB. gold', 'Which metal rusts in the rain?']
    >>> known_by("What is it?\\nTrue")
    []
    """
    parts = dict.fromkeys((text, without_answer(text), question(text)))
    return [part for part in parts if _letters(part) >= LEAST_LETTERS]


def question(text: str) -> str:
    """All up to the last line that asks, since orders and a passage may stand before it; the first line where none asks.

    >>> question("Read the poem.\\n\\nWho weeps?\\nA. the moon\\nB. the miller"), question("Name a river.\\nthe Volga")
    ('Read the poem.\\n\\nWho weeps?', 'Name a river.')
    """
    lines = text.split("\n")
    last = max((place for place, line in enumerate(lines) if _ASKS.search(line.rstrip())), default=0)
    return "\n".join(lines[: last + 1])


def without_answer(text: str) -> str:
    """All lines but the last, which is the answer or its end; a text of one line is whole.

    >>> without_answer("Name a river.\\nthe Volga"), without_answer("Name a river.")
    ('Name a river.', 'Name a river.')
    """
    return text.rpartition("\n")[0] or text


def _letters(text: str) -> int:
    return sum(_LETTERS_OF_IDEOGRAPH if ord(sign) >= _IDEOGRAPHS else 1 for sign in text if sign.isalnum())
