"""Many requests through one engine, resumable: a request that was answered once is never sent again.

Requests are read in shards. Of each shard only those without an answer in cache/generations are sent (an anti-join by request id),
each distinct request once; their answers are written as one commit before any of them is handed on. A run that is killed therefore
repeats at most the shard it was killed in.

Does not do yet: several engines at once (one per GPU), requests sorted by length inside a shard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, tee
from typing import TYPE_CHECKING, TypeVar

from inference.cache import GenerationCache, generation_cache
from inference.text_engines import UNAVAILABLE, Completion, EngineGone, Generator, Request
from lake.errors import UserError
from lake.ids import content_id

if TYPE_CHECKING:
    from lake.storage.store import Lake

T = TypeVar("T")
SHARD_SIZE = 512  # requests
_POISON = "engine_error"  # begins the error of a request that breaks the engine even alone


def request_id(request: Request, model: str) -> str:
    """The key of `model`'s answer in cache/generations: a hash of everything that can change the answer, and of nothing else."""
    question = json.dumps([list(request.messages), dict(request.payload)], sort_keys=True)
    settings: list[float] = [request.max_tokens, request.temperature, request.seed]
    if request.frequency_penalty:  # without one, the key is that of answers from before there were any
        settings.append(request.frequency_penalty)
    sampling = json.dumps(settings)
    return content_id("req", model, request.task, request.prompt_version, sampling, question)


def complete(
    requests: Iterable[Request], engine: Generator, lake: Lake | None = None, shard_size: int = SHARD_SIZE
) -> Iterator[Completion]:
    """One completion for each request, in order; `requests` is read as completions are taken.

    A request that alone makes the engine fail gets a completion with an error. Raises EngineGone when the engine fails on every
    request of a shard; the next run reads from the cache what was committed before. Without a lake, or for an engine whose answers
    are not worth caching, nothing is cached.
    """
    cache = generation_cache(lake, engine.model) if lake is not None and engine.cached else None
    for shard in in_batches(requests, shard_size):
        yield from _generate(shard, engine) if cache is None else _complete_from_cache(shard, engine, cache)


def answered(
    rows: Iterable[T],
    request_of: Callable[[T], Request],
    engine: Generator,
    lake: Lake | None,
    shard_size: int = SHARD_SIZE,
) -> Iterator[tuple[T, Completion]]:
    """Each row with the completion of its request, in order; at most a shard of rows is in memory."""
    rows, requested = tee(rows)  # complete() reads a shard ahead; tee holds the rows in between
    return zip(rows, complete(map(request_of, requested), engine, lake, shard_size), strict=True)


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def _complete_from_cache(shard: Sequence[Request], engine: Generator, cache: GenerationCache) -> Iterator[Completion]:
    """Completions of `shard` in order; those that the cache lacks are generated and cached first."""
    keys = [request_id(request, engine.model) for request in shard]
    answers = cache.find(keys)
    missing = {key: request for key, request in zip(keys, shard, strict=True) if key not in answers}
    if missing:
        generated = dict(zip(missing, _generate(list(missing.values()), engine), strict=True))
        # an error of the server is not the request's fault: it is not cached, so that the next run sends the request again
        lasting = {key: answer for key, answer in generated.items() if not (answer.error or "").startswith(UNAVAILABLE)}
        cache.add(lasting, {key: missing[key].task for key in lasting})
        answers |= generated
    for key, request in zip(keys, shard, strict=True):
        yield replace(answers[key], id=request.id)


def _generate(requests: Sequence[Request], engine: Generator) -> list[Completion]:
    """Completions of `requests`. Raises EngineGone when every one of several broke the engine: then it is not their fault."""
    answers = _generate_or_halve(requests, engine)
    if len(answers) > 1 and all((answer.error or "").startswith(_POISON) for answer in answers):
        raise EngineGone(
            f"The engine {engine.model} failed on each of {len(answers)} requests, first with {answers[0].error}"
        )
    return answers


def _generate_or_halve(requests: Sequence[Request], engine: Generator) -> list[Completion]:
    """Completions of `requests`; a batch that breaks the engine is halved until the request that does it stands alone."""
    try:
        return list(engine.generate(requests))
    except (EngineGone, UserError):
        raise
    except Exception as error:  # whatever one request makes an engine raise must not lose the others
        if len(requests) == 1:
            return [Completion(requests[0].id, error=f"{_POISON}: {type(error).__name__}: {error}")]
    middle = len(requests) // 2
    return _generate_or_halve(requests[:middle], engine) + _generate_or_halve(requests[middle:], engine)
