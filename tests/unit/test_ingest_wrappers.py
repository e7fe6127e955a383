"""Lists of records in any wrapping are those records: under any key, in splits, by id, by columns, one list a line."""

import json
from typing import Any

import pytest
from raw_files import details, lines, rows_of, said

BREAD, SALT, MILK = (
    {"question": f"What is {name} for?", "answer": f"{name.title()} is for {use}."}
    for name, use in (("bread", "toast"), ("salt", "taste"), ("milk", "tea"))
)
PAIRS = [tuple(record.values()) for record in (BREAD, SALT, MILK)]
TALKS = [[{"role": "user", "content": ask}, {"role": "assistant", "content": answer}] for ask, answer in PAIRS]


@pytest.mark.parametrize(
    "document",
    [
        {"shelf": [BREAD, SALT, MILK]},
        {"licence": "CC0", "made": {"by": "hand", "year": 2020}, "items": [BREAD, SALT, MILK]},
        {"dev": [BREAD], "heldout": [SALT, MILK]},
        {"breakfast": [BREAD], "dinner": [SALT, MILK], "remark": "by meal"},
        {"r1": BREAD, "r2": SALT, "r3": MILK},
        {"dev": {"r1": BREAD, "r2": SALT}, "heldout": {"r3": MILK}},
        {"ok": True, "reply": {"page": 1, "hits": [BREAD, SALT, MILK]}},
        {"rows": [{"row_idx": place, "row": row, "truncated_cells": []} for place, row in enumerate((BREAD, SALT, MILK))]},
        [{"data": [BREAD, SALT]}, {"data": [MILK]}],
        [[BREAD, SALT], [MILK]],
        {"groups": [{"name": "a", "entries": [BREAD]}, {"name": "b", "entries": [SALT, MILK]}]},
        {"columns": list(BREAD), "index": [0, 1, 2], "data": PAIRS},
        {"schema": {"fields": [{"name": name} for name in BREAD]}, "data": [BREAD, SALT, MILK]},
        {name: {str(place): row[name] for place, row in enumerate((BREAD, SALT, MILK))} for name in BREAD},
        {name: [row[name] for row in (BREAD, SALT, MILK)] for name in BREAD},
        {"dump": json.dumps([BREAD, SALT, MILK])},
        {question: answer for question, answer in PAIRS},
        {"talks": TALKS},
        {"chat-1": TALKS[0], "chat-2": TALKS[1], "chat-3": TALKS[2]},
        {f"chat-{place}": {"messages": talk} for place, talk in enumerate(TALKS)},
        TALKS,
        [list(pair) for pair in PAIRS],
    ],
)  # fmt: skip
def test_the_records_of_a_wrapper_are_counted_one_by_one(document: Any) -> None:
    assert said("x.json", document) == PAIRS
    assert rows_of("x.json", document)[0] == "instructions"


def test_an_array_a_line_is_a_conversation_or_its_records() -> None:
    assert said("x.jsonl", lines(*TALKS)) == PAIRS
    assert said("x.json", lines(*TALKS)) == PAIRS
    assert said("x.jsonl", lines([BREAD, SALT], [MILK])) == PAIRS
    assert said("x.jsonl", lines(*(list(pair) for pair in PAIRS))) == PAIRS
    assert [row["position"] for row in rows_of("x.jsonl", lines(*TALKS))[1]] == [1, 2, 3]


def test_wrapped_passages_stay_passages() -> None:
    pages = [{"title": "Oat", "text": "A cereal."}, {"title": "Rye", "text": "Another."}]
    found = [("passage", "Oat", "A cereal."), ("passage", "Rye", "Another.")]
    for document in (
        {"version": 1, "pages": pages},
        {"title": ["Oat", "Rye"], "text": ["A cereal.", "Another."]},
        {"columns": ["title", "text"], "data": [["Oat", "A cereal."], ["Rye", "Another."]]},
        {"p1": pages[0], "p2": pages[1]},
    ):
        assert said("x.json", document) == found


def test_records_by_id_keep_it() -> None:
    assert [row["original_id"] for row in rows_of("x.json", {"r1": BREAD, "r2": SALT})[1]] == ["r1", "r2"]


def test_what_may_be_two_sides_of_a_choice_is_not_two_records() -> None:
    sides = {"left": TALKS[0], "right": TALKS[1], "better": "left"}
    assert said("x.jsonl", lines(sides)) == ["unknown_shape"]
    assert "better, left, right" in details("x.jsonl", lines(sides))[0]


def test_one_record_with_lists_is_one_record() -> None:
    assert said("x.jsonl", lines({"id": 1, "question": "Which?", "answer": ["Rye", "Oat"]})) == [("Which?", "Rye")]
    assert said("x.jsonl", lines({**BREAD, "sources": [{"url": "a"}, {"url": "b"}]})) == PAIRS[:1]


def test_several_questions_about_one_text_are_a_record_each() -> None:
    text = "Rye bread is dark. It keeps for a week."
    exam = {"article": text, "questions": ["What colour?", "How long?"], "answers": ["Dark", "A week"]}
    assert said("x.json", exam) == [(f"What colour?\n\n{text}", "Dark"), (f"How long?\n\n{text}", "A week")]
    assert rows_of("x.json", exam)[0] == "instructions"
    offered = {**exam, "options": [["Dark", "Light"], ["A day", "A week"]], "answers": ["A", "B"]}
    assert [answer for _, answer in said("x.json", offered)] == ["A. Dark", "B. A week"]
    assert said("x.jsonl", lines(offered, offered)) == said("x.json", offered) * 2


