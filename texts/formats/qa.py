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


QA = Qa("qa", (("question", "Q:"), ("answer", "A:")))
