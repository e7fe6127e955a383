"""A statement that is true or false."""

from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked, bare


@dataclass(frozen=True)
class TrueFalse(Marked):
    """The statement, `Answer:` with True or False, and, where there is one, `Explanation:`."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """The answer is one of two words."""
        return fields["answer"] in ("True", "False")

    def repaired(self, fields: dict[str, str]) -> dict[str, str]:
        """The fields with the verdict as one word, where it is that but for case and marks around it."""
        return fields | {"answer": bare(fields["answer"]).capitalize()}

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """The statement as a question; the verdict with its explanation."""
        verdict = f"{fields['answer']}. {fields.get('explanation', '')}".strip()
        return f"True or false? {fields['statement']}", verdict


TRUE_FALSE = TrueFalse(
    "true_false",
    (("statement", ""), ("answer", "Answer:"), ("explanation", "Explanation:")),
    rules="A statement; as answer True or False alone; why.",
    example="A candle lasts longer in a draught.\nAnswer: False\nExplanation: A draught feeds the flame, so the wax melts faster.",
    passage="Candle\n\nA candle is a stick of wax around a wick. A draught feeds its flame, so that the wax melts faster.",
    optional="explanation",
    words=(("statement", "Statement"),),
)
