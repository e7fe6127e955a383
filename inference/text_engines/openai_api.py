"""Any server that speaks the OpenAI chat-completions protocol: a vLLM server, another inference server, a vendor.

Does not do yet: counting what the tokens cost, batch endpoints, structured output.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from socket import gaierror
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, build_opener
from urllib.request import Request as HttpRequest

from inference.text_engines import UNAVAILABLE, Completion, EngineGone, EngineParams, Request
from lake.errors import UserError
from lake.ids import content_id

_LONGEST_PAUSE = 60.0  # seconds, whatever the server asks for
_COMPLAINT = 300  # characters of a server's complaint that go into an error


@dataclass(frozen=True)
class _Trouble:
    """Why a request got no answer. lasting: sending it again cannot help. gone: no server is there. pause: seconds to wait first."""

    reason: str
    lasting: bool = False
    gone: bool = False
    pause: float = 0.0


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the key to another host: it is an error."""

    def redirect_request(self, *args: Any, **named: Any) -> None:
        """Nothing: the redirect is not followed."""


class OpenAiEngine:
    """Chat completions over HTTP: at most `concurrency` in flight, asked again with growing pauses after 429, 5xx or a lost connection.

    model: hash of the address and the model's name there, because a server tells no digest of its weights.
    """

    cached = True

    def __init__(self, params: EngineParams) -> None:
        base = params.base_url.rstrip("/")
        if not base.startswith(("http://", "https://")) or not params.model:
            raise UserError(
                f"The engine openai_api needs base_url (http or https) and model, got '{base}' and '{params.model}'"
            )
        self._params = params
        self._url = f"{base}/chat/completions"
        self._key = _key(params.api_key_env)
        self._opener = build_opener(_NoRedirect)
        self._pool = ThreadPoolExecutor(params.concurrency)
        self.model = content_id("api", base, params.model)

    def generate(self, requests: Sequence[Request]) -> Sequence[Completion]:
        """One completion for each request, in the same order.

        Raises EngineGone when no server is there, UserError when it does not accept the key.
        """
        return list(self._pool.map(self._complete, requests))

    def close(self) -> None:
        """Ends the threads; requests that were not sent yet are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def _complete(self, request: Request) -> Completion:
        body = {
            "model": self._params.model,
            "messages": list(request.messages),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "frequency_penalty": request.frequency_penalty,
            "seed": request.seed,
        }
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        answer = self._post(HttpRequest(self._url, json.dumps(body).encode(), headers, method="POST"))  # noqa: S310 - http or https, checked when opened
        return Completion(request.id, error=answer) if isinstance(answer, str) else _completion(request.id, answer)

    def _post(self, request: HttpRequest) -> Mapping[str, Any] | str:
        """The server's answer, or the error of this request."""
        trouble = _Trouble("not asked")
        for attempt in range(self._params.retries + 1):
            answer = self._attempt(request)
            if not isinstance(answer, _Trouble):
                return answer
            trouble = answer
            if trouble.lasting:
                return f"refused: {trouble.reason}"
            if attempt < self._params.retries:
                time.sleep(min(max(trouble.pause, self._params.backoff_seconds * 2**attempt), _LONGEST_PAUSE))
        if trouble.gone:
            raise EngineGone(f"No server answers at {self._url}: {trouble.reason}")
        return f"{UNAVAILABLE}: {trouble.reason}"

    def _attempt(self, request: HttpRequest) -> Mapping[str, Any] | _Trouble:
        try:
            with self._opener.open(request, timeout=self._params.timeout_seconds) as response:
                return cast("Mapping[str, Any]", json.load(response))
        except HTTPError as error:
            return self._trouble_of(error)
        except (HTTPException, OSError, ValueError) as error:
            cause = error.reason if isinstance(error, URLError) else error
            return _Trouble(
                f"{type(cause).__name__}: {cause}", gone=isinstance(cause, ConnectionRefusedError | gaierror)
            )

    def _trouble_of(self, error: HTTPError) -> _Trouble:
        """What an HTTP error means; a key that the server repeats in its complaint is blotted out."""
        if error.code in (401, 403):  # no other request can succeed either
            raise UserError(
                f"The server at {self._url} refused access (HTTP {error.code}): put a valid key into an environment variable "
                f"and name it in api_key_env, which is '{self._params.api_key_env}'"
            )
        complaint = error.read(4 * _COMPLAINT).decode("utf-8", "replace")
        complaint = complaint.replace(self._key, "***")[:_COMPLAINT] if self._key else complaint[:_COMPLAINT]
        lasting = error.code < 500 and error.code not in (408, 429)  # timeout, too many requests: worth another try
        return _Trouble(f"HTTP {error.code} {complaint}", lasting, pause=_seconds(error.headers.get("Retry-After")))


def _key(variable: str) -> str:
    """The key in the environment variable of that name, "" where no name is given."""
    if variable and not os.environ.get(variable):
        raise UserError(
            f"The environment variable {variable}, named in api_key_env, is not set: put the server's key into it"
        )
    return os.environ.get(variable, "") if variable else ""


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0


def _completion(request_id: str, answer: Mapping[str, Any]) -> Completion:
    """The first choice's text, or an error where the server's answer holds none."""
    try:
        text = answer["choices"][0]["message"]["content"]
    except (LookupError, TypeError):
        text = None
    if not isinstance(text, str):
        return Completion(request_id, error="refused: the answer holds no text")
    usage = answer.get("usage") or {}
    return Completion(
        request_id, text, None, int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
    )
