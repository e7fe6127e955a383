"""Personal data in a text, by pattern and checksum: e-mail, phone, card, IP address, key.

A cheap column-wide filter finds the texts worth a closer look. Names and postal addresses are not looked for yet, and no
maintained recogniser looks at what the patterns catch.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

_SUSPICIOUS = r"@|\d[\d .()/+-]{5,}\d|[0-9A-Fa-f]:[0-9A-Fa-f]*:[0-9A-Fa-f]|(?i:key|token|secret|passw|sk-|AKIA|gh[pousr]_|xox|AIza|eyJ)"

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}\b")
_PHONE = re.compile(
    r"(?<![\w.+/-])(?:"
    r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}"  # +49 30 1234567
    r"|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}"  # (555) 010-0199
    r"|555[-.]\d{4}"
    r")(?![\w-])"
)
_SPOKEN_PHONE = re.compile(
    r"(?i)\b(?:phone|call|tel|telephone|mobile|cell|fax|whatsapp|text me|ring|dial|reach me)\b[^\d\n]{0,25}(?<![A-Za-z])(\+?\d[\d ().-]{5,17}\d)\b"
)
_CARD = re.compile(r"(?<![\d.,-])(?:[3-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3[47]\d{2}([ -]?)\d{6}\2\d{5})(?![\d-])")
_IP = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4}){1,4}(?![\w:])")
_VERSION = re.compile(r"(?i)\b(?:version|release|build|v)\s*$")
_KEY = re.compile(
    r"\b(?:sk-[\w-]{16,}|AKIA[0-9A-Z]{12,}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,})"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|(?i:\b(?:api|access|secret|auth|private)[ _-]?(?:key|token)\b)[^\w\n]{1,5}(?:is[^\w\n]{1,3})?(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,}"
)


def personal_kinds(texts: pa.StringArray) -> pa.ListArray:
    """For each text the kinds of personal data in it, sorted; an empty list where there are none."""
    suspects = pc.match_substring_regex(texts, _SUSPICIOUS)
    found = [
        [kind for kind, holds in KINDS.items() if holds(text)] if suspect else []
        for text, suspect in zip(texts.to_pylist(), suspects.to_pylist(), strict=True)
    ]
    return pa.array(found, pa.list_(pa.string()))


def _card(text: str) -> bool:
    return any(_luhn(re.sub(r"\D", "", match.group())) for match in _CARD.finditer(text))


def _luhn(digits: str) -> bool:
    """The checksum of card numbers: every second digit from the right doubled, digits summed, divisible by ten."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return (
        13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0
    )


def _ip(text: str) -> bool:
    dotted = (
        match for match in _IP.finditer(text) if not _VERSION.search(text[max(0, match.start() - 12) : match.start()])
    )
    return any(_reachable(match.group()) for match in (*dotted, *_IPV6.finditer(text)))


def _reachable(address: str) -> bool:
    """Whether this is an address that a machine could have: not loopback, nothing, a mask or a broadcast."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (
        parsed.is_loopback
        or parsed.is_unspecified
        or parsed.is_multicast
        or address.startswith("255.")
        or address.endswith(".0")
    )


def _phone(text: str) -> bool:
    if any(_digits(match.group()) >= 7 for match in _PHONE.finditer(text)):
        return True
    return any(7 <= _digits(match.group(1)) <= 15 for match in _SPOKEN_PHONE.finditer(text))


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


KINDS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "card": _card,
        "email": lambda text: _EMAIL.search(text) is not None,
        "ip": _ip,
        "key": lambda text: _KEY.search(text) is not None,
        "phone": _phone,
    }
)
