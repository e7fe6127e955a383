"""Which passages and records carry no item because a reader would stumble over them, beside what is like them and carries one."""

import pytest

from inference.baseline.build import build
from inference.baseline.hanging import alone
from inference.baseline.signs import repeated, sign
from inference.baseline.telling import Refused
from inference.baseline.usable import usable
from inference.record_rules import no_target

MOSS = "Ada Moss was a potter of Hull. {} In 1931 she opened a kiln near the old mill. It burned for 3 days at a time."


def rule(title: str, text: str) -> str:
    """The rule by which a passage carries no item; "" where it may carry one."""
    try:
        usable(title, text)
    except Refused as why:
        return why.rule
    return ""


@pytest.mark.parametrize(
    "spoilt",
    [
        "The facade of her house is roughly, on the other side.", "Her jars were sold in from the market of the town.",
        "She lived there in order to had a garden.", "Her work is told of in books,[2] and in songs.",
        "A jar is made of the clay, each representing the a of the town.", "Her kiln(,) burned the red clay of the river.",
        "She was the the first potter of the north.", "Her son was a apprentice of the old potter.",
        "It was followed by (1931) and by a book of her own.", "Her book (Danish: Krukker in) was sold in all of the north.",
        "Her jars are in an old compilation After Moss's death, a friend told of them.",
        "It's glaze is black and red, as all of them were.", "She also fired tiles, this is a craft of the north.",
        "Her best known jar was \"The Red Jar The Red Jar\" of the old mill.", "A friend wrote of her kiln: Moss was a kind woman.",
        "She sold \"The Red TilesA Pot of Ash\" in the north.", "She sold \"Red Jar,Blue Jar,\" in the north.", "Her town has some 300 in.",
        "She (Danish/) fired tiles.", "She fired tiles in 1931(\"Fire\") and jars.", "Her kiln;( built in 1931) was of brick.",
        "She wrote to the Pot[pots.red.Pot] of the museum.", "She said: \"The clay is wet, and went home.",
        "Her house (or) kiln was of brick.", "She (born – 1960) fired jars.", "She played in Kilns (1962 film) and in York.",
        "Her hill is about high and wide.", "She lived about to the south of York.", "She fired jars from 1931 – 33 in York.",
        "Her upcoming book is about jars.", "Her book was translated by Government of York.", "Her son was Danish writer of books.",
        "From 1931 to 1934 was a potter of York.", "In 1931 him and his brother was in York.", "She wrote \"The Jar The Kiln\" in 1931.",
        "She was married three times, her husbands were smiths.", "She fired' Red Jar' in York.", "She had german clay in York.", "Her hill has a height of approximately.", "Her son was a ex-smith of York.", "Trailer of the film was shown.",
        "She was a noblewoman member of a house.", "She made first jars in 1931.", "She (Danish :krukke) fired tiles.", "Ned Clay stars with Tom Brick In lead roles.", "In May she arrive in York.", "She sold jars during American Civil War.",
        "Her son was in lead role of a play.", "She was of Potters'\"Guild\" of York.", "A film stars Ned Brick, Tom Clay in the lead roles.",
        "She was married to Ned Brick (died 1937) Ned was a smith.", "Her mill stood in York The mill was of brick.", "Her son (born) was a smith of York.",
    ],
)  # fmt: skip
def test_a_passage_that_shows_it_was_spoilt_carries_nothing(spoilt: str) -> None:
    assert rule("Ada Moss", MOSS.format(spoilt)) == "unclean"


@pytest.mark.parametrize(
    "whole",
    [
        "Her house is roughly on the other side.", "She came in from the north.", "She had to have a garden.", "Her work is told of [sic] in books.",
        "Her apprentice was an honest man (as a rule).", "She knew that that was the first.", "Hepatitis A and an X-ray ended her work.",
        "It's a jar that is black and red.", "She sold a jar (1931) and a kiln.",
        "She was a European and a one-armed potter.", "She sold \"The Red Jar\" to MacDonald, and \"Ash\" to all.", "She wrote to the U.S., too, and to St. Ives.",
        "She lived about 3 km to the south of York.", "She fired jars from 1931 to 1933.", "Her son was a Danish writer of books.", "From 1931 she was in York.", "She fired the jars' Red Glaze.",
        "When she was in York, her kiln was cold.", "A film stars Ned Brick, Tom Clay and Max Pott in the lead roles.",
    ],
)  # fmt: skip
def test_what_is_like_it_and_clean_passes(whole: str) -> None:
    assert sign(whole) in ("", "a preposition without its noun" if "in from" in whole else "")
    assert rule("Ada Moss", MOSS.format("" if "in from" in whole else whole)) == ""


