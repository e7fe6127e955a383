"""Requests through an engine that may break: every one gets a completion, and the one that breaks the engine gets the reason.

What an engine was sent and had not answered when it broke is asked again by halves, until what breaks it stands alone: the poison
request. It gets its error as soon as the engine answers anything else, because an engine that answers nothing is broken itself.
"""

from __future__ import annotations

from collections.abc import Generator as Stream
from collections.abc import Iterable, Iterator

from inference.text_engines import POISON, UNAVAILABLE, Completion, EngineFailed, EngineGone, Generator, Request
from lake.errors import UserError

_FAILED = 64  # requests in a row that got no answer, each after all its repeats: the run is not worth going on with
_POISON_IN_A_ROW = 8  # requests that each broke the engine alone, and no answer in between: the engine is to blame


def completions(requests: Iterable[Request], engine: Generator) -> Stream[Completion, None, None]:
    """A completion for each request as it is finished; ids must differ, requests are read as the engine has room.

    Raises EngineGone when the engine breaks on whatever it is asked.
    """
    asked = [_Asked(iter(requests))]  # the last one is worked on; the others wait behind it
    poison: list[Completion] = []
    answered = False
    failed = 0  # requests in a row
    while asked:
        current = asked[-1]
        try:
            for completion in engine.generate(current):
                current.unanswered.pop(completion.id)
                answered = True
                failed = failed + 1 if completion.code in (UNAVAILABLE, POISON) else 0
                if failed == _FAILED:
                    raise EngineGone(f"The engine {engine.model} answers nothing any more: {completion.error}")
                yield from poison
                poison.clear()
                yield completion
            if current.unanswered:
                raise EngineFailed(f"the engine left {len(current.unanswered)} requests unanswered", accident=True)
            asked.pop()
        except (EngineGone, UserError):
            raise
        except Exception as error:  # whatever one request makes an engine raise must not lose the others
            if current.broken:
                raise
            suspects = current.taken_back()
            if current.single:
                poison.append(_failed_alone(suspects[0], error))
            else:
                middle = len(suspects) // 2
                asked += [_Asked(iter(half), len(half) == 1) for half in (suspects[middle:], suspects[:middle]) if half]
            if not suspects or len(poison) == _POISON_IN_A_ROW:
                raise EngineGone(
                    f"The engine {engine.model} fails on whatever it is asked: {_reason(error)}"
                ) from error
    if len(poison) > 1 and not answered:
        raise EngineGone(f"The engine {engine.model} failed on each of {len(poison)} requests: {poison[0].error}")
    yield from poison


class _Asked(Iterator[Request]):
    """Requests on their way to an engine, which are remembered until they are answered.

    single: it is one, asked alone. broken: they cannot be read, which is no fault of the engine that asked for one.
    """

    def __init__(self, requests: Iterator[Request], single: bool = False) -> None:
        self._requests = requests
        self.single = single
        self.broken = False
        self.unanswered: dict[str, Request] = {}

    def __next__(self) -> Request:
        self.broken = True  # until the next line has got by
        request = next(self._requests, None)
        self.broken = False
        if request is None:
            raise StopIteration
        self.unanswered[request.id] = request
        return request

    def taken_back(self) -> list[Request]:
        """What was sent and not answered, in the order sent; from now on it counts as not sent."""
        suspects = list(self.unanswered.values())
        self.unanswered.clear()
        return suspects


def _failed_alone(request: Request, error: Exception) -> Completion:
    accident = isinstance(error, MemoryError) or (isinstance(error, EngineFailed) and error.accident)
    return Completion(request.id, error=f"{UNAVAILABLE if accident else POISON}: {_reason(error)}")


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, EngineFailed) else f"{type(error).__name__}: {error}"
