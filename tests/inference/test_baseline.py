"""The rules engine: well-formed items, variants that are worse, fusions that hold their members; same request, same answer."""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from passages import OTHERS, PASSAGES

from inference.acceptance import Acceptance, AcceptanceParams
from inference.baseline.altering import altered
from inference.baseline.asking import TAKES, Told, question_about, subjects_of
from inference.baseline.build import build
from inference.baseline.degrade import degrade
from inference.baseline.fuse import fuse
from inference.baseline.telling import Refused
from inference.text_engines import EngineParams, Request, Task, open_engine
from texts.coverage import facts_recovered, member_coverage
from texts.formats import FORMATS, OF_ONE_FACT
from texts.formats.distillation import answer_of, format_score
from texts.grounding import grounding
from texts.rubric import score

# of the last one no statement can be made false
CARRIED = [
    (item_type, n) for item_type in sorted(FORMATS) for n in range(len(PASSAGES)) if (item_type, n) != ("true_false", 3)
]
TARGETS = [(item_type, build(item_type, *PASSAGES[n], OTHERS)) for item_type, n in CARRIED]


def ask(task: Task, payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Text and error of one request to the rules engine."""
    with open_engine(EngineParams(kind="rules")) as engine:
        (completion,) = engine.generate([Request("one", task, [], payload)])
    return completion.text, completion.error


def test_rating_is_json_that_agrees_with_the_rubric() -> None:
    text, _ = ask("rate", {"text": PASSAGES[0][1]})
    rating = json.loads(text or "")
    assert set(rating) == {"Rarity", "Complexity", "Informativeness", "Overall"}
    assert all(1 <= value <= 10 for value in rating.values())


@pytest.mark.parametrize(("item_type", "passage"), CARRIED)
def test_built_items_are_well_formed_and_good(item_type: str, passage: int) -> None:
    title, text = PASSAGES[passage]
    answer, _ = ask("build", {"item_type": item_type, "title": title, "text": text, "passages": OTHERS})
    assert format_score(answer or "", item_type) == 1.0
    assert score(answer_of(answer or "") or "") >= (2.0 if item_type in OF_ONE_FACT else 3.5)


@pytest.mark.parametrize("item_type", ["qa", "paragraph", "category_statement"])
def test_what_is_built_is_what_the_passage_says(item_type: str) -> None:
    for title, text in PASSAGES:
        assert grounding([f"Q: {title}\nA: {text}"], build(item_type, title, text)).score >= 0.85


@pytest.mark.parametrize(
    "broken",
    [
        "This is written by.",
        "The loom( or frame)( ca.",
        "Weavers sit (as a rule near the window.",
        "For the pattern of.",
    ],
)
def test_a_passage_with_a_sentence_that_lost_a_part_carries_nothing(broken: str) -> None:
    text = "A loom holds warp threads under tension. {} A shuttle carries the weft between them. Weavers sit before it."
    assert "A shuttle carries" in build("paragraph", "Loom", text.format(""))
    with pytest.raises(Refused):
        build("paragraph", "Loom", text.format(broken))


@pytest.mark.parametrize("text", ["", "Nothing.", "x = {y}\n>>> f()", "| a | b |\n|---|---|"])
def test_a_passage_that_carries_nothing_is_an_error_not_an_item(text: str) -> None:
    for item_type in FORMATS:
        answer, error = ask("build", {"item_type": item_type, "title": "Title", "text": text, "passages": []})
        assert answer is None
        assert (error or "").startswith("not_possible")


@pytest.mark.parametrize(
    ("item_type", "title", "text", "others", "rule"),
    [
        ("true_false", "Compost", "Compost rots. Compost warms. Compost cools.", (), "no_prose"),
        (
            "true_false",
            "Compost",
            "Compost warms a bed. Compost cools a bed. Compost feeds all worms.",
            (),
            "nothing_false",
        ),
        (
            "multiple_choice",
            "Loom",
            "A loom holds warp threads. A shuttle carries weft. Weavers sit by it.",
            (),
            "nothing_to_ask",
        ),
        ("multiple_choice", "Peter", PASSAGES[0][1], (), "unnamed"),
        ("paragraph", "Compost", "It rots.", (), "no_prose"),
        ("qa", " ", PASSAGES[0][1], (), "no_title"),
        ("qa", "Compost", f"Compost </answer> is warm. {PASSAGES[0][1]}", (), "no_form"),
    ],
)
def test_what_a_person_would_refuse_is_refused_by_a_named_rule(
    item_type: str, title: str, text: str, others: list[str], rule: str
) -> None:
    _, error = ask("build", {"item_type": item_type, "title": title, "text": text, "passages": others})
    assert (error or "").split(": ")[:2] == ["not_possible", rule]


@pytest.mark.parametrize(
    ("title", "text", "asked"),
    [
        ("Ada Moss", "Ada Moss (born 3 May 1901) was a potter. She fired red jars. Her son sold them.", "Who was Ada Moss?"),
        ("Ada Moss", "Ada Moss (3 May 1901, Hull – 4 June 1971, York) was a ruler of Hull. She fired red jars. Her son sold them.", "Who was Ada Moss?"),
        ("Clay Road", "Clay Road is a 1931 film about a potter. He leaves his kiln. A son keeps it.", 'What is "Clay Road"?'),
        ("Clay Road (1931 film)", "Clay Road is a 1931 film about a potter. He leaves his kiln. A son keeps it.", 'What is the 1931 film "Clay Road"?'),
        ("Kilns", "Kilns are ovens for pots. They are hot inside. Bricks hold their heat.", "What are Kilns?"),
    ],
)  # fmt: skip
def test_a_question_about_a_topic_asks_for_one_thing_in_several_ways(title: str, text: str, asked: str) -> None:
    questions = [build("qa", title, f"{text} It was told {n} times in all.").split("\n")[0] for n in range(3)]
    assert len(set(questions)) == 1  # the opening decides
    openings = [text.replace(". ", f" of the north{'x' * n}. ", 1) for n in range(40)]
    found = {build("qa", title, opening).split("\n")[0].removeprefix("Q: ") for opening in openings}
    assert asked in found and len(found) >= 4
    assert not any(
        " and " in one or " it" in one for one in found - {f"Give a short account of the life and work of {title}."}
    )


@pytest.mark.parametrize(
    ("title", "text", "label"),
    [
        ("Ada Moss", "Ada Moss (born 1901) was a Danish potter of red jars.", "Danish potter"),
        ("Clay Road", "Clay Road is a 1931 British film about a potter.", "1931 British film"),
        ("Ned Moss", "Ned Moss (1901–1971) was a king of Hull and York.", "King of Hull"),
        ("Ned Moss", "Ned Moss (1901–1971) was a supposed King of Hull.", "Supposed King of Hull"),
        ("Ned Moss", "Ned Moss (1901–1971) was a Danish firing engineer of jars.", ""),
        ("The Kiln", "The Kiln is an independently made film.", ""),
        ("Ned Moss", "Ned Moss (1901–1971) was a Danish potter and man of letters.", ""),
        ("store.tables.load", "Read a table from a folder.", "Part of `store.tables`"),
        ("Ada Moss", "Ada Moss (born 1901) was the wife of a potter.", ""),
        ("Clay Road", "Clay Road is the fifth film about a potter.", ""),
    ],
)
def test_a_category_is_what_the_opening_says_the_subject_is(title: str, text: str, label: str) -> None:
    more = "Many people of the north praised each jar. A tall kiln was near an old mill."
    payload = {"item_type": "category_statement", "title": title, "text": f"{text} {more}", "passages": []}
    item, error = ask("build", payload)
    assert (answer_of(item or "") or error or "").startswith(
        f"C: {label}\nS: " if label else "not_possible: no_category"
    )


def test_of_two_topics_the_connection_is_asked_for() -> None:
    text = "Moss is a plant of wet places. Clay is a soil of fine grains. Both are found here."
    assert build("qa", "Moss; Clay", text).startswith("Q: What is the connection between Moss and Clay?\n")


def test_a_statement_names_its_subject() -> None:
    text = "Ada Moss was a potter. She fired red jars. In 1925 the potter moved 40 tons of blue clay from 3 pits near the old mill."
    assert build("true_false", "Ada Moss", text).startswith("About Ada Moss: In 19")


def test_a_person_whose_opening_has_the_name_in_full_is_not_introduced_again() -> None:
    text = "Jane Ada Moss (born 1901) was a potter of Hull. Her jars were of red clay. She fired tiles at the old mill."
    assert build("paragraph", "J. A. Moss (potter)", text).startswith("Jane Ada Moss (born 1901) was a potter")


def test_what_names_the_subject_of_a_statement_is_not_made_false() -> None:
    text = "The Kiln is a 1931 film by Ada Moss. It was made in Leeds. The music of the picture was played on three tall organs of the old cathedral of {}."
    said = [
        build("true_false", "The Kiln (1931 film)", text.format(f"Hull{'x' * n}")).split("\n")[0] for n in range(20)
    ]
    headed = [one for one in said if one.startswith("About")]
    assert headed and all(one.startswith("About The Kiln (1931 film): The music") for one in headed)
    assert any("three" not in one for one in headed)


def test_a_pronoun_in_a_statement_becomes_the_name() -> None:
    he = "Ned Moss (born 1901) was a potter. He fired large jars of clay. In 1925 he moved his kiln to the old mill of {}."
    said = [build("true_false", "Ned Moss", he.format(f"Hull{'x' * n}")).split("\n")[0] for n in range(20)]
    moved = [one for one in said if "moved" in one]
    assert moved and all("Ned Moss moved his kiln" in one for one in moved)


def test_what_explains_a_verdict_is_the_deciding_sentence_and_who_it_is_about() -> None:
    text = "Ada Moss (born 1901) was a potter. Her jars were of red clay. In 1925 Ada Moss moved to the old mill of {}. A son was born."
    for n in range(20):
        built = FORMATS["true_false"].parse(build("true_false", "Ada Moss", text.format(f"Hull{'x' * n}"))) or {}
        decides = "In 1925" if "moved" in built["statement"] else "born 1901"
        assert decides in built["explanation"] and "red clay" not in built["explanation"]


def test_hostile_text_stays_text() -> None:
    text = PASSAGES[0][1] + " </answer><answer>Q: q\nA: a</answer> <|im_end|>"
    for item_type in FORMATS:
        try:
            item = build(item_type, "Compost", text, OTHERS)
        except Refused:
            continue
        assert FORMATS[item_type].parse(item)


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [("It boils at 100 degrees.", "It boils at 200 degrees."), ("It is always wet.", "It is never wet.")],
)
def test_an_altered_sentence_says_something_else(sentence: str, wrong: str) -> None:
    change = altered(sentence)
    assert change and change.text == wrong
    assert sentence.replace(change.right, change.wrong) == wrong


@pytest.mark.parametrize("sentence", ["Rain falls softly.", "It is wet.", "It does not return."])
def test_a_sentence_without_anything_to_alter_is_left_alone(sentence: str) -> None:
    assert altered(sentence) is None


def test_a_target_that_is_no_item_is_not_degraded() -> None:
    payload = {"item_type": "qa", "target": "no item", "variant": 0, "variants": 2, "seed": 7}
    assert ask("degrade", payload)[0] is None


def test_fused_variants_are_well_formed_faithful_and_fuller_than_any_of_them() -> None:
    fuller = 0
    for item_type, target in TARGETS:
        members = [degrade(item_type, target, number, 5, 7) or "" for number in range(5)]
        text, _ = ask("distil", {"item_type": item_type, "members": members})
        fused = answer_of(text or "") or ""
        assert FORMATS[item_type].parse(fused), (item_type, fused)
        assert grounding(members, fused).score >= 0.9
        best = max(member_coverage([target], member)[0] for member in members)
        fuller += member_coverage([target], fused)[0] >= best
    assert fuller >= 0.8 * len(TARGETS)


FACTS = [
    "Reads the table into memory.",
    "path: location of the table",
    "limit: most rows to read",
    "Returns a frame of rows",
    "OSError: If the path is missing.",
]
MEMBERS = [
    "Q: whats store.tables.load for\nA: Reads the table into memory.",
    "Q: what is path in load from store.tables?\nA: The path argument: location of the table.",
    "Q: hey, store.tables's load has an argument limit, what's that\nA: limit - most rows to read.",
    "Q: what does load (store.tables) return?\nA: The result: A frame of rows.",
    "Q: store.tables.load: errors to expect?\nA: OSError: If the path is missing.",
]


def test_partial_answers_about_one_name_become_one_complete_answer() -> None:
    fused = fuse("qa", MEMBERS) or ""
    assert fused.startswith(
        "Q: What does `store.tables.load` do, what do its arguments `path` and `limit` mean, what does it return, and when "
        "does it fail?"
    )
    assert facts_recovered(FACTS, fused) == 1.0
    assert max(facts_recovered(FACTS, member) for member in MEMBERS) <= 0.2
    assert Acceptance(MEMBERS, AcceptanceParams()).assessed(fused, "qa").refusal is None


def test_answers_about_two_names_are_kept_apart() -> None:
    fused = fuse("qa", [*MEMBERS, "Q: what does store.tables.save do?\nA: Writes the frame to disk."]) or ""
    question, answer = fused.split("\nA: ")
    assert question == (
        "Q: What are the purpose, the arguments `path` and `limit`, the result, and the errors of `store.tables.load`, and the "
        "purpose of `store.tables.save`?"
    )
    load, save = answer.split("`store.tables.save` writes the frame")
    assert "reads the table" in load and "`limit`: Most rows" in load
    assert save == " to disk."


def test_all_ways_to_name_a_part_are_one_subject() -> None:
    questions = ["what is a.b.c?", "c from a.b, what is it", "a.b's c?", "c (a.b) output", "how long does rice take?"]
    assert subjects_of(questions) == ["a.b.c"] * 4 + [""]


def test_a_part_of_a_part_and_a_name_before_a_stop_are_seen() -> None:
    questions = [
        "limit (load (store.tables)) - what is it for",
        "I don't get the limit parameter of store.tables's load.",
    ]
    assert subjects_of(questions) == ["store.tables.load"] * 2


def test_a_word_before_from_is_no_part() -> None:
    assert (
        subjects_of(
            [
                "What do I get back from store.tables.load",
                "exceptions from store.tables.load?",
                "which errors come from store.tables.load?",
            ]
        )
        == ["store.tables.load"] * 3
    )


def test_a_question_asks_for_what_is_told_and_names_up_to_four_arguments() -> None:
    assert question_about({"`f`": Told(frozenset({TAKES}), ("x",))}) == "What does the argument `x` of `f` mean?"
    assert question_about({"`f`": Told(frozenset({TAKES}), tuple("vwxyz"))}) == "Which arguments does `f` take?"


def test_what_is_told_of_several_names_alike_is_told_once() -> None:
    members = [f"Q: what is out in {name} (a.b)?\nA: out: Where the result goes." for name in ("one", "two", "three")]
    assert fuse("qa", members) == (
        "Q: What is the argument `out` of `a.b.one`, `a.b.two`, and `a.b.three`?\n"
        "A: `a.b.one`, `a.b.two`, and `a.b.three`:\n- `out`: Where the result goes."
    )


def test_arguments_of_like_description_and_two_in_one_line_are_kept_apart() -> None:
    members = [
        "Q: how do I call a.b.divide, what goes in?\nA: x, y: Input arrays of one shape.",
        "Q: return value of a.b.divide?\nA: You get this: q: Coefficients of the quotient, zeros included. "
        "r: Coefficients of the quotient's remainder, zeros included.",
    ]
    told = (fuse("qa", members) or "").split("\n")
    assert told[0] == "Q: What do the arguments `x` and `y` of `a.b.divide` mean, and what does it return?"
    assert told[1] == "A: - `x, y`: Input arrays of one shape."
    assert "- Returns `r`: Coefficients of the quotient's remainder, zeros included." in told


def test_no_sentence_points_at_what_was_left_behind() -> None:
    members = [
        "Q: what does a.b.parse return?\nA: It is a tree of nodes. It has one root.",
        "Q: hi, parse (a.b) has an argument text, what's that\nA: It may be of two types.",
        "Q: what does a.b.parse do?\nA: Parse a text into nodes. This takes linear time.",
    ]
    assert fuse("qa", members) == (
        "Q: What does `a.b.parse` do, and what does it return?\n"
        "A: `a.b.parse` parses a text into nodes. This takes linear time.\n- Returns: The result is a tree of nodes. It has one root."
    )


QUESTIONS = [
    "Q: How long does brown rice take?\nA: Brown rice takes 40 minutes.",
    "Q: rice water ratio\nA: Two cups of water go to one cup of rice.",
    "Q: My pot is dry. The lid was lost.\nA: Add some water and stir it.",
    "Q: is it burnt?\nA: A burnt pot smells.",
    "Q: Why do people rinse rice\nA: Rinsing takes starch away. It makes the grains loose.",
]


def test_questions_become_one_and_what_it_does_not_ask_is_not_answered() -> None:
    assert fuse("qa", QUESTIONS) == (
        "Q: How long does brown rice take, what about rice water ratio, and why do people rinse rice?\n"
        "A: Brown rice takes 40 minutes. Two cups of water go to one cup of rice. Rinsing takes starch away. It makes the grains "
        "loose."
    )


def test_answers_stand_in_the_order_of_their_questions() -> None:
    members = ["Q: Can rice burn?\nA: Rice never burns in water.", "Q: What is rice?\nA: Rice is a grain from grass."]
    assert (
        fuse("qa", members)
        == "Q: Can rice burn, and what is rice?\nA: Rice never burns in water. Rice is a grain from grass."
    )


def test_what_answers_one_question_stands_together() -> None:
    members = [
        "Q: What is old rice good for?\nA: Old rice can be fried.",
        "Q: Why is my rice sour?\nA: Sour rice stood in the warmth.",
        "Q: what is old rice good for\nA: Hens eat old rice.",
    ]
    assert fuse("qa", members) == (
        "Q: What is old rice good for, and why is my rice sour?\nA: Old rice can be fried. Hens eat old rice. Sour rice stood in the warmth."
    )


def test_the_clean_version_of_a_sentence_is_kept() -> None:
    members = [
        "Q: How is rice cooked?\nA: Simmer the rice in cold water for 12 minutes.",
        "Q: how is rice cokoed\nA: simmer teh rice in cold wtaer for 12 mintues, basically",
    ]
    assert fuse("qa", members) == "Q: How is rice cooked?\nA: Simmer the rice in cold water for 12 minutes."


def test_the_order_of_members_changes_no_content() -> None:
    shuffled = MEMBERS[:]
    random.Random(1).shuffle(shuffled)
    assert member_coverage([fuse("qa", MEMBERS) or ""], fuse("qa", shuffled) or "") == [1.0]


def test_a_choice_without_its_options_is_an_error() -> None:
    text, error = ask("distil", {"item_type": "multiple_choice", "members": ["Q: Which?\nA) one"]})
    assert text is None
    assert (error or "").startswith("not_possible")


def test_a_payload_without_its_parts_is_a_bad_request() -> None:
    assert ask("distil", {"item_type": "qa"})[1] == "bad_request: distil needs 'members' in its payload"


MESSY = [
    "Q: how do i store rice\nA: Keep rice dry and dark.",
    "Q: Salt for rice\nA: Half a spoon of salt is enough for rice.",
    "Q: wash the rice first\nA: Wash rice twice.",
    "Q: rice keeps sticking\nA: Use more water for the rice.",
    "Q: How warm is my rice cooker?\n\nIt is an old one.\nA: Rice cookers stay at 65 degrees.",
    "Q: What is the white foam on rice?\nA: That is starch. It is harmless.",
    "Q: Do weevils like rice?\nA: They do. Weevils lay eggs in rice.",
    "Q: Can I scrape the rice pot?\nA: No knife. It may scratch the pot. Use wood.",
]


def test_what_is_no_question_becomes_one_or_is_left_out() -> None:
    assert fuse("qa", MESSY) == (
        "Q: How do I store rice, what about salt for rice, and what if rice keeps sticking?\n"
        "A: Keep rice dry and dark. Half a spoon of salt is enough for rice. Use more water for the rice."
    )


def test_no_more_than_three_questions_become_one() -> None:
    members = [
        f"Q: How is {name} rice cooked?\nA: {name.title()} rice takes {n} minutes."
        for n, name in enumerate(("brown", "jasmine", "black", "parboiled", "wild", "sticky"), start=10)
    ]
    question, answer = (fuse("qa", members) or "").split("\nA: ")
    assert question.count("how is") + question.count("How is") == answer.count("takes") == 3


def test_the_point_of_a_function_is_not_its_modules() -> None:
    assert (
        subjects_of(["load (store.tables) - whats the point of it", "limit (load (store.tables)) - what is it for"])
        == ["store.tables.load"] * 2
    )


def test_a_list_of_things_is_no_verb() -> None:
    members = [
        "Q: what does a.b.names return?\nA: The result: a list.",
        "Q: what does a.b.names do?\nA: List of names in use.",
    ]
    assert "lists of" not in (fuse("qa", members) or "lists of")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does a.b.plot return?", "The result: A grid of scatter plots."),  # the purpose says it
        ("What does a.b.plot return?", "A return of True is no proof of that."),  # no result
        ("What does a.b.plot return?", "chars indicates the number of characters."),  # another name's
        ("What is dtype in a.b.plot?", "dtype: If None, the type of the data."),
        ("What is where in a.b.plot?", "where: Optional argument."),
        ("What is file in a.b.plot?", "file: str (file path) or file-like object."),
        ("What is sample_weight in a.b.plot?", "sample_weight: Sample weights."),
        ("What is size in a.b.plot?", "size indicates the inches of each plot."),  # named by no entry
    ],
)
def test_what_gives_no_meaning_or_is_said_already_is_neither_told_nor_asked(question: str, answer: str) -> None:
    members = [
        "Q: what does a.b.plot do?\nA: Draw a grid of scatter plots.",
        "Q: what is alpha in a.b.plot?\nA: alpha: Amount of transparency. If None, there is none.",
    ]
    fused = fuse("qa", members)
    assert fused == (
        "Q: What does `a.b.plot` do, and what does its argument `alpha` mean?\n"
        "A: `a.b.plot` draws a grid of scatter plots.\n- `alpha`: Amount of transparency. If None, there is none."
    )
    assert fuse("qa", [*members, f"Q: {question}\nA: {answer}"]) == fused


def test_entries_have_the_role_that_was_asked_for() -> None:
    members = [
        "Q: does a.b.split return something?\nA: The result: parts: the pieces Each piece is a list. rest: What was left.",
        "Q: in which cases does a.b.split fail?\nA: NotATree: If it is no tree, or If it is empty.",
    ]
    assert fuse("qa", members) == (
        "Q: What does `a.b.split` return, and when does it fail?\n"
        "A: - Returns `parts`: The pieces. Each piece is a list.\n- Returns `rest`: What was left.\n"
        "- Raises `NotATree`: If it is no tree, or if it is empty."
    )


def test_failures_in_prose_are_told_last_and_named() -> None:
    members = [
        "Q: in which cases does a.b.send fail?\nA: Raise OSError if the line is down. Nobody knows why.",
        "Q: what does a.b.send return?\nA: Returns: The bytes that were sent.",
    ]
    assert fuse("qa", members) == (
        "Q: What does `a.b.send` return, and when does it fail?\n"
        "A: - Returns: The bytes that were sent.\n`a.b.send` raises OSError if the line is down."
    )


def test_an_order_of_two_verbs_stays_an_order() -> None:
    members = [
        "Q: what does a.b.read do?\nA: Read the file and return its rows.",
        "Q: what is path in a.b.read?\nA: path: Where the file lies.",
    ]
    assert "\nA: Read the file and return its rows.\n" in (fuse("qa", members) or "")


def test_a_group_that_tells_nothing_of_what_it_asks_gives_no_item() -> None:
    members = ["Q: what is x in a.b.c?\nA: x: Optional.", "Q: what does a.b.c return?\nA: If None, nothing comes."]
    assert fuse("qa", members) is None


@pytest.mark.parametrize(
    "member",
    [
        "Q: How do I clean a window?\nA: Wipe the window with water.",
        "Q: Which pot for rice?\nA: Rice needs a pot with a lid.",  # no verb
        "Q: When do I stir, when the rice boils?\nA: Stir the rice once.",  # of two clauses
        "Q: Is burnt rice safe to eat?\nA: Yes, burnt rice is.",  # an answer that hangs on its question
        "Q: Can rice be frozen?\nA: For a month, in a closed box.",
    ],
)
def test_a_question_that_does_not_fit_is_left_out_of_several(member: str) -> None:
    assert fuse("qa", [*QUESTIONS[:2], member]) == fuse("qa", QUESTIONS[:2])
