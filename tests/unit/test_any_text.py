"""A model may write anything: no measure of a text may end a stage over it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.acceptance import Acceptance, AcceptanceParams
from texts.coverage import copied, facts_recovered, member_coverage, repeated
from texts.formats import FORMATS
from texts.formats.distillation import answer_of, format_score, item_in
from texts.rubric import scores
from texts.subjects import subjects
from texts.worth import Group, promotion_score

_PIECES = (
    "n't", "N\u2019T", "'s", "\u2019s", "cannot", "ca", "wo", "not", "no", "if", "because", "it", "They", "US", "Paris", "is", "a.b.c()", "x_1",
    "_", "__", "`", "```", "```python\n", "'", '"', "\u201c", "\u2014", " - ", "- ", "1.", "1)", "#", "**", "e.g.", "Dr.", "...", "?", ":", ";",
    "!", "(", ")", "[", "}", "\t", "\r\n", "\n", "\n\n", "\x00", "\u200b", "\ufeff", "\U0001f642", "\u4e2d\u6587", "\u3002", "\u0130", "\ufb01", "\u0663",
    "\u00bd", "1,000.5", "-3", "<=", "&&", "//", "10 \u00b0C", "<answer>", "</answer>", "<think>", "<|im_end|>", "Q:", "\nA: ", "A) ", "B) ", "Answer: True",
    "S: ", "C: ", "dogs bark", "Cats don't.",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PIECES) | st.sampled_from(("", " ")) | st.text(max_size=4), max_size=12).map("".join)
_MEMBERS = st.lists(_TEXTS, min_size=1, max_size=3)


@settings(max_examples=300)
@given(members=_MEMBERS, text=_TEXTS)
def test_measures_of_a_group_and_what_was_written_of_it(members: list[str], text: str) -> None:
    group, accepting = Group(members), Acceptance(members, AcceptanceParams())
    for kind in FORMATS:
        found = accepting.assessed(text, kind)
        assert 0 <= found.worth.score <= 1 and 0 <= found.grounded.score <= 1
        assert 0 <= promotion_score(kind, group, text)[1].score <= 1
    shares = [facts_recovered(members, text), copied(members, text), repeated(text), *member_coverage(members, text)]
    assert all(0 <= share <= 1 for share in shares)


@settings(max_examples=300)
@given(text=_TEXTS)
def test_measures_of_one_text(text: str) -> None:
    assert 0 <= scores([text])[0] <= 5
    assert all(subjects(text))
    for kind, form in FORMATS.items():
        item = item_in(text, kind)
        assert item is None or form.parse(item) is not None
        assert 0 <= format_score(text, kind) <= 1
    assert answer_of(text) is None or answer_of(text) in text
