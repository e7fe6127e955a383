"""Wrong options for a year, a figure and an exception: of the same kind and of like size as the right one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

# none is a kind of another one
EXCEPTIONS = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "OSError",
    "RuntimeError",
    "AttributeError",
    "ZeroDivisionError",
)
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# a number as a word that counts the things behind it
NUMBER_WORD = re.compile(
    rf"(?<![-\w])(?P<right>{'|'.join(NUMBERS[1:])})(?= (?!(?:and|or|to|of|in|per|by|is|at|on|as|the|times)\b)[a-z]{{3,}})"
)
LATEST = 2024  # a year behind it would tell that it is wrong
_FEW = 12  # a count below it has its neighbours as wrong options, a larger one others of its size
_SHARE = 0.15  # by which a larger count and a wrong one differ, at least
_FRACTIONS = (
    0.001,
    0.005,
    0.01,
    0.05,
    0.1,
    0.2,
    0.25,
    0.3,
    0.5,
    0.75,
    0.8,
    0.9,
    0.95,
    0.99,
    1.0,
    1.5,
    2.0,
    3.0,
    5.0,
    10.0,
)


def years_like(right: int, taken: Collection[int], number: int) -> Sequence[int]:
    """The year and three others in order, none of them taken; `number` decides at which place the right one stands.

    >>> years_like(1931, {1925}, 2), years_like(2023, (), 0)
    ([1927, 1929, 1931, 1933], [2017, 2019, 2021, 2023])
    """
    least = _least_step(right)
    steps = [least + (number >> shift) % (2 * least) for shift in (2, 6, 10)]
    place = number % 4
    found = [right]
    for step in steps[:place]:
        found.insert(0, _free(found[0] - step, taken, -1))
    for step in steps[place:]:
        later = _free(found[-1] + step, taken, 1)
        if later <= LATEST:
            found.append(later)
        else:
            found.insert(0, _free(found[0] - step, taken, -1))
    return found


def _least_step(right: int) -> int:
    """How many years a wrong one is away at least: the older, the more."""
    return 2 if right >= 1900 else 4 if right >= 1600 else 9


def year_beside(right: int, taken: Collection[int], number: int, earliest: int = 1, latest: int = LATEST) -> int | None:
    """A year some years before or after the right one, as `number` decides, not taken and inside the limits; None where there is none.

    >>> [year_beside(1931, {1925}, number) for number in (0, 1, 5)], year_beside(1931, (), 0, latest=1931, earliest=1931)
    ([1933, 1929, 1928], None)
    """
    least = _least_step(right)
    size = least + (number >> 2) % (3 * least)
    side = -1 if number % 2 else 1
    found = (right + sign * step for sign in (side, -side) for step in range(size, size + 4 * least))
    return next((one for one in found if earliest <= one <= min(latest, LATEST) and one not in taken), None)


def _free(year: int, taken: Collection[int], step: int) -> int:
    while year in taken:
        year += step
    return year


def figures_like(right: str, taken: Collection[str], number: int) -> Sequence[str]:
    """The figure and three others in order, written as it is, none of them taken; fewer where there are none.

    >>> figures_like("3", {"3", "4"}, 1), figures_like("1,200", (), 2), figures_like("0.1", (), 0)
    (['2', '3', '5', '6'], ['800', '1,000', '1,200', '1,400'], ['0.005', '0.01', '0.05', '0.1'])
    """
    if "." in right:
        return _fractions_like(right, taken)
    value = int(right.replace(",", ""))
    step = 1 if value < _FEW else _step(value)
    lower = [one for n in range(1, 9) if (one := value - n * step) > 0 and str(one) not in taken]
    higher = [one for n in range(1, 9) if str(one := value + n * step) not in taken]
    place = min(number % 4, len(lower))
    found = sorted([*lower[:place], value, *higher[: 3 - place]])
    return [f"{one:,}" if "," in right else str(one) for one in found]


def _step(value: int) -> int:
    """A step of about a seventh, as round as the value is."""
    unit = 1
    while value % (10 * unit) == 0:
        unit *= 10
    return unit * max(1, round(_SHARE * value / unit))


def _fractions_like(right: str, taken: Collection[str]) -> Sequence[str]:
    others = sorted(
        (one for one in _FRACTIONS if one != float(right)),
        key=lambda one: abs(one / float(right) - 1) if float(right) else one,
    )
    near = [one for one in others if f"{one:g}" not in taken and str(one) not in taken][:3]
    return [right if one == float(right) else str(one) for one in sorted([float(right), *near])]


def numbers_like(right: str, taken: Collection[str], number: int) -> Sequence[str]:
    """The number, written as a word, among its neighbours in order, none of them taken.

    >>> numbers_like("three", {"five"}, 1)
    ['two', 'three', 'four', 'six']
    """
    place = NUMBERS.index(right)
    lower = [one for one in NUMBERS[:place] if one not in taken][-(number % 4) :] if number % 4 else []
    higher = [one for one in NUMBERS[place + 1 :] if one not in taken]
    return [*lower, right, *higher][:4]


def exceptions_like(right: str, taken: Collection[str], number: int) -> Sequence[str]:
    """The exception among three that are neither its kind nor taken, in the order of the alphabet.

    >>> exceptions_like("KeyError", {"ValueError"}, 0)
    ['IndexError', 'KeyError', 'OSError', 'TypeError']
    """
    others = [one for one in EXCEPTIONS if one != right and one not in taken]
    first = number % max(len(others), 1)
    return sorted([right, *(others[first:] + others[:first])[:3]])
