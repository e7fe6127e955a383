"""Sentences of a passage that can be taken out of it: each can be understood by itself, and no other leans on it."""

from __future__ import annotations

import re

from inference.baseline.passage import Passage, stands_alone, with_subject
from inference.baseline.topics import is_person
from inference.baseline.verbs import form_of
from texts.words import words

# a first clause about somebody who is named elsewhere
_LEANS_LATER = re.compile(
    r"(?:When|After|As|While|Although|Before|Since|Until|Though) [^,]*\b(?:he|she|they|it|his|her|their)\b[^,]*,"
    r"|(?:An?|The) [^,]*, (?:he|she|they|it)\b"
)
_REFERS = re.compile(r"\b(?:this|these|those|such|former|latter|next|previous|subsequent|another|others|same)\b")
_OF_A_PERSON = re.compile(r"(?:He|She|His|Her) ")
_SHORTEST, _LONGEST = 7, 40  # words


def is_single(passage: Passage, place: int) -> bool:
    """Whether the sentence at a place can be understood without any other, and no other leans on it."""
    sentence, *after = passage.prose[place : place + 2]
    statement = with_subject(passage, sentence)
    # an order, or a description with no verb of its own
    says_nothing = passage.named and statement == sentence and bool(form_of(sentence))
    return (
        stands_alone(sentence)
        and not says_nothing
        and not _LEANS_LATER.match(sentence)
        and not _REFERS.search(sentence)
        and _SHORTEST <= len(words(sentence)) <= _LONGEST
        and sentence.count(": ") < 2
        and all(stands_alone(one) or _goes_on(passage, one) for one in after)
    )


def _goes_on(passage: Passage, sentence: str) -> bool:
    """Whether a sentence leans on the subject alone, and not on the sentence before it: a person's "he", and "it" behind the opening."""
    if _OF_A_PERSON.match(sentence) and is_person(passage.purpose, " ".join(passage.prose[1:])):
        return True
    return len(passage.prose) > 1 and sentence == passage.prose[1] and sentence.startswith(("It ", "Its "))
