"""Questions with four options: one right, the others of its kind, none of them in the passage; and what is not asked for so."""

from collections import Counter
from collections.abc import Sequence

import pytest

from inference.baseline.build import build
from inference.baseline.options import EXCEPTIONS, figures_like, years_like
from inference.baseline.telling import Refused
from texts.formats import FORMATS

REST = " She fired large red jars for many kitchens of Hull. Her son sold them in a shop near a harbour of the north."


def choice(title: str, text: str, others: Sequence[str] = ()) -> dict[str, str]:
    """The fields of the choice about a passage; none where there is none."""
    try:
        return FORMATS["multiple_choice"].parse(build("multiple_choice", title, text, others)) or {}
    except Refused as why:
        return {"refused": why.rule}


def right_of(fields: dict[str, str]) -> str:
    return fields[f"option_{fields['answer'].lower()}"]


def wrong_of(fields: dict[str, str]) -> list[str]:
    return [fields[f"option_{letter}"] for letter in "abcd" if letter != fields["answer"].lower()]


@pytest.mark.parametrize(
    ("title", "text", "asked", "right"),
    [
        ("Ada Moss", "Ada Moss (born 3 May 1901) was a potter." + REST, "In which year was the potter Ada Moss born?", "1901"),
        ("Ada Moss (weaver)", "Ada Moss (born 3 May 1901) was from Hull." + REST, "In which year was Ada Moss, weaver, born?", "1901"),
        ("Ada Moss", "Ada Moss was a potter of Hull. In 1931 Ada Moss opened a kiln." + REST, "Which year is missing here? In ____ Ada Moss opened a kiln.", "1931"),
        ("The Kiln", "The Kiln is a 1931 British film about a potter of Hull. Ada Moss wrote it. She fired jars in it.", 'In which year did the British film "The Kiln" come out?', "1931"),
        ("Kiln", "A kiln is a hot oven. The door of a kiln is shut for 12 hours at a time." + REST, "Which figure is missing here? The door of a kiln is shut for ____ hours at a time.", "12"),
    ],
)  # fmt: skip
def test_a_fact_is_asked_for(title: str, text: str, asked: str, right: str) -> None:
    fields = choice(title, text)
    assert fields["question"] == asked and right_of(fields) == right
    assert len(wrong_of(fields)) == 3 and not any(one in text for one in wrong_of(fields))
    assert right in fields["explanation"] and "____" not in fields["explanation"]
    assert "fired" not in fields["explanation"]


def film(name: str, director: str, star: str) -> str:
    return f"{name}\n{name} is a British film directed by {director} and starring {star}. It tells of a kiln in Hull. The kiln burns for days."


def test_a_person_is_asked_for_among_those_of_one_age() -> None:
    def dated(name: str, director: str, year: int) -> str:
        return film(name, director, "Jim Loam").replace("a British film", f"a {year} British film")

    title, text = dated("The Kiln", "Ada Moss", 2010).split("\n")
    others = [
        dated(f"Old {word}", name, 1931)
        for word, name in (("Jar", "Tom Marl"), ("Pot", "Jim Dale"), ("Ash", "Lea Oak"))
    ]
    assert "directed" not in (choice(title, text, others).get("question") or "")
    later = {"Jug": "Max Brick", "Cup": "Per Jarr", "Mud": "Eva Pott"}
    others += [dated(f"New {word}", name, 1990) for word, name in later.items()]
    fields = choice(title, text, others)
    assert fields["question"].startswith("Who directed") and set(wrong_of(fields)) == set(later.values())


def test_a_person_is_asked_for_among_those_of_other_passages() -> None:
    others = [
        film("Kiln of Mud", "Tom Marl", "Jim Loam"),
        film("Kiln of Sand", "Max Brick", "Lea Glaze"),
        film("Kiln of Stone", "Eva Pott", "Per Jarr"),
    ]
    title, text = film("The Kiln", "Ada Moss", "Ned Clay").split("\n")
    fields = FORMATS["multiple_choice"].parse(build("multiple_choice", title, text, others)) or {}
    assert (fields["question"], right_of(fields)) in {
        ('Who directed the British film "The Kiln"?', "Ada Moss"),
        ('Which of these people stars in the British film "The Kiln"?', "Ned Clay"),
    }
    wrong = set(wrong_of(fields))
    assert wrong in ({"Tom Marl", "Max Brick", "Eva Pott"}, {"Jim Loam", "Lea Glaze", "Per Jarr"})
    assert fields["explanation"] == text.split(". ")[0] + "."


