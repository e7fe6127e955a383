"""An item is accepted where it is grounded, answers what it asks, and is worth more than any of its members; each refusal has its reason."""

from __future__ import annotations

import pytest

from inference.acceptance import Acceptance, AcceptanceParams, Assessment

MEMBERS = [
    "Q: How do I boil eggs?\nA: Put the eggs into boiling water for 7 minutes. Use a wide pot.",
    "Q: How are eggs boiled?\nA: Cool boiled eggs in cold water, because that stops the cooking. Put the eggs into boiling water for 7 minutes.",
    "Q: Why do eggs crack?\nA: Eggs crack when they come from the fridge.",
]
ITEM = (
    "Q: How do I boil eggs, and why do eggs crack?\nA: Put the eggs into boiling water for 7 minutes. Use a wide pot. Cool boiled eggs "
    "in cold water, because that stops the cooking. Eggs crack when they come from the fridge."
)


def judged(text: str, members: list[str] = MEMBERS) -> Assessment:
    return Acceptance(members, AcceptanceParams()).assessed(text, "qa")


def test_an_item_that_states_once_what_its_members_state_is_accepted() -> None:
    found = judged(ITEM)
    assert found.refusal is None
    assert (found.worth.score, found.gain) == (1.0, 0.5)  # the best member states two of four facts


def test_length_and_rare_words_accept_nothing_and_refuse_nothing() -> None:
    members = ["Q: Is it on?\nA: The lamp is lit.", "Q: Is it hot?\nA: The pan is hot."]
    assert judged("Q: Is it on, and is it hot?\nA: The lamp is lit. The pan is hot.", members).refusal is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no item", "malformed"),
        (f"Q: What is it?\nA: {' '.join(['eggs'] * 700)}.", "too_long"),
        (ITEM.replace("7", "9"), "unfaithful"),
        (f"{ITEM} Volcanoes erupt in Iceland.", "unfaithful"),
        (ITEM.replace(" Eggs crack when they come from the fridge.", ""), "unanswered"),
        ("Q: How do I boil eggs?\nA: Use a wide pot.", "thin"),
        (MEMBERS[1], "copied"),
        (f"{ITEM} {ITEM.split('A: ')[1]}", "repetition"),
        (
            "Q: Why do eggs crack, and how do I boil eggs?\nA: Eggs crack when they come from the fridge. Use a wide pot.",
            "no_gain",
        ),
    ],
)
def test_each_refusal_names_its_reason(text: str, reason: str) -> None:
    refusal = judged(text).refusal
    assert refusal is not None
    assert refusal[0] == reason


def test_a_refusal_says_what_is_not_answered() -> None:
    _, detail = judged(ITEM.replace(" Eggs crack when they come from the fridge.", "")).refusal or ("", "")
    assert detail == "asks about 'eggs crack' and does not answer it"


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [("gain", 0.6, "no_gain"), ("copied", 0.3, "copied"), ("max_words", 10, "too_long")],
)
def test_a_limit_is_heeded(limit: str, value: float, reason: str) -> None:
    found = Acceptance(MEMBERS, AcceptanceParams.model_validate({limit: value})).assessed(ITEM, "qa")
    assert (found.refusal or ("",))[0] == reason


def test_members_glued_together_are_refused() -> None:
    answers = " ".join(member.split("A: ")[1] for member in MEMBERS)
    assert judged(f"{ITEM.split('A: ')[0]}A: {answers}").refusal == (
        "repetition",
        "0.17 of it says again what it said before, at most 0.15",
    )
    assert judged("\n".join(MEMBERS)).refusal == ("malformed", "not one well-formed qa item")
