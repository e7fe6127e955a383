"""Opening engines, and the OpenAI-compatible one against a small server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest

from inference.batch import complete
from inference.text_engines import EngineGone, EngineParams, Request, open_engine
from inference.text_engines.vllm import checkpoint_digest
from lake.errors import UserError

KEY = "a-key-that-nobody-may-see"
Reply = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Answers with what `reply` says, remembers what it was sent, and counts how many requests were in flight at most."""

    daemon_threads = True

    def __init__(self, reply: Callable[[dict[str, Any], int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.lock = Lock()
        self.in_flight = self.most_in_flight = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
            server.bodies.append(body)
            server.keys.add(self.headers["Authorization"])
            asked = sum(body["messages"] == earlier["messages"] for earlier in server.bodies)
        status, headers, content = server.reply(body, asked)
        with server.lock:
            server.in_flight -= 1
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def said(text: str | None) -> Reply:
    answer = {"choices": [{"message": {"content": text}}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    return 200, {}, json.dumps(answer).encode()


def echo(body: dict[str, Any], asked: int) -> Reply:
    return said(f"echo {body['messages'][-1]['content']}")


Start = Callable[[Callable[[dict[str, Any], int], Reply]], Server]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    started: list[Server] = []

    def begin(reply: Callable[[dict[str, Any], int], Reply]) -> Server:
        server = Server(reply)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started.append(server)
        return server

    yield begin
    for server in started:
        server.shutdown()
        server.server_close()


def params(server: Server, **changes: Any) -> EngineParams:
    settings = {"kind": "openai_api", "model": "m", "base_url": server.address, "backoff_seconds": 0.0, "retries": 2}
    return EngineParams(**(settings | changes))


def requests(count: int) -> list[Request]:
    return [
        Request(
            f"row{n}",
            "distil",
            [{"role": "user", "content": str(n)}],
            max_tokens=9,
            temperature=0.5,
            seed=n,
            frequency_penalty=0.25,
        )
        for n in range(count)
    ]


def test_answers_of_a_server_come_back_in_order_with_their_tokens(start: Start) -> None:
    server = start(echo)
    with open_engine(params(server, concurrency=3)) as engine:
        answers = engine.generate(requests(8))
    assert [(answer.id, answer.text) for answer in answers] == [(f"row{n}", f"echo {n}") for n in range(8)]
    assert {(answer.prompt_tokens, answer.completion_tokens) for answer in answers} == {(3, 2)}
    sent = sorted(server.bodies, key=lambda body: body["seed"])
    settings = ("model", "max_tokens", "temperature", "frequency_penalty", "seed")
    assert [tuple(body[name] for name in settings) for body in sent] == [("m", 9, 0.5, 0.25, n) for n in range(8)]
    assert server.most_in_flight <= 3
    assert server.keys == {None}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(start: Start, status: int) -> None:
    server = start(lambda body, asked: echo(body, asked) if asked > 2 else (status, {"Retry-After": "0"}, b"busy"))
    with open_engine(params(server)) as engine:
        assert [answer.text for answer in engine.generate(requests(1))] == ["echo 0"]
    assert len(server.bodies) == 3


def test_a_server_that_stays_busy_costs_one_request_not_the_batch(start: Start) -> None:
    server = start(lambda body, asked: (503, {}, b"busy") if body["seed"] == 1 else echo(body, asked))
    with open_engine(params(server)) as engine:
        answers = engine.generate(requests(3))
    assert [answer.error for answer in answers] == [None, "unavailable: HTTP 503 busy", None]
    assert len(server.bodies) == 5


def test_a_refused_request_is_not_repeated(start: Start) -> None:
    server = start(lambda body, asked: (400, {}, b"too many tokens"))
    with open_engine(params(server)) as engine:
        assert [answer.error for answer in engine.generate(requests(1))] == ["refused: HTTP 400 too many tokens"]
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "content", [b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}', b"[]"]
)
def test_an_answer_without_text_is_an_error(start: Start, content: bytes) -> None:
    server = start(lambda body, asked: (200, {}, content))
    with open_engine(params(server)) as engine:
        assert [(answer.text, answer.error) for answer in engine.generate(requests(1))] == [
            (None, "refused: the answer holds no text")
        ]


def test_an_answer_that_is_not_json_is_asked_for_again(start: Start) -> None:
    server = start(lambda body, asked: echo(body, asked) if asked > 1 else (200, {}, b"<html>"))
    with open_engine(params(server)) as engine:
        assert [answer.text for answer in engine.generate(requests(1))] == ["echo 0"]


def test_the_key_is_sent_to_the_server_and_shown_to_nobody(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server = start(lambda body, asked: (400, {}, f"bad request with {KEY}".encode()))
    opened = params(server, api_key_env="MY_KEY")
    with open_engine(opened) as engine:
        (answer,) = engine.generate(requests(1))
    assert server.keys == {f"Bearer {KEY}"}
    assert KEY not in f"{answer} {opened} {engine.model}"
    assert answer.error == "refused: HTTP 400 bad request with ***"


def test_a_redirect_does_not_carry_the_key_away(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    elsewhere = start(echo)
    server = start(lambda body, asked: (302, {"Location": f"{elsewhere.address}/chat/completions"}, b""))
    with open_engine(params(server, api_key_env="MY_KEY")) as engine:
        (answer,) = engine.generate(requests(1))
    assert answer.error is not None and answer.error.startswith("refused: HTTP 302")
    assert elsewhere.keys == set()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_the_users_to_mend(start: Start, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server = start(lambda body, asked: (status, {}, b""))
    with (
        open_engine(params(server, api_key_env="MY_KEY", concurrency=1)) as engine,
        pytest.raises(UserError, match="MY_KEY") as raised,
    ):
        list(complete(requests(4), engine, None))
    assert KEY not in str(raised.value)
    assert len(server.bodies) <= 2, "the other requests are not sent"


def test_a_server_that_is_not_there_ends_the_run(start: Start) -> None:
    server = start(echo)
    gone = params(server)
    server.shutdown()
    server.server_close()
    with open_engine(gone) as engine, pytest.raises(EngineGone, match="ConnectionRefusedError"):
        list(complete(requests(4), engine, None))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "openai_api"}, "base_url"),
        ({"kind": "openai_api", "base_url": "file:///etc/hosts", "model": "m"}, "base_url"),
        (
            {"kind": "openai_api", "base_url": "http://127.0.0.1", "model": "m", "api_key_env": "NOT_SET_ANYWHERE"},
            "NOT_SET_ANYWHERE",
        ),
        ({"kind": "vllm"}, "No model is named"),
    ],
)
def test_an_engine_that_cannot_work_says_so_when_it_is_opened(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told), open_engine(EngineParams(**changes)):
        pass


def test_a_checkpoint_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UserError, match="no safetensors"), open_engine(EngineParams(kind="vllm", model=str(tmp_path))):
        pass


def test_the_digest_of_a_checkpoint_follows_its_files_and_not_their_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"weights")
        (tmp_path / name / "config.json").write_text("{}")
    digest = checkpoint_digest(tmp_path / "one")
    assert checkpoint_digest(tmp_path / "two") == digest != checkpoint_digest(tmp_path / "two", "float32")
    (tmp_path / "two" / "notes.txt").write_text("changes no answer")
    assert checkpoint_digest(tmp_path / "two") == digest
    for name, content in {
        "config.json": b"[]",
        "model.safetensors": b"other",
        "chat_template.jinja": b"{{ m }}",
    }.items():
        (tmp_path / "two" / name).write_bytes(content)
        assert checkpoint_digest(tmp_path / "two") != digest
        digest = checkpoint_digest(tmp_path / "two")


def test_an_engine_is_closed_when_its_block_fails() -> None:
    with (
        pytest.raises(KeyError),
        open_engine(EngineParams(kind="openai_api", base_url="http://127.0.0.1", model="m")) as engine,
    ):
        raise KeyError
    with pytest.raises(RuntimeError, match="after shutdown"):
        engine.generate(requests(1))


def test_naming_engines_and_jobs_loads_no_model_library() -> None:
    heavy = "{'torch', 'transformers', 'vllm', 'sentence_transformers', 'pyspark', 'great_expectations'}"
    program = f"import sys, inference.text_engines, inference.rate, inference.heldout, inference.distil; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
