"""What a model can do with held-out items: figures of single items, since comparisons are paired by item.

    metric          of                  value
    accuracy        choice              1 where the right answer has the highest likelihood, else 0
    accuracy_norm   choice              the same, likelihoods divided by the answers' characters: long answers are not punished
    nll             answer              negative log-likelihood of the right answer, nats a token
    mixture_nll     mixture
    truth_nll       truth
    ended           answers written     1 where the model ends its answer by itself within `written_tokens`, else 0
    repetition      answers written     share of the answer's word 4-grams that it holds already

accuracy and accuracy_norm are acc and acc_norm of lm-evaluation-harness (Gao et al. 2021; Biderman et al. 2024, arXiv 2405.14782), with answers as
continuations that are not shown in the question, as there for ARC and OpenBookQA; here in the model's chat template. repetition is rep-4
of Welleck et al. 2020 (arXiv 1908.04319).
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from lake.ids import sha256_text
from texts.words import words
from trainers.evaluation_params import EvaluationParams
from trainers.generation import Decoding, written
from trainers.heldout_items import Item
from trainers.language_modelling import Chat, Row, answer_losses

VERSION = "1"  # of how figures are made: raised when the same model and items would give others
LIKELIHOODS = {"answer": "nll", "mixture": "mixture_nll", "truth": "truth_nll"}
LOWER_IS_BETTER = frozenset({*LIKELIHOODS.values(), "repetition"})
_GRAM = 4
_TRIAL = 8  # items
Figure = dict[str, Any]  # metric, item_id, value


class Measure:
    """The items, in the model's tokens: those that are too long for it are left out, and counted in `left_out`."""

    def __init__(self, items: Sequence[Item], tokenizer: Any, params: EvaluationParams) -> None:
        chat = Chat(tokenizer)
        rows = [(item, chat.row(item.question, [item.answer, *item.wrong])) for item in items]
        # an answer without a token, such as white space, has no likelihood
        fits = [(item, row) for item, row in rows if len(row) <= params.max_length and all(row.answers)]
        self.items = [item for item, _ in fits]
        self.left_out = len(items) - len(fits)
        self._rows: list[Row] = [row for _, row in fits]
        self._tokenizer, self._params = tokenizer, params
        self._asked = sorted(
            (item for item in self.items if item.kind != "truth" and item.question),
            key=lambda item: sha256_text(item.id),
        )[: params.written]

    @property
    def tokens(self) -> int:
        """Tokens that are read, and written at most, for the figures of one model."""
        return sum(map(len, self._rows)) + len(self._asked) * self._params.written_tokens

    def seconds_a_token(self, model: Any) -> float:
        """What reading a token takes here, by a trial of a few."""
        few = self._rows[:_TRIAL]
        began = time.monotonic()
        answer_losses(model, few)
        return (time.monotonic() - began) / max(1, sum(map(len, few)))

    def figures(self, model: Any) -> list[Figure]:
        """The figures of one model, by metric and item."""
        return [*self._likelihoods(model), *self._written(model)]

    def _likelihoods(self, model: Any) -> Iterator[Figure]:
        for item, row, losses in zip(self.items, self._rows, answer_losses(model, self._rows), strict=True):
            if item.kind == "choice":
                by_length = [loss / len(text) for loss, text in zip(losses, (item.answer, *item.wrong), strict=True)]
                yield _figure("accuracy", item, float(losses[0] < min(losses[1:])))
                yield _figure("accuracy_norm", item, float(by_length[0] < min(by_length[1:])))
            else:
                yield _figure(LIKELIHOODS[item.kind], item, losses[0] / len(row.answers[0]))

    def _written(self, model: Any) -> Iterator[Figure]:
        prompts = [[{"role": "user", "content": item.question}] for item in self._asked]
        answers = written(model, self._tokenizer, prompts, Decoding(self._params.written_tokens))
        for item, answer in zip(self._asked, answers, strict=True):
            yield _figure("ended", item, float(answer.ended))
            yield _figure("repetition", item, repetition(answer.text))


def repetition(text: str) -> float:
    """The share (0..1) of the text's word 4-grams that stand in it before; 0 for a shorter text.

    >>> repetition("to be or not to be or not to be"), repetition("to be or not to be")
    (0.4285714285714286, 0.0)
    """
    told = [word.lower() for word in words(text)]
    grams = [tuple(told[at : at + _GRAM]) for at in range(len(told) - _GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def _figure(metric: str, item: Item, value: float) -> Figure:
    return {"metric": metric, "item_id": item.id, "value": value}
