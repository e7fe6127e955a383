"""Marked texts: the pieces are the text, each statement's number stands where it and its support end."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reports.support import Marked, supported

MEMBERS = ["Q: Rice?\nA: Rinse it. Boil it.", "Q: Cook rice?\nA: Boil it. Rest it."]
ITEM: dict[str, Any] = {
    "prompt": "Rice?",
    "answer": "Rinse it. Boil it. Rest it.",
    "member_ids": ["rec_a", "rec_b"],
    "evidence": [
        {"statement": "Rice?", "member_id": "rec_a", "start": 3, "end": 8},
        {"statement": "Rinse it.", "member_id": "rec_a", "start": 12, "end": 21},
        {"statement": "Boil it.", "member_id": "rec_b", "start": 17, "end": 25},
        {"statement": "Rest it.", "member_id": "rec_b", "start": 26, "end": 34},
    ],
}
SPANS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 30), st.integers(0, 30)).filter(lambda s: s[1] < s[2]), max_size=6
)


def shown(text: Marked) -> list[tuple[str, tuple[int, ...]]]:
    return [(piece.text, piece.ends) for piece in text.pieces(999) if piece.marked]


def test_statements_and_their_support_have_one_number() -> None:
    after, (first, second) = supported(ITEM, MEMBERS)
    assert shown(after) == [("Rice?", (1,)), ("Rinse it.", (2,)), ("Boil it.", (3,)), ("Rest it.", (4,))]
    assert shown(first) == [("Rice?", (1,)), ("Rinse it.", (2,))]
    assert shown(second) == [("Boil it.", (3,)), ("Rest it.", (4,))]


def test_what_the_prompt_repeats_is_marked_in_the_answer() -> None:
    item = ITEM | {"prompt": "Open like this: Rinse it."}
    after, _ = supported(item, MEMBERS)
    assert [after.text[start:end] for number, start, end in after.spans if number == 2] == ["Rinse it."]
    assert next(start for number, start, _ in after.spans if number == 2) > after.text.index("A: ")


def test_stretches_that_overlap_are_cut_where_one_of_them_ends() -> None:
    text = Marked("One. Two. Three.", ((1, 0, 9), (2, 5, 16)))
    assert shown(text) == [("One. ", ()), ("Two.", (1,)), (" Three.", (2,))]


def test_a_long_text_keeps_the_marks_of_what_is_shown() -> None:
    text = Marked("One. Two. Three.", ((1, 0, 4), (2, 5, 16)))
    assert [(piece.text, piece.marked) for piece in text.pieces(7)] == [("One.", True), (" ", False), ("Tw", True)]


@given(st.text(max_size=40), SPANS, st.integers(0, 50))
def test_the_pieces_are_the_text(text: str, spans: list[tuple[int, int, int]], most: int) -> None:
    assert "".join(piece.text for piece in Marked(text, tuple(spans)).pieces(most)) == text[:most]
