"""The batch endpoint of an OpenAI-compatible server: one file of requests, found again by the next run (a server on loopback)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from inference.batch import complete
from inference.text_engines import Completion, EngineGone, EngineParams, Request
from inference.text_engines.openai_batch import OpenAiBatches
from inference.text_engines.openai_server import OpenAiServer
from lake.errors import UserError
from lake.storage.store import Lake


class Batches(ThreadingHTTPServer):
    """A server with files and batches; a batch ends as `ending` when it was asked about `patience` times, without those in `left_out`."""

    daemon_threads = True
    ending, patience, known, left_out = "completed", 2, True, ()
    age = 0.0  # seconds since a batch was created

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, list[dict[str, Any]]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, int] = {}

    def create(self, told: dict[str, Any]) -> dict[str, Any]:
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            **told, "id": name, "object": "batch", "status": "validating", "created_at": int(time.time() - self.age),
        }  # fmt: skip
        return self.batches[name]

    def look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        self.asked[name] = self.asked.get(name, 0) + 1
        if self.asked[name] < self.patience:
            return batch | {"status": "in_progress"}
        batch |= {"status": self.ending}
        if self.ending == "failed":
            return batch | {"errors": {"data": [{"message": "line 1: no such model"}]}}
        lines = [self.answer(line) for line in self.files[batch["input_file_id"]] if asked(line) not in self.left_out]
        self.files["answers"] = [line for line in lines if line["response"]["status_code"] == 200]
        self.files["errors"] = [line for line in lines if line not in self.files["answers"]]
        return batch | {"output_file_id": "answers", "error_file_id": "errors"}

    @staticmethod
    def answer(line: dict[str, Any]) -> dict[str, Any]:
        status = {"busy": 429, "bad": 400}.get(asked(line), 200)
        choice = {"message": {"role": "assistant", "content": f"echo {asked(line)}"}, "finish_reason": "stop"}
        body = {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
        response = {"status_code": status, "body": body if status == 200 else {"error": {"message": "no"}}}
        return {"custom_id": line["custom_id"], "response": response}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/batches":
            return self.say(server.create(json.loads(body)))
        name = f"file_{len(server.files)}"
        lines = [line for line in body.split(b"\n") if line.startswith(b"{")]  # of a multipart form
        server.files[name] = [json.loads(line) for line in lines]
        return self.say({"id": name, "object": "file"})

    def do_GET(self) -> None:
        server: Any = self.server
        if self.path.startswith("/v1/batches?"):
            newest_first = list(server.batches.values())[::-1]
            return self.say({"object": "list", "data": newest_first, "has_more": False}, 200 if server.known else 404)
        if self.path.startswith("/v1/batches/"):
            return self.say(server.look(self.path.rpartition("/")[2]))
        if found := re.fullmatch(r"/v1/files/(\w+)/content", self.path):
            return self.say("\n".join(json.dumps(line) for line in server.files[found[1]]))
        return self.say({"object": "list", "data": []})

    def say(self, told: Any, status: int = 200) -> None:
        content = (told if isinstance(told, str) else json.dumps(told)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def asked(line: dict[str, Any]) -> str:
    return line["body"]["messages"][-1]["content"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Batches]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Batches()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def engine(server: Batches) -> OpenAiBatches:
    address = f"http://127.0.0.1:{server.server_port}/v1"
    params = EngineParams(kind="openai_api", model="m", base_url=address, batch=True, retries=0)
    return OpenAiBatches(OpenAiServer(params), pause=0.01)


def requests(*words: str) -> list[Request]:
    return [
        Request(f"row{n}", "rate", [{"role": "user", "content": word}], structure={"json": {"type": "object"}})
        for n, word in enumerate(words)
    ]


def test_requests_go_as_one_file_and_every_answer_comes_back(server: Batches) -> None:
    found = list(engine(server).generate(requests("a", "b", "c")))
    assert [(one.id, one.text, one.prompt_tokens, one.completion_tokens) for one in found] == [
        ("row0", "echo a", 3, 2), ("row1", "echo b", 3, 2), ("row2", "echo c", 3, 2),
    ]  # fmt: skip
    (batch,) = server.batches.values()
    assert (batch["endpoint"], batch["completion_window"]) == ("/v1/chat/completions", "24h")
    body = server.files[batch["input_file_id"]][0]["body"]
    assert (body["model"], body["max_tokens"], body["response_format"]["type"]) == ("m", 256, "json_schema")
    assert "extra_headers" not in body


def test_a_run_that_was_stopped_finds_its_batch_again(server: Batches) -> None:
    server.patience = 10**9
    stopped = engine(server)
    stopped._ended = lambda batch: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        list(stopped.generate(requests("a", "b")))
    server.patience = 1
    assert [one.text for one in engine(server).generate(requests("a", "b"))] == ["echo a", "echo b"]
    assert len(server.batches) == 1
    list(engine(server).generate(requests("a", "c")))
    assert len(server.batches) == 2, "other requests are another batch"


def test_answers_that_servers_may_have_dropped_are_asked_for_anew(server: Batches) -> None:
    server.age = 30 * 86_400
    list(engine(server).generate(requests("a")))
    list(engine(server).generate(requests("a")))
    assert len(server.batches) == 2


def test_what_is_not_answered_says_why_and_whether_to_ask_again(server: Batches) -> None:
    server.ending, server.left_out = "expired", ("late",)
    found = {one.id: one for one in engine(server).generate(requests("a", "busy", "bad", "late"))}
    assert found["row0"].text == "echo a"
    assert [found[f"row{n}"].code for n in (1, 2, 3)] == ["unavailable", "refused", "unavailable"]
    assert found["row3"].error == "unavailable: the batch batch_0 is expired without an answer"


def test_an_expired_batch_is_not_taken_for_the_next_run(server: Batches, tmp_path: Path) -> None:
    server.ending, server.left_out = "expired", ("late",)
    lake = Lake(str(tmp_path))
    first = list(complete(requests("a", "late"), engine(server), lake))
    assert [one.text for one in first] == ["echo a", None]
    server.ending, server.left_out = "completed", ()
    again = list(complete(requests("a", "late"), engine(server), lake))
    assert [one.text for one in again] == ["echo a", "echo late"]
    sent = [sorted(asked(line) for line in server.files[batch["input_file_id"]]) for batch in server.batches.values()]
    assert sent == [["a", "late"], ["late"]]


def test_a_batch_that_the_server_refuses_ends_the_run_with_its_reason(server: Batches) -> None:
    server.ending = "failed"
    with pytest.raises(EngineGone, match=r"refused the batch batch_0 \(failed\): line 1: no such model"):
        list(engine(server).generate(requests("a")))


def test_a_server_without_the_endpoint_is_named_with_what_to_set(server: Batches) -> None:
    server.known = False
    with pytest.raises(UserError, match=r"has no batch endpoint \(refused: HTTP 404 .*leave engine\.batch at false"):
        list(engine(server).generate(requests("a")))


def test_an_answer_is_that_of_the_same_request_sent_alone(server: Batches) -> None:
    stopping = [replace(one, stop=("</answer>",)) for one in requests("a")]
    (found,) = engine(server).generate(stopping)
    assert found == Completion("row0", "echo a</answer>", None, 3, 2, "stop"), "the stop that servers leave out"
