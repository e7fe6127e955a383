"""Personal data in a text: e-mail, phone, card, IP address, key.

Three steps, each on what the one before left over: one pattern over the whole column, one pattern a kind over the suspects,
and on what that catches the exact judgement: `phones.py`, `cards.py`, `addresses.py`, which look at the words around a number, too.
What identifies nobody is not marked: versions, dates and counts, private and well-known addresses, numbers that are published for tests.
Names and postal addresses are not looked for.

    >>> texts = pa.array(["nothing", "Mail a@example.org or call 555-0142", "2 + 2"])
    >>> personal_kinds(texts).to_pylist()
    [[], ['email', 'phone'], []]
    >>> masked(texts).to_pylist()
    ['nothing', 'Mail [email] or call [phone]', '2 + 2']
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.recognisers.addresses import IP, addresses_in
from spark_jobs.recognisers.around import Span
from spark_jobs.recognisers.cards import CARD, cards_in
from spark_jobs.recognisers.matching import matches
from spark_jobs.recognisers.phones import SPOKEN, WRITTEN, phones_in

_EMAIL = r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}\b"
_ISSUED_KEY = (
    r"\b(?:sk-[\w-]{16,}|AKIA[0-9A-Z]{12,}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,})"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
)
_NAMED_KEY = r"(?i)\b(?:api|access|secret|auth|private)[ _-]?(?:key|token)\b[^\w\n]{1,5}(?:is[^\w\n]{1,3})?([\w-]{16,})"

# any letter: RE2's \w knows those of ASCII alone, Python's, which finds the places, all of them
_AT = r"[^\s@]@[^\s@]"
_SUSPICIOUS = (
    _AT
    + r"|\d[\d .()/+-]{5,}\d|[0-9A-Fa-f]:[0-9A-Fa-f]*:[0-9A-Fa-f]|(?i:[ _-]?key|token|sk-|AKIA|gh[pousr]_|xox|AIza|eyJ)"
)

_EMAILS = re.compile(rf"(?<![\w.+-]){_EMAIL}(?![\w(@-])")
# what has the form of an address and names a file, a login of a repository or a call
_NO_MAIL = re.compile(
    r"(?i)@\dx\.|\.(?:png|jpe?g|gif|svg|webp|css|js|ts|py|json|ya?ml|html?|txt|md|so|dll|exe|zip|tar|gz|conf|cfg|service|mount|timer|socket|target|slice)$"
    r"|^(?:git|hg|svn)@|^[a-z]@[a-z]\.(?:t|inv|dot|shape|values|mean|sum)$"
)
_KEY_FILE_END = re.compile(r"-----END (?:[A-Z]+ )?PRIVATE KEY-----")
_ISSUED_KEYS = re.compile(_ISSUED_KEY)
_NAMED_KEYS = re.compile(_NAMED_KEY)
# a name in the place of a key, or a key that its issuer prints in its manual
_STAND_IN = re.compile(
    r"(?i)example|your|x{4}|placeholder|dummy|change_?me|insert|here$|replace|\.\.\.|(.)\1{5}|0?123456789|abcdefgh"
)


class Recogniser(NamedTuple):
    """One kind of personal data: the RE2 pattern that must occur in a text, and what finds its places in a text in which it does."""

    hint: str
    places: Callable[[str], Iterator[Span]]


def personal_kinds(texts: pa.StringArray) -> pa.ListArray:
    """For each text the kinds of personal data in it, sorted; an empty list where there are none."""
    suspects = np.flatnonzero(np.asarray(matches(texts, _SUSPICIOUS)))  # int64, rows of `texts`
    suspicious = texts.take(pa.array(suspects))
    marks = [(row, kind) for kind, recogniser in KINDS.items() for row in suspects[_found_in(suspicious, recogniser)]]
    rows, kinds = [row for row, _ in sorted(marks)], [kind for _, kind in sorted(marks)]
    # in the example: rows [1, 1], kinds [email, phone], offsets [0, 0, 2, 2]
    offsets = np.searchsorted(np.array(rows, np.int64), np.arange(len(texts) + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(kinds, pa.string()))


def _found_in(texts: pa.StringArray, recogniser: Recogniser) -> list[int]:
    """The places of the texts in which the recogniser finds its kind."""
    hinted = np.flatnonzero(np.asarray(matches(texts, recogniser.hint)))
    candidates = zip(hinted, texts.take(pa.array(hinted)).to_pylist(), strict=True)
    return [place for place, text in candidates if next(recogniser.places(text), None)]


def masked(texts: pa.StringArray) -> pa.StringArray:
    """The texts with the kind of each piece of personal data in its place, in brackets."""
    suspects = matches(texts, _SUSPICIOUS)
    changed = [_masked(text) for text in texts.filter(suspects).to_pylist()]
    return pc.replace_with_mask(texts, suspects, pa.array(changed, pa.string()))


def _masked(text: str) -> str:
    found = sorted((span, kind) for kind, recogniser in KINDS.items() for span in recogniser.places(text))
    parts, end = list[str](), 0
    for (start, stop), kind in found:
        if start >= end:
            parts += [text[end:start], f"[{kind}]"]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _emails_in(text: str) -> Iterator[Span]:
    return (found.span() for found in _EMAILS.finditer(text) if not _NO_MAIL.search(found[0]))


def _keys_in(text: str) -> Iterator[Span]:
    """Keys, and of a key file all up to its last line."""
    issued = (found.span() for found in _ISSUED_KEYS.finditer(text))
    named = (found.span(1) for found in _NAMED_KEYS.finditer(text) if found[1])
    for start, end in (*issued, *named):
        key = text[start:end]
        if not _STAND_IN.search(key) and _mixed(key):
            last = _KEY_FILE_END.search(text, end) if key.startswith("-----") else None
            yield start, last.end() if last else len(text) if key.startswith("-----") else end


def _mixed(key: str) -> bool:
    """Whether letters and digits take turns as in something drawn at random; the head of a key file says so without."""
    return key.startswith("-----") or bool(re.search(r"\d", key) and re.search(r"[A-Za-z]", key))


KINDS: Mapping[str, Recogniser] = MappingProxyType(
    {
        "card": Recogniser(CARD, cards_in),
        "email": Recogniser(_AT, _emails_in),
        "ip": Recogniser(IP, addresses_in),
        "key": Recogniser(rf"{_ISSUED_KEY}|{_NAMED_KEY}", _keys_in),
        "phone": Recogniser(rf"{WRITTEN}|{SPOKEN}", phones_in),
    }
)
