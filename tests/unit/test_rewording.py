"""A statement told in another order or voice is supported; one that thereby says something else is not."""

import pytest

from texts.grounding import grounding

SAID = [
    "Klara Brandt heats the kiln to 1,050 °C in 6 hours.",
    "Some glazes contain lead.",
    "Deep burns need a hospital, small burns need water.",
    "The dog bit the man in the park.",
    "Whales are mammals.",
    "An ant is an insect.",
    "Add the acid to the water.",
    "The inspector was born in 1950 in Oslo and died in 2010 in Bergen.",
    "The mill was rebuilt in brick after the fire.",
    "The river flows from Orsa to Sund in spring.",
    "If the pipe freezes, the heater starts.",
    "The guild did not sell the boat in 1702.",
    "Only members of the club may borrow a boat.",
    "Use a wooden spoon in the pan.",
    "Most owls eat mice at night.",
    "A red lamp warns the driver before the gate.",
    "Adults take 5 mg, children take 2 mg.",
]
SOUND = [
    "In 6 hours the kiln is heated to 1,050 °C by Klara Brandt.",
    "In the park the dog bit the man.",
    "The man was bitten by the dog in the park.",
    "After the fire the mill was rebuilt in brick.",
    "In spring the river flows from Orsa to Sund.",
    "The heater starts if the pipe freezes.",
    "The boat was not sold by the guild in 1702.",
    "In 1702 the guild did not sell the boat.",
    "A boat may be borrowed only by members of the club.",
    "A wooden spoon should be used in the pan.",
    "At night most owls eat mice.",
    "The driver is warned before the gate by a red lamp.",
]
UNSOUND = {
    "roles in the active": "The man bit the dog in the park.",
    "roles in the passive": "The dog was bitten by the man in the park.",
    "the agent is another": "Klara Brandt is heated to 1,050 °C by the kiln in 6 hours.",
    "without an article": "Lead contains some glazes.",
    "the other way round": "Mammals are whales.",
    "an insect is an ant": "An insect is an ant.",
    "what is added to what": "Add the water to the acid.",
    "of two clauses": "Small burns need a hospital, deep burns need water.",
    "two years": "The inspector was born in 2010 in Oslo and died in 1950 in Bergen.",
    "two figures": "In 1,050 hours the kiln is heated to 6 °C by Klara Brandt.",
    "before the fire": "Before the fire the mill was rebuilt in brick.",
    "from and to": "In spring the river flows from Sund to Orsa.",
    "cause and condition": "The pipe freezes if the heater starts.",
    "a negation is lost": "The boat was sold by the guild in 1702.",
    "a condition is lost": "The heater starts.",
    "must for an order": "A wooden spoon must be used in the pan.",
    "scope": "At night all owls eat mice.",
    "scope that moved": "At night owls eat most mice.",
    "a qualifier is lost": "The driver is warned before the gate by a lamp.",
    "a qualifier that moved": "The red driver is warned before the gate by a lamp.",
    "who takes what": "Children take 5 mg, adults take 2 mg.",
    "only that moved": "Members of the club may only borrow a boat.",
    "another figure": "In 7 hours the kiln is heated to 1,050 °C by Klara Brandt.",
    "another name": "In 6 hours the kiln is heated to 1,050 °C by Klara Berger.",
    "another unit": "In 6 minutes the kiln is heated to 1,050 °C by Klara Brandt.",
}


@pytest.mark.parametrize("text", SOUND)
def test_another_order_is_supported(text: str) -> None:
    assert grounding(SAID, text).unsupported == []


@pytest.mark.parametrize("text", UNSOUND.values(), ids=UNSOUND.keys())
def test_another_order_that_says_something_else_is_not(text: str) -> None:
    assert grounding(SAID, text).unsupported
