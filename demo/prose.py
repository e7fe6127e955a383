"""Which docstrings are prose: whole sentences on what their subject is for, with no formula, code or table between them."""

from __future__ import annotations

import re

LEAST = 2  # sentences
SECTION = re.compile(
    r"^[^\S\n]*(?:(?:Parameters?|Args|Arguments|Other Parameters|Returns?|Yields?|Raises|Attributes|Warns|Methods)[^\S\n]*:?[^\S\n]*$|:\w+[^:\n]*:)",
    re.MULTILINE,
)
# what stands behind it is not read
SHOWN = re.compile(r"^[^\S\n]*(?:Examples?|References|See Also)[^\S\n]*:?[^\S\n]*$", re.MULTILINE)
LAYOUT = re.compile(
    r"::[^\S\n]*$|>>>|^[^\S\n]*(?:\.\. (?!note|warning|tip|deprecated|version)|[|+]|```|~~~|@)|:math:|\\\w|\$\w",
    re.MULTILINE,
)
STOP = re.compile(r"[a-z)`\"'][.!?](?=\s|$)")


def is_prose(docstring: str) -> bool:
    """Whether a docstring opens with several whole sentences, and what is read of it loses nothing.

    >>> is_prose("Mix the clay. It must be wet. Then fire it."), is_prose("Mix the clay::\\n\\n    mix(clay)\\n\\nFire it. Cool it. Sell it.")
    (True, False)
    """
    shown = SHOWN.search(docstring)
    read = docstring[: shown.start()] if shown else docstring
    section = SECTION.search(read)
    opening = read[: section.start()] if section else read
    return len(STOP.findall(opening)) >= LEAST and not LAYOUT.search(read)
