"""Opening engines, and the OpenAI-compatible one against a small server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import pytest

from inference.batch import complete
from inference.text_engines import Completion, EngineGone, EngineParams, Request, open_engine
from inference.text_engines.vllm import checkpoint_digest, settings_of
from lake.errors import UserError
from lake.storage.store import Lake

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
        self.headers: list[str] = []
        self.lock = Lock()
        self.owner = "somebody"
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
            server.headers += [f"{name}: {value}" for name, value in self.headers.items()]
            asked = sum(body["messages"] == earlier["messages"] for earlier in server.bodies)
        status, headers, content = server.reply(body, asked)
        with server.lock:
            server.in_flight -= 1
        self.send_response(status)
        defaults = {"Content-Length": str(len(content)), "Content-Type": "application/json", "Retry-After-Ms": "1"}
        for name, value in {**defaults, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        server: Any = self.server
        content = json.dumps({"object": "list", "data": [{"id": "m", "object": "model", "owned_by": server.owner}]})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def said(text: str | None, finish_reason: str = "stop") -> Reply:
    choice = {"message": {"content": text}, "finish_reason": finish_reason}
    answer = {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
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
    settings = {"kind": "openai_api", "model": "m", "base_url": server.address, "retries": 2}
    return EngineParams(**(settings | changes))


def answers(server_params: EngineParams, asked: list[Request]) -> list[Completion]:
    """What the engine answers, in the order of the requests."""
    with open_engine(server_params) as engine:
        found = {completion.id: completion for completion in engine.generate(asked)}
    return [found[request.id] for request in asked]


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
    found = answers(params(server, concurrency=3), requests(8))
    assert [(answer.id, answer.text) for answer in found] == [(f"row{n}", f"echo {n}") for n in range(8)]
    assert {(one.prompt_tokens, one.completion_tokens, one.finish_reason) for one in found} == {(3, 2, "stop")}
    sent = sorted(server.bodies, key=lambda body: body["seed"])
    settings = ("model", "max_tokens", "temperature", "frequency_penalty", "seed")
    assert [tuple(body[name] for name in settings) for body in sent] == [("m", 9, 0.5, 0.25, n) for n in range(8)]
    assert server.most_in_flight <= 3
    assert server.keys == {None}


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_server_is_asked_again(start: Start, status: int) -> None:
    server = start(lambda body, asked: echo(body, asked) if asked > 2 else (status, {}, b"busy"))
    assert [answer.text for answer in answers(params(server), requests(1))] == ["echo 0"]
    assert len(server.bodies) == 3


def test_a_server_that_names_a_pause_is_given_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("openai._base_client.time.sleep", pauses.append)
    asked_for = {"Retry-After-Ms": "", "Retry-After": "7"}
    server = start(lambda body, asked: echo(body, asked) if asked > 1 else (429, asked_for, b"busy"))
    assert [answer.text for answer in answers(params(server), requests(1))] == ["echo 0"]
    assert pauses == [7.0]


def test_a_server_that_asks_for_a_day_is_asked_by_a_later_run(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("openai._base_client.time.sleep", pauses.append)
    server = start(lambda body, asked: (429, {"Retry-After-Ms": "", "Retry-After": "86400"}, b"tomorrow"))
    assert [answer.error for answer in answers(params(server), requests(1))] == ["unavailable: HTTP 429 tomorrow"]
    assert pauses == [] and len(server.bodies) == 1


def test_a_server_that_stays_busy_costs_one_request_not_the_batch(start: Start) -> None:
    server = start(lambda body, asked: (503, {}, b"busy") if body["seed"] == 1 else echo(body, asked))
    found = answers(params(server), requests(3))
    assert [answer.error for answer in found] == [None, "unavailable: HTTP 503 busy", None]
    assert len(server.bodies) == 5


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_refused_request_is_not_repeated(start: Start, status: int) -> None:
    server = start(lambda body, asked: (status, {}, b"too many tokens"))
    assert [answer.error for answer in answers(params(server), requests(1))] == [
        f"refused: HTTP {status} too many tokens"
    ]
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "content", [b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}', b"[]"]
)
def test_an_answer_without_text_is_an_error(start: Start, content: bytes) -> None:
    server = start(lambda body, asked: (200, {}, content))
    assert [(answer.text, answer.error) for answer in answers(params(server), requests(1))] == [
        (None, "no_text: the answer holds no text")
    ]


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_an_answer_that_is_not_json_is_one_that_the_next_run_asks_for_again(
    start: Start, tmp_path: Path, kind: str
) -> None:
    server = start(lambda body, asked: echo(body, asked) if asked > 1 else (200, {"Content-Type": kind}, b"<html>"))
    with open_engine(params(server)) as engine:
        runs = [list(complete(requests(1), engine, Lake(str(tmp_path)))) for _ in range(2)]
    assert [(answer.code, answer.text) for run in runs for answer in run] == [("unavailable", None), ("", "echo 0")]


def test_a_server_that_cuts_the_connection_is_asked_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    cut = (200, {"Content-Length": "1000"}, b"{")
    server = start(lambda body, asked: echo(body, asked) if asked > 2 else cut)
    assert [answer.text for answer in answers(params(server), requests(1))] == ["echo 0"]


def test_a_server_that_answers_too_late_is_not_waited_for(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    later = Event()

    def reply(body: dict[str, Any], asked: int) -> Reply:
        if body["seed"] == 1:
            later.wait()
        return echo(body, asked)

    server = start(reply)
    found = answers(params(server, timeout_seconds=0.5, retries=1), requests(3))
    later.set()
    assert [answer.code for answer in found] == ["", "unavailable", ""]


def test_a_server_that_refuses_everything_it_is_asked_ends_the_run(start: Start) -> None:
    server = start(lambda body, asked: (503, {}, b"down for repairs"))
    with (
        open_engine(params(server, retries=0, concurrency=4)) as engine,
        pytest.raises(EngineGone, match="answers nothing any more: unavailable: HTTP 503 down for repairs"),
    ):
        list(complete(requests(200), engine, None))
    assert len(server.bodies) < 100


def test_what_only_some_servers_know_is_left_out_where_it_changes_nothing(start: Start) -> None:
    server = start(echo)
    answers(params(server), [replace(requests(1)[0], frequency_penalty=0.0)])
    assert {"frequency_penalty", "stop", "response_format"}.isdisjoint(server.bodies[0])


def test_the_form_of_an_answer_is_asked_for_where_the_server_has_it(start: Start) -> None:
    schema, pattern = {"type": "object"}, {"regex": "[ab]"}
    asked = [
        replace(requests(1)[0], structure={"json": schema}, frequency_penalty=0.5),
        replace(requests(2)[1], structure=pattern, stop=("</answer>",)),
    ]
    server = start(lambda body, asked: said("<answer>x"))
    found = answers(params(server), asked)
    json_form, free = sorted(server.bodies, key=lambda body: body["seed"])
    assert json_form["response_format"]["json_schema"]["schema"] == schema
    assert (json_form["frequency_penalty"], "stop" in json_form) == (0.5, False)
    assert (free["stop"], "structured_outputs" in free, "response_format" in free) == (["</answer>"], False, False)
    assert [answer.text for answer in found] == ["<answer>x", "<answer>x</answer>"], "a server leaves out the stop"

    server.owner = "vllm"
    answers(params(server), asked[1:])
    assert server.bodies[-1]["structured_outputs"] == pattern
    unstructured = params(server, structured=False)
    answers(unstructured, asked)
    assert not any({"response_format", "structured_outputs"} & set(body) for body in server.bodies[-2:])
    with open_engine(params(server)) as held, open_engine(unstructured) as not_held:
        assert held.model != not_held.model


def test_an_answer_that_was_cut_off_says_so(start: Start) -> None:
    server = start(lambda body, asked: said("<answer>x", finish_reason="length"))
    (answer,) = answers(params(server), [replace(requests(1)[0], stop=("</answer>",))])
    assert (answer.text, answer.truncated) == ("<answer>x", True)


def test_what_the_environment_holds_for_a_vendor_is_told_to_no_other_server(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    server = start(echo)
    assert [answer.text for answer in answers(params(server), requests(1))] == ["echo 0"]
    assert KEY not in " ".join(server.headers)


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
    with open_engine(gone) as engine, pytest.raises(EngineGone, match="No server answers at http"):
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


def test_an_adapter_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "adapter_config.json").write_text("{}")
    params = EngineParams(kind="vllm", model=str(tmp_path), adapter=str(tmp_path))
    with pytest.raises(UserError, match=r"has no adapter_model\.safetensors"), open_engine(params):
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


def test_what_vllm_is_told_on_a_gpu_and_on_a_cpu() -> None:
    given = EngineParams(kind="vllm", model="/m", dtype="bfloat16", max_model_len=4096, gpu_memory_utilization=0.8)
    on_gpu, on_cpu = (settings_of(given, on_cpu) for on_cpu in (False, True))
    assert (on_gpu["model"], on_gpu["dtype"], on_gpu["max_model_len"], on_gpu["gpu_memory_utilization"]) == (
        "/m",
        "bfloat16",
        4096,
        0.8,
    )
    assert not on_gpu["enforce_eager"] and on_gpu["enable_chunked_prefill"]
    assert on_cpu["enforce_eager"] and not on_cpu["enable_chunked_prefill"]
    for told in (on_gpu, on_cpu):
        assert told["enable_prefix_caching"] and told["load_format"] == "safetensors" and not told["trust_remote_code"]
    assert {name for name in on_gpu if on_gpu[name] != on_cpu[name]} == {"enforce_eager", "enable_chunked_prefill"}


def test_an_engine_is_closed_when_its_block_fails() -> None:
    with (
        pytest.raises(KeyError),
        open_engine(EngineParams(kind="openai_api", base_url="http://127.0.0.1", model="m")) as engine,
    ):
        raise KeyError
    with pytest.raises(RuntimeError, match="after shutdown"):
        list(engine.generate(requests(1)))


def test_naming_engines_and_jobs_loads_no_model_library() -> None:
    heavy = "{'torch', 'transformers', 'vllm', 'sentence_transformers', 'pyspark', 'great_expectations'}"
    program = f"import sys, inference.text_engines, inference.rate, inference.heldout, inference.distil; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
