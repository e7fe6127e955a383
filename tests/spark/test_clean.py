"""Bronze to silver: what is kept is repaired, what is rejected says why, and every row is one or the other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from lake.harness.job import JobContext, SparkRows
from lake.ids import content_id, sha256_text
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.clean.job import CleanParams, PassageParams, instructions, passages

Turns = list[tuple[str, str]]
Inputs = Callable[..., Mapping[str, DataFrame]]

LONG = (
    "Rinse the rice until the water runs clear, then let it stand in fresh water for half an hour before it is cooked."
)
LOOP = "Press the button and wait for the light. " * 10
WORK = "As an AI language model I cannot taste it, but here is how cooks judge it. " + " ".join(
    f"Step {n}: check point number {n} well." for n in range(20)
)


def qa(question: str, answer: str) -> Turns:
    return [("user", question), ("assistant", answer)]


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Lake(str(tmp_path / "lake")), "run", tmp_path)


@pytest.fixture
def bronze(spark: SparkSession) -> Inputs:
    """A bronze table of these conversations, ids by name, in two partitions."""

    def table(**conversations: Turns) -> Mapping[str, DataFrame]:
        rows = [
            {
                "id": content_id("raw", name),
                "source": "notes",
                "original_id": name,
                "messages": [{"role": role, "content": content} for role, content in turns],
            }
            for name, turns in conversations.items()
        ]
        schema = TABLES["bronze/instructions"].schema
        return {"bronze/instructions": spark.createDataFrame(pa.Table.from_pylist(rows, schema)).repartition(2)}

    return table


@pytest.fixture
def cleaned(bronze: Inputs, context: JobContext) -> Callable[..., tuple[dict[str, Any], dict[str, str]]]:
    """Kept rows and reasons of rejection, by the name of the conversation."""

    def run(params: CleanParams | None = None, **conversations: Turns) -> tuple[dict[str, Any], dict[str, str]]:
        rows = instructions(bronze(**conversations), params or CleanParams(), context)
        kept = {row["original_id"]: row.asDict(True) for row in _checked(rows, "silver/instructions")}
        names = {content_id("raw", name): name for name in conversations}
        rejected = {names[row["id"]]: row for row in _checked(rows, "silver/instructions_rejected")}
        assert {names[row["id"]] for row in _checked(rows, "silver/instructions_changed")} <= set(conversations)
        assert sorted([*kept, *rejected]) == sorted(conversations)
        assert all(row["outcome"] == "rejected" and row["detail"] for row in rejected.values())
        return kept, {name: row["reason"] for name, row in rejected.items()}

    return run


Cleaned = Callable[..., tuple[dict[str, Any], dict[str, str]]]


def _checked(rows: SparkRows, key: str) -> list[Any]:
    assert rows[key].columns == TABLES[key].schema.names
    return rows[key].collect()


def test_a_record_is_repaired_and_described(cleaned: Cleaned) -> None:
    kept, rejected = cleaned(rice=qa("How do I rinse rice for a cafÃ©? ", f"<p>{LONG}</p>\r\n"))
    assert rejected == {}
    row = kept["rice"]
    assert row["messages"] == [
        {"role": "user", "content": "How do I rinse rice for a café?"},
        {"role": "assistant", "content": LONG},
    ]
    assert (row["prompt"], row["answer"]) == ("How do I rinse rice for a café?", LONG)
    assert row["text"] == f"{row['prompt']}\n{row['answer']}"
    assert row["text_hash"] == sha256_text(row["text"])
    assert row["raw_id"] == content_id("raw", "rice")
    assert row["id"] == row["raw_id"].replace("raw_", "rec_")
    assert (row["language"], row["item_type"], row["personal"], row["licence"]) == ("en", "qa", [], None)


def test_conversations_become_prompt_and_last_answer(cleaned: Cleaned) -> None:
    kept, rejected = cleaned(
        chat=[
            ("system", "Be brief."),
            ("user", "Hello there"),
            ("assistant", "Hello!"),
            ("user", "How are you?"),
            ("assistant", "Fine."),
        ],
        system=[("system", "Be brief."), ("user", "Hello there"), ("assistant", "Hello!")],
        tools=[
            ("user", "Will it rain?"),
            ("assistant", '{"name": "weather"}'),
            ("tool", "dry"),
            ("assistant", "No rain today."),
        ],
        trailing=[("user", "Hello there"), ("assistant", "Hello!"), ("user", "one more thing")],
    )
    assert rejected == {}
    assert {name: row["item_type"] for name, row in kept.items()} == {
        "chat": "chat",
        "system": "qa",
        "tools": "tools",
        "trailing": "qa",
    }
    assert kept["chat"]["prompt"] == "System: Be brief.\n\nUser: Hello there\n\nAssistant: Hello!\n\nUser: How are you?"
    assert kept["chat"]["answer"] == "Fine."
    assert kept["tools"]["prompt"].endswith('Assistant: {"name": "weather"}\n\nTool: dry')
    assert [turn["role"] for turn in kept["trailing"]["messages"]] == ["user", "assistant"]


def test_code_is_a_kind_of_its_own_and_a_question_has_its_subjects(cleaned: Cleaned) -> None:
    body = "def shout(text):\n    return text.upper()\n"
    kept, rejected = cleaned(
        mainly=qa("What calls text.upper in Berlin, and why?", body),
        asked=qa("Write a function that shouts.", f"{LONG}\n```python\n{body}```\n{LONG}"),
        prose=qa("What does `text.upper` do?", f"`text.upper` says it in capitals. {LONG}"),
        shown=qa("Why is the rice rinsed?", f"{LONG} {LONG}\n{body}"),
        chat=[("user", "Hi"), ("assistant", "Hello."), ("user", "Write a function that shouts."), ("assistant", body)],
    )
    assert rejected == {}
    assert {name: row["item_type"] for name, row in kept.items()} == {
        "mainly": "code", "asked": "code", "prose": "qa", "shown": "qa", "chat": "chat",
    }  # fmt: skip
    assert {name: row["subjects"] for name, row in kept.items() if row["subjects"]} == {
        "mainly": ["berlin", "text.upper"],
        "prose": ["text.upper"],
    }


REJECTED = {
    "empty_prompt": [
        qa(" \n", "An answer to nothing."),
        [("assistant", "An answer to nothing.")],
        [("system", "x"), ("assistant", "y")],
    ],
    "empty_answer": [qa("Is anyone there?", " \t\u200b"), [("user", "Is anyone there?")]],
    "boilerplate_refusal": [
        qa("Do it", "As an AI language model, I cannot do that."),
        qa("Do it", "I'm sorry, but I can’t assist with that request."),
        qa("Do it", "Unfortunately, I am an AI language model, and I do not have the capability to do this."),
    ],
    "truncated": [
        qa("How do I cook rice?", "Rinse the rice first. After that you put it into the"),
        qa("Write it down", "Here it is:\n```python\nwash(rice"),
        qa("As JSON, please", '{"steps": ["rinse", "bo'),
    ],
    "placeholder": [qa("Who are you?", "I am {{name}}, and I help with rice.")],
    "repetition": [qa("How does it start?", LOOP)],
    "too_long": [qa("Why?", " ".join(str(number) for number in range(20_000)))],
    "too_short": [qa("x", "y")],
}


@pytest.mark.parametrize("reason", REJECTED)
def test_each_rule_rejects_what_it_must_and_has_a_switch(cleaned: Cleaned, reason: str) -> None:
    rows = {f"row{number}": turns for number, turns in enumerate(REJECTED[reason])}
    _, rejected = cleaned(CleanParams(min_characters=5), **rows)
    assert rejected == dict.fromkeys(rows, reason)
    off = CleanParams(
        empty_prompt=False,
        empty_answer=False,
        boilerplate_refusal=False,
        truncated=False,
        placeholder=False,
        repetition=False,
        min_characters=0,
        max_characters=10**9,
    )
    kept, rejected = cleaned(off, **rows)
    assert rejected == {}
    assert set(kept) == set(rows)


def test_good_records_are_kept(cleaned: Cleaned) -> None:
    rows = {
        "short": qa("What is 2 + 2?", "4"),
        "helps": qa("Is it ripe?", WORK),
        "about": qa("What does an assistant say when it must refuse?", 'It says "I cannot help with that", kindly.'),
        "sorry": qa("Write an apology", "I'm sorry that I was late; it will not happen again."),
        "identity": qa("Who are you?", "I am a language model trained by a research group."),
        "list": qa("List the multiples of three", ", ".join(str(number) for number in range(0, 300, 3))),
        "hostile": qa("Echo this", '<script>alert("mixlake")</script><img src=x onerror=alert(1)>'),
    }
    kept, rejected = cleaned(**rows)
    assert rejected == {}
    assert {name: row["answer"] for name, row in kept.items()} == {name: turns[-1][1] for name, turns in rows.items()}


def test_rejected_rows_are_counted_by_rule_and_source(bronze: Inputs, context: JobContext) -> None:
    rows = {
        "none": qa("Is anyone there?", ""),
        "blank": qa("Is anyone there?", " "),
        "short": qa("", "x"),
        "kept": qa("Why?", LONG),
    }
    instructions(bronze(**rows), CleanParams(), context)
    assert context.metrics == {
        "rejected/empty_answer/notes": 2.0,
        "rejected/empty_prompt/notes": 1.0,
        "changed/white_space/notes": 1.0,
        "changed_share": 0.25,
    }


def test_changes_are_told_with_the_place_before_and_after(bronze: Inputs, context: JobContext) -> None:
    rows = {
        "page": qa("How is tea made?", f"<p>{LONG}</p>"),
        "code": qa("Which declaration?", "List<String> names = new ArrayList<>();"),
        "mojibake": qa("Where do I go?", "To a cafÃ© at the corner of the old market square."),
        "spaces": qa("Why? ", LONG),
        "plain": qa("Why not?", LONG),
    }
    made = instructions(bronze(**rows), CleanParams(), context)
    found = {row["id"]: row for row in _checked(made, "silver/instructions_changed")}
    told = {name: found[content_id("raw", name)] for name in rows if content_id("raw", name) in found}
    assert {name: row["kinds"] for name, row in told.items()} == {
        "page": ["markup"],
        "mojibake": ["encoding"],
        "spaces": ["white_space"],
    }
    assert (told["page"]["before"], told["page"]["after"]) == (f"<p>{LONG}</p>", LONG)
    assert (told["spaces"]["before"], told["spaces"]["after"]) == (None, None)
    assert told["mojibake"]["after"].startswith("To a café at")
    assert context.metrics["changed_share"] == 3 / 5
    assert context.metrics["changed/markup/notes"] == 1.0


def test_languages_are_named_and_can_be_chosen(cleaned: Cleaned) -> None:
    rows = {
        "english": qa("How do I cook rice?", LONG),
        "german": qa(
            "Wie koche ich Reis?",
            "Den Reis waschen, mit der doppelten Menge Wasser aufkochen und zugedeckt quellen lassen.",
        ),
        "spanish": qa(
            "¿Cómo cocino arroz?",
            "Lava el arroz, ponlo a hervir con el doble de agua y déjalo reposar tapado unos minutos.",
        ),
        "chinese": qa("怎么煮米饭？", "先把米洗干净，加入两倍的水，煮开后转小火焖十五分钟。"),
        "untold": qa("2 + 2", "4"),
    }
    kept, rejected = cleaned(**rows)
    assert rejected == {}
    assert {name: row["language"] for name, row in kept.items()} == {
        "english": "en", "german": "de", "spanish": "es", "chinese": "zh", "untold": "en",
    }  # fmt: skip
    kept, rejected = cleaned(CleanParams(languages=("en", "de")), **rows)
    assert rejected == {"spanish": "unsupported_language", "chinese": "unsupported_language"}


def test_personal_data_is_marked_not_rejected(cleaned: Cleaned) -> None:
    rows = {"mail": qa("Whom do I ask?", "Write to jo@example.org or call 555-0142.")}
    kept, rejected = cleaned(**rows)
    assert rejected == {}
    assert kept["mail"]["personal"] == ["email", "phone"]
    assert cleaned(CleanParams(personal="keep"), **rows)[0]["mail"]["personal"] == []


def test_masked_personal_data_stands_nowhere_in_a_record(cleaned: Cleaned) -> None:
    rows = {
        "mail": qa("Whom do I ask?", "Write to jo@example.org or call 555-0142."),
        "plain": qa("What is 1.2.3.4 of?", "Version 1.2.3.4 is the newest; see section 2.1.3.4 of it."),
    }
    kept, rejected = cleaned(CleanParams(personal="mask"), **rows)
    assert rejected == {}
    assert kept["mail"]["answer"] == kept["mail"]["messages"][1]["content"] == "Write to [email] or call [phone]."
    assert kept["mail"]["personal"] == [] and "jo@example.org" not in str(kept["mail"])
    assert kept["plain"]["answer"] == rows["plain"][1][1] and kept["plain"]["personal"] == []


def test_rows_do_not_depend_on_partitions(bronze: Inputs, context: JobContext) -> None:
    table = bronze(**{f"n{number}": qa(f"Question {number}?", f"{LONG} {number}") for number in range(30)})[
        "bronze/instructions"
    ]
    rows = [
        sorted(
            row.asDict(True)["text_hash"]
            for row in instructions({"bronze/instructions": frame}, CleanParams(), context)[key].collect()
        )
        for frame in (table.coalesce(1), table.repartition(5).orderBy("source"))
        for key in ("silver/instructions",)
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 30


def passage(name: str, text: str) -> dict[str, str]:
    return {"id": content_id("raw", name), "source": "wiki", "licence": "CC-BY-SA-4.0", "title": name, "text": text}


@pytest.fixture
def bronze_passages(spark: SparkSession) -> Inputs:
    """A bronze table of these passages, ids and titles by name."""

    def table(**texts: str) -> Mapping[str, DataFrame]:
        rows = [passage(name, text) for name, text in texts.items()]
        return {"bronze/passages": spark.createDataFrame(pa.Table.from_pylist(rows, TABLES["bronze/passages"].schema))}

    return table


def psg(name: str) -> str:
    return content_id("raw", name).replace("raw_", "psg_")


def test_passages_drop_copies_and_name_the_one_that_stays(bronze_passages: Inputs, context: JobContext) -> None:
    texts = {
        "one": LONG,
        "copy": f" {LONG.upper()}",
        "other": LONG.replace("half an hour", "30 minutes"),
        "stub": "Tea.",
        "stop": "Tea!",
        "none": "",
    }
    found = passages(bronze_passages(**texts), PassageParams(), context)
    kept = {row["title"]: row for row in _checked(found, "silver/passages")}
    rejected = {row["id"]: row for row in _checked(found, "silver/passages_rejected")}
    first, second = sorted(("one", "copy"), key=lambda name: content_id("raw", name))
    assert set(kept) == {first, "other"}
    assert kept[first]["id"] == psg(first)
    assert {(name, rejected[content_id("raw", name)]["reason"]) for name in (second, "stub", "stop", "none")} == {
        (second, "exact_passage"), ("stub", "too_short"), ("stop", "too_short"), ("none", "empty"),
    }  # fmt: skip
    copy = rejected[content_id("raw", second)]
    assert copy["outcome"] == "duplicate"
    assert kept[first]["id"] in copy["detail"]
    assert rejected[content_id("raw", "stub")]["outcome"] == "rejected"


def test_a_published_passage_wins_over_new_copies(bronze_passages: Inputs, context: JobContext) -> None:
    last, first = sorted(("one", "copy"), key=psg, reverse=True)
    published = passages(bronze_passages(**{last: LONG}), PassageParams(), context)["silver/passages"]
    grown = replace(context, before={"silver/passages": published})
    found = passages(bronze_passages(**{first: LONG, "other": LONG.replace("rice", "oats")}), PassageParams(), grown)
    assert [row["title"] for row in _checked(found, "silver/passages")] == ["other"]
    (copy,) = _checked(found, "silver/passages_rejected")
    assert (copy["id"], copy["outcome"]) == (content_id("raw", first), "duplicate")
    assert psg(last) in copy["detail"]
