"""What of a best record is the target: its question apart from a text or an example, code as a block that is whole."""

import pytest

from inference.baseline.degrade import weak_versions
from inference.baseline.fences import blocks, stretches
from inference.baseline.units import code_parts, units
from inference.record_code import broken, has_bare_code, is_code, language
from inference.record_rules import no_target
from inference.record_targets import presented
from texts.grounding import grounding

TEXT = (
    "A kiln is a hot oven in which potters fire their clay. It is built of thick bricks, which hold the heat for a long time. Wood, gas or "
    "electricity heat it slowly, so that no jar cracks. A full firing takes about twelve hours, and cooling another day. The oldest ones that "
    "were found are pits in the ground, covered with shards, in which jars and wood were burned together for a night."
)
EMAIL = "Dear shop, I ordered a blue kettle on Monday and it came with a broken lid and without its cable. Send me both of them soon, please."
PYTHON = "def area(width, height):\n    size = width * height\n    return size\n\nwidth = 3\nheight = 4\nprint(area(width, height))"
JAVA = (
    "public class Jar {\n    private int size;\n\n    public int getSize() {\n        return size;\n    }\n\n"
    "    public void fill(int more) {\n        size += more;\n    }\n}"
)


@pytest.mark.parametrize(
    ("question", "given", "answer", "is_kept"),
    [
        ("What is a kiln?", TEXT, TEXT, False),
        ("What is a kiln?", "A kiln is a hot oven in which potters fire clay.", "A kiln is a hot oven in which potters fire clay.", False),
        ("What is a kiln in the text above?", TEXT, TEXT, True),
        ("Extract the parts of a kiln.", TEXT, TEXT, True),
        ("How long did he fire it?", TEXT, TEXT, True),
        ("The song was recorded where?", TEXT, TEXT, True),
        ("Advise a potter.", "Her oven cracks each jar in winter, and she has no gas.", "Heat slowly. Dry the clay.", True),
        ("Sort these jars by age.", "red, blue", "The red jar is the oldest one.", True),
        ("Write a Python function that gives an area.", "width = 3", PYTHON, False),
        ("Write a code snippet of an area with user-provided sides.", "3", PYTHON, False),
        ("Sort the provided sides.", "3, 4", PYTHON, True),
        ("Fix this function.", "width = 3", PYTHON, True),
        ("Write a polite reply to the customer email.", EMAIL, "Dear customer, we are sorry. We send a new lid and the cable.", True),
        ("Classify the review as good or bad and say why.", EMAIL, "The review is bad. Nothing is praised.", True),
        ("Summarise the email.", EMAIL, EMAIL, True),
        ("What did the customer order on Monday?", EMAIL, EMAIL, True),
        ("What is wrong with the kiln?", f"The kiln is a new one. {TEXT}", TEXT, True),
        ("Where does the name Kiln come from?", TEXT, TEXT, False),
        ("What is the purpose of a kiln?", TEXT, TEXT, False),
        ("Write a story about kilns.", TEXT, TEXT, True),
        ("Write a poem about autumn.", "In French, please.", "Les feuilles tombent. Le vent chante.", True),
        ("Write a Python function that gives an area.", "Return a dictionary that maps each side to its length.", PYTHON, True),
        ("Write a Python function that gives an area.", "Use recursion, no loops, and raise ValueError.", PYTHON, True),
        ("Write a Python function that gives an area.", "Recursively", PYTHON, True),
        ("Write a Python function that gives an area.", "Use 3 loops", PYTHON, True),
        ("Write a Python function that gives an area.", "Maximum length: 10", PYTHON, True),
        ("Write a Python function that gives an area.", "[[1, 2], [3, 4]], 'a text (of words)'\nint[] sizes = {3, 4}; const age = -2.5", PYTHON, False),
        ("Write a Python function that gives an area.", "Example input: {'width': 3, height: 4}", PYTHON, False),
        ("Write a Python function that reads a table.", "jars.csv", PYTHON, False),
        ("Refactor the Python function.", "width = 3", PYTHON, True),
    ],
)  # fmt: skip
def test_what_was_given_stays_where_the_question_needs_it(
    question: str, given: str, answer: str, is_kept: bool
) -> None:
    asked, _ = presented(f"{question}\n\n{given}", answer)
    assert asked == (f"{question}\n\n{given}" if is_kept else question)


