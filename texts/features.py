"""What can be counted of a prompt and an answer: plain numbers from which a judge's ratings are predicted.

NAMES tells the columns in order; a column added or changed is a change of everything that was fitted on them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from texts.rubric import TERMS, terms
from texts.words import sentences, words

Features = NDArray[np.float64]
_COUNTED = (
    "log_prompt_words", "log_answer_words", "log_answer_characters", "log_answer_sentences", "log_answer_lines", "type_token_ratio",
    "mean_word_length", "digits", "capitals", "marks", "words_of_the_prompt",
)  # fmt: skip
NAMES = (*_COUNTED, *TERMS)


def features(prompts: Sequence[str], answers: Sequence[str]) -> Features:
    """One row a pair, shape (pairs, len(NAMES)): counts of the texts, then the rubric's terms of the answer."""
    counted = [_counted(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
    return np.hstack([np.array(counted, float).reshape(-1, len(_COUNTED)), terms(answers)])


def _counted(prompt: str, answer: str) -> tuple[float, ...]:
    """The columns of _COUNTED; shares are of the answer's characters, or of its different words.

    >>> dict(zip(_COUNTED, _counted("Who?", "Bo. Bo 1")))["type_token_ratio"]
    0.6666666666666666
    """
    asked, said = words(prompt.lower()), words(answer.lower())
    different, characters = set(said), max(len(answer), 1)
    return (
        np.log1p(len(asked)), np.log1p(len(said)), np.log1p(len(answer)), np.log1p(len(sentences(answer))), np.log1p(answer.count("\n")),
        len(different) / max(len(said), 1),
        sum(map(len, said)) / max(len(said), 1),
        sum(map(str.isdigit, answer)) / characters,
        sum(map(str.isupper, answer)) / characters,
        sum(not (mark.isalnum() or mark.isspace()) for mark in answer) / characters,
        len(different.intersection(asked)) / max(len(different), 1),
    )  # fmt: skip
