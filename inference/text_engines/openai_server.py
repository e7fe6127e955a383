"""A server that speaks the OpenAI chat-completions protocol: its client, and what requests and answers look like there."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from inference.text_engines import UNAVAILABLE, Completion, EngineGone, EngineParams, Request
from lake.errors import UserError
from lake.ids import content_id

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError, OpenAI
    from openai.types.chat import ChatCompletion

COMPLAINT = 300  # characters of a server's complaint that go into an error
# Headers that the client would fill from the environment: what is meant for a vendor is not told to another server.
_UNSAID = ("Authorization", "OpenAI-Organization", "OpenAI-Project")


class OpenAiServer:
    """The server at params.base_url.

    The client repeats what failed by 429, 5xx, a time-out or a lost connection, after a growing pause with jitter or the server's
    Retry-After. model: hash of the address and the model's name there, because a server tells no digest of its weights.
    """

    def __init__(self, params: EngineParams) -> None:
        base = params.base_url.rstrip("/")
        if not base.startswith(("http://", "https://")) or not params.model:
            raise UserError(
                f"The engine openai_api needs base_url (http or https) and model, got '{base}' and '{params.model}'"
            )
        self._params = params
        self.base = base
        self._key = _key(params.api_key_env)
        self.model = content_id("api", base, params.model, *(() if params.structured else ("unstructured",)))

    @cached_property
    def client(self) -> OpenAI:
        from openai import DefaultHttpxClient, OpenAI

        return OpenAI(
            base_url=self.base,
            api_key=self._key or "none",
            timeout=self._params.timeout_seconds,
            max_retries=self._params.retries,
            # a redirect would carry the key and the texts to another host
            http_client=DefaultHttpxClient(follow_redirects=False),
        )

    @cached_property
    def headers(self) -> dict[str, Any]:
        from openai import Omit

        return {name: Omit() for name in _UNSAID if name != "Authorization" or not self._key}

    @cached_property
    def _is_vllm(self) -> bool:
        """Whether the server is vLLM's, which takes patterns and gives the stop back."""
        from openai import OpenAIError

        try:
            listed = self.client.with_options(max_retries=0).models.list(extra_headers=self.headers).data
        except (OpenAIError, ValueError):  # what ails the server is told by the requests
            return False
        return any(model.owned_by == "vllm" for model in listed)

    def fields(self, request: Request) -> dict[str, Any]:
        """The fields of a chat completion; those that only some servers know are left out where they are not needed."""
        fields: dict[str, Any] = {
            "model": self._params.model,
            "messages": list(request.messages),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        if request.frequency_penalty:
            fields["frequency_penalty"] = request.frequency_penalty
        if request.stop:
            fields["stop"] = list(request.stop)
        if not self._params.structured:
            return fields
        if schema := request.structure.get("json"):
            form = {"name": request.task, "strict": True, "schema": schema}
            fields["response_format"] = {"type": "json_schema", "json_schema": form}
        elif request.structure and self._is_vllm:
            fields["extra_body"] = {"structured_outputs": dict(request.structure)}
        return fields

    def refusal(self, error: APIStatusError) -> str:
        """What an HTTP error means; a key that the server repeats in its complaint is blotted out."""
        if error.status_code in (401, 403):  # no other request can succeed either
            raise UserError(
                f"The server at {self.base} refused access (HTTP {error.status_code}): put a valid key into an environment "
                f"variable and name it in api_key_env, which is '{self._params.api_key_env}'"
            ) from None
        complaint = error.response.text.replace(self._key or "\0", "***")[:COMPLAINT]
        passing = error.status_code >= 500 or error.status_code in (408, 409, 429)
        return f"{UNAVAILABLE if passing else 'refused'}: HTTP {error.status_code} {complaint}"

    def lost(self, error: APIConnectionError) -> str:
        cause = error.__cause__ or error
        if type(cause).__name__ == "ConnectError":  # of the client's own HTTP library, whichever that is
            raise EngineGone(f"No server answers at {self.base}: {cause}") from error
        return f"{UNAVAILABLE}: {type(cause).__name__}: {cause}"


def _key(variable: str) -> str:
    """The key in the environment variable of that name, "" where no name is given."""
    if variable and not os.environ.get(variable):
        raise UserError(
            f"The environment variable {variable}, named in api_key_env, is not set: put the server's key into it"
        )
    return os.environ.get(variable, "") if variable else ""


def completion_of(request: Request, answer: ChatCompletion) -> Completion:
    """The first choice's text, or an error where the server's answer holds none."""
    try:
        choice = answer.choices[0]
        text = choice.message.content
    except (AttributeError, LookupError, TypeError):  # the client passes on what it does not understand
        return Completion(request.id, error="no_text: the answer holds no text")
    if not isinstance(text, str):
        return Completion(request.id, error="no_text: the answer holds no text", finish_reason=choice.finish_reason)
    if request.stop and choice.finish_reason == "stop" and not text.endswith(request.stop):
        text += request.stop[0]  # servers leave out what they stopped at
    usage = answer.usage
    tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    return Completion(request.id, text, None, *tokens, choice.finish_reason)
