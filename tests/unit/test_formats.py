"""Every item type gives back what it rendered and refuses what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.formats import FORMATS
from texts.formats.multiple_choice import LETTERS

PLAIN = st.text(st.characters(exclude_characters="<>:)\x00", exclude_categories=("Cs", "Cc")), min_size=1, max_size=80)
FIELD = PLAIN.map(str.strip).filter(bool)
MULTILINE = st.lists(FIELD, min_size=1, max_size=3).map("\n".join)

QA_TEXT = "Q: Why is the sky blue?\nA: Short waves scatter more."
CHOICE = "Q: Which?\nA) one\nB) two\nC) three\nD) four\nAnswer: B"


@st.composite
def items(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """An item type and fields that obey its rule."""
    item_type = draw(st.sampled_from(sorted(FORMATS)))
    fields = {name: draw(MULTILINE) for name in FORMATS[item_type].fields}
    if item_type == "multiple_choice":
        fields |= {f"option_{letter.lower()}": f"{letter} {fields['question']}" for letter in LETTERS}
        fields["answer"] = draw(st.sampled_from(LETTERS))
    if item_type == "true_false":
        fields["answer"] = draw(st.sampled_from(("True", "False")))
    if "explanation" in fields:
        fields["explanation"] = draw(st.one_of(st.just(""), MULTILINE))
    return item_type, fields


@given(items())
def test_parse_gives_back_what_was_rendered(item: tuple[str, dict[str, str]]) -> None:
    item_type, fields = item
    assert FORMATS[item_type].parse(FORMATS[item_type].render(fields)) == fields


@given(items())
def test_a_pair_has_a_prompt_and_an_answer(item: tuple[str, dict[str, str]]) -> None:
    prompt, answer = FORMATS[item[0]].pair(item[1])
    assert prompt.strip() and answer.strip()


@given(st.sampled_from(sorted(FORMATS)), st.text(max_size=200))
def test_any_text_parses_to_all_fields_or_to_none(item_type: str, text: str) -> None:
    fields = FORMATS[item_type].parse(text)
    assert fields is None or tuple(fields) == FORMATS[item_type].fields


@pytest.mark.parametrize(
    ("item_type", "text"),
    [
        ("qa", ""),
        ("qa", "Q: only a question"),
        ("qa", "A: answer first\nQ: question"),
        ("qa", "Q:\nA: no question"),
        ("qa", "Q: no answer\nA:  "),
        ("qa", "Sure! Here it is.\nQ: q\nA: a"),
        ("qa", QA_TEXT + "\n" + QA_TEXT),
        ("qa", "q: lower\na: case"),
        ("qa", "Q: same line A: answer"),
        ("qa", "Q: q\nA: a <answer>nested</answer>"),
        ("multiple_choice", CHOICE.replace("Answer: B", "Answer: E")),
        ("multiple_choice", CHOICE.replace("Answer: B", "Answer: B or C")),
        ("multiple_choice", CHOICE.replace("\nD) four", "")),
        ("multiple_choice", CHOICE.replace("C) three", "C) two")),
        ("multiple_choice", CHOICE.replace("B) two\nC) three", "C) three\nB) two")),
        ("multiple_choice", CHOICE + "\nAnswer: A"),
        ("true_false", "Water is wet.\nAnswer: Yes"),
        ("true_false", "Answer: True"),
        ("true_false", "Water is wet. True"),
        ("true_false", "Water is wet.\nAnswer: True\nExplanation:"),
        ("category_statement", "S: statement\nC: category"),
        ("category_statement", "C: category only"),
        ("paragraph", " \n "),
        ("paragraph", QA_TEXT),
        ("paragraph", "Text </think> text"),
    ],
)
def test_near_misses_do_not_parse(item_type: str, text: str) -> None:
    assert FORMATS[item_type].parse(text) is None


@pytest.mark.parametrize(
    ("item_type", "fields"),
    [
        ("qa", {"question": "q", "answer": ""}),
        ("qa", {"question": "q"}),
        ("qa", {"question": "q\nA: early", "answer": "a"}),
        ("qa", {"question": " q", "answer": "a"}),
        ("true_false", {"statement": "s", "answer": "true", "explanation": ""}),
        ("paragraph", {"paragraph": "<answer>"}),
    ],
)
def test_fields_without_a_form_are_refused(item_type: str, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"no {item_type} form"):
        FORMATS[item_type].render(fields)


def test_a_choice_without_explanation_is_well_formed() -> None:
    fields = FORMATS["multiple_choice"].parse(CHOICE)
    assert fields is not None
    assert fields["explanation"] == ""
    assert FORMATS["multiple_choice"].pair(fields) == ("Which?\nA) one\nB) two\nC) three\nD) four", "B) two")
