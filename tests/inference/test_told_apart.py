"""What the rules refuse or mend because a reader would stumble over it, beside what is like it and must pass."""

import re
from dataclasses import replace

import numpy as np
import pytest
from passages import OTHERS

from inference.baseline.altering import altered
from inference.baseline.build import build
from inference.baseline.descriptions import described, lent
from inference.baseline.passage import Passage, read
from inference.baseline.single import is_single
from inference.baseline.telling import Refused
from inference.likeness import drafts, linked
from inference.mixture_params import MixtureParams
from inference.pairing import Draft, Text
from inference.targets import Failure, Target, Targets
from inference.text_engines import EngineParams, open_engine
from texts.formats import FORMATS


def rule_of(item_type: str, title: str, text: str, others: tuple[str, ...] = ()) -> str:
    """The rule by which no item is made; "" where one is."""
    try:
        return build(item_type, title, text, others) and ""
    except Refused as why:
        return why.rule


POTTERS = (
    "Ned Clay\nNed Clay (born 1920) is a Danish potter of large jars. He lives.",
    "Tom Loam\nTom Loam (born 1921) is a Polish painter of small tiles. He lives.",
    "Ada Moss\nAda Moss (born 1923) is a Dutch actress and weaver of rugs. She lives.",
    "Jim Marl\nJim Marl (born 1922) is a Dutch sculptor of garden figures. He lives.",
)
PIET = Passage(
    "Piet Klei",
    ("Piet Klei (born 1901) is a Dutch architect of brick kilns.", "He built 40 of them.", "He died in Delft."),
)


def lent_to(passage: Passage, others: tuple[str, ...]) -> list[str]:
    """The titles of the passages whose descriptions could be taken for this one's."""
    own = described(passage)
    assert own is not None
    return [one.title for one in lent(own, others)]


def test_what_is_lent_has_the_nation_and_the_sex_of_the_subject() -> None:
    assert lent_to(PIET, POTTERS) == ["Jim Marl"]
    nameless = replace(PIET, prose=(PIET.prose[0].replace("a Dutch", "an"), *PIET.prose[1:]))
    assert lent_to(nameless, POTTERS) == ["Ned Clay", "Tom Loam", "Jim Marl"]


PRUNE = Passage("tree.nodes.prune", ("Prune a tree below a node.", "The node must be a child of the root."))


def test_what_is_lent_says_as_much_of_the_name_and_is_of_the_same_module() -> None:
    hedge = "Thin all nodes of a wood and prune a hedge."
    assert lent_to(PRUNE, (*OTHERS[-3:], f"tree.nodes.thin\n{hedge}", f"tree.cut.thin\n{hedge}")) == ["tree.nodes.thin"]


@pytest.mark.parametrize(
    "opening",
    ["All nodes are visited.", "In order to grow, call it.", "The code is old.", "Useful in winter and in spring."],
)
def test_what_describes_nothing_is_no_description(opening: str) -> None:
    assert described(Passage("wood.cut.thin", (opening, "It takes 3 steps."))) is None


@pytest.mark.parametrize(
    "pointing",
    [
        "The glaze is listed below in a table.", "For the glaze see Notes and the table.", "The glaze is described in .", "XXX: the glaze is new.",
        "The glaze of the aforementioned kiln is red.", "The glaze was film . It ran.", "The glaze was red; see the main article on jars.",
    ],
)  # fmt: skip
def test_a_sentence_that_points_away_is_left_out_of_the_item(pointing: str) -> None:
    told = read("Ada Moss", f"Ada Moss was a potter of Hull. {pointing} Her kiln burned for 3 days.").prose
    assert told[0] == "Ada Moss was a potter of Hull." and not any("glaze" in one for one in told)


@pytest.mark.parametrize(
    "whole", ["The switch is on.", "The kiln is above the mill.", "The work is based on .NET and on clay.", "She was born in Hull and lived there."]
)  # fmt: skip
def test_a_sentence_that_is_like_it_stays(whole: str) -> None:
    assert whole in read("Ada Moss", f"Ada Moss was a potter of Hull. {whole}").prose


def test_an_opening_that_hangs_on_what_was_before_is_left_out() -> None:
    rest = "Ada Moss opened a kiln in 1931. It burned for 3 days."
    assert read("Ada Moss", f"After his release the studio closed. {rest}").prose[0].startswith("Ada Moss opened")
    assert read("Ada Moss", f"The series ran for 2 years. {rest}").prose[0].startswith("Ada Moss opened")
    assert read("Ada Moss", f"After 1930 Ada Moss left Hull. {rest}").prose[0].startswith("After 1930")


LISTED = "seed: Number of the first random draw, any whole number.\nsteps: How many draws are made in a row.\nReturns: The draws in their order."


def test_arguments_alone_are_no_item() -> None:
    for item_type in ("qa", "category_statement"):
        assert rule_of(item_type, "dice.roll.many", LISTED) == "parameters_only"
        assert rule_of(item_type, "dice.roll.many", f"Roll a die many times.\n{LISTED}") == ""
    assert rule_of("paragraph", "dice.roll.many", f"Roll a die again.\n{LISTED}") == "parameters_only"


