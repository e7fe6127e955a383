"""What stands around a number and tells what it is: the nearest telling word decides.

>>> import re
>>> text = "Upgrade the driver to 57.1.20.9 today"
>>> nearest(text, 22, 31, re.compile("address|host"), re.compile("driver|version"))
-1
"""

import re

Span = tuple[int, int]  # from where to where something stands in a text
_BEFORE, _AFTER = 64, 28  # characters in which a telling word is looked for
_BEHIND = 12  # a word behind the number counts as so much farther away: what a number is, is mostly said before it

# Whose it is: what is given to somebody identifies somebody, even where it comes from a range that is kept free for examples
_SOMEBODY = re.compile(
    r"\b(?i:my|his|her|their|our|mine|hers)\b|\b(?!it|that|what|here|there|let|who|how)[a-z]+['’]s\b|\b(?i:mr|mrs|ms|dr)\b\.?"
    r"|\b(?i:callers?|customers?|visitors?|neighbou?rs?|patients?|tenants?|employees?|subscribers?|residents?|suspects?|victims?|students?|teachers?|colleagues?"
    r"|friends?|mother|father|sister|brother|wife|husband|daughter|son|owners?|applicants?|buyers?|members?|doctor|nurse|lawyer|manager)\b"
)
_EXAMPLE = re.compile(
    r"(?i)(?<![@.])\b(?:examples?|e\.g|samples?|documentation|docs|reserved|rfc ?\d*|fiction\w*|fictitious|dummy|placeholders?|tests?|testing|sandbox|mock\w*|fake|made[- ]up|invented"
    r"|hypothetical|imaginary|dramas?|films?|movies?|tv|format|pattern|published|illustrat\w*)\b(?!\.(?:com|org|net)\b)"
)
_SENTENCE_END = re.compile(r"[.!?]\s|\n")


def nearest(text: str, start: int, end: int, wanted: re.Pattern[str], other: re.Pattern[str]) -> int:
    """1 where the telling word nearest to text[start:end] is one of `wanted`, -1 where it is one of `other`, 0 without any."""
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    far, near = _distance(other, before, after), _distance(wanted, before, after)
    return 0 if far == near else 1 if near < far else -1


def somebodys(text: str, start: int, end: int, contact: re.Pattern[str] | None = None) -> bool:
    """Whether the sentence around text[start:end] gives it to somebody (or matches `contact`) and does not call it an example."""
    begin = max((found.end() for found in _SENTENCE_END.finditer(text[:start][-200:])), default=0)
    before = text[:start][-200:][begin:]
    after = _SENTENCE_END.split(text[end : end + 120], maxsplit=1)[0]
    said = f"{before} {after}"
    return not _EXAMPLE.search(said) and bool(_SOMEBODY.search(said) or (contact and contact.search(said)))


def called_example(text: str, start: int, end: int) -> bool:
    """Whether words close to text[start:end] call it an example or a test."""
    return bool(_EXAMPLE.search(text[max(0, start - _BEFORE) : start]) or _EXAMPLE.search(text[end : end + _AFTER]))


def _distance(pattern: re.Pattern[str], before: str, after: str) -> int:
    """How many characters lie between the number and the nearest match; a large number where there is none."""
    last = max((found.end() for found in pattern.finditer(before)), default=None)
    first = pattern.search(after)
    places = [len(before) - last] if last is not None else []
    if first:
        places.append(first.start() + _BEHIND)
    return min(places, default=_BEFORE * 2)
