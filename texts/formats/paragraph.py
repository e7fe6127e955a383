"""A free paragraph."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked

_OTHER_FORM = re.compile(r"^(?:[QACS]:|[A-D]\)|Answer:|Explanation:)", re.MULTILINE)
_NEAR_OTHER_FORM = re.compile(
    r"^\W*(?:[QACS]|Question|Answer|Explanation|Category|Statement)\W*:|^\W*[A-D]\)", re.MULTILINE | re.IGNORECASE
)
_FIRST_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Paragraph(Marked):
    """Running text, without the markers of any other item type."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """No line opens with a marker."""
        return not _OTHER_FORM.search(fields["paragraph"])

    def canonical(self, text: str) -> str | None:
        """The paragraph without a label; None where it is the near miss of another type's item."""
        kept = super().canonical(text)
        return None if kept and _NEAR_OTHER_FORM.search(kept) else kept

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """A request that names the paragraph's opening sentence, and the paragraph."""
        text = fields["paragraph"]
        first = _FIRST_SENTENCE.match(text)
        return f"Write an informative paragraph that opens like this: {first[0] if first else text}", text


PARAGRAPH = Paragraph(
    "paragraph",
    (("paragraph", ""),),
    rules="Full sentences, without title, list or label.",
    example="Bats hunt in the dark by sound. They call, and the echo tells them how far away an insect is.",
    passage="Bat\n\nBats hunt in the dark. A bat calls, and the echo of its call tells it how far away an insect is.",
    words=(("paragraph", "Paragraph"),),
)
