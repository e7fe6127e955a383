"""Grounding on planted faults: what a member says is supported, and what was changed, dropped or mixed up is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.grounding import grounding
from texts.grounding.answering import unanswered
from texts.words import sentence_spans, sentences

BURNS = "Q: How do I treat a burn?\nA: Deep burns need a hospital. Small burns: cool them under water for 20 minutes."
KILN = (
    "Q: How is the kiln fired?\nA: Klara Brandt heats the kiln to 1,050 °C in 6 hours. It must not be opened before it is cold. "
    "Some glazes contain lead. If the cone bends, the firing is over, and the gas is turned off."
)
WHEEL = "Q: What does `pots.throw` do?\nA: Turns the wheel at 90 rpm. It raises ClayError if speed > 300."
MEMBERS = [BURNS, KILN, WHEEL]

SUPPORTED = [
    "Deep burns need a hospital.",
    "Klara Brandt heats the kiln to 1,050 °C in 6 hours.",
    "Klara Brandt heats the kiln to 1050 °C.",  # what follows may be left out
    "The gas is turned off.",  # a clause of its own
    "Some glazes contain lead. Deep burns need a hospital.",  # of two members, each whole
    "`pots.throw` turns the wheel at 90 rpm.",  # the name comes from the question
    "- Raises ClayError if speed > 300.",
    "Q: How do I treat a burn?\nA: Deep burns need a hospital.",
    "Q: How is a kiln fired, and what does `pots.throw` return?\nA: Some glazes contain lead.",
]
UNSUPPORTED = {
    "a qualifier is dropped": "Burns need a hospital.",
    "another qualifier": "Small burns need a hospital.",
    "a figure": "Klara Brandt heats the kiln to 1,150 °C in 6 hours.",
    "figures in each other's place": "Klara Brandt heats the kiln to 6 °C in 1,050 hours.",
    "a unit": "Klara Brandt heats the kiln to 1,050 °F in 6 hours.",
    "a unit is lost": "Klara Brandt heats the kiln to 1,050.",
    "another unit of time": "Klara Brandt heats the kiln to 1,050 °C in 6 minutes.",
    "a name": "Klara Berger heats the kiln to 1,050 °C in 6 hours.",
    "a negation is dropped": "The kiln is fired. It must be opened before it is cold.",
    "a negation is added": "Deep burns do not need a hospital.",
    "scope is widened": "All glazes contain lead.",
    "scope is lost": "Glazes contain lead.",
    "a condition is lost": "The firing is over.",
    "must and may": "Klara Brandt heats the kiln to 1,050 °C. It may not be opened before it is cold.",
    "before and after": "It must not be opened after it is cold.",
    "an operator": "It raises ClayError if speed < 300.",
    "a name of code": "It raises ClayWarning if speed > 300.",
    "a subject of another member": "The kiln turns the wheel at 90 rpm.",
    "invented": "Bees prefer lavender in July.",
    "the words in another order": "Lead contains some glazes.",
    "a question about something else": "Q: When do bees swarm in July?\nA:",
}


@pytest.mark.parametrize("text", SUPPORTED)
def test_what_a_member_says_is_supported(text: str) -> None:
    assert grounding(MEMBERS, text).unsupported == []
    assert grounding(MEMBERS, text).score == 1.0


@pytest.mark.parametrize("text", UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_what_was_changed_is_named_and_not_supported(text: str) -> None:
    found = grounding(MEMBERS, text)
    assert found.unsupported and found.score < 1.0
    assert all(one.fault and one.statement in text for one in found.unsupported)


def test_a_pronoun_is_supported_only_behind_what_it_stands_for() -> None:
    kept = "Klara Brandt heats the kiln to 1,050 °C in 6 hours. It must not be opened before it is cold."
    turned = "It must not be opened before it is cold. Klara Brandt heats the kiln to 1,050 °C in 6 hours."
    captured = "Deep burns need a hospital. It must not be opened before it is cold."
    assert grounding(MEMBERS, kept).score == 1.0
    for text in (turned, captured):
        [fault] = [one.fault for one in grounding(MEMBERS, text).unsupported]
        assert fault == "what it refers to does not stand before it"


def test_a_pronoun_behind_another_sentence_of_its_own_member_is_not_supported() -> None:
    member = "Sick Abed is a silent film about a doctor. It was made by Sam Wood. Mary Boland was praised for her part."
    told = "Sick Abed is a silent film about a doctor. {}"
    behind_another = told.format("Mary Boland was praised for her part. It was made by Sam Wood.")
    behind_alike = "Sick Abed is a silent film about a doctor. Deep Water is a silent film about a doctor. It was made by Sam Wood."
    assert grounding([member], told.format("It was made by Sam Wood.")).unsupported == []
    for members, text in (
        ([member], behind_another),
        ([member, "Deep Water is a silent film about a doctor."], behind_alike),
    ):
        [fault] = [one.fault for one in grounding(members, text).unsupported]
        assert fault == "what it refers to does not stand before it"


def test_synonyms_and_forms_of_one_verb_are_one_word() -> None:
    assert (
        grounding(["Deep burns need a hospital. She wrote it down."], "A deep burn requires a hospital.").score == 1.0
    )
    assert grounding(["Ada Nyberg wrote two books."], "Ada Nyberg has written two books.").score == 1.0
    assert grounding(["The firm bought the bank."], "The firm was bought by the bank.").score < 1.0


def test_evidence_is_the_stretch_that_says_it() -> None:
    text = "Some glazes contain lead. Small burns: cool them under water for 20 minutes."
    stretches = [MEMBERS[one.member or 0][one.start : one.end] for one in grounding(MEMBERS, text).evidence]
    assert stretches == sentences(text)


def test_the_score_is_the_share_of_words_in_supported_statements() -> None:
    half = "Some glazes contain lead. Bees want purple clover."
    assert grounding(MEMBERS, half).score == 0.5
    assert grounding(MEMBERS, "").score == 1.0
    assert grounding([], half).score == 0.0


def test_the_first_line_of_an_answers_list_is_one_of_its_lines() -> None:
    members = [
        "Q: what is path in load?\nA: The path argument: where it lies.",
        "Q: limit of load?\nA: The limit argument: most rows.",
    ]
    listed = "Q: What do `path` and `limit` of `load` mean?\nA: - `path`: where it lies.\n- `limit`: most rows."
    assert grounding(members, listed).unsupported == []


PANS = [
    "Q: How hot is the pan?\nA: It has 200 degrees.",
    "Q: Who sells pans?\nA: Ana Lopez sells them.",
    "Q: Lids?\nA: None fits.",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Q: How hot is the pan, and who sells pans?\nA: It has 200 degrees. Ana Lopez sells them.", []),
        ("Q: How hot is the pan, and who sells pans?\nA: It has 200 degrees.", ["sells pans"]),
        ("Q: How hot is the pan?\nA: Ana Lopez sells them.", ["hot pan"]),
        ("Q: How hot is the pan?\nA: It has 300 degrees.", ["hot pan"]),
        ("How hot is the pan? It has 200 degrees.", []),
        ("It has 200 degrees.", []),
    ],
)
def test_what_is_asked_and_not_answered_is_named(text: str, expected: list[str]) -> None:
    assert unanswered(PANS, text, grounding(PANS, text)) == expected


TEXTS = st.lists(
    st.text(st.characters(categories=("L", "N", "Zs", "Po")), max_size=80)
    | st.sampled_from(["It does not melt. ", "5 mg/day, i.e. little.", "x != y", "Which?"]),
    max_size=6,
)


@given(TEXTS, st.text(max_size=120))
def test_any_text_has_a_score_and_spans_within_its_members(members: list[str], text: str) -> None:
    found = grounding(members, text)
    assert 0.0 <= found.score <= 1.0
    for one in found.evidence:
        assert one.member is None or 0 <= one.start <= one.end <= len(members[one.member])


@given(TEXTS)
def test_a_member_supports_itself(pieces: list[str]) -> None:
    member = " ".join(pieces)
    assert grounding([member], member).unsupported == []


@given(TEXTS)
def test_spans_are_where_the_sentences_stand(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    assert [" ".join(text[start:end].split()) for start, end in sentence_spans(text)] == [
        " ".join(sentence.split()) for sentence in sentences(text)
    ]


def test_a_contraction_that_stands_parted_from_its_verb_is_a_negation() -> None:
    assert grounding(["The ferry did n't run in March."], "The ferry did n't run.").score == 1.0
    assert grounding(["The ferry did n't run in March."], "The ferry did run.").score < 1.0
