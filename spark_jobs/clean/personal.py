"""Personal data in a text: e-mail, phone, card, IP address, key.

Three steps, each on what the one before left over: one pattern over the whole column, one pattern a kind over the suspects,
and on what that catches the exact judgement: phonenumbers for phones, the checksum of cards, `ipaddress` for addresses.
Names and postal addresses are not looked for.

    >>> personal_kinds(pa.array(["nothing", "Mail a@example.org or call 555-0142", "2 + 2"])).to_pylist()
    [[], ['email', 'phone'], []]
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import phonenumbers
import pyarrow as pa

from spark_jobs.clean.text import matches

# Where a number is said to be a phone's without naming its country, these are tried: the plans of the largest of them
_COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "BR", "MX", "IN", "CN", "JP", "KR", "AU")

_EMAIL = r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}\b"
_WRITTEN_PHONE = (
    r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}"  # +49 30 1234567
    r"|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}"  # (555) 010-0199
    r"|555[-.]\d{4}"
)
_SPOKEN_PHONE = (
    r"(?i)\b(?:phone|call|tel|telephone|telefon|téléphone|teléfono|mobile|cell|fax|whatsapp|text me|ring|dial|reach me|电话|手机)"
    r"(?:[^\d\n]{0,24}[^A-Za-z\d\n])?(\+?\d[\d ().-]{5,17}\d)\b"
)
_CARD = r"[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5}"
_IP = r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}"
_ISSUED_KEY = (
    r"\b(?:sk-[\w-]{16,}|AKIA[0-9A-Z]{12,}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,})"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
)
_NAMED_KEY = r"(?i)\b(?:api|access|secret|auth|private)[ _-]?(?:key|token)\b[^\w\n]{1,5}(?:is[^\w\n]{1,3})?([\w-]{16,})"

_SUSPICIOUS = r"@[\w-]|\d[\d .()/+-]{5,}\d|[0-9A-Fa-f]:[0-9A-Fa-f]*:[0-9A-Fa-f]|(?i:[ _-]?key|token|sk-|AKIA|gh[pousr]_|xox|AIza|eyJ)"

_EMAILS = re.compile(rf"(?<![\w.+-]){_EMAIL}")
_WRITTEN_PHONES = re.compile(rf"(?<![\w.+/-])(?:{_WRITTEN_PHONE})(?![\w-])")
_SPOKEN_PHONES = re.compile(_SPOKEN_PHONE)
_CARDS = re.compile(rf"(?<![\d.,-])(?:{_CARD})(?![\d-])")
_IPS = re.compile(rf"(?<![\w.:])(?:{_IP})(?![\w:]|\.\d)")
_VERSION = re.compile(r"(?i)\b(?:version|release|build|v)\s*$")
_ARITHMETIC = re.compile(r" -|- |\.\d{5}")  # a difference, a decimal fraction
_SHORTEST = 7  # digits: shorter local numbers look like any other number
_ISSUED_KEYS = re.compile(_ISSUED_KEY)
_NAMED_KEYS = re.compile(_NAMED_KEY)


class Recogniser(NamedTuple):
    """One kind of personal data: the RE2 pattern that must occur in a text, and the judgement on a text in which it does."""

    hint: str
    judge: Callable[[str], bool]


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
    return [place for place, text in candidates if recogniser.judge(text)]


def _card(text: str) -> bool:
    return any(_luhn(re.sub(r"\D", "", match.group())) for match in _CARDS.finditer(text))


def _luhn(digits: str) -> bool:
    """The checksum of card numbers: every second digit from the right doubled, digits summed, divisible by ten."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return (
        13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0
    )


def _ip(text: str) -> bool:
    return any(
        _reachable(match.group()) and not _VERSION.search(text[max(0, match.start() - 12) : match.start()])
        for match in _IPS.finditer(text)
    )


def _reachable(address: str) -> bool:
    """Whether this is an address that a machine could have: not loopback, nothing, a mask or a broadcast.

    Two hexadecimal words around `::` are an address too, but in code they name things.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    nobody = parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast
    if isinstance(parsed, ipaddress.IPv6Address):
        return not nobody and len(re.findall(r"\w+", address)) > 2
    return not (nobody or address.startswith("255.") or address.endswith(".0"))


def _phone(text: str) -> bool:
    """A number written as phone numbers are, or called one, that has the length of one in its country."""
    if any(_possible(match.group(), ("US",)) for match in _WRITTEN_PHONES.finditer(text)):
        return True
    spoken = (match.group(1) for match in _SPOKEN_PHONES.finditer(text))
    return any(_possible(number, _COUNTRIES) for number in spoken if not _ARITHMETIC.search(number))


def _possible(number: str, countries: tuple[str, ...]) -> bool:
    if sum(map(str.isdigit, number)) < _SHORTEST:
        return False
    readings = (_parsed(number, country) for country in countries)
    return any(one and phonenumbers.is_possible_number_with_reason(one) in _POSSIBLE for one in readings)


def _parsed(number: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None


def _key(text: str) -> bool:
    if _ISSUED_KEYS.search(text):
        return True
    named = (match.group(1) for match in _NAMED_KEYS.finditer(text))
    return any(re.search(r"\d", key) and re.search(r"[A-Za-z]", key) for key in named)


_POSSIBLE = (phonenumbers.ValidationResult.IS_POSSIBLE, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
KINDS: Mapping[str, Recogniser] = MappingProxyType(
    {
        "card": Recogniser(_CARD, _card),
        "email": Recogniser(_EMAIL, lambda text: _EMAILS.search(text) is not None),
        "ip": Recogniser(_IP, _ip),
        "key": Recogniser(rf"{_ISSUED_KEY}|{_NAMED_KEY}", _key),
        "phone": Recogniser(rf"{_WRITTEN_PHONE}|{_SPOKEN_PHONE}", _phone),
    }
)
