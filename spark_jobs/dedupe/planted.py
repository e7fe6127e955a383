"""A fixed suite of pairs that the rule must tell apart, and of true copies that it must find; measured before every run.

Each opposite is one small difference inside a text that is long enough for everything else to be a near copy of itself:

    >>> first, second = in_a_record("1.5"), in_a_record("1, 5")
    >>> first[0] == second[0].replace("1, 5", "1.5"), len(first[0].split()) > 30
    (True, True)
    >>> figures_of_suite(Rule(threshold=0.7, by_side=True))
    {'suite_precision': 1.0, 'suite_recall': 1.0}
"""

import string
import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from lake.errors import StageFailed
from spark_jobs.dedupe.recall import Record, share_a_bucket
from spark_jobs.dedupe.record_sets import sets_of
from spark_jobs.dedupe.sides import sides_of
from spark_jobs.dedupe.verify import NEAR, Rule, verdicts

# what must stay apart, two or more of a kind
OPPOSITES: tuple[tuple[str, ...], ...] = (
    # code
    ("if (!done) return", "if (done) return"),
    ("x > limit", "x < limit", "x >= limit", "x == limit"),
    ("limit - used", "used - limit"),
    ("{1, 2}", "[1, 2]", "(1, 2)"),
    ("a && b", "a || b"),
    ("i++", "i--"),
    ("rows[0]", "rows[-1]", "rows(0)"),
    ("ls -R", "ls -r"),
    ("(red or green) and blue", "red or (green and blue)"),
    ('name = "value"', "name = value"),
    ("getUser", "getuser"),
    ("a / b", "a // b", "a % b"),
    ("&value", "*value"),
    ("C", "C#", "C++"),
    ("f'(x)", "f(x)"),
    # arithmetic
    ("1.5", "1, 5", "15"),
    ("7 - 3", "3 - 7", "7 + 3"),
    ("3²", "32", "3³"),
    ("4!", "4"),
    ("-4", "4"),
    ("(2 + 3) * 4", "2 + (3 * 4)"),
    ("(price + tax) * rate", "price + (tax * rate)"),
    ("0.5 %", "0.5"),
    ("√2", "2"),
    ("12", "21"),
    # chemistry
    ("Co", "CO"),
    ("CoCl2", "COCl2"),
    ("Na+ ions", "Na- ions"),
    ("A + B -> C", "C -> A + B"),
    ("H2SO4", "H2SO3"),
    ("sulfate", "sulfite", "sulfide"),
    ("oxidation", "reduction"),
    # negation
    ("it is safe", "it is not safe", "it isn't safe at all, never"),
    ("not red but blue", "red but not blue"),
    ("with sugar", "without sugar"),
    ("possible", "impossible"),
    ("always", "never"),
    # units, money, dates
    ("5 mg", "5 kg"),
    ("5 mW", "5 MW"),
    ("5 MHz", "5 mHz"),
    ("9 a.m.", "9 p.m."),
    ("5 nm", "5 mm"),
    ("20 °C", "20 °F", "20"),
    ("$30", "€30"),
    ("2024-03-04", "2024-04-03"),
    ("in May 2020", "in June 2020"),
    ("10:30", "10.30", "10, 30"),
    ("three apples", "five apples"),
    # directions and order
    ("turn left", "turn right"),
    ("from left to right", "from right to left"),
    ("Celsius to Fahrenheit", "Fahrenheit to Celsius"),
    ("ascending", "descending"),
    ("and", "or"),
    ("before", "after"),
    ("into German", "into French"),
    # other scripts
    ("价格会上涨", "价格会下跌", "价格不会上涨"),
    ("三个苹果", "五个苹果"),
    ("水温高于气温", "水温低于气温"),
    ("الماء ساخن", "الماء ليس ساخن"),
    ("قبل الغروب", "بعد الغروب"),
    ("он придёт", "он не придёт"),
    ("das ist gut", "das ist nicht gut"),
)

