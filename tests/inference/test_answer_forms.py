"""What an engine is held to is what the parsers accept: every answer under a pattern parses, and what the baseline writes is under one."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.answer_forms import item_answer, rating_answer
from inference.judges import parse_rating
from texts.formats import FORMATS
from texts.formats.distillation import answer_of, completion


@pytest.mark.parametrize("item_type", FORMATS)
@settings(max_examples=60)
@given(data=st.data())
def test_every_answer_under_the_pattern_is_one_well_formed_item(item_type: str, data: st.DataObject) -> None:
    pattern = item_answer(item_type, reasoning=data.draw(st.booleans()))["regex"]
    text = answer_of(data.draw(st.from_regex(pattern, fullmatch=True)))
    assert text is not None
    fields = FORMATS[item_type].parse(text)
    if item_type != "multiple_choice" or fields:  # whether four options differ is no matter of form
        assert fields and all(fields.values())


@pytest.mark.parametrize(
    ("item_type", "item"),
    [
        ("qa", "Q: Is 1 < 2?\nA: Yes, it is.\n\nBecause 2 = 1 + 1.\nAll of it."),
        ("multiple_choice", "Q: Which?\nA) a\nB) b\nC) c\nD) d\nAnswer: C\nExplanation: c is right."),
        ("true_false", "Answers differ.\nAnswer: True\nExplanation: They do."),
        ("category_statement", "C: Kettles\nS: A kettle boils water."),
        ("paragraph", "A kettle boils water.\nD is a letter."),
    ],
)
def test_an_item_is_under_its_own_pattern_and_under_no_other(item_type: str, item: str) -> None:
    matching = [one for one in FORMATS if re.fullmatch(item_answer(one)["regex"], completion(item))]
    assert matching == [item_type]


@pytest.mark.parametrize("broken", ["Q: Why?\nA: So.\nQ: And?", "Q: Why?\nA: <answer>", "Q: \nA: So.", "A: So."])
def test_what_is_not_one_item_is_under_no_pattern(broken: str) -> None:
    assert not re.fullmatch(item_answer("qa")["regex"], f"<answer>{broken}</answer>")


@pytest.mark.parametrize("item_type", FORMATS)
def test_the_engines_compiler_takes_each_pattern(item_type: str) -> None:
    xgrammar = pytest.importorskip("xgrammar", reason="it comes with vLLM: the extra cpu or gpu is not installed")
    assert xgrammar.Grammar.from_regex(item_answer(item_type, reasoning=True)["regex"])
    assert xgrammar.Grammar.from_json_schema(json.dumps(rating_answer()["json"]), any_whitespace=False)


def test_a_rating_under_the_schema_is_read() -> None:
    names = rating_answer()["json"]["required"]
    assert parse_rating(json.dumps({name: n + 1 for n, name in enumerate(names)})) == {
        name.lower(): n + 1 for n, name in enumerate(names)
    }
