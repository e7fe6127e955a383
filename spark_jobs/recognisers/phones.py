"""Telephone numbers: written as such or called one, of a length that its country has; not dates, counts, orders or test numbers.

>>> [list(phones_in(text)) for text in ("Her number is +49 30 1234567.", "The call of 2021-03-15 lasted long.", "Films show 555-0142.")]
[[(14, 28)], [], []]
"""

import re
from collections.abc import Iterator

import phonenumbers

from spark_jobs.recognisers.around import Span, called_example, nearest, somebodys

# Where a number is said to be a phone's without naming its country, these are tried: the plans of the largest of them
_COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "BR", "MX", "IN", "CN", "JP", "KR", "AU")
_PLUS = r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}"  # +49 30 1234567
WRITTEN = rf"{_PLUS}|(?:1[ .-])?(?:\(\d{{3}}\) ?|\d{{3}}[-.])\d{{3}}[-.]\d{{4}}|555[-.]\d{{4}}"  # (555) 010-0199
SPOKEN = (
    r"(?i)(?:\b(?:phones?|call|tel|telephone|telefon|téléphone|teléfono|telefone|mobile|cell|fax|whatsapp|text me|ring|dial|reach me|phone numbers?)\b|电话|手机)"
    r"(?:[^\d\n]{0,24}[^A-Za-z\d\n])?(\+?\d[\d ()./-]{5,17}\d)\b"
)
_WRITTEN = re.compile(rf"(?<![\w.+/=$€£-])(?:{WRITTEN})(?![\w-]|[.,]\d)")
_SPOKEN = re.compile(SPOKEN)
_ADDED = re.compile(r"[\d)=]\s*$")  # what stands before a plus that adds

_PHONE_WORDS = re.compile(
    r"(?i)\b(?:phones?|telephones?|tel|telefon|téléphone|teléfono|telefone|mobile|cell|fax|whatsapp|call(?:s|ed|ing|er)?|ring|rang|dial(?:led|ing)?|text(?:ed)?|sms|reach(?:ed)?|contact(?:ed)?"
    r"|hotline|helpline|desk|extension|voicemail|ask for|(?:my|his|her|their|our|your|whose)(?: \w+)? numbers?|landline|answers?|signal|viber)\b|电话|手机|致电"
)
_OTHER_WORDS = re.compile(
    r"(?i)\b(?:orders?|invoices?|tracking|parcels?|shipments?|serial|parts?|models?|sku|isbn|issn|ean|upc|barcodes?|tickets?|bookings?|reservations?|reference|ref|case|docket|ids?|account|routing|iban|policy|member(?:ship)?"
    r"|licen[cs]e|plate|zip|postal|bytes?|[kmgt]i?b|bits?|size|length|weigh\w*|dated?|dates?|since|until|between|born|died|released|launched|founded|published|years?|versions?|builds?|epoch|timestamps?|offset|lasted|took|stack|center|centre"
    r"|costs?|price[ds]?|sold|bought|population|score|total|sum|equals?|range|ratio|seed|port|pid|rows?|lines?|pages?|times|ssn|social security|patent|coordinates?|latitude|longitude|measures?|scaled?|returns?|returned|yields?|yielded|wrote|holds)\b"
)
_UNIT_BEHIND = re.compile(
    r"(?i)\s*(?:bytes?|[kmgt]i?b|bits?|octets|[mµun]?s|secs?|seconds?|mins?|minutes?|hours?|[kmcµ]?m|miles?|feet|k?g|lbs?|tons?|euros?|dollars?|usd|eur|percent|people|users|visitors|calls|times|rows|records|units|lines|points"
    r"|steps|tokens|subscribers|customers|inhabitants|items|copies|pages|words|[ap]m|utc|gmt|cycles|rpm|hz|[kmgt]hz|x \d)\b|\s*[%=*×÷]|\s*[€$£]"
)
_DATE = re.compile(
    r"(?:1[89]|20)\d{2}([-./ ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d).*|(?:0?[1-9]|[12]\d|3[01])([-./ ])(?:0?[1-9]|[12]\d|3[01])\2(?:1[89]|20)\d{2}(?!\d).*"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[ -]?\d{4,6})?|(?:1[5-9]|20)\d{2}(?: (?:1[5-9]|20)\d{2})+|\(?(?:1\d|20)\d{2}\)?\s*[-–]\s*\(?(?:1\d|20)\d{2}\)?|\d{1,2}\.\d{2}\s*-\s*\d{1,2}\.\d{2}"
)
_COUNT = re.compile(
    r"\d{1,3}([ .])\d{3}(?:\1\d{3})*|\d{1,3}(?:\.\d{1,3}){3,}|\d+\.\d{5,}|\d{1,6}\.\d{1,6}|\d+ - .*|.*- \d+|0\d?\.\d+|97[89](?:[- ]?\d){10}|.*(?: /|/ ).*"
)
_CONTACT = re.compile(r"(?i)\b(?:call|ring|dial|text|contact|reach|ask for|phone) ")
# kept free for films and examples: 555-01xx of North America and its area 555, drama numbers of Britain, Australia and France
_FOR_EXAMPLES = re.compile(
    r"(?:\+?1)?(?:\d{3})?55501\d{2}|(?:\+?1)?555\d{7}|(?:\+44|0)(?:1632960\d{3}|207946\d{4}|7700900\d{3}|8081570\d{3}|9098790\d{3}|(?:113|114|115|116|117|118|121|131|141|151|161)496\d{4})"
    r"|(?:\+61|0)(?:[2378](?:5550|7010)\d{4}|49157(?:0006|0156|0157|0158|0159|0110))|(?:\+33|0)(?:19900|26191|35301|46571|53690|63998)\d{4}|\+?15005550\d{3}"
)
_MADE_UP = re.compile(r"\+?1?(?:(\d)\1{6,}|1234567(?:89?0?)?|0123456789?|9876543(?:210?)?|5551234567|5555555555|0+)")
_MONEY = frozenset("$€£¥")
_SHORTEST = 7  # digits: shorter local numbers look like any other number
_POSSIBLE = (phonenumbers.ValidationResult.IS_POSSIBLE, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY)


