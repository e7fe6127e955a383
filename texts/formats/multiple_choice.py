"""A question with four options, one of them right."""

from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked

LETTERS = "ABCD"


@dataclass(frozen=True)
class MultipleChoice(Marked):
    """`Q:`, `A)` to `D)`, `Answer:` with one letter, and, where there is one, `Explanation:`."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """The answer is one letter of four and the options differ."""
        options = {fields[f"option_{letter.lower()}"].casefold() for letter in LETTERS}
        return fields["answer"] in tuple(LETTERS) and len(options) == len(LETTERS)

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """The question with its options; the right option with its explanation."""
        options = [f"{letter}) {fields[f'option_{letter.lower()}']}" for letter in LETTERS]
        right = options[LETTERS.index(fields["answer"])]
        return "\n".join((fields["question"], *options)), "\n".join(
            filter(None, (right, fields.get("explanation", "")))
        )


MULTIPLE_CHOICE = MultipleChoice(
    "multiple_choice",
    (
        ("question", "Q:"),
        ("option_a", "A)"),
        ("option_b", "B)"),
        ("option_c", "C)"),
        ("option_d", "D)"),
        ("answer", "Answer:"),
        ("explanation", "Explanation:"),
    ),
    optional="explanation",
)