_PROMPT = (
    "Read the short note below with care, and say in two or three plain sentences what it tells a reader who has never seen "
    "anything of the kind: {} Use simple words, and give one example that somebody could try out at home on the same day."
)
_ANSWER = (
    "The note is short but it says all that is needed; whoever reads it slowly will know what to do next, and the example that "
    "comes with it can be tried out in a kitchen or a garden without any further tools."
)
_TALE = (
    "How do I keep an old wooden boat dry during the winter, when it stands beside the house under a roof of leaves? "
    "My neighbour's advice (he is a carpenter) was: cover it loosely. Is that well-advised in 2020?"
)


def in_a_record(difference: str) -> Record:
    """A record whose prompt holds the text."""
    return _PROMPT.format(difference), _ANSWER


def copies() -> list[tuple[Record, Record]]:
    """Pairs of which one is a true copy of the other: as it is, and changed in each harmless way."""
    return [((_TALE, _ANSWER), (change(_TALE), change(_ANSWER))) for change in _HARMLESS]


def opposites() -> list[tuple[Record, Record]]:
    """Pairs that mean something else, every two of a kind."""
    return [
        (in_a_record(one), in_a_record(other))
        for kind in OPPOSITES
        for place, one in enumerate(kind)
        for other in kind[place + 1 :]
    ]


def figures_of_suite(rule: Rule) -> dict[str, float]:
    """suite_precision: of the pairs that the rule removes, the share that are copies; suite_recall: of the copies, the share it removes."""
    true, false = removed(copies(), rule), removed(opposites(), rule)
    precision = true.sum() / max(true.sum() + false.sum(), 1)
    return {"suite_precision": round(float(precision), 6), "suite_recall": round(float(true.mean()), 6)}


def proven_rule(rule: Rule) -> dict[str, float]:
    """The figures of the suite. Raises StageFailed where a rule that compares sides takes a pair of opposites for copies.

    It depends on the rule and on the character tables of this Python alone, so it is asked before any record is compared. A rule that
    compares whole records alone removes opposites by its owner's choice.
    """
    found = figures_of_suite(rule)
    if rule.by_side and found["suite_precision"] < 1:
        raise StageFailed(
            f"The rule of near-duplicates takes opposites for copies (suite_precision {found['suite_precision']:.3f}, allowed is 1): "
            "no record was compared"
        )
    return found


def removed(pairs: list[tuple[Record, Record]], rule: Rule) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether one record of each pair would go as a copy of the other, bool (pairs,)."""
    rows = [record for pair in pairs for record in pair]
    columns = {name: [row[side] for row in rows] for side, name in enumerate(("prompt", "answer"))}
    named = {"id": [f"rec_{number:024x}" for number in range(len(rows))], "survivor_rank": [1] * len(rows)}
    sets = sets_of(pa.table(named | columns), rule.by_side)
    left, right = (sets.take(np.arange(first, len(rows), 2)) for first in (0, 1))
    verdict = verdicts(left, right, np.zeros(len(pairs), np.uint8), rule)["verdict"].to_numpy()
    # a record without a shingle has no bands and meets nobody
    near = np.flatnonzero((verdict == NEAR) & (left.whole.lengths > 0) & (right.whole.lengths > 0))
    meets = np.zeros(len(pairs), np.bool_)
    meets[near] = share_a_bucket(rows, 2 * near[:, None] + np.arange(2), rule)
    prompts, answers = (pa.array(column, pa.string()) for column in columns.values())
    exact = sides_of(prompts, answers, rule.by_side).exact
    return (exact[::2] == exact[1::2]).all(axis=1) | meets


def _typographic(text: str) -> str:
    return text.replace("'", "’").replace("; ", " — ").replace("well-advised", "well‑advised")


_HARMLESS: tuple[Callable[[str], str], ...] = (
    str.lower,
    str.upper,
    string.capwords,
    lambda text: text.replace(" ", "  \n"),
    lambda text: f"\t{text}\n\n",
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: unicodedata.normalize("NFD", text.replace("old", "öld")).replace("o\u0308ld", "old"),
    lambda text: text.rstrip("?."),
    lambda text: text.replace(",", ""),
    lambda text: text.replace(":", ""),
    lambda text: "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text),
    lambda text: text.replace("leaves", "straw").replace("garden", "shed"),
    lambda text: f"{text} Thanks a lot.",
    _typographic,
)
