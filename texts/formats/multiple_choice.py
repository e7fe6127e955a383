"""A question with four options, one of them right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked, bare

LETTERS = "ABCD"
_LETTERED = re.compile(r"(?:option )?([a-d])(?:\W*\s(.+))?", re.DOTALL)


@dataclass(frozen=True)
class MultipleChoice(Marked):
    """`Q:`, `A)` to `D)`, `Answer:` with one letter, and, where there is one, `Explanation:`."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """The answer is one letter of four and the options differ."""
        options = {fields[f"option_{letter.lower()}"].casefold() for letter in LETTERS}
        return fields["answer"] in tuple(LETTERS) and len(options) == len(LETTERS)

    def repaired(self, fields: dict[str, str]) -> dict[str, str]:
        """The fields with the answer as a letter, where it is one with its option's text, or that text alone."""
        options = {letter: bare(fields[f"option_{letter.lower()}"]) for letter in LETTERS}
        said = bare(fields["answer"])
        meant = {letter for letter, option in options.items() if option == said}
        if (lettered := _LETTERED.fullmatch(said)) and lettered[2] in (None, options[lettered[1].upper()]):
            meant.add(lettered[1].upper())
        return fields | {"answer": meant.pop()} if len(meant) == 1 else fields

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
    rules="A question; four different options, one of them right; as answer its letter alone; why it is right.",
    example=(
        "Q: What moves a bicycle's chain to another sprocket?\nA) The saddle\nB) The hub\nC) The derailleur\nD) The bell\n"
        "Answer: C\nExplanation: The derailleur pushes the chain sideways."
    ),
    passage="Derailleur\n\nA derailleur moves a bicycle's chain to another sprocket: it pushes the chain sideways while it runs.",
    optional="explanation",
    words=(("question", "Question"),),
)
