"""Any server that speaks the OpenAI chat-completions protocol: a vLLM server, another inference server, a vendor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, cast

from inference.text_engines import UNAVAILABLE, Completion, EngineParams, Generator, Request
from inference.text_engines.openai_server import COMPLAINT, OpenAiServer, completion_of

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion


def openai_engine(params: EngineParams) -> Generator:
    """Chat completions over HTTP: by the server's batch endpoint where params.batch says so, else request by request."""
    server = OpenAiServer(params)
    if not params.batch:
        return OpenAiEngine(server, params.concurrency)
    from inference.text_engines.openai_batch import OpenAiBatches

    return OpenAiBatches(server)


class OpenAiEngine:
    """Chat completions over HTTP, at most `concurrency` in flight."""

    cached = True

    def __init__(self, server: OpenAiServer, concurrency: int) -> None:
        self.model = server.model
        self._server = server
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency)

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request as it is finished.

        Raises EngineGone when no server is there, UserError when it does not accept the key.
        """
        waiting, flying = iter(requests), set[Future[Completion]]()
        while True:
            for request in islice(waiting, self._concurrency - len(flying)):
                flying.add(self._pool.submit(self._complete, request))
            if not flying:
                return
            finished, flying = wait(flying, return_when=FIRST_COMPLETED)
            for one in finished:
                yield one.result()

    def close(self) -> None:
        """Ends the threads; requests that were not sent yet are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def _complete(self, request: Request) -> Completion:
        from openai import APIConnectionError, APIStatusError, OpenAIError

        try:
            answer = self._server.client.chat.completions.create(
                **self._server.fields(request), extra_headers=self._server.headers
            )
        except APIStatusError as error:
            return Completion(request.id, error=self._server.refusal(error))
        except APIConnectionError as error:
            return Completion(request.id, error=self._server.lost(error))
        except (OpenAIError, ValueError) as error:
            return Completion(request.id, error=f"{UNAVAILABLE}: {type(error).__name__}: {error}")
        if isinstance(answer, str):  # the page of a proxy, which the client passes on as it is
            return Completion(request.id, error=f"{UNAVAILABLE}: no JSON but {answer[:COMPLAINT]}")
        return completion_of(request, cast("ChatCompletion", answer))
