"""What a stage is about to ask an engine, told before anything is sent: requests, tokens, time and money.

A sample of the requests says how long prompts are and how many the cache has answers to. Answers are as long as earlier ones to the
same task, or as long as they may be where too few are known; the speed is that of the stage's last run with the same engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from inference.batch import request_id
from inference.cache import GenerationCache, generation_cache
from inference.text_engines import EngineParams, Generator, Request
from inference.text_engines.metered import Bill, MeteredEngine
from inference.text_engines.tokens import prompt_tokens

if TYPE_CHECKING:
    from lake.storage.store import Lake

SAMPLE = 64  # requests
_ENOUGH = 32  # earlier answers from which their mean length is taken


@dataclass(frozen=True)
class Asked:
    """Requests of one task: how many there will be, and a sample of them."""

    number: int
    sample: Sequence[Request]


def foretell(engine: Generator, params: EngineParams, asked: Sequence[Asked], lake: Lake, stage: str) -> None:
    """Tells the forecast of `stage`, which is about to send what is `asked`; nothing for an engine whose answers cost nothing.

    Requests that follow from the answers to others come behind them: of these as many are taken to be in the cache.
    """
    if not isinstance(engine, MeteredEngine):
        return
    cache = generation_cache(lake, engine.model)
    tasks = [one for one in asked if one.sample]
    lacking = _lacking(tasks[0].sample, engine.model, cache) if tasks else 0.0
    requests = [round(one.number * lacking) for one in tasks]
    prompts = [fmean(prompt_tokens(request, engine.token_count) for request in one.sample) for one in tasks]
    answers = [_answer_length(one.sample, cache) for one in tasks]
    tokens_in = round(sum(number * length for number, length in zip(requests, prompts, strict=True)))
    tokens_out = round(sum(number * length for number, length in zip(requests, answers, strict=True)))
    speed = _speed(lake, stage, params)
    seconds = (tokens_in + tokens_out) / speed if speed else None
    engine.foretell(Bill(sum(requests), tokens_in, tokens_out, seconds, engine.price(tokens_in, tokens_out)))


def _lacking(sample: Sequence[Request], model: str, cache: GenerationCache) -> float:
    """The share of the requests to which the cache has no answer."""
    keys = [request_id(request, model) for request in sample]
    return 1.0 - len(cache.find(keys)) / len(set(keys))


def _answer_length(sample: Sequence[Request], cache: GenerationCache) -> float:
    return cache.answer_length(sample[0].task, _ENOUGH) or fmean(request.max_tokens for request in sample)


def _speed(lake: Lake, stage: str, params: EngineParams) -> float | None:
    """Tokens a second of the run that last published the stage, if it asked the same engine."""
    published = lake.publication(stage)
    if published is None or published[1].params.get("engine") != params.model_dump(mode="json"):
        return None
    return published[1].metrics.get("tokens_per_second")