@pytest.mark.parametrize("lost", ["Her first album, was film . It ran."])
def test_a_passage_with_half_a_sentence_carries_nothing(lost: str) -> None:
    assert rule("Ada Moss", MOSS.format(lost)) in ("broken", "unclean")


def test_a_sentence_of_a_few_words_is_left_out_and_spoils_nothing() -> None:
    assert "She lived." not in usable("Ada Moss", MOSS.format("She lived.")).prose


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("Ada Moss", "In May the couple left Hull in a cart. They lived in York for a time. In 1931 a kiln was opened by them.", "unnamed"),
        ("Ada Moss", "In May Ada Moss left Hull in a cart. She lived in York for a time. She opened a kiln there.", "hangs"),
        ("Ada Moss", "The majority of them praised Ada Moss and her jars. She lived in York for a time. She opened a kiln.", "hangs"),
        ("Ada Moss", "Ada Moss was a potter of Hull.", "few_facts"),
        ("kiln.fire.heat", "All bricks are stored as they come in. The heat is even. The door stays shut.", "no_purpose"),
        ("kiln.fire.heat", "When not given by a potter, it calls the owner directly. The heat is even. The door stays shut.", "no_purpose"),
        ("kiln.fire.heat", "Heat the kiln to a temperature. The heat is even in each part of it. The door stays shut.", ""),
    ],
)  # fmt: skip
def test_an_opening_is_about_the_title(title: str, text: str, why: str) -> None:
    assert rule(title, text) == why


@pytest.mark.parametrize(
    ("sentence", "stands"),
    [
        ("The island was sold to a bank.", False), ("The island of Malta was sold to a bank.", True), ("The film ran for 3 years.", False),
        ("Her first movie ran long, and the film was praised.", True), ("Documentation is found in those modules.", False),
        ("She said that people were kind.", True), ("The jars are changed at that node.", False), ("This method was new.", True),
        ("On 3 October she left Hull.", False), ("On 3 October 1931 she left Hull.", True), ("The two young princes left.", False),
    ],
)  # fmt: skip
def test_what_is_called_the_or_that_was_named_before(sentence: str, stands: bool) -> None:
    assert [*alone("Ada Moss", ["Ada Moss was a potter.", sentence])] == [True, stands]


def test_what_is_told_ends_at_the_first_sentence_that_cannot_be_told() -> None:
    opened = MOSS.format("Ada Moss dug her clay by hand.")
    told = usable("Ada Moss", f"{opened} The island was sold to a bank. Ada Moss stayed in Hull.").prose
    assert told[-1] == "It burned for 3 days at a time."


def test_an_abbreviation_at_the_end_of_a_sentence_is_no_end() -> None:
    opened = MOSS.format("Ada Moss dug her clay by hand.")
    told = usable("Ada Moss", f"{opened} Her sons were Ned, Tom Jr. (1911) and Max. Prof. Brick bought the jars.").prose
    assert told[-1] == "It burned for 3 days at a time."
    assert "Prof. Brick bought the jars." in usable("Ada Moss", f"{opened} Prof. Brick bought the jars.").prose


def test_a_sentence_that_says_the_same_again_is_told_once() -> None:
    text = "Ada Moss fired large red jars in Hull. In 1931 she opened a kiln. In Hull Ada Moss fired red jars that were large. A son was born."
    told = build("paragraph", "Ada Moss", text)
    assert told.count("jars") == 1 and "A son was born." in told
    assert repeated("The jars of Hull are red. The jars of York are blue.") == ""


LIMITS = (
    "Split a graph into parts of a size. The parts are of like weight in each step. Nodes without edges are in the last part.\n"
    "G: A graph without loops.\nsize: Number of nodes of a part.\nNotAGraph: If the graph is directed.\nReturns: A list of sets of nodes."
)


def test_an_exception_among_the_arguments_is_none() -> None:
    told = build("qa", "graph.parts.split", LIMITS)
    assert "- Raises `NotAGraph`: If the graph is directed." in told and "its arguments `G` and `size`" in told


