"""A statement that is true or false."""

from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked


@dataclass(frozen=True)
class TrueFalse(Marked):
    """The statement, `Answer:` with True or False, and, where there is one, `Explanation:`."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """The answer is one of two words."""
        return fields["answer"] in ("True", "False")

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """The statement as a question; the verdict with its explanation."""
        verdict = f"{fields['answer']}. {fields.get('explanation', '')}".strip()
        return f"True or false? {fields['statement']}", verdict


TRUE_FALSE = TrueFalse(
    "true_false",
    (("statement", ""), ("answer", "Answer:"), ("explanation", "Explanation:")),
    optional="explanation",
)
