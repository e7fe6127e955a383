"""Coverage, facts and copying on planted cases: a dropped fact, a copied member."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.coverage import copied, facts_recovered, member_coverage, repeated, shingles

MEMBERS = [
    "Rinse the rice until the water runs clear.",
    "Simmer for 12 minutes on a small flame.",
    "Rest it for 10 minutes.",
]
FUSED = "Rinse the rice until the water runs clear. Simmer for 12 minutes on a small flame. Rest it for 10 minutes."
TEXTS = st.lists(st.text(st.characters(categories=("L", "N", "Zs", "Po")), max_size=60), min_size=1, max_size=4)


def test_a_fusion_covers_its_members() -> None:
    assert member_coverage(MEMBERS, FUSED) == [1.0, 1.0, 1.0]


def test_a_dropped_member_shows() -> None:
    assert member_coverage(MEMBERS, FUSED.split(" Rest")[0])[2] < 0.5


def test_a_copy_of_one_member_shows_and_a_fusion_does_not() -> None:
    assert copied(MEMBERS, MEMBERS[0]) == 1.0
    assert copied(MEMBERS, FUSED) < 0.6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timeout: seconds to wait for the server. Returns: the parsed body.", 1.0),
        ("Waits some seconds.", 0.0),
        ("timeout: seconds to wait for the server.", 0.5),
    ],
)
def test_facts_are_recovered_when_stated(text: str, expected: float) -> None:
    assert facts_recovered(["timeout: seconds to wait for the server", "Returns the parsed body"], text) == expected


def test_a_fact_scattered_over_a_long_text_is_not_stated() -> None:
    filler = " ".join(f"unrelated{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    scattered = f"timeout {filler} seconds {filler} wait {filler} server"
    assert facts_recovered(["timeout: seconds to wait for the server"], scattered) == 0.0


def test_a_fact_with_another_figure_is_not_recovered() -> None:
    assert facts_recovered(["Simmer the rice for 12 minutes"], "Simmer the rice for 15 minutes.") == 0.0


def test_what_is_said_again_is_repeated_and_another_figure_is_not() -> None:
    assert repeated(FUSED) == 0.0
    assert repeated(f"{FUSED} {FUSED}") == 0.5
    assert repeated("Simmer the rice for 12 minutes. Simmer the rice for 15 minutes.") == 0.0
    assert repeated("`f` draws a grid of plots.\n- Returns: A grid of plots.") == 5 / 11
    assert repeated("") == 0.0


def test_nothing_to_recover_or_cover_is_complete() -> None:
    assert facts_recovered([], "x") == 1.0
    assert member_coverage([""], "x") == [1.0]
    assert copied(["x"], "") == 0.0


@given(TEXTS, st.text(max_size=100))
def test_every_measure_is_a_share(members: list[str], text: str) -> None:
    shares = [
        copied(members, text),
        facts_recovered(members, text),
        *member_coverage(members, text),
    ]
    assert all(0.0 <= share <= 1.0 for share in shares)


@given(TEXTS)
def test_a_text_covers_and_copies_itself(members: list[str]) -> None:
    text = members[0]
    assert member_coverage([text], text) == [1.0]
    assert copied([text], text) == (1.0 if shingles(text) else 0.0)
