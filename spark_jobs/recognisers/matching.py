"""Patterns over whole columns, tried only where a cheap sign of theirs is.

>>> texts = pa.array(["plain", "a -> b"])
>>> matches(texts, r"\\w -> \\w", sign="->").to_pylist()
[False, True]
>>> change_where(texts, "->", lambda some: pc.replace_substring(some, "->", "to")).to_pylist()
['plain', 'a to b']
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc


def matches(texts: pa.StringArray, pattern: str, sign: str = "") -> pa.BooleanArray:
    """Whether the RE2 `pattern` occurs in each text; one that has not the `sign`, which is part of the pattern, need not be tried."""
    if not sign:
        return pc.match_substring_regex(texts, pattern)
    # RE2 looks for plain characters faster than Arrow does
    signed = pc.match_substring_regex(texts, re.escape(sign))
    if not pc.any(signed).as_py():
        return signed
    return pc.replace_with_mask(signed, signed, pc.match_substring_regex(texts.filter(signed), pattern))


def change_where(
    texts: pa.StringArray, where: str | pa.BooleanArray, change: Callable[[pa.StringArray], pa.StringArray]
) -> pa.StringArray:
    """The texts with `change` made to those in which the pattern `where` occurs, or that it chooses as a mask; it sees only these."""
    chosen = matches(texts, where) if isinstance(where, str) else where
    return pc.replace_with_mask(texts, chosen, change(texts.filter(chosen))) if pc.any(chosen).as_py() else texts
