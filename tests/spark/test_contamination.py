"""Which rows hold a benchmark item: leaks in other dress are found; stock phrases, templates and stubs prove nothing."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import pytest
from pyspark.sql import SparkSession
from spark_frames import rows

from spark_jobs.columnar.contamination import contaminated

FARM = "A farmer has 12 cows and buys 7 more before selling half of them; how many cows are left on the farm?"
ORDER = "Look at the map that is shown above and then tell in one short word, without any further remark, what is asked for."
RIVER, TOWN = "Which river flows past the old mill?", "Which town has the tallest clock tower?"


def _found(
    spark: SparkSession,
    prompts: Mapping[str, str],
    benchmark: Sequence[str],
    source: str = "quiz",
    answer: str = "So be it.",
) -> dict[str, tuple[str, float]]:
    """For each prompt that holds an item of the benchmark the item's number and the share that it holds."""
    items = [(name, prompt, f"{prompt}\n{answer}") for name, prompt in prompts.items()]
    held_out = [(str(number), source, text) for number, text in enumerate(benchmark)]
    found = contaminated(
        spark.createDataFrame(items, "id string, prompt string, text string"),
        spark.createDataFrame(held_out, "id string, source string, text string"),
    )
    return {row["id"]: (row["benchmark_id"], row["covered"]) for row in rows(found, "id")}


def test_contamination_asks_for_coverage_not_for_a_hit(spark: SparkSession) -> None:
    words = FARM.lower().split()
    texts = {
        "whole": f"Solve this: {FARM} Thank you.",
        "half": " ".join(words[:14]),
        "phrase": " ".join(words[:9]) + " and nothing else of it",
        "reversed": " ".join(reversed(words)),
        "short": "name the largest ocean",
        "longer": "name the largest ocean of the world please",
    }
    found = _found(spark, texts, [FARM, "Name the largest ocean!\nPacific"])
    assert found == {
        "whole": ("0", 1.0), "half": ("0", pytest.approx(14 / len(words))), "short": ("1", 1.0),
    }  # fmt: skip


def test_a_leak_is_found_in_any_dress(spark: SparkSession) -> None:
    dressed = {
        "wrapped": fill(FARM, 20),
        "shouted": FARM.upper(),
        "pointed": FARM.replace(" ", " , ").replace(";", " --"),
        "quoted": "> " + fill(FARM, 30).replace("\n", "\n> "),
        "emphasised": f"**{FARM.replace('12 cows', '*12 cows*')}**",
        "wide": FARM.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        "example": f"Q: Name a cow.\nA: Berta.\n\nQ: {FARM}\nA: Nine or ten.\n\nQ: Name a goat.\nA:",
        "chat": f"User: {FARM}\nAssistant: Nine.\nUser: And how many were sold?",
    }
    assert {name: covered for name, (_, covered) in _found(spark, dressed, [f"{FARM}\n9"]).items()} == dict.fromkeys(
        dressed, 1.0
    )


def test_options_in_another_order_do_not_hide_a_question(spark: SparkSession) -> None:
    stem = "Which of these four tools would a cooper reach for to bend a stave?"
    options = [
        f"{letter}. {tool}" for letter, tool in zip("ABCD", ("truss hoop", "adze", "croze", "bung auger"), strict=True)
    ]
    asked = {
        "turned": "\n".join([stem, *reversed(options)]),
        "bare": stem,
        "other": "\n".join(["Which tool is sharpest?", *options]),
    }
    assert set(_found(spark, asked, ["\n".join([stem, *options, "A. truss hoop"])])) == {"turned", "bare"}


def test_a_language_without_spaces_is_compared_by_its_signs(spark: SparkSession) -> None:
    asked = "村里的木匠每天做三把椅子和两张桌子，五天以后一共做了多少件家具？"
    told = {"leak": f"请回答：{asked.replace('，', ' ')}", "other": "村里的木匠每天几点开始工作？请用一句话回答。"}
    assert set(_found(spark, told, [f"{asked}\n二十五件"])) == {"leak"}


@pytest.mark.parametrize(
    "stub",
    ["A.\nB", "...\n...", "Yes\nNo", "What is it?\nTrue", "##\n1", "", "Who is she?\nHe", "This one?\nThat one."],
)
def test_a_stub_proves_nothing(spark: SparkSession, stub: str) -> None:
    question, _, answer = stub.partition("\n")
    prompts = {"same": question or "x", "within": f"Tell me: {question} And why?"}
    assert _found(spark, prompts, [stub, FARM], answer=answer or "y") == {}