def test_a_question_names_the_arguments_that_are_told() -> None:
    asked = build("qa", "dice.roll.many", f"Roll a die many times.\n{LISTED}").split("\n")[0]
    assert "its arguments `seed` and `steps` mean, and what does it return?" in asked
    assert "shape" not in build("qa", "dice.roll.many", f"Roll a die many times.\n{LISTED}\nshape: See Notes.")


def test_a_name_that_a_mark_parts_is_not_told_by_its_last_word() -> None:
    told = "Ada Moss... Potter is a 1939 British film. It was shot in Hull by Ned Brick. Tom Clay wrote the play on which it is based."
    assert rule_of("qa", "Ada Moss... Potter", told) == "unnamed"
    assert rule_of("qa", "Ada Moss", told.replace("Moss... Potter", "Moss")) == ""


def test_an_adjective_or_what_follows_a_noun_is_no_category() -> None:
    rest = "It was founded in 1931 by a potter of Hull. Its kilns burn for 3 days. It has 40 rooms for jars."
    assert (
        rule_of(
            "category_statement", "Moss College", f"Moss College is a coeducational, private university in Hull. {rest}"
        )
        == "no_category"
    )
    for kind in ("former racing driver", "prize winning recording artist"):  # of which a kind cut short would be left
        told = f"Ada Moss (1901 - 1980) was a {kind} of Hull. {rest}"
        assert rule_of("category_statement", "Ada Moss", told) == "no_category"
    told = build("category_statement", "Ada Moss", f"Ada Moss (1901 - 1980) was a Danish writer born in Hull. {rest}")
    assert told.startswith("C: Danish writer\n")


def test_nothing_is_told_behind_a_heading() -> None:
    told = read(
        "dice.roll.many",
        "Roll a die many times. Support for Loaded Dice. Lasso dice with weights never fall. Return early in May.",
    ).prose
    assert told == ("Roll a die many times.",)


def test_a_family_name_is_told_in_full_once() -> None:
    text = "In 1931 Moss opened a kiln of 40 cubic metres in Hull. Moss was a potter. She fired red jars in it."
    assert build("paragraph", "Ada Moss", text).startswith("In 1931 Ada Moss opened a kiln")
    assert "Ada Ada" not in build("paragraph", "Ada Moss", f"Ada Moss was a potter. {text}")


def verdicts() -> list[dict[str, str]]:
    """True or false about many invented topics and parts of programs."""
    made: list[dict[str, str]] = []
    for n in range(60):
        title, text = (
            f"Kiln{'x' * n}",
            f"Kiln{'x' * n} was a hot oven of Hull. Potters fired red jars in it. The Kiln{'x' * n} was shut for good in {1800 + n}.",
        )
        if n % 2:
            title, text = (
                f"tools.part{n}.sort",
                f"Sorts a list of names by their length in ascending order, part {'x' * (n + 1)}. The list is read twice. The names stay whole.",
            )
        made.append(FORMATS["true_false"].parse(build("true_false", title, text)) or {})
    return made


def test_about_half_is_false_and_none_by_a_not() -> None:
    made = verdicts()
    false = [one for one in made if one["answer"] == "False"]
    assert len(made) == 60
    for about in ("Kiln", "sort"):
        own = [one for one in made if about in one["statement"]]
        assert 0.3 * len(own) <= len([one for one in own if one in false]) <= 0.7 * len(own)
    assert not any(" not " in one["statement"] for one in made)
    assert all("The correct answer is " in one["explanation"] for one in false)


def test_what_cannot_be_made_false_is_no_statement_to_judge() -> None:
    plain = (
        "A warm draught dries the wet clay of each pot. Potters lift the pots with care. They stand on long boards of"
    )
    for wood in ("oak", "ash", "elm", "pine", "beech", "birch"):
        assert (
            rule_of("true_false", "Drying", f"Drying is a step of work with clay. {plain} {wood}.") == "nothing_false"
        )


@pytest.mark.parametrize(
    ("said", "false"),
    [
        ("It sorts names in an ascending order.", "It sorts names in a descending order."),
        ("A synchronous call waits.", "An asynchronous call waits."),
        ("The Kiln has 3 ovens.", "The Kiln has 4 ovens."),
    ],
)
def test_the_article_goes_with_the_word_that_is_changed(said: str, false: str) -> None:
    changed = altered(said)
    assert changed and changed.text == false


def test_a_true_statement_is_of_the_sentence_that_the_false_one_changes() -> None:
    true = [one for one in verdicts() if one["answer"] == "True"]
    assert true and all(re.search(r"\d{4}|ascending", one["statement"]) for one in true)


