"""Does the answer mean what the target means? (method, section 4.4)"""

from collections.abc import Mapping, Sequence
from typing import Any

from lake.errors import as_user_error
from texts.embed.embedder import open_embedder
from texts.errors import EmbedderError
from trainers.rewards.format import scored_answers
from trainers.rewards.grounded import worth_of


def alignment_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """The cosine between answer and target, at least 0, smooth rather than the method's step at 0.8, times what the answer is worth; 0 if malformed.

    All texts of the batch are embedded in one call, each distinct one once.
    """
    answers = scored_answers(completions, columns)
    pairs = [(answer, target) for answer, target in zip(answers, columns["target"], strict=True) if answer is not None]
    texts = sorted({text for pair in pairs for text in pair})
    with as_user_error(EmbedderError):
        teacher = open_embedder()
    vectors = dict(zip(texts, teacher.encode(texts), strict=True)) if texts else {}
    return [
        0.0 if answer is None else worth * max(0.0, float(vectors[answer] @ vectors[target]))
        for answer, target, worth in zip(answers, columns["target"], worth_of(completions, columns), strict=True)
    ]
