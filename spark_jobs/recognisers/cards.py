"""Numbers of payment cards: of a brand's range and length, with its checksum, and not said to be something else.

>>> [list(cards_in(text)) for text in ("My card is 5293 1838 4427 0065.", "Parcel 5293 1838 4427 0065 is late.", "It took 5293183844270065 ns.")]
[[(11, 30)], [], []]
"""

import re
from collections.abc import Iterator

from spark_jobs.recognisers.around import Span, called_example, nearest

CARD = r"[2-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3[0-9]\d{2}[ -]?\d{6}[ -]?\d{4,5}"
_CARDS = re.compile(rf"(?<![\w.,$€£#/+-])(?:{CARD})(?![\w-]|[.,/]\d|[ -]?\d)")
# lengths and first digits of the brands that are in use
_BRANDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|(?:50|5[6-9]|6[37])\d{14,17}"
)
_GROUPED = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5}")
# published by payment providers for testing, by brand
_PUBLISHED = frozenset(
    [
        "4242424242424242",
        "4111111111111111",
        "4012888888881881",
        "4000056655665556",
        "4222222222222",
        "4917610000000000",
        "4005519200000004",
        "4009348888881881",
        "4012000033330026",
        "4012000077777777",
        "4217651111111119",
        "4500600000000061",
        "4000002500003155",
        "4000002760003184",
        "5555555555554444",
        "5105105105105100",
        "5200828282828210",
        "5454545454545454",
        "5424000000000015",
        "5431111111111111",
        "2223003122003222",
        "2223000048400011",
        "2223520043560014",
        "5019717010103742",
        "6331101999990016",
        "6304000000000000",
        "378282246310005",
        "371449635398431",
        "378734493671000",
        "340000000000009",
        "343434343434343",
        "370000000000002",
        "6011111111111117",
        "6011000990139424",
        "6011981111111113",
        "6011000000000012",
        "6500000000000002",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "3056930009020004",
        "36148900647913",
        "3530111333300000",
        "3566002020360505",
        "3566111111111113",
        "6200000000000005",
        "6200000000000047",
        "6205500000000000004",
        "6240008631401148",
    ]
)
_CARD_WORDS = re.compile(
    r"(?i)\b(?:cards?|credit|debit|visa|master ?card|amex|american express|maestro|discover|diners|jcb|unionpay|cvv|cvc|expir(?:y|es|ation|ing)|pay(?:s|ing|ment|ments|able)?|paid|charge[ds]?"
    r"|billed|billing|karte|kreditkarte|carte|tarjeta|cartão|carta)\b|信用卡|银行卡|カード"
)
_OTHER_WORDS = re.compile(
    r"(?i)\b(?:track(?:ing|ed)?|parcels?|shipments?|consignment|packages?|orders?|invoices?|tickets?|serial|imei|isbn|ean|upc|gtin|barcodes?|sku|part|models?|batch|lots?|case|reference|ref|transactions?|receipts?"
    r"|id|ids|uuid|guid|tokens?|hash|checksum|accounts?|iban|meter|policy|member(?:ship)?|library|loyalty|gift|timestamps?|epoch|milli\w*|micro\w*|nano\w*|seconds?|bytes?|bits?|octets|power|exactly|squared?|factorial"
    r"|product|sum|prime|digits?|integers?|equals?|population|distance|kilomet\w*|light years?|rows?|records?|offset|address|seed|snowflake|tweet|post|pid|times|divided|multiplied)\b|="
)
_LONG_RUN = re.compile(r"(\d)\1{6}")  # seven equal digits in a row: made up


def cards_in(text: str) -> Iterator[Span]:
    """From where to where the number of somebody's card stands in the text, for each there is."""
    return (found.span() for found in _CARDS.finditer(text) if _somebodys_card(text, found))


def _somebodys_card(text: str, found: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", found[0])
    if not _BRANDS.fullmatch(digits) or not _luhn(digits):
        return False
    number = int(digits)
    if digits in _PUBLISHED or _LONG_RUN.search(digits) or number & (number - 1) == 0:
        return False
    if called_example(text, found.start(), found.end()):
        return False
    told = nearest(text, found.start(), found.end(), _CARD_WORDS, _OTHER_WORDS)
    # in groups as cards print it, a number is one unless it is called something else; bare digits must be called one
    return told >= 0 if _GROUPED.fullmatch(found[0]) else told > 0


def _luhn(digits: str) -> bool:
    """The checksum of card numbers: every second digit from the right doubled, digits summed, divisible by ten."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0