RYE = "Rye bread is dark. It keeps for a week."
ASKED = ("What colour?", "How long?")
OFFERED = (["Light", "Dark"], ["A week", "A day"])
PLAIN = [(f"{question}\n\n{RYE}", answer) for question, answer in zip(ASKED, ("Dark", "A week"), strict=True)]
CHOSEN = [
    (f"{question}\nA. {first}\nB. {second}\n\n{RYE}", answer)
    for question, (first, second), answer in zip(ASKED, OFFERED, ("B. Dark", "A. A week"), strict=True)
]


def _asked(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"question": question, **own} for question, own in zip(ASKED, more, strict=True)]


@pytest.mark.parametrize(
    ("exam", "read"),
    [
        ({"article": RYE, "questions": ASKED, "answers": ["Dark", "A week"]}, PLAIN),
        ({"context": RYE, "questions": ASKED, "answers": ["Dark", "A week"]}, PLAIN),
        ({"Passage": RYE, "Questions": ASKED, "Answers": [["Dark"], ["A week"]]}, PLAIN),
        ({"story": RYE, "questions": ASKED, "answers": {"input_text": ["Dark", "A week"], "answer_start": [1, 2]}}, PLAIN),
        ({"story": RYE, "questions": [{"input_text": question} for question in ASKED], "answers": [{"input_text": "Dark"}, {"input_text": "A week"}]}, PLAIN),
        ({"document": RYE, "qa_pairs": _asked({"answer": "Dark"}, {"answer": "A week"})}, PLAIN),
        ({"text": RYE, "questions": _asked({"answer": "Dark"}, {"answer": "A week"})}, PLAIN),
        ({"passage": RYE, "qas": _asked({"answers": [{"text": "Dark"}]}, {"answers": [{"text": "A week"}]})}, PLAIN),
        ({"data": [{"title": "Rye", "paragraphs": [{"context": RYE, "qas": _asked({"answers": [{"text": "Dark"}]}, {"answers": [{"text": "A week"}]})}]}]}, PLAIN),
        ({"article": RYE, "questions": ASKED, "options": OFFERED, "answers": ["B", "A"]}, CHOSEN),
        ({"article": RYE, "questions": ASKED, "options": OFFERED, "answers": [1, 0]}, CHOSEN),
        ({"article": RYE, "questions": ASKED, "choices": OFFERED, "labels": [1, 0]}, CHOSEN),
        ({"article": RYE, "questions": ASKED, "options": OFFERED, "answers": ["Dark", "A week"]}, [(CHOSEN[0][0], "Dark"), (CHOSEN[1][0], "A week")]),
        ({"article": RYE, "questions": _asked({"options": OFFERED[0], "answer": "B"}, {"options": OFFERED[1], "answer": "A"})}, CHOSEN),
        ({"article": RYE, "questions": _asked({"options": OFFERED[0], "answer": "Dark"}, {"options": OFFERED[1], "answer": "A week"})}, [(CHOSEN[0][0], "Dark"), (CHOSEN[1][0], "A week")]),
        ({"article": RYE, "questions": _asked({"options": OFFERED[0], "gold_label": 2}, {"options": OFFERED[1], "gold_label": 1})}, CHOSEN),
        ({"article": RYE, "questions": _asked({"A": "Light", "B": "Dark", "answer": "B"}, {"A": "A week", "B": "A day", "answer": "A"})}, CHOSEN),
        ({"article": RYE, "question": ASKED[0], "options": OFFERED[0], "answer": "B"}, CHOSEN[:1]),
        ({"passage": RYE, "question": ASKED[0], "choices": OFFERED[0], "answer_index": 1}, CHOSEN[:1]),
    ],
)  # fmt: skip
def test_a_question_keeps_its_article_and_its_options(exam: dict[str, Any], read: list[tuple[str, str]]) -> None:
    assert said("x.json", [exam]) == read
    assert said("x.jsonl", lines(exam, exam)) == read * 2
    assert rows_of("x.jsonl", lines(exam))[0] == "instructions"


@pytest.mark.parametrize("value", [["a", 1, None], "a text", 7, None, {"colour": "red", "size": "big"}])
def test_what_stays_unknown_names_what_was_seen_and_what_to_type(value: Any) -> None:
    (detail,) = details("x.json", [value])
    assert any(word in detail for word in ("--map", "where a record with fields was expected"))


def test_a_map_reads_lists_by_place() -> None:
    assert said("x.jsonl", lines([1, "Bake bread.", "Done."]), "prompt=2,response=3") == [("Bake bread.", "Done.")]


def test_what_names_the_better_of_two_answers_is_not_proposed_as_one() -> None:
    record = {"id": "7", "winner": "b", "prompt": "Which?", "first": "This.", "second": "That."}
    assert said("x.jsonl", lines(record)) == ["unknown_shape"]
    assert "response=winner" not in details("x.jsonl", lines(record))[0]