@pytest.mark.parametrize(
    "answer",
    ["Its wall, `wall[1]`, is hot.", "Read it:\n```python\na = walls[0]\nb = walls[i]\nprint('a  b')\n```", "It is hot.[1]  It burns.", "a   b\nc   d"],
)  # fmt: skip
def test_nothing_of_an_answer_is_changed(answer: str) -> None:
    for given in ("", "\n\n[1, 2]", f"\n\n{TEXT}", f"\n\n{answer}"):
        assert presented(f"What is a kiln?{given}", answer)[1] == answer


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("What is a kiln", "What is a kiln?"), ("What is a kiln?", "What is a kiln?"), ("What is this: a kiln", "What is this: a kiln"),
        ("Name a kiln", "Name a kiln"), ("What kind of oven is a kiln", "What kind of oven is a kiln?"), ("Do a comparison of jars", "Do a comparison of jars"),
        ("When writing Python, use four spaces", "When writing Python, use four spaces"), ("Where possible use clay", "Where possible use clay"),
        ("What a day it was", "What a day it was"), ("How I met a potter", "How I met a potter"), ("Can openers of Hull", "Can openers of Hull"),
        ("What is a kiln and name three", "What is a kiln and name three"), ("Is a kiln", "Is a kiln"),
    ],
)  # fmt: skip
def test_a_question_ends_as_one(question: str, shown: str) -> None:
    assert presented(question, "It is hot.")[0] == shown


@pytest.mark.parametrize(
    ("answer", "is_one"),
    [
        (PYTHON, True), (JAVA, True), (TEXT, False), (f"```\n{PYTHON}\n```", False), ("a = 1\nb = 2", False),
        (f"The given function is slow and has a wrong name, so that nobody can read it:\n\n{PYTHON}", False),
        ("1. Start the oven slowly.\n2. Wait for the heat.\n3. Close it;\n4. Open it.", False),
        ("SELECT name\nFROM jars\nWHERE size > 3;", True), ("<ul>\n<li>Jar</li>\n</ul>", True), ("#!/bin/bash\necho jar\nif [ -f jar ]; then\necho kiln\nfi", True),
        ("* Beech\n* Oak\n* Larch\n* Maple", False), ("# Buy apples\n# Peel apples\n# Bake\n# Serve", False), ("Anna:\nHello:\nBen:\nHi:", False),
        ("if rain falls\nfor the leaves\nwhile wind calls\nfrom the eaves\ndo not weep", False), ("Rain falls;\nwind calls;\nleaves fly;\nall die;", False),
        ("with open('jars.csv') as source:\n    for line in source:\n        seen.add(line)", True), ("evens = [n for n in numbers if n % 2 == 0]\ntotal = sum(evens)\nprint(total)", True),
        ("const evens = numbers.filter(n => n % 2)\nlet total = 0\nvar mean = 1", True), ("use strict;\nmy %count;\nmy $jar = 1;\nwhile (<>) {\n  $count{$_}++;\n}", True),
        ("for the dough:\nwith some milk:\nif it rains:", False), ("City: Hull\nName: Anna\nAge: 30", False), ("Apples\nPears\nPlums", False),
        ("flour = 3 cups\nmilk = 2 cups\neggs = some of them", False), ("kiln = hot oven\njar = round pot\nclay = wet earth", False),
    ],
)  # fmt: skip
def test_code_is_told_from_prose(answer: str, is_one: bool) -> None:
    assert is_code(answer) == is_one


def test_code_becomes_a_block_of_the_language_that_was_asked_for() -> None:
    assert presented("Write a Python function.", PYTHON)[1] == f"```python\n{PYTHON}\n```"
    assert presented("Write a function.", PYTHON)[1] == f"```\n{PYTHON}\n```"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Go to the shop and list it.", ""), ("Explain vitamin C, and its uses.", ""), ("What does rust do to iron?", ""), ("Describe a swift.", ""),
        ("write a python function", "python"), ("Write it in C", "c"), ("Write a C program.", "c"), ("Write a function in Go, please.", "go"),
        ("write a shell script", "bash"), ("Write a C# class", "csharp"), ("Write Java, no JavaScript", ""),
        ("Write a Go server.", "go"), ("In Swift, print it.", "swift"), ("Use C to print it.", "c"), ("Write a C language program.", "c"), ("In Go Fish, who wins?", ""),
    ],
)  # fmt: skip
def test_a_word_is_no_language_where_it_means_something_else(question: str, named: str) -> None:
    assert language(question) == named