def phones_in(text: str) -> Iterator[Span]:
    """From where to where a number that is somebody's telephone stands in the text, for each there is; one may be told twice."""
    for found in _WRITTEN.finditer(text):
        if not _added(text, found.start()) and _somebodys(text, *found.span(), ("US",)):
            yield found.span()
    for found in _SPOKEN.finditer(text):
        if _somebodys(text, *found.span(1), _COUNTRIES):
            yield found.span(1)


def _added(text: str, start: int) -> bool:
    return text[start] == "+" and _ADDED.search(text[max(0, start - 4) : start]) is not None


def _somebodys(text: str, start: int, end: int, countries: tuple[str, ...]) -> bool:
    number = text[start:end]
    if text[:start].rstrip()[-1:] in _MONEY:
        return False
    digits = re.sub(r"[^\d+]", "", number)
    if (
        _DATE.fullmatch(number)
        or _COUNT.fullmatch(number)
        or _UNIT_BEHIND.match(text, end)
        or _MADE_UP.fullmatch(digits)
    ):
        return False
    if _FOR_EXAMPLES.fullmatch(digits):
        return somebodys(text, start, end, _CONTACT)
    if called_example(text, start, end) or nearest(text, start, end, _PHONE_WORDS, _OTHER_WORDS) < 0:
        return False
    return _possible(number, digits, countries)


def _possible(number: str, digits: str, countries: tuple[str, ...]) -> bool:
    if len(digits.lstrip("+")) < _SHORTEST:
        return False
    readings = [one for one in (_parsed(number, country) for country in countries) if one]
    if digits == number and not number.startswith("+"):  # bare digits look like any other count
        value = int(digits)
        return value & (value - 1) != 0 and any(map(phonenumbers.is_valid_number, readings))
    return any(phonenumbers.is_possible_number_with_reason(one) in _POSSIBLE for one in readings)


def _parsed(number: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
