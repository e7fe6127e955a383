"""Why an answer is right: the sentence or line that tells the deciding fact, behind the one that names the subject, and nothing else."""

from __future__ import annotations

from inference.baseline.passage import Passage, with_subject


def explained(passage: Passage, told: str) -> str:
    """The opening of the passage, and what tells the fact where that is another sentence; what is listed stands on a line of its own.

    told: a sentence of the passage's prose, or one of its listed lines as an item shows it.

    >>> explained(Passage("Ada Moss", ("Ada Moss was a potter.", "She dug.", "In 1931 she left.")), "In 1931 she left.")
    'Ada Moss was a potter. In 1931 she left.'
    """
    if told.startswith("- "):
        return "\n".join(filter(None, (passage.purpose, told)))
    return " ".join(dict.fromkeys((passage.purpose, with_subject(passage, told))))
