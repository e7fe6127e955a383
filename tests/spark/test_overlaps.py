"""Every run of words that a text shares with a benchmark item is found: compared with all pairs, word by word, by rules of its own."""

import random
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from pyspark.sql import SparkSession
from spark_frames import rows

from spark_jobs.columnar.overlaps import overlaps

CODE = 'def total(rows):\n    "Adds the prices of all rows that are paid."\n    return sum(row["price"] * row["count"] for row in rows if row["paid"])'
SUM = "Let $a_1 = 3$ and $a_{n+1} = 2 a_n + 5$ for all $n >= 1$. Show that $a_n + 5$ is a geometric sequence and find $a_{10}$."
CHAIRS = "村里的木匠每天做三把椅子和两张桌子，五天以后一共做了多少件家具？"
PLAIN = "A ferry crosses the lake in the morning and comes back with the mail long before the sun goes down."
Found = dict[str, tuple[str, int, float, str]]


def found(spark: SparkSession, texts: Mapping[str, str], items: Mapping[str, str], source: str = "quiz") -> Found:
    """For each text that shares eight words with an item: the item, how many words, the share of the item, and the words."""
    asked = [(name, "", text) for name, text in texts.items()]
    held_out = [(name, source, text) for name, text in items.items()]
    told = overlaps(
        spark.createDataFrame(asked, "id string, prompt string, text string"),
        spark.createDataFrame(held_out, "id string, source string, text string"),
    )
    return {row["id"]: (row["raw_id"], row["shared"], row["covered"], row["stretch"]) for row in rows(told, "id")}


def grams(words: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def by_all_pairs(texts: Mapping[str, str], items: Mapping[str, str]) -> dict[str, tuple[str, int, float]]:
    """The same by trying each pair at each length."""
    told: dict[str, tuple[str, int, float]] = {}
    for (name, text), (item, other) in product(texts.items(), items.items()):
        one, two = (re.findall(r"[a-z]+", words) for words in (text, other))
        longest = max((size for size in range(1, len(two) + 1) if grams(one, size) & grams(two, size)), default=0)
        if longest >= 8:
            held = {at + n for at in range(len(two) - 7) if tuple(two[at : at + 8]) in grams(one, 8) for n in range(8)}
            best = told.get(name, ("", 0, 0.0))
            told[name] = max(best, (item, longest, len(held) / len(two)), key=lambda pair: pair[1:])
    return told


def planted(count: int) -> tuple[dict[str, str], dict[str, str]]:
    """Random texts and items; each text has a random part of a random item, from nothing to all of it, at a random place."""
    draw = random.Random(7)
    words = ["".join(draw.choices("abcdefghij", k=4)) for _ in range(4000)]
    items = {f"item{n:03}": draw.choices(words, k=draw.randint(9, 40)) for n in range(count)}
    texts: dict[str, str] = {}
    for n in range(count * 2):
        item = items[f"item{draw.randrange(count):03}"]
        start = draw.randrange(len(item))
        own = draw.choices(words, k=20)
        place = draw.randrange(len(own))
        texts[f"text{n:03}"] = " ".join([*own[:place], *item[start : start + draw.randint(1, 40)], *own[place:]])
    return texts, {name: " ".join(item) for name, item in items.items()}


def test_no_pair_is_missed_and_none_is_made_up(spark: SparkSession) -> None:
    texts, items = planted(60)
    expected = by_all_pairs(texts, items)
    told = found(spark, texts, items)
    assert {name: pair[:3] for name, pair in told.items()} == expected
    assert 20 < len(expected) < len(texts)
    assert all(pair[3] in texts[name] and pair[3] in items[pair[0]] for name, pair in told.items())


def test_code_mathematics_and_a_script_without_spaces_in_another_dress(spark: SparkSession) -> None:
    items = {"code": CODE, "sum": SUM, "chairs": CHAIRS, "plain": PLAIN}
    inside = CODE.split("\n")[2].replace("    ", "\t").replace(" for ", "\n      for ")
    texts = {
        "code": f"Explain this.\n```python\nif ready:\n{inside}\n```",
        "sum": "Solve: \\(a_1=3\\), \\(a_{n+1}=2 a_n+5\\) for all n>=1. Show that a_n+5 is a GEOMETRIC SEQUENCE.",
        "chairs": "请回答：木匠每天做三把椅子、和两张桌子。",
        "wide": PLAIN.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        "seven": "the ferry crosses the lake in the evening",
        "none": "Nothing of the kind stands here, in whatever order the words of it may be read by anybody at all.",
    }
    told = found(spark, texts, items)
    assert {name: (pair[0], pair[1] >= 13) for name, pair in told.items()} == {
        "code": ("code", True), "sum": ("sum", True), "chairs": ("chairs", True), "wide": ("plain", True),
    }  # fmt: skip
    assert told["wide"][2] == 1.0 and told["chairs"][3] == " ".join("木匠每天做三把椅子和两张桌子")


def test_a_template_of_the_benchmark_is_told_of_nobody_but_its_item_is(spark: SparkSession) -> None:
    order = "Look at the map that is shown above and then tell in one short word what is asked for."
    items = {
        str(n): f"{order} {asked}"
        for n, asked in enumerate(("Which river flows past the old stone mill by the weir?", "Who?"))
    }
    texts = {
        "template": f"{order} How old is the bridge?",
        "item": f"{order} Which river flows past the old stone mill by the weir?",
        "part": "Which river flows past the old stone mill here",
    }
    told = found(spark, texts, items)
    assert {name: pair[0] for name, pair in told.items()} == {"item": "0", "part": "0"}
    assert told["part"][1] == 8 and told["item"][2] == 1.0


def test_the_worst_of_several_items_is_named_and_all_are_counted(spark: SparkSession) -> None:
    words = PLAIN.rstrip(".").split()
    items = {"short": " ".join(words[:9]) + " one two three", "long": " ".join(words[:15]) + " four five six"}
    asked: list[Any] = [("text", "", PLAIN)]
    told = overlaps(
        spark.createDataFrame(asked, "id string, prompt string, text string"),
        spark.createDataFrame(
            [(name, name, text) for name, text in items.items()], "id string, source string, text string"
        ),
    )
    (row,) = rows(told, "id")
    assert (row["raw_id"], row["benchmark"], row["items"], row["shared"]) == ("long", "long", 2, 15)


def test_without_a_benchmark_nothing_is_told(spark: SparkSession) -> None:
    assert found(spark, {"any": PLAIN}, {}) == {}
