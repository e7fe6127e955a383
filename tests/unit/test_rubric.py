"""The rubric ranks what is planted worse below what it was planted in, for any text, quickly and always alike."""

import math
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.rubric import HIGH, Rating, compress, ratings, score, scores
from texts.slips import faults
from texts.spelling import MISSPELT
from texts.words import sentences, words

RICE = (
    "Q: How do I cook rice on the stove?\n"
    "A: Rinse one cup of rice until the water runs clear, because surface starch makes it gluey. Put it in a pot with 1.5 "
    "cups of cold water and half a teaspoon of salt. Bring it to a boil, then lower the heat to the smallest flame and cover "
    "tightly. Cook for 12 minutes without lifting the lid, since escaping steam leaves the top grains raw. Take the pot off "
    "the heat and let it rest for 10 minutes so that moisture spreads evenly. Fluff with a fork. Brown rice needs 2 cups of "
    "water and about 35 minutes. Cool leftovers within an hour and refrigerate them, as cooked rice can grow bacteria."
)
KOMPOST = (
    "Der Kompost braucht Luft, Wasser und eine Mischung aus grünem und braunem Material, damit die Mikroorganismen arbeiten "
    "können. Wenden Sie den Haufen alle zwei Wochen, weil Sauerstoff die Zersetzung beschleunigt. Zu viel Rasenschnitt fault "
    "und stinkt; mischen Sie deshalb Stroh oder Karton darunter. Nach sechs bis neun Monaten ist die Erde dunkel."
)


def rate(text: str) -> Rating:
    """The rating of one text."""
    [rating] = ratings([text])
    return rating


def test_a_dense_structured_answer_is_high_and_a_part_of_it_low() -> None:
    assert score(RICE) >= HIGH
    assert score("Q: How long does rice take?\nA: About 12 minutes on a small flame.") < HIGH


@pytest.mark.parametrize(
    "worse",
    [
        RICE.split(". ")[0],
        RICE + " Fluff with a fork. Fluff with a fork. Fluff with a fork.",
        RICE.lower(),
        RICE.replace("water", "wtaer").replace("minutes", "mintues").replace("because", "becuase"),
        RICE.replace("1.5 cups", "some stuff").replace("12 minutes", "sometimes").replace("salt", "something"),
        RICE[: len(RICE) * 2 // 3] + " and the",
    ],
    ids=["part", "repeated", "no case", "misspelt", "vague", "cut off"],
)
def test_each_planted_fault_lowers_the_score(worse: str) -> None:
    assert score(worse) < score(RICE)


def shuffled(text: str) -> str:
    some = text.split()
    random.Random(7).shuffle(some)
    return " ".join(some)


def test_a_good_answer_is_hardly_better_for_being_longer() -> None:
    first_half = ". ".join(RICE.split(". ")[:5]) + "."
    assert abs(score(RICE) - score(first_half)) < 0.25
    assert score(f"{RICE} {KOMPOST} {RICE}") < score(RICE)


def test_word_salad_and_padding_are_no_good_answer() -> None:
    question, answer = RICE.split("\n")
    assert score(shuffled(RICE)) < 3
    assert score(f"{question}\n{shuffled(answer)}") < HIGH
    assert score(f"{RICE}\n{answer}") < 3


@pytest.mark.parametrize(
    "worse",
    [
        RICE.replace("A: ", "A: Sure, here is what I found. "),
        RICE.replace("A: ", "A: As an AI language model, I cannot answer what to eat. "),
        RICE.replace("gluey.", "gluey.[3]").replace("salt.", "salt&nbsp;</p>."),
        RICE.replace("How do I cook rice on the stove?", "Who painted the ceiling of the Sistine Chapel?"),
    ],
    ids=["empty opening", "refusal", "debris", "another question"],
)
def test_what_spoils_a_whole_text_lowers_the_score(worse: str) -> None:
    assert score(worse) < score(RICE)


def test_a_word_or_a_name_is_no_slip_of_another_word() -> None:
    written = "A teen should weigh the dose of aloe that Mann and Reed forge in a trough near the poplar, lest her peer dive or hoot."
    assert not MISSPELT & {word.lower() for word in words(written)}
    assert {"wtaer", "becuase", "recieve", "peple", "thier"} <= MISSPELT


def test_a_language_it_does_not_know_is_neither_punished_nor_unread() -> None:
    assert faults([KOMPOST]) == [0.0]
    assert rate(KOMPOST).rarity in (5, 6)
    assert score(KOMPOST) > score(KOMPOST.split(".")[0])


@given(st.text(max_size=400))
def test_any_text_gets_a_rating_in_range_that_agrees_with_its_score(text: str) -> None:
    rating = rate(text)
    assert all(1 <= value <= 10 for value in (rating.rarity, rating.complexity, rating.informativeness, rating.overall))
    assert 0.0 <= score(text) <= 5.0
    assert (compress(rating.overall) >= HIGH) == (score(text) >= HIGH)


@given(st.text(max_size=200), st.text(max_size=200))
def test_overall_never_contradicts_the_score(one: str, other: str) -> None:
    if rate(one).overall > rate(other).overall:
        assert score(one) > score(other)


@given(st.lists(st.text(max_size=60) | st.sampled_from([RICE, KOMPOST, RICE.lower(), "", "."]), max_size=6))
def test_a_text_is_rated_alike_alone_and_among_others(texts: list[str]) -> None:
    assert ratings(texts) == [rate(text) for text in texts]
    assert scores(texts) == [score(text) for text in texts]
    assert faults(texts) == [taken for text in texts for taken in faults([text])]


def test_rinse_the_rice_by_hand() -> None:
    text = "Rinse the rice."
    information = 0.8 * (1 - math.exp(-2 / 10)) + 0.2
    by_hand = 5 * (0.4 * 0.85 + 0.3 * information + 0.2 * 0.75 + 0.1 * 1.0)
    assert score(text) == pytest.approx(by_hand, abs=1e-12)
    assert round(score(text), 3) == 3.468 and rate(text).overall == 7 and compress(7) == 3


def test_compression_is_the_methods() -> None:
    assert [compress(overall) for overall in range(1, 11)] == [0, 0, 0, 0, 1, 2, 3, 4, 5, 5]


_PIECES = st.sampled_from([*'aB1.!?。\n "”)_:—中', "and", " the ", "e.g.", "Dr.", "x: ", "...", "- ", "2. ", "É"])


@given(st.lists(_PIECES, max_size=16).map("".join))
def test_sentences_are_those_of_one_plain_pattern(text: str) -> None:
    """The fast search starts at the stops; the plain pattern says what a cut is."""
    opener = r"[\"'“‘(\[`*_]*[A-Z0-9\u00c0-\u00de\u0400-\u042f¿¡_`]"
    plain = rf"(?<=[.!?])[\"'”’)\]]*\s+(?={opener})|(?<=[.!?])\s+(?=\w+: )|(?<=[。！？])|\n+"
    pieces = [piece.strip() for piece in re.split(plain, text)]
    assert "".join("".join(sentences(text)).split()) == "".join("".join(pieces).split())
    abbreviated = any(piece.endswith(("e.g.", "Dr.", "B.")) for piece in pieces)
    assert abbreviated or sentences(text) == [piece for piece in pieces if piece]


@given(st.lists(_PIECES, max_size=16).map("".join))
def test_words_are_the_same_whether_a_text_is_ascii_or_not(text: str) -> None:
    assert words(text + " 中") == [*words(text), "中"]
