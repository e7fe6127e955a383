"""Chat completions by a server's batch endpoint: requests go there as one file, and are answered within a day, at vendors for less money."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, cast

from inference.text_engines import UNAVAILABLE, Completion, EngineGone, Request
from inference.text_engines.openai_server import COMPLAINT, OpenAiServer, completion_of
from lake.errors import UserError
from lake.harness.progress import console
from lake.ids import sha256_text

if TYPE_CHECKING:
    from openai.types import Batch

_MOST_REQUESTS = 10_000  # of one batch: vendors take some ten thousand in a file
_KEPT = 7 * 86_400  # seconds that a batch of an earlier run is looked for: so long servers keep the answers
_LONGEST_PAUSE = 60.0  # seconds between two questions how far a batch is
_RUNNING = ("validating", "in_progress", "finalizing", "cancelling")
_ANSWERED = ("completed", "expired", "cancelled")  # the last two may be answered in part
_ENDPOINT = "/v1/chat/completions"


class OpenAiBatches:
    """Batches of a server, one after the other; one that an earlier run left behind is found by the digest of its requests."""

    cached = True

    def __init__(self, server: OpenAiServer, pause: float = 2.0) -> None:
        self.model = server.model
        self._server = server
        self._pause = pause

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request, when the batch it is in has ended.

        Raises UserError when the server has no batch endpoint or does not accept the key, EngineGone when it refuses the batch.
        """
        waiting = iter(requests)
        while asked := list(islice(waiting, _MOST_REQUESTS)):
            yield from self._answers(asked)

    def close(self) -> None:
        """Nothing is held: a batch goes on at the server, and the next run finds it."""

    def _answers(self, asked: Sequence[Request]) -> Iterator[Completion]:
        from openai import APIConnectionError, APIStatusError

        try:
            batch = self._ended(self._begun(asked))
            lines = [*self._lines(batch.output_file_id), *self._lines(batch.error_file_id)]
        # both end the run: the next one finds the batch, where asking again at once would pay for it twice
        except APIStatusError as error:
            raise EngineGone(f"The server at {self._server.base}, in a batch: {self._server.refusal(error)}") from error
        except APIConnectionError as error:
            raise EngineGone(f"The server at {self._server.base}, in a batch: {self._server.lost(error)}") from error
        answers = {line["custom_id"]: line for line in lines}
        for request in asked:
            yield _completion(request, answers.get(request.id), batch)

    def _begun(self, asked: Sequence[Request]) -> Batch:
        """The batch of these requests that an earlier run began, or a new one."""
        text = "".join(json.dumps(self._line(request), sort_keys=True) + "\n" for request in asked)
        digest = sha256_text(text)
        if earlier := self._earlier(digest):
            return earlier
        client, headers = self._server.client, self._server.headers
        name = f"mixlake-{digest[:16]}.jsonl"
        file = client.files.create(file=(name, text.encode()), purpose="batch", extra_headers=headers)
        batch = client.batches.create(
            input_file_id=file.id, endpoint=_ENDPOINT, completion_window="24h", metadata={"requests": digest},
            extra_headers=headers,
        )  # fmt: skip
        told = f"  batch {batch.id} of {len(asked):,} requests; a run that is stopped finds it again"
        console().print(told, style="dim", markup=False)
        return batch

    def _earlier(self, digest: str) -> Batch | None:
        """A batch of the requests of this digest that runs or is answered; UserError where the server knows no batches."""
        from openai import APIStatusError

        try:
            listed = self._server.client.batches.list(limit=100, extra_headers=self._server.headers)
        except APIStatusError as error:
            told = self._server.refusal(error)
            if error.status_code not in (404, 405, 501):
                raise
            raise UserError(
                f"The server at {self._server.base} has no batch endpoint ({told}): leave engine.batch at false"
            ) from error
        since = time.time() - _KEPT
        for batch in takewhile(lambda batch: batch.created_at > since, listed):
            if (batch.metadata or {}).get("requests") == digest and batch.status in (*_RUNNING, "completed"):
                return batch
        return None

    def _line(self, request: Request) -> dict[str, Any]:
        fields = self._server.fields(request)
        body = fields | fields.pop("extra_body", {})
        return {"custom_id": request.id, "method": "POST", "url": _ENDPOINT, "body": body}

    def _ended(self, batch: Batch) -> Batch:
        """The batch when the server has done with it."""
        pause = self._pause
        while batch.status in _RUNNING:
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            batch = self._server.client.batches.retrieve(batch.id, extra_headers=self._server.headers)
        if batch.status not in _ANSWERED:
            complaints = [one.message or "" for one in (batch.errors.data if batch.errors else None) or ()]
            reason = "; ".join(complaints)[:COMPLAINT] or "no reason given"
            raise EngineGone(
                f"The server at {self._server.base} refused the batch {batch.id} ({batch.status}): {reason}"
            )
        return batch

    def _lines(self, file: str | None) -> list[dict[str, Any]]:
        if file is None:
            return []
        text = self._server.client.files.content(file, extra_headers=self._server.headers).text
        return [json.loads(line) for line in text.splitlines() if line]


def _completion(request: Request, line: dict[str, Any] | None, batch: Batch) -> Completion:
    """The answer in a line of the batch's files: {custom_id, response: {status_code, body}, error: {message}}."""
    from openai.types.chat import ChatCompletion

    if line is None:
        return Completion(request.id, error=f"{UNAVAILABLE}: the batch {batch.id} is {batch.status} without an answer")
    response = cast("dict[str, Any]", line.get("response") or {})
    status = response.get("status_code")
    if status == 200:
        return completion_of(request, ChatCompletion.construct(**response["body"]))
    passing = status is None or status >= 500 or status in (408, 409, 429)
    complaint = json.dumps(response.get("body") or line.get("error"))[:COMPLAINT]
    return Completion(request.id, error=f"{UNAVAILABLE if passing else 'refused'}: HTTP {status} {complaint}")