def test_a_profession_is_asked_for_among_those_of_other_fields() -> None:
    def told(name: str, kind: str) -> str:
        return f"{name}\n{name} (born 1901) was a British {kind}. Ned Loam bought a tall house of Hull in the spring. Many people of the north praised {name} for years."

    others = [
        told("Tom Marl", "singer"),
        told("Max Brick", "painter"),
        told("Eva Pott", "lawyer"),
        told("Lea Loam", "poet"),
    ]
    asked = []
    for n in range(20):
        title, text = told(f"Ned Cl{'a' * n}y", "composer").split("\n")
        asked.append(FORMATS["multiple_choice"].parse(build("multiple_choice", title, text, others)) or {})
    assert all(right_of(one) == "composer" and set(wrong_of(one)) == {"painter", "lawyer", "poet"} for one in asked)


def test_nobody_dies_before_being_born() -> None:
    for n in range(30):
        fields = choice(
            f"Ned Cl{'a' * n}y",
            f"Ned Cl{'a' * n}y (3 May 1668 – 4 June 1671) was a prince." + REST.replace("She", "He"),
        )
        assert "born" in fields["question"] or min(map(int, wrong_of(fields))) >= 1668


def test_of_a_life_the_birth_or_the_death_is_asked_for() -> None:
    fields = choice("Ada Moss", "Ada Moss (3 May 1901 – 4 June 1971) was a potter." + REST)
    assert (fields["question"], right_of(fields)) in {
        ("In which year was the potter Ada Moss born?", "1901"),
        ("In which year did the potter Ada Moss die?", "1971"),
    }


@pytest.mark.parametrize(
    "opening",
    [
        "Ada Moss was a potter of Hull, and a weaver of rugs.",
        "Ada Moss (reigned 1901 – 1971) was a queen of Hull.",  # no life
        "Ada Moss opened a kiln in 1931, and another one in 1934.",  # two years: one tells the other
        "Ada Moss opened a kiln in the 1930s near the old mill.",
        "Ada Moss burned RFC 5322 in the yard of her kiln.",
        "Ada Moss, aged 31, opened a kiln in 1932 near the old mill.",  # its other figure tells it
    ],
)
def test_what_has_no_one_fact_of_the_kind_is_not_asked_about(opening: str) -> None:
    assert choice("Ada Moss", opening + REST) == {"refused": "nothing_to_ask"}


SMOOTH = "Smooth a signal with a window. The window is moved along the signal. Edges are padded with the last sample of each side.\n{}"


@pytest.mark.parametrize(
    ("listed", "asked", "right"),
    [
        ("width: Length of the window in samples. Default is 5.", "What is the default of the argument `width` of `signal.filters.smooth`?", "5"),
        ("ValueError: If the window is longer than the signal.", "Which exception does `signal.filters.smooth` raise if the window is longer than the signal?", "ValueError"),
    ],
)  # fmt: skip
def test_of_a_part_of_a_program_a_default_or_an_exception_is_asked_for(listed: str, asked: str, right: str) -> None:
    fields = choice("signal.filters.smooth", SMOOTH.format(listed))
    assert fields["question"] == asked and right_of(fields) == right
    assert set(wrong_of(fields)) <= set(EXCEPTIONS) or all(one.isdigit() for one in wrong_of(fields))


@pytest.mark.parametrize(
    "listed",
    [
        "width: Length of the window. By default, all.",
        "BadWindow: If the window is longer than the signal.",
        "OSError: Any failure.",
    ],
)
def test_of_a_part_of_a_program_without_them_nothing_is_asked(listed: str) -> None:
    assert choice("signal.filters.smooth", SMOOTH.format(listed)) == {"refused": "nothing_to_ask"}


def test_each_letter_is_right_about_as_often() -> None:
    names = [
        f"Ada {one}{other}"
        for one in ("Mo", "Ba", "Ri", "Te", "Lu", "Na")
        for other in ("ss", "ck", "ll", "rn", "nd", "st", "mp", "lt", "rk", "ff")
    ]
    letters = Counter(
        choice(name, f"{name} (born 3 May {1800 + n}) was a potter.{REST}")["answer"] for n, name in enumerate(names)
    )
    assert min(letters[letter] for letter in "ABCD") >= 7


def test_wrong_years_are_past_and_not_taken() -> None:
    for number in range(200):
        found = years_like(2021, {2015, 2010}, number)
        assert len(set(found)) == 4 and 2021 in found and max(found) <= 2024 and not {2015, 2010} & set(found)


@pytest.mark.parametrize("right", ["3", "1", "12", "40", "1,200", "365", "0.05", "0.1", "2.5"])
def test_wrong_figures_are_of_the_size_of_the_right_one(right: str) -> None:
    for number in range(8):
        found = figures_like(right, {"13"}, number)
        assert len(set(found)) == 4 and right in found and "13" not in found
        values = [float(one.replace(",", "")) for one in found]
        assert values == sorted(values) and min(values) > 0