def test_what_several_items_share_is_no_item(spark: SparkSession) -> None:
    benchmark = [f"{ORDER} {RIVER}\nthe Wend", f"{ORDER}\n{TOWN}\nElmford", FARM]
    prompts = {
        "template": f"{ORDER} How old is the bridge by the chapel?",
        "on two lines": f"{ORDER}\nHow old is the bridge by the chapel?",
        "alone": ORDER,
        "river": f"{ORDER} {RIVER}",
        "town": f"{ORDER}\n{TOWN}",
    }
    assert _found(spark, prompts, benchmark) == {"river": ("0", 1.0), "town": ("1", 1.0)}


def test_a_stem_that_many_questions_share_is_none_of_them(spark: SparkSession) -> None:
    stem = "Which of these four short sayings is the one that a miller would never use?"
    benchmark = [
        f"{stem}\nA. {one} turns the wheel\nB. {other} stops the stone\nA"
        for one, other in (("Wind", "Rain"), ("Hail", "Frost"))
    ]
    prompts = {
        "stem": f"Tell me. {stem}\nA. A full sack stands.\nB. An open sack falls.",
        "first": f"Tell me. {benchmark[0]}",
    }
    assert _found(spark, prompts, benchmark) == {"first": ("0", 1.0)}


def test_an_item_all_of_whose_words_others_have_must_stand_whole(spark: SparkSession) -> None:
    """Three questions about one list: what is left of the third when the words of the others are taken away is nothing."""
    table = (
        "The ferry leaves at six, the barge leaves at nine and the mail boat leaves at noon on every day but Sunday."
    )
    benchmark = [f"{table} {asked}\n{told}" for asked, told in (
        ("Which of the boats leaves first?", "ferry"), ("Which of the boats leaves last of all?", "mail boat"),
        ("Which of the boats leaves last?", "mail boat"),
    )]  # fmt: skip
    prompts = {
        "third": f"Please answer. {table} Which of the boats leaves last? Thank you.",
        "table": f"Please tell me. {table} Can I take a dog?",
    }
    assert set(_found(spark, prompts, benchmark)) == {"third"}


def test_a_first_line_is_no_question_where_a_later_one_asks(spark: SparkSession) -> None:
    order = "Look at the map above, and answer in one short word."
    prompts = {"order": f"{order}\nHow old is the bridge by the chapel?", "leak": f"{order}\n{FARM}"}
    assert set(_found(spark, prompts, [f"{order}\n{FARM}\n9"])) == {"leak"}


def test_an_item_that_stands_twice_is_no_template(spark: SparkSession) -> None:
    turned = f"{FARM}\nA. nine\nB. ten\nB", f"{FARM}\nB. ten\nA. nine\nA"
    for benchmark in ((FARM, FARM), (f"{FARM}\n9", f"{FARM}\nnine or ten"), turned):
        assert set(_found(spark, {"leak": FARM}, benchmark)) == {"leak"}


def test_what_few_of_many_items_share_stays_theirs(spark: SparkSession) -> None:
    """One question in two versions among three hundred: both stay protected, by the words that they share."""
    many = [
        f"What did traveller number {number} see from the window of train {number} on day {number}?"
        for number in range(300)
    ]
    assert set(_found(spark, {"leak": FARM}, [*many, f"Question: {FARM}", f"{FARM} Think before you answer."])) == {
        "leak"
    }


def test_benchmarks_do_not_take_one_another_for_templates(spark: SparkSession) -> None:
    items = spark.createDataFrame([("leak", FARM, f"{FARM}\n9")], "id string, prompt string, text string")
    versions = [("0", "quiz", f"Question: {FARM} Answer:"), ("1", "test", f"{FARM} Think before you answer.")]
    found = contaminated(items, spark.createDataFrame(versions, "id string, source string, text string"))
    assert [(row["id"], row["benchmark_id"]) for row in rows(found)] == [("leak", "0")]


def test_without_a_benchmark_nothing_is_found(spark: SparkSession) -> None:
    assert _found(spark, {"any": FARM}, []) == {}
