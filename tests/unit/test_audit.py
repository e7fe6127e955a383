"""Probes are worse than the answer they are made of, the audit sees whether a judge knows, and what a text is worth falls with each."""

import pytest

from texts.audit import LEAST_PAIRS, Audited, audit, honest_of, wilson
from texts.formats.distillation import completion
from texts.probes import PROBES, Honest, others_of, probes
from texts.worth import Group, distinct, promotion_score

MEMBERS = (
    "Q: How does Ana Lopez bake her bread?\nA: Ana Lopez lets the dough rest for 12 hours in a cold cellar. It is never kneaded twice.",
    "Q: How does Ana Lopez bake her bread?\nA: Some loaves are folded before the oven is hot. If the crust is dark, the bread is done.",
    "Q: How does Ana Lopez bake her bread?\nA: ana lopez lets teh dough rest for 12 hours in a cold cellar",
)
ANSWER = (
    "Q: How does Ana Lopez bake her bread?\nA: Ana Lopez lets the dough rest for 12 hours in a cold cellar. It is never kneaded "
    "twice. Some loaves are folded before the oven is hot. If the crust is dark, the bread is done."
)
OTHER = "Q: What do owls hunt?\nA: Most owls hunt mice by night, says Bruno Keller. They can turn their heads by 270 degrees."
HONEST = Honest("qa", ANSWER, MEMBERS, OTHER)
MADE = dict(probes(HONEST))


def judged(one: Honest, text: str) -> float:
    return Group(one.members).worth(text).score


def test_most_probes_can_be_made_and_none_is_the_answer() -> None:
    assert len(MADE) >= 14 and ANSWER not in MADE.values()
    assert dict(probes(HONEST)) == MADE  # the same every time
    assert [*MADE] == [kind for kind in PROBES if kind in MADE]


def test_the_answer_is_worth_all_there_is() -> None:
    assert judged(HONEST, ANSWER) == 1.0


@pytest.mark.parametrize("kind", MADE)
def test_each_probe_is_worth_less_than_the_answer(kind: str) -> None:
    assert judged(HONEST, MADE[kind]) < 1.0


def test_repetition_costs_what_it_takes_and_a_lost_fact_its_share() -> None:
    first, *_ = ANSWER.split(" It is")
    assert Group(MEMBERS).worth(f"{ANSWER} {ANSWER.split('A: ')[1]}").conciseness == pytest.approx(0.5, abs=0.02)
    assert Group(MEMBERS).worth(first).recovered == 0.25


def test_mistyped_and_vague_statements_are_no_facts_of_their_own() -> None:
    assert len(Group(MEMBERS).facts) == 4
    assert distinct(["Basically it is somehow something nice or so...", "Owls hunt mice."]) == ["Owls hunt mice."]
    assert distinct([]) == []


def test_a_malformed_completion_is_worth_nothing() -> None:
    group = Group(MEMBERS)
    assert promotion_score("qa", group, completion(ANSWER))[1].score == 1.0
    for text in (ANSWER, "", completion("no item"), completion(ANSWER) * 2):
        assert promotion_score("qa", group, text) == (None, group.worth(""))


def test_the_audit_passes_a_judge_that_knows_and_fails_one_that_does_not() -> None:
    honest = [HONEST] * LEAST_PAIRS
    knows = audit(lambda ones, texts: [judged(one, text) for one, text in zip(ones, texts, strict=True)], honest)
    assert {one.kind for one in knows} == set(MADE) and not any(one.failed for one in knows)
    longer = {one.kind: one for one in audit(lambda _, texts: [float(len(text)) for text in texts], honest)}
    assert longer["said twice"].share == 0.0 and longer["said twice"].failed
    assert longer["empty shell"].share == 1.0
    blind = audit(lambda _, texts: [1.0] * len(texts), honest)
    assert all(one.failed for one in blind)  # equal is not below


def test_an_answer_that_a_judge_gives_nothing_is_no_pair() -> None:
    assert audit(lambda _, texts: [0.0] * len(texts), [HONEST]) == []


def test_wilsons_interval_holds_the_share_and_narrows() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(95, 100) == pytest.approx((0.8883, 0.9785), abs=1e-3)
    for hits, trials in ((0, 5), (5, 5), (37, 50)):
        low, high = wilson(hits, trials)
        assert 0.0 <= low <= hits / trials <= high <= 1.0
    assert not Audited("x", LEAST_PAIRS - 1, 0).failed
    assert Audited("x", 100, 80).failed and not Audited("x", 53, 50).failed  # which may be chance


def test_honest_answers_are_what_members_support_of_a_target() -> None:
    target = f"{ANSWER} Nobody said that lilacs bloom in May."
    row = {"item_type": "qa", "members": [*MEMBERS], "target": target}
    short = {"item_type": "qa", "members": [*MEMBERS], "target": "Q: How does Ana Lopez bake?\nA: Slowly."}
    [one] = honest_of([short, row, short], 5)
    assert (one.text, one.target, one.members) == (ANSWER, target, MEMBERS)


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        ("Sand it if it is wet.", "condition turned round", {"Sand it unless it is wet.", "Sand it if it is dry."}),
        ("A hospital is for deep burns.", "condition turned round", set()),
        ("See a doctor only for deep burns.", "condition dropped", {"See a doctor."}),
        ("Add 5 kg of salt.", "unit", {f"Add 5 {unit} of salt." for unit in ("ng", "µg", "ug", "mcg", "mg", "g", "t")}),
        (
            "Wait 20 minutes.",
            "unit",
            {f"Wait 20 {unit}." for unit in ("hours", "days", "seconds", "weeks", "months", "years")},
        ),
    ],
)
def test_a_unit_and_a_condition_are_changed_for_what_they_exclude(said: str, kind: str, expected: set[str]) -> None:
    made = dict(probes(Honest("qa", f"Q: What now?\nA: {said}", (), OTHER), {kind: PROBES[kind]}))
    assert {text.split("A: ")[1] for text in made.values()} <= expected and bool(made) == bool(expected)


def test_what_an_item_says_already_is_not_planted_as_another_items() -> None:
    twin = Honest("qa", ANSWER, MEMBERS, ANSWER)
    assert not {"another item's sentence", "another item appended"} & {kind for kind, _ in probes(twin)}


def test_every_probe_copes_with_any_item() -> None:
    poor = Honest("paragraph", "Owls.", ("Owls.",), "Mice.")
    assert all(text != "Owls." for _, text in probes(poor))
    assert others_of(["a", "b", "c"]) == ["b", "c", "a"]
