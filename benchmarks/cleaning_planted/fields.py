"""What a template of a planted record may name, and how it is filled: people, places, addresses, numbers, all made up."""

import random
import string
from collections.abc import Callable
from typing import NamedTuple


class Planted(NamedTuple):
    """A record of one question and one answer; `expected` is the text or language that cleaning must give, where a rule gives one."""

    prompt: str
    answer: str
    expected: str = ""


Maker = Callable[[random.Random], Planted]

NAMES = (
    "Anna",
    "Bela",
    "Chen",
    "Dora",
    "Emil",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kofi",
    "Lena",
    "Marek",
    "Nadia",
    "Oskar",
    "Priya",
)
THINGS = (
    "the kettle",
    "the boiler",
    "the bicycle pump",
    "the sewing machine",
    "the printer",
    "the thermostat",
    "the old radio",
    "the bread oven",
    "the garden hose",
    "the projector",
)
TOPICS = (
    "tides",
    "sourdough",
    "photosynthesis",
    "chess openings",
    "glaciers",
    "bookbinding",
    "bees",
    "the Silk Road",
    "volcanoes",
    "compound interest",
    "rainbows",
    "pottery",
)
PLACES = ("Oslo", "Lima", "Kyoto", "Graz", "Tunis", "Porto", "Riga", "Quito", "Perth", "Accra")
SENTENCES = (
    "Clean it with a dry cloth before you put it away.", "Most people notice the difference after a week.", "It works best when the room is cool.",
    "The older model needs a little more time.", "Check the seal twice, since it wears out first.", "A teaspoon is enough for a litre.",
    "Keep it away from direct sun.", "The second step takes about ten minutes.", "Write the date on the label.", "It was first described in the nineteenth century.",
)  # fmt: skip


def filled(*pairs: tuple[str, str]) -> list[Maker]:
    """One maker for each pair of question and answer, whose fields are filled at random."""
    return [lambda rng, pair=pair: Planted(*fill("\x00".join(pair), rng).split("\x00")) for pair in pairs]


def fill(text: str, rng: random.Random) -> str:
    fields = {name: make(rng) for name, make in _FIELDS.items() if f"<<{name}>>" in text}
    for name, value in fields.items():
        text = text.replace(f"<<{name}>>", value)
    return text


def _digits(count: int) -> Callable[[random.Random], str]:
    return lambda rng: str(rng.randint(1, 9)) + "".join(rng.choices(string.digits, k=count - 1))


def _public(rng: random.Random) -> str:
    """An address of a range that providers give to households."""
    return f"{rng.choice((24, 46, 62, 71, 78, 82, 86, 91, 93, 109, 151, 176, 188, 213))}.{rng.randint(33, 250)}.{rng.randint(1, 250)}.{rng.randint(1, 250)}"


def _version(rng: random.Random) -> str:
    return f"{rng.randint(0, 25)}.{rng.randint(0, 40)}.{rng.randint(0, 120)}.{rng.randint(0, 30)}"


def _private(rng: random.Random) -> str:
    return rng.choice(
        (
            f"192.168.{rng.randint(0, 9)}.{rng.randint(1, 250)}",
            f"10.{rng.randint(0, 250)}.{rng.randint(0, 9)}.{rng.randint(1, 250)}",
            f"172.{rng.randint(16, 31)}.0.{rng.randint(1, 250)}",
        )
    )


def _card(rng: random.Random) -> str:
    head, length = rng.choice((("4", 16), ("52", 16), ("53", 16), ("37", 15), ("4", 16), ("2412", 16), ("6011", 16)))
    body = head + "".join(rng.choices("123456789", k=length - 1 - len(head)))
    return next(body + check for check in string.digits if _checks(body + check))


def _checks(digits: str) -> bool:
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(one), 10)) for one in even)) % 10 == 0


def _printed(rng: random.Random) -> str:
    card, sign = _card(rng), rng.choice(" -")
    return sign.join(
        (card[:4], card[4:10], card[10:]) if len(card) == 15 else (card[:4], card[4:8], card[8:12], card[12:])
    )


def _phone(rng: random.Random) -> str:
    north = (
        f"{rng.choice((212, 312, 415, 503, 617, 702, 808, 916))}",
        f"{rng.randint(220, 499)}",
        f"{rng.randint(2000, 8999)}",
    )
    return rng.choice(
        (
            "({}) {}-{}".format(*north), "{}-{}-{}".format(*north), "+1 {} {} {}".format(*north), "{}.{}.{}".format(*north),
            f"+44 20 7{rng.randint(100, 399)} {rng.randint(1000, 9999)}", f"+49 30 {rng.randint(2000000, 8999999)}",
            f"+33 6 {rng.randint(10, 79)} {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)}", f"+91 98{rng.randint(100, 999)} {rng.randint(10000, 99999)}",
        )
    )  # fmt: skip


def _secret(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase + string.digits, k=rng.randint(24, 40))) + "7q"


def _mixed(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=count - 2)) + "x4"


def _date(rng: random.Random) -> str:
    year, month, day = rng.randint(1950, 2029), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.{year}",
            f"{month:02}/{day:02}/{year}",
            f"{year}{month:02}{day:02}",
            f"{year}.{month:02}.{day:02}",
        )
    )


_FIELDS: dict[str, Callable[[random.Random], str]] = {
    "name": lambda rng: rng.choice(NAMES), "other": lambda rng: rng.choice(NAMES), "thing": lambda rng: rng.choice(THINGS), "topic": lambda rng: rng.choice(TOPICS),
    "place": lambda rng: rng.choice(PLACES), "s": lambda rng: rng.choice(SENTENCES), "s2": lambda rng: rng.choice(SENTENCES), "n": lambda rng: str(rng.randint(2, 900)),
    "n2": lambda rng: str(rng.randint(2, 900)), "public": _public, "version": _version, "version2": _version, "private": _private, "card": _card, "printed": _printed,
    "phone": _phone, "secret": _secret, "date": _date, "d7": _digits(7), "d8": _digits(8), "d10": _digits(10), "d13": _digits(13), "d16": _digits(16),
    "power": lambda rng: str(2 ** rng.randint(20, 60)), "slug": lambda rng: "".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 9))),
    "field": lambda rng: rng.choice(("first_name", "company", "city", "product", "date", "your name", "amount", "order id", "team", "AGENT")),
    "doc": lambda rng: f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 250)}",
    "resolver": lambda rng: rng.choice(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222")),
    "test": lambda rng: rng.choice(("4242 4242 4242 4242", "4111111111111111", "5555 5555 5555 4444", "5105105105105100", "378282246310005", "6011 1111 1111 1117", "4000 0566 5566 5556")),
    "uuid": lambda rng: f"{_digits(8)(rng)}-{_digits(4)(rng)}-4{_digits(3)(rng)}-a{_digits(3)(rng)}-{_digits(12)(rng)}",
    "gh": lambda rng: "ghp_" + _mixed(rng, 36), "sk": lambda rng: "sk-" + _mixed(rng, 40), "aws": lambda rng: "AKIA" + "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ234567", k=15)) + "7",
    "google": lambda rng: "AIza" + _mixed(rng, 35), "sha": lambda rng: "".join(rng.choices("0123456789abcdef", k=40)),
    "tag": lambda rng: rng.choice(("b", "i", "em", "strong", "u", "p", "h1", "li")), "loop": lambda rng: f"{rng.choice(SENTENCES)} ",
}  # fmt: skip