def test_at_most_four_arguments_are_told_and_all_are_asked_for_by_name() -> None:
    said = (
        "Graph without loops.",
        "Most nodes of one part.",
        "Seed of random draws.",
        "Name of an edge's weight.",
        "Rounds before it stops.",
        "Bar that is drawn.",
    )
    text = "Split a graph into parts of a size.\n" + "\n".join(
        f"{name}x: {text}" for name, text in zip("abcdef", said, strict=True)
    )
    question, *told = build("qa", "graph.parts.split", text).split("\n")
    assert "`ax`, `bx`, `cx`, and `dx`" in question and "which arguments" not in question
    assert [line for line in told if line.startswith("- ")] == told[1:] and len(told) == 5


@pytest.mark.parametrize("empty", ["Of length M.", "Optional.", "If None, all.", "int or None", "Rows:"])
def test_an_argument_of_which_nothing_is_said_is_not_told(empty: str) -> None:
    assert (
        "size"
        not in build("qa", "graph.parts.split", LIMITS.replace("Number of nodes of a part.", empty)).split("\n")[0]
    )


def test_a_paragraph_about_a_part_of_a_program_is_prose() -> None:
    assert "size" not in build("paragraph", "graph.parts.split", LIMITS).replace("parts of a size", "")


ANSWER = (
    "A kiln is a hot oven in which potters fire their clay. It is built of thick bricks, which hold the heat for a long time. "
    "Wood, gas or electricity heat it slowly, so that no jar cracks. A full firing takes about twelve hours, and cooling another day."
)


TWO_LONG = (
    "A kiln is a hot oven of thick bricks in which potters fire their clay, and wood, gas or electricity heat it slowly, so that no jar cracks. "
    "A full firing takes about twelve hours, and cooling another day, after which the jars are glazed and put back for a second round."
)


@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        ("What is a kiln?", ANSWER, ""),
        ("Give me a bulleted list of kilns.", f"{ANSWER}\n1. A gas kiln.\n2. A wood kiln.", "other_form"),
        ("Give me a bulleted list of kilns.", f"{ANSWER}\n- A gas kiln.\n- A wood kiln.", ""),
        (f"What is a kiln?\n\n{'A kiln stands in Hull. ' * 20}", ANSWER, "with_text"),
        ("What is a kiln?\n\nA jar of mine broke in it.", ANSWER, ""),
        ("What does the passage say of kilns?", ANSWER, "with_text"),
        ("What is a kiln?", "A kiln is a hot oven in which potters fire clay until it is hard.", "few_facts"),
        ("What is a kiln?", " ".join(ANSWER.split(". ")[:2]) + ".", "few_facts"),
        ("What is a kiln?", TWO_LONG, ""),
        ("Which are hot: kiln, oven?", "Kiln, oven.\nBoth.\nAll.", "scrap"),
        ("What is a kiln?", f"{ANSWER} Currently most are electric.", "of_its_day"),
        ("Which were the last five potters of Hull?", ANSWER, "of_its_day"),
        ("Who was the last potter of Hull?", ANSWER, ""),
        ("Which kiln is best?", ANSWER, "opinion"),
        ("What is a kiln?", f"{ANSWER}\n```\nfire(kiln)\n```", ""),
        ("What is a kiln?", f"{ANSWER} Its parts:\n- walls;\n- doors;\n- grates;", ""),
        ("What is a kiln?", f"{ANSWER} Their currents are strong.", ""),
        ("What is a kiln?", f"{ANSWER}\nit is old and red.", "unpolished"),
        ("What is a kiln?", f"{ANSWER} It is recieve very old.", "unpolished"),
        ("What is a kiln?", f"{ANSWER} It is old ,too, and it is hot.", "unpolished"),
        ("What is a kiln?", f"{ANSWER} Potters fire their clay in a hot oven, a kiln.", "told_twice"),
        ("What is a kiln?", f"{ANSWER}\n- bricks\n- clay\n\nfire(kiln)", ""),
    ],
)  # fmt: skip
def test_a_record_is_a_target_where_a_reader_would_call_it_good(question: str, answer: str, why: str) -> None:
    found = no_target(question, answer, 24)
    assert (found[0] if found else "") == why
