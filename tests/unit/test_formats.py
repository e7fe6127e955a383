"""Every item type gives back what it rendered and refuses what only looks like it."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
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


CANONICAL = {
    "qa": QA_TEXT,
    "multiple_choice": CHOICE + "\nExplanation: It is the second.",
    "true_false": "Water is wet.\nAnswer: True\nExplanation: It wets.",
    "category_statement": "C: Kettles\nS: A kettle boils water.",
    "paragraph": "Bats call in the dark. The echo tells them where an insect is.",
}
# edits of the item in its form, after each of which it is still clear which item is meant
NEAR: dict[str, list[Callable[[str], str]]] = {
    "qa": [
        lambda item: item.replace("Q:", "**Q:**").replace("A:", "**A:**"),
        lambda item: item.replace("Q:", "**Q**:").replace("A:", "**A**:"),
        lambda item: item.replace("Q:", "Question:").replace("A:", "Answer:"),
        lambda item: item.replace("Q:", "**Question:**").replace("A:", "**Answer:**"),
        lambda item: item.replace("Q:", "q:").replace("A:", "a:"),
        lambda item: item.replace("Q:", "- Q:").replace("A:", "- A:"),
        lambda item: item.replace("Q:", "QUESTION :").replace("A:", "ANSWER :"),
        lambda item: item.replace("Q:", "### Question:").replace("A:", "### Answer:"),
        lambda item: item.replace("Q:", "Q:\n").replace("A:", "\nA:\n"),
        lambda item: item.replace("Q:", "  Q:").replace("A:", "\tA:"),
        lambda item: "\n\n".join(f"**{line}**" for line in item.split("\n")),
        lambda item: item.replace("Q:", "* **Question**:").replace("A:", "* **Answer**:"),
    ],
    "multiple_choice": [
        lambda item: item.replace("Answer: B", "Answer: B)"),
        lambda item: item.replace("Answer: B", "Answer: (b)"),
        lambda item: item.replace("Answer: B", "Answer: b."),
        lambda item: item.replace("Answer: B", "Answer: B) two"),
        lambda item: item.replace("Answer: B", "Answer: B. Two."),
        lambda item: item.replace("Answer: B", "Answer: two"),
        lambda item: item.replace("Answer: B", "**Answer:** B"),
        lambda item: item.replace("Answer: B", "**Answer: B**"),
        lambda item: item.replace("Answer: B", "Answer: Option B"),
        lambda item: item.replace("Answer: B", 'Answer: "two".'),
        lambda item: re.sub(r"^([A-D])\)", r"- \1)", item, flags=re.MULTILINE),
        lambda item: re.sub(r"^([A-D])\)", r"\1.", item, flags=re.MULTILINE),
        lambda item: re.sub(r"^([A-D])\)", r"(\1)", item, flags=re.MULTILINE).replace("Q:", "**Question:**"),
        lambda item: re.sub(r"^([A-D])\)", lambda found: f"* **{found[1].lower()}.**", item, flags=re.MULTILINE),
        lambda item: re.sub(r"^([A-D]\) .*)", r"**\1**", item, flags=re.MULTILINE),
        lambda item: re.sub(r"^([A-D])\)", r"\1:", item, flags=re.MULTILINE),
    ],
    "true_false": [
        lambda item: item.replace("True", "True."),
        lambda item: item.replace("True", "**True**"),
        lambda item: item.replace("True", "true"),
        lambda item: item.replace("True", "TRUE"),
        lambda item: item.replace("True", '"True."'),
        lambda item: item.replace("True", "**True.**"),
        lambda item: item.replace("Answer:", "**Answer:**"),
        lambda item: item.replace("Answer: True", "**Answer: True**"),
        lambda item: item.replace("Answer:", "answer:").replace("Explanation:", "**Explanation**:"),
        lambda item: f"Statement: {item}",
        lambda item: f"**Statement:** {item}",
        lambda item: f"- Statement: {item}".replace("Answer", "- Answer").replace("Explanation", "- Explanation"),
    ],
    "category_statement": [
        lambda item: item.replace("C:", "**C:**").replace("S:", "**S:**"),
        lambda item: item.replace("C:", "**C**:").replace("S:", "**S**:"),
        lambda item: item.replace("C:", "Category:").replace("S:", "Statement:"),
        lambda item: item.replace("C:", "Topic:").replace("S:", "Statement:"),
        lambda item: item.replace("C:", "**Category:**").replace("S:", "**Statement:**"),
        lambda item: item.replace("C:", "c:").replace("S:", "s:"),
        lambda item: item.replace("C:", "- C:").replace("S:", "- S:"),
        lambda item: item.replace("C:", "## Category:").replace("S:", "## Statement:"),
        lambda item: item.replace("S:", "\nS:\n"),
        lambda item: "\n".join(f"**{line}**" for line in item.split("\n")),
        lambda item: item.replace("C:", "  C :"),
    ],
    "paragraph": [
        lambda item: f"Paragraph: {item}",
        lambda item: f"**Paragraph:** {item}",
        lambda item: f"**Paragraph**: {item}",
        lambda item: f"paragraph: {item}",
        lambda item: f"PARAGRAPH:\n{item}",
        lambda item: f"# Paragraph:\n\n{item}",
        lambda item: f"- Paragraph: {item}",
        lambda item: f"Paragraph : {item}",
        lambda item: f"\n\n{item}\n",
        lambda item: f"**Paragraph: {item}**",
        lambda item: f"* **Paragraph:**\n{item}",
    ],
}


@pytest.mark.parametrize(("item_type", "edit"), [(name, edit) for name, edits in NEAR.items() for edit in edits])
def test_a_near_miss_is_read_and_kept_in_its_own_form(item_type: str, edit: Callable[[str], str]) -> None:
    item = CANONICAL[item_type]
    assert edit(item) != item
    assert FORMATS[item_type].canonical(edit(item)) == FORMATS[item_type].canonical(item) == item


@pytest.mark.parametrize(
    ("item_type", "text"),
    [
        ("qa", "Sure! Here it is.\nQ: q\nA: a"),
        ("qa", "Question: q\nAnswer: a\nQuestion: r\nAnswer: b"),
        ("qa", "Question: Which?\nA) one\nB) two\nAnswer: B"),
        ("qa", "Question: q Answer: a"),
        ("qa", "Answer: a\nQuestion: q"),
        ("multiple_choice", CHOICE.replace("Answer: B", "Answer: B or C")),
        ("multiple_choice", CHOICE.replace("Answer: B", "Answer: B) three")),
        ("multiple_choice", CHOICE.replace("Answer: B", "Answer: A and B")),
        ("multiple_choice", CHOICE.replace("Answer: B", "Answer: five")),
        (
            "multiple_choice",
            CHOICE.replace("one", "photo").replace("two", "A photo").replace("Answer: B", "Answer: a photo"),
        ),
        ("multiple_choice", CHOICE.replace("three", "b").replace("Answer: B", "Answer: b")),
        ("multiple_choice", CHOICE.replace("B) two", "B. two\nB. deux")),
        ("multiple_choice", CHOICE.replace("C) three", "(c) Two").replace("Answer: B", "Answer: two")),
        ("true_false", "Water is wet.\nAnswer: Yes"),
        ("true_false", "Water is wet.\nAnswer: True or False"),
        ("true_false", "Water is wet.\nAnswer: Not true"),
        ("true_false", "Water is wet.\n**Answer:** True\n**Answer:** False"),
        ("category_statement", "Category: Kettles\nTopic: Pots\nStatement: They boil."),
        ("category_statement", "Statement: They boil.\nCategory: Kettles"),
        ("paragraph", "**Q:** Why?\n**A:** So."),
        ("paragraph", "Question: Why?\nAnswer: So."),
        ("paragraph", "**A)** So."),
        ("paragraph", "Text </think> text"),
    ],
)
def test_what_is_ambiguous_stays_refused(item_type: str, text: str) -> None:
    assert FORMATS[item_type].canonical(text) is None


@given(items())
def test_an_item_in_its_form_is_kept_as_it_is(item: tuple[str, dict[str, str]]) -> None:
    text = FORMATS[item[0]].render(item[1])
    assert FORMATS[item[0]].canonical(text) == text


PIECES = st.sampled_from(
    ["Q:", "A:", "C:", "S:", "Answer:", "Question", "Explanation:", "Statement:", "Paragraph:", "Topic", ":", "\n", "\n- ",
     "**", "(a)", "B)", "c.", "D:", "True.", "false", "b", " ", "x y", "two", "<", "*"]
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, str]:
    """An item type and the item in its form, or nothing, with pieces of forms written into it."""
    item_type = draw(st.sampled_from(sorted(FORMATS)))
    text = draw(st.sampled_from(["", CANONICAL[item_type]]))
    for at, piece in draw(st.lists(st.tuples(st.integers(0, 100), PIECES), max_size=8)):
        text = text[:at] + piece + text[at:]
    return item_type, text


@given(spoilt())
@settings(max_examples=400)
def test_what_is_kept_is_well_formed_and_is_kept_again(text_of_type: tuple[str, str]) -> None:
    item_type, text = text_of_type
    form = FORMATS[item_type]
    kept = form.canonical(text)
    if kept:
        assert form.parse(kept) and form.canonical(kept) == kept


def test_a_choice_without_explanation_is_well_formed() -> None:
    fields = FORMATS["multiple_choice"].parse(CHOICE)
    assert fields is not None
    assert fields["explanation"] == ""
    assert FORMATS["multiple_choice"].pair(fields) == ("Which?\nA) one\nB) two\nC) three\nD) four", "B) two")
