"""Many requests through one engine, resumable: a request that was answered once is never sent again.

Requests are read in shards. Of each shard only those without an answer in cache/generations are sent (an anti-join by request id),
each distinct request once, the longest first. The engine is fed from the next shard while one is finished. An answer is written to
a journal as it comes; when a shard is complete its answers become one commit, before any of them is handed on. A run that is killed
therefore repeats what the engine had in work and nothing else.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count, islice, tee
from typing import TYPE_CHECKING, TypeVar

from inference.asking import completions
from inference.cache import GenerationCache, generation_cache
from inference.journal import Journal
from inference.text_engines import UNAVAILABLE, Completion, Generator, Request, Task
from lake.ids import content_id

if TYPE_CHECKING:
    from lake.storage.store import Lake

T = TypeVar("T")
SHARD_SIZE = 512  # requests
_AHEAD = 3  # shards that are open at once: one is finished, the next is worked on, the third keeps the engine full
# Codes of errors that the next run may not get: the server is back, the limit was raised, the form is known to another version. To ask
# again costs no token.
_PASSING = frozenset({UNAVAILABLE, "prompt_too_long", "refused"})


def request_id(request: Request, model: str) -> str:
    """The key of `model`'s answer in cache/generations: a hash of everything that can change the answer, and of nothing else."""
    question = json.dumps([list(request.messages), dict(request.payload)], sort_keys=True)
    settings: list[object] = [request.max_tokens, request.temperature, request.seed]
    if request.frequency_penalty:  # without one, the key is that of answers from before there were any
        settings.append(request.frequency_penalty)
    if request.stop or request.structure:  # likewise
        settings.append({"stop": request.stop, "structure": request.structure})
    sampling = json.dumps(settings, sort_keys=True)
    return content_id("req", model, request.task, request.prompt_version, sampling, question)


def complete(
    requests: Iterable[Request], engine: Generator, lake: Lake | None = None, shard_size: int = SHARD_SIZE
) -> Iterator[Completion]:
    """One completion for each request, in order; `requests` is read a few shards ahead.

    A request that alone makes the engine fail gets a completion with an error. Raises EngineGone when the engine fails on whatever it
    is asked; the next run reads from the cache what was answered before. Without a lake, or for an engine whose answers are not
    worth caching, nothing is cached.
    """
    cache = None
    if lake is not None and engine.cached:
        cache = generation_cache(lake, engine.model)
        cache.recover()
    numbers = count()

    def key_of(request: Request) -> str:
        # to answer twice costs less than to find out that the same was asked
        return request_id(request, engine.model) if engine.cached else str(next(numbers))

    unread = in_batches(requests, shard_size)
    opened: deque[_Shard] = deque()

    def ahead(batch: list[Request] | None) -> Iterator[Request]:
        while batch:
            shard = _Shard(batch, key_of, cache)
            yield from shard.to_send(opened)
            batch = next(unread, None) if len(opened) < _AHEAD else None

    try:
        # more than once where the engine runs dry: all that is open was in the cache, or waits for one slow answer
        for batch in unread:
            with closing(completions(ahead(batch), engine)) as finished:
                for completion in finished:
                    for shard in opened:
                        shard.take(completion)
                    while opened and opened[0].complete:
                        yield from opened.popleft().delivered()
            while opened:
                yield from opened.popleft().delivered()
    finally:
        for shard in opened:  # the run ends early: what is answered stays answered
            shard.commit()


def answered(
    rows: Iterable[T],
    request_of: Callable[[T], Request],
    engine: Generator,
    lake: Lake | None,
    shard_size: int = SHARD_SIZE,
) -> Iterator[tuple[T, Completion]]:
    """Each row with the completion of its request, in order; at most a few shards of rows are in memory."""
    rows, requested = tee(rows)  # complete() reads ahead; tee holds the rows in between
    return zip(rows, complete(map(request_of, requested), engine, lake, shard_size), strict=True)


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


class _Shard:
    """Requests that are answered and committed together, each distinct one under its key."""

    def __init__(
        self, batch: Sequence[Request], key_of: Callable[[Request], str], cache: GenerationCache | None
    ) -> None:
        self._cache = cache
        self._batch = batch
        self._keys = [key_of(request) for request in batch]
        self._answers = cache.find(self._keys) if cache else {}
        keyed = zip(self._keys, batch, strict=True)
        self._lacking = {key: replace(request, id=key) for key, request in keyed if key not in self._answers}
        self._sent: dict[str, Request] = {}
        self._lasting: list[tuple[Task, Completion]] = []  # to be committed
        self._journal: Journal | None = None

    @property
    def complete(self) -> bool:
        """Whether each request is answered."""
        return not self._lacking

    def to_send(self, opened: deque[_Shard]) -> list[Request]:
        """Opens the shard behind those that are `opened`; what it lacks and none of them waits for, the longest first."""
        waited_for = {key for shard in opened for key in shard._lacking}
        opened.append(self)
        self._sent = {key: request for key, request in self._lacking.items() if key not in waited_for}
        # alike lengths together, and nothing long at the end, when the engine's other places are empty
        return sorted(self._sent.values(), key=_characters, reverse=True)

    def take(self, completion: Completion) -> None:
        """Keeps the completion if it is of this shard."""
        if self._lacking.pop(completion.id, None) is None:
            return
        self._answers[completion.id] = completion
        if self._cache and completion.id in self._sent and completion.code not in _PASSING:
            entry = (self._sent[completion.id].task, completion)
            self._lasting.append(entry)
            self._journal = self._journal or self._cache.journal()
            self._journal.record(*entry)

    def commit(self) -> None:
        """Writes what was answered and lasts into the cache."""
        if self._cache and self._journal:
            self._cache.add(self._lasting)
            self._journal.drop()

    def delivered(self) -> Iterator[Completion]:
        """Commits, then each completion in the order of the requests; all of them must be there."""
        self.commit()
        for key, request in zip(self._keys, self._batch, strict=True):
            yield replace(self._answers[key], id=request.id)


def _characters(request: Request) -> int:
    return sum(len(message["content"]) for message in request.messages)
