"""Open question and answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked


@dataclass(frozen=True)
class Qa(Marked):
    """`Q: ...` then `A: ...`."""

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """The question and its answer."""
        return fields["question"], fields["answer"]


QA = Qa(
    "qa",
    (("question", "Q:"), ("answer", "A:")),
    rules="One question that names its subject, and the whole answer in full sentences.",
    example="Q: Why does a kettle whistle?\nA: Its steam leaves through a narrow slit, and the fast stream makes the slit sound.",
    passage="Kettle\n\nThe steam of a kettle leaves through a narrow slit in its lid. The fast stream makes the slit sound: it whistles.",
    words=(("question", "Question"), ("answer", "Answer")),
)