@pytest.mark.parametrize(
    ("question", "code", "why"),
    [
        ("Write a Python function that gives an area.", PYTHON, ""),
        ("Write a Java class of a jar.", JAVA, ""),
        ("Write a Python function that gives an area.", PYTHON.replace("(width, height):", "(width, height)"), "broken_code"),
        ("Write a Java class of a jar.", JAVA.removesuffix("}"), "broken_code"),
        ("Write a Java class of a jar.", f"{JAVA}\n\nSystem.out.println(3);", "broken_code"),
        ("Write a Python program that asks the user for a width.", PYTHON, "broken_code"),
        ("Write a Python program that asks the user for a width.", PYTHON.replace("= 3", "= int(input())"), ""),
        ("Write a Python class that represents a user.", PYTHON, ""),
        ("Write a Python function that sorts the posts of each user by their age.", PYTHON, ""),
        ("Write a Python program that reverses a text input by the user.", PYTHON, "broken_code"),
        ("Write a Python function that gives an area.", "def area(w, h):\n    size = w * h\n    return size", "few_facts"),
        ("Write a Python function that gives an area.", f"{PYTHON}\n# TODO: a volume", "note"),
        ("Write Roman numbers in Python.", PYTHON.replace("3", "'XXX'"), ""),
        ("Complete the missing part in the Python function of an area.", PYTHON, "with_text"),
    ],
)  # fmt: skip
def test_code_is_a_target_where_it_is_whole(question: str, code: str, why: str) -> None:
    found = no_target(*presented(question, code), 24)
    assert (found[0] if found else "") == why


def test_code_that_stands_bare_among_prose_is_no_target() -> None:
    mixed = f"{TEXT}\n\n{PYTHON}"
    assert has_bare_code(mixed) and not has_bare_code(TEXT)
    assert (no_target("What is a kiln?", mixed, 24) or ("",))[0] == "broken_code"


@pytest.mark.parametrize(
    ("code", "is_broken"),
    [("name = 'Ada';", True), ("name = 'A';", False), ("end = '\\n';", False), ("said = \"it 'is' hot\";", False), ("many = 1'000'000;", False),
     ("go(); // 'as said'", False)],
)  # fmt: skip
def test_single_quotes_hold_one_character_in_c_and_java_alone(code: str, is_broken: bool) -> None:
    assert bool(broken(code, "cpp")) == bool(broken(code, "java")) == is_broken
    assert broken("name = 'Ada';", "javascript") == ""


def test_a_quote_or_a_comment_closes_nothing() -> None:
    assert broken('print(":)")  // (', "") == "" and broken("print(", "")
    assert broken("fn f<'a>(x: &'a str) {\n    let s: &'static str = \"(\"; let c = '(';\n}", "rust") == ""
    assert broken("fn f<'a>(x: &'a str {}", "rust") and broken("name = 'it\\'s (';", "javascript") == ""


@pytest.mark.parametrize("code", [PYTHON, JAVA, "\n".join(f"a{n} = {n}" for n in range(9))])
def test_the_parts_of_a_block_have_all_of_its_lines_in_order(code: str) -> None:
    parts = code_parts(f"```x\n{code}\n```")
    assert len(parts) > 1 and all(part.startswith("```x\n") and part.endswith("\n```") for part in parts)
    lines = [line for part in parts for line in part.split("\n")[1:-1] if line]
    assert lines == [line for line in code.split("\n") if line]


@pytest.mark.parametrize("code", ["\n\n\na = 1\nb = 2\nc = 3", "a = 1\nb = 2\nc = 3\n  \n  \n  ", "\n" * 8])
def test_no_part_of_a_block_is_empty(code: str) -> None:
    parts = code_parts(f"```\n{code}\n```")
    assert len(parts) == 1 and ("a = 1" in parts[0]) == ("a = 1" in code)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("It ends.", []), ("```py\na = 1\n```", ["a = 1"]), ("```\na\n```  \n```c++\nb\n\n```\n", ["a", "b\n"]), ("```\n```", [""]),
        ("```py\nnever closed", []), (" ```\na\n```\nnever opened", []), ("Run ```a```.\n```\n```js\nb\n```", ["```js\nb"]), ("", []),
    ],
)  # fmt: skip
def test_a_text_is_parted_at_its_blocks_and_nothing_is_lost(text: str, codes: list[str]) -> None:
    assert [one.code for one in blocks(text)] == codes
    parts = [*stretches(text)]
    assert "".join(one.text for one in parts) == text
    assert all(text[one.start :].startswith(one.text) for one in parts)


def test_a_short_block_is_one_unit_and_prose_around_it_stays() -> None:
    assert [unit.text for unit in units("Fire it:\n```\na = 1\n```\nCoal burns.")] == [
        "Fire it:",
        "```\na = 1\n```",
        "Coal burns.",
    ]


@pytest.mark.parametrize("variants", [2, 4, 6])
@pytest.mark.parametrize("code", [PYTHON, JAVA])
def test_weak_versions_carry_code_together_and_none_alone(code: str, variants: int) -> None:
    target = f"Q: Write a class or a function.\nA: ```\n{code}\n```"
    found = weak_versions("qa", target, variants, 7)
    assert grounding(found, target).score == 1.0
    assert all(code not in one for one in found)
    indented = [line for line in code.split("\n") if line.startswith("    ")]
    assert all(any(line in one for one in found) for line in indented)
