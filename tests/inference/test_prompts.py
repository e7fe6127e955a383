"""Prompts say a form's rules and show an item in it; what they show is no answer."""

import re
from pathlib import Path

import pytest
from fakes import collected, context, dataset
from passages import PASSAGES

from inference.answer_forms import item_answer
from inference.mixture import MIXTURE, UNUSED, mixture
from inference.mixture_params import MixtureParams
from inference.prompts import build, degrade, distil
from inference.text_engines import EngineParams, Request
from texts.formats import FORMATS
from texts.formats.distillation import answer_of, completion
from texts.words import content_words


def words_of(request: Request) -> str:
    return "\n".join(message["content"] for message in request.messages)


@pytest.mark.parametrize("item_type", FORMATS)
def test_the_example_of_a_type_is_an_item_under_its_pattern(item_type: str) -> None:
    form = FORMATS[item_type]
    assert form.parse(form.example) and form.canonical(form.example) == form.example
    assert re.fullmatch(item_answer(item_type)["regex"], completion(form.example))
    others = [other.rules for name, other in FORMATS.items() if name != item_type]
    assert form.rules and form.rules not in others


@pytest.mark.parametrize("item_type", FORMATS)
def test_rules_are_told_and_no_placeholder_is_shown(item_type: str) -> None:
    title, text = PASSAGES[0]
    for request in (
        build("row", item_type, title, text),
        degrade("row", item_type, text, 0),
        distil("row", item_type, [text]),
    ):
        assert FORMATS[item_type].rules in request.messages[-1]["content"]
        assert not re.search(r"\[[a-z ]+\]", words_of(request))


@pytest.mark.parametrize("item_type", FORMATS)
def test_building_is_shown_once_in_turns_of_its_own(item_type: str) -> None:
    form, (title, text) = FORMATS[item_type], PASSAGES[0]
    system, shown, made, asked = build("row", item_type, title, text).messages
    assert [turn["role"] for turn in (system, shown, made, asked)] == ["system", "user", "assistant", "user"]
    assert form.passage in shown["content"] and made["content"] == completion(form.example)
    assert asked["content"] == shown["content"].replace(form.passage, f"{title}\n\n{text}")
    said, held = set(content_words(form.example)), set(content_words(form.passage))
    assert len(said & held) >= 0.6 * len(said), "the example is made from its passage"


@pytest.mark.parametrize("item_type", FORMATS)
def test_degrading_is_shown_on_an_item_that_stops_half_way(item_type: str) -> None:
    form = FORMATS[item_type]
    _, shown, made, asked = degrade("row", item_type, "the item", 0, variants=4).messages
    weak = answer_of(made["content"]) or ""
    assert form.example in shown["content"] and form.parse(weak) and weak.endswith(" ...")
    assert "stop half-way" in shown["content"] and "the item" in asked["content"]


def test_the_variants_of_an_item_are_told_to_keep_all_of_it_together() -> None:
    asked = [words_of(degrade("row", "qa", "Q: q\nA: a", variant, variants=4)) for variant in range(4)]
    parts = [re.search(r"Your part: (\d) of 4", prompt) for prompt in asked]
    assert sorted(part[1] for part in parts if part) == ["1", "2", "3", "4"]
    assert sum("keep your part word for word" in prompt for prompt in asked) >= 2


def test_the_example_given_back_is_no_item(tmp_path: Path) -> None:
    form = FORMATS["qa"]
    title, text = PASSAGES[0]
    passage = {"id": "psg_1", "source": "s", "title": title, "text": text}
    inputs = {
        "silver/passages": dataset("silver/passages", [passage]),
        "silver/best_records": dataset("silver/best_records", []),
    }
    engine = EngineParams(kind="scripted", answers=(completion(form.example),))
    params = MixtureParams(engine=engine, quotas={"qa": 1.0}, target_score=0.0)
    produced = collected(mixture(inputs, params, context(tmp_path)))
    assert not produced[MIXTURE]
    assert [row["detail"] for row in produced[UNUSED]] == ["its target repeats another one, or the prompt's example"]
