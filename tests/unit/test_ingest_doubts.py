"""Records that can be read in two ways: which fields compete, what to type for each way, and what leaves no doubt."""

from typing import Any

import pytest
from raw_files import lines, rows_of, said

from lake.errors import UserError
from lake.landing.peek import field_map

HERS, HIS = "It rained all night.", "Somebody spilled the tea."
ASKED = "Why is the floor wet?"


def doubts(name: str, content: Any, fields: str | None = None) -> list[str]:
    return [row["doubt"] for row in rows_of(name, content, fields)[1] if "doubt" in row]


@pytest.mark.parametrize(
    ("record", "rivals", "maps"),
    [
        ({"question": ASKED, "answer": HERS, "response": HIS}, "'answer' and 'response' may both be the response",
         "--map prompt=question,response=answer or --map prompt=question,response=response decides"),
        ({"instruction": ASKED, "input": "In the hall.", "output": HERS, "completion": HIS}, "'output' and 'completion' may both be the response",
         "--map prompt=instruction,context=input,response=output or --map prompt=instruction,context=input,response=completion decides"),
        ({"instruction": ASKED, "query": "Who was in the room?", "response": HERS}, "'instruction' and 'query' may both be the prompt",
         "--map prompt=instruction,response=response or --map prompt=query,response=response decides"),
        ({"Question (English)": "Why?", "Question (German)": "Warum?", "Answer": "So."}, "'Question (English)' and 'Question (German)' may both be the prompt",
         "--map prompt=Question (English),response=Answer or --map prompt=Question (German),response=Answer decides"),
        ({"question": "Why?", "Answer": "So.", "answer": "Thus."}, "'Answer' and 'answer' may both be the response",
         "--map prompt=question,response=Answer or --map prompt=question,response=answer decides"),
    ],
)  # fmt: skip
def test_fields_that_compete_are_named_with_the_map_for_each(record: dict[str, Any], rivals: str, maps: str) -> None:
    assert doubts("x.jsonl", lines(record)) == [f"{rivals}; {maps}"]
    for way in maps.removesuffix(" decides").split(" or "):
        _, _, stated = way.partition("--map ")
        (row,) = rows_of("x.jsonl", lines(record), stated)[1]
        wanted = dict(pair.split("=") for pair in stated.split(","))
        assert row["messages"][-1]["content"] == record[wanted["response"]]
        assert record[wanted["prompt"]] in row["messages"][0]["content"]
        assert "doubt" not in row


@pytest.mark.parametrize(
    "record",
    [
        {"question": ASKED, "answer": HERS},
        {"question": ASKED, "answer": "42", "response": "Six times seven is 42, as everybody knows."},
        {"question": ASKED, "answer": "six by seven", "output": "We multiply six by seven and have it."},
        {"question": ASKED, "answer": HERS, "response": HERS},
        {"question": ASKED, "answer": HERS, "response": ""},
        {"question": ASKED, "answer": HERS, "response": None},
        {"prompt": f"Answer this. {ASKED}", "question": ASKED, "completion": HERS},
        {"question": ASKED, "best_answer": HERS, "incorrect_answers": [HIS]},
        {"prompt": ASKED, "chosen": HERS, "rejected": HIS},
        {"question": ASKED, "options": ["rain in the hall", "tea on the floor"], "answer": "A", "target": "rain in the hall"},
        {"instruction": ASKED, "input": "In the hall there was nobody.", "output": HERS},
    ],
)  # fmt: skip
def test_what_one_field_says_as_well_or_what_is_marked_leaves_no_doubt(record: dict[str, Any]) -> None:
    assert doubts("x.jsonl", lines(record)) == []


def test_a_column_that_is_named_twice_is_a_doubt_only_where_its_texts_compete() -> None:
    (doubt,) = doubts("x.csv", "question,answer,answer\nWhy?,So.,Thus.\n")
    assert "--map prompt=question,response=answer or --map prompt=question,response=answer (2) decides" in doubt
    assert said("x.csv", "question,answer,answer\nWhy?,So.,Thus.\n", "prompt=question,response=answer (2)") == [
        ("Why?", "Thus.")
    ]
    assert doubts("x.csv", "id,question,answer,id\n1,Why?,So.,2\n") == []
    assert said("x.csv", "id,question,answer,id\n1,Why?,So.,2\n") == [("Why?", "So.")]
    (doubt,) = doubts("x.csv", "title,text,text\nTea,A drink.,A meal.\n")
    assert doubt == "'text' and 'text (2)' may both be the text; --map text=text or --map text=text (2) decides"


def test_options_by_number_are_counted_as_the_map_says() -> None:
    content = lines({"question": "Which is dark?", "options": ["oats", "rye", "corn"], "answer": "1"})
    assert said("x.jsonl", content) == ["ambiguous_option"]
    (doubt,) = doubts("x.jsonl", content)
    first, second = doubt.split("; ")[1].split(", ")
    assert first == "--map prompt=question,options=options,answer_index=answer counts from 0"
    assert second == "--map prompt=question,options=options,answer_number=answer from 1"
    answers = [
        said("x.jsonl", content, way.removeprefix("--map ").split(" ")[0])[0] for way in (first, second)
    ]  # fmt: skip
    assert answers == [("Which is dark?\nA. oats\nB. rye\nC. corn", "B. rye"), ("Which is dark?\nA. oats\nB. rye\nC. corn", "A. oats")]  # fmt: skip
    beyond = lines({"question": "Which is dark?", "options": ["oats", "rye"], "answer": "7"})
    assert (said("x.jsonl", beyond), doubts("x.jsonl", beyond)) == (["ambiguous_option"], []), "no reading at all"


def test_a_map_of_options_needs_the_question_and_the_number() -> None:
    assert field_map("prompt=q,options=o,answer_index=a")
    with pytest.raises(UserError, match="or prompt, options and answer_index or answer_number"):
        field_map("prompt=q,options=o")