def test_what_another_is_makes_a_statement_false_where_no_figure_does() -> None:
    plank = "tools.part.plank\nReturns a fresh plank of oak wood. It is cut."
    said = [
        build(
            "true_false",
            f"tools.part.many{n}",
            f"Counts the names in a list by kind {'x' * (n + 1)}. The list is read twice. All names stay whole.",
            (plank,),
        )
        for n in range(20)
    ]
    false = [one for one in said if "plank" in one]
    assert false and all("` counts the names" in one.split("Explanation:")[1] for one in false)


def test_a_statement_is_none_that_another_sentence_leans_on() -> None:
    text = "Ada Moss (born 1901) was a potter of Hull. In 1931 she built a kiln of brick near the mill. This kiln burned for 3 days. Her jars were red."
    assert not build("true_false", "Ada Moss", text).startswith("In 19")


def test_a_statement_is_none_that_says_it_before_its_subject_is_named() -> None:
    hotel = "The Moulin was a hotel of Hull. It had 90 rooms and a kiln. The first open hotel, it was loved by 40 potters of the time."
    assert not is_single(read("The Moulin", hotel), 2)
    assert is_single(read("The Moulin", hotel.replace("The first open hotel, it", "The Moulin")), 2)


def test_two_passages_are_told_together_where_one_names_the_other() -> None:
    moss, clay = Text("1", "s", "Ada Moss", "Ada Moss learned from Ned Clay."), Text("2", "s", "Ned Clay", "He dug.")
    assert linked(moss, clay) and linked(clay, moss)
    assert not linked(moss, Text("3", "s", "Tom Moss", "Tom Moss was a sailor."))


def test_of_two_passages_the_openings_and_what_links_them_are_told() -> None:
    moss = Text(
        "1", "s", "Ada Moss", "Ada Moss was a potter of Hull. Her jars were red. She learned from Ned Clay for years."
    )
    clay = Text(
        "2",
        "s",
        "Ned Clay",
        "Ned Clay was a weaver of the north. His rugs were blue and wide. Many people of Hull bought them.",
    )
    crossed = [
        one
        for one in drafts([clay, moss], 0.5, 7, lambda texts: np.ones((len(texts), 1), np.float32), 1)
        if len(one.texts) == 2
    ]
    told = "Ada Moss was a potter of Hull. She learned from Ned Clay for years.\nNed Clay was a weaver of the north."
    assert [(one.title, one.text) for one in crossed] == [("Ada Moss; Ned Clay", told)]


@pytest.mark.parametrize(
    ("title", "other", "is_named"),
    [
        ("Ned Clay (potter)", "She learned from Ned Clay, who was old.", False),  # of several of the name
        ("Ned Clay", "She learned from Ned Clay, who was old.", True),
        ("Ned Clay", "She learned from Tom Ned Clay.", False),
        ("Ned Clay", "The Ned Clay School is in Hull.", False),
        ("Ned Clay, Lord of Hull", "She learned from Ned Clay.", False),
        ("Kilns", "She wrote of Kilns and jars.", True),
        ("Amazon", "The Amazon flows to the sea.", True),
        ("Amazon", "In Amazon country it rains often.", True),
        ("Amazon", "The Lower Amazon flows far.", False),
        ("Amazon", "The Amazon River flows far.", False),
        ("Amazon", f"{'A' * 100_000} Amazon flows.", False),
        ("Amazon", "A.A." * 25_000, False),
        ("Kiln", "She wrote of Kiln and jars.", False),
    ],
)
def test_a_passage_is_named_by_its_whole_title_and_not_inside_another_name(
    title: str, other: str, is_named: bool
) -> None:
    told = Text("2", "s", "Ada Moss", f"Ada Moss lived in the north. {other}")
    assert linked(Text("1", "s", title, "It is told."), told) == is_named


KILN = (
    "A kiln is a hot oven in which potters fire their clay. It is built of thick bricks, which hold the heat for a long time. "
    "Wood, gas or electricity heat it slowly, so that no jar cracks. A full firing takes about twelve hours, and cooling another day."
)


@pytest.mark.parametrize(
    ("question", "answer", "rule"),
    [
        ("In which year did it open?", "1986", "scrap"),
        ("Who is told of? Ada Moss opened a large kiln near the river in Hull in 1931.", "Ada Moss opened a large kiln near the river in Hull in 1931.", "copied"),
        ("What is a kiln?", "A kiln is a hot oven. TODO: say more of how it is fired and of what it is built.", "note"),
        ("What is a kiln?", KILN, ""),
    ],
)  # fmt: skip
def test_a_record_is_a_target_where_its_answer_tells_something(question: str, answer: str, rule: str) -> None:
    with open_engine(EngineParams(kind="rules")) as engine:
        targets = Targets(engine, MixtureParams(), None)
        made, failed = targets.of([Draft((Text("1", "s", "", answer, question=question, score=5.0),), "", answer)])
    assert [one.rule for one in failed if isinstance(one, Failure)] == [rule] * bool(rule)
    assert [one.item_type for one in made if isinstance(one, Target)] == ["qa"] * (not rule)
