"""A release is pushed whole to a folder, a bucket or a hub, replaces what was pushed before, and nothing that is anything else."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import obstore
import pytest
from buckets import bucket
from lakes import ROWS, publish, raw_id, small_lake
from released_files import contents, released

from lake.errors import UserError
from lake.storage.store import Lake
from lake.takeback.taking import forget
from reports.exported import folder
from reports.push import push

TOKEN = "hf_thisIsNobodysToken"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = small_lake(tmp_path / "lake")
    publish(lake, "releases/current", released(lake, tmp_path / "artifacts"))
    return lake


def without_validation(lake: Lake, artifacts: Path) -> None:
    """Releases a set that has no split `validation`."""
    rows = [row for row in ROWS["gold/training_set"] if row["split"] == "train"]
    publish(
        lake, "gold/training_set", rows, {"gold/training_set_exits": ROWS["gold/training_set_exits"]}, run_id="less"
    )
    publish(lake, "releases/current", released(lake, artifacts), run_id="less")


def test_a_folder_has_the_release_and_then_the_next_one(lake: Lake, tmp_path: Path) -> None:
    told = push(lake, str(tmp_path / "out"))
    assert contents(tmp_path / "out") == contents(folder(lake))
    assert {row["path"] for row in told} == set(contents(tmp_path / "out"))
    without_validation(lake, tmp_path / "less")
    push(lake, str(tmp_path / "out"))
    assert contents(tmp_path / "out") == contents(folder(lake)), "files of the release before it are gone"


def test_a_place_that_holds_anything_else_is_left_alone(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="holds something that is no release"):
        push(lake, str(tmp_path / "out"))
    assert contents(tmp_path / "out") == {"mine.txt": b"mine"}


def test_what_was_taken_back_or_changed_is_not_pushed(lake: Lake, tmp_path: Path) -> None:
    (folder(lake) / "README.md").write_text("another")
    with pytest.raises(UserError, match=r"README\.md is not the one that was released"):
        push(lake, str(tmp_path / "out"))
    forget(lake, [raw_id("bread")], "asked for")
    with pytest.raises(UserError, match=r"The release mixlake held rows that were taken back on .* and is gone"):
        push(lake, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_bucket_has_the_release(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket() as store:
        # an own server, named as that of a lake is
        for name, value in {
            "ENDPOINT_URL": store.config["endpoint"],
            "ACCESS_KEY_ID": "key",
            "SECRET_ACCESS_KEY": "secret",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        push(lake, "s3://bucket/sets/mine")
        there = [item["path"] for items in obstore.list(store) for item in items]
        found = {path.removeprefix("sets/mine/"): bytes(obstore.get(store, path).bytes()) for path in there}
    assert found == contents(folder(lake))


def test_credentials_in_an_address_are_refused_and_not_repeated(lake: Lake) -> None:
    with pytest.raises(UserError, match="Credentials do not belong in an address") as refused:
        push(lake, "s3://key:secret@bucket/x")
    assert "secret" not in str(refused.value)


class _Hub(BaseHTTPRequestHandler):
    """As much of a hub as an upload asks: it makes a data set, takes every file as a plain one, and keeps the last commit."""

    asked: list[tuple[str, Any, str]]
    refuses: bool

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.asked.append((self.path, body, self.headers.get("authorization") or ""))
        if self.refuses:
            return self._answer(403, {"error": f"no: {self.headers.get('authorization')}"})
        if self.path.endswith("/create"):
            return self._answer(200, {"url": f"http://{self.headers['host']}/datasets/me/mine"})
        if "/preupload/" in self.path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return self._answer(200, {"files": files})
        return self._answer(
            200,
            {
                "commitUrl": f"http://{self.headers['host']}/datasets/me/mine/commit/1",
                "commitOid": "1",
                "commitMessage": "",
                "errors": [],
                "warnings": [],
            },
        )

    def do_GET(self) -> None:
        self.asked.append((self.path, b"", self.headers.get("authorization") or ""))
        if "/tree/" in self.path:
            return self._answer(200, [{"type": "file", "path": "data/old/train-00000.parquet", "size": 1, "oid": "1"}])
        return self._answer(
            200,
            {
                "id": "me/mine",
                "sha": "1",
                "siblings": [{"rfilename": "data/old/train-00000.parquet"}, {"rfilename": "notes.txt"}],
            },
        )

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test of the process may have switched the client off for good."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@contextmanager
def hub(refuses: bool = False) -> Iterator[tuple[str, list[tuple[str, Any, str]]]]:
    """A hub on loopback: its address, and what it is asked (path, body, authorization) as it comes."""
    handler = type("Hub", (_Hub,), {"asked": [], "refuses": refuses})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.usefixtures("online")
def test_a_hub_has_the_release_in_one_commit_that_removes_the_files_before(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with hub() as (address, asked):
        monkeypatch.setattr(
            "huggingface_hub.constants.ENDPOINT", address
        )  # HF_ENDPOINT is read once, when it is imported
        push(lake, "hf://datasets/me/mine")
    # a library that an earlier test of the process imported may ask this hub for something of its own first
    (first, asked_for, _), *_ = (one for one in asked if "/repos/create" in one[0] or "/datasets/me/mine" in one[0])
    made, (commit,) = json.loads(asked_for), [body for path, body, _ in asked if "/commit/" in path]
    assert (first, made["type"], made["name"], made["visibility"]) == (
        "/api/repos/create",
        "dataset",
        "mine",
        "private",
    )
    actions = [json.loads(line) for line in commit.splitlines()]
    sent = {one["value"]["path"]: base64.b64decode(one["value"]["content"]) for one in actions if one["key"] == "file"}
    assert sent == contents(folder(lake))
    assert [one["value"]["path"] for one in actions if one["key"] == "deletedFile"] == ["data/old/train-00000.parquet"]
    assert {authorization for *_, authorization in asked} == {f"Bearer {TOKEN}"}
    assert TOKEN not in "".join(capfd.readouterr())


@pytest.mark.usefixtures("online")
def test_a_hub_that_refuses_is_one_sentence_without_the_token(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(refuses=True) as (address, _), pytest.raises(UserError) as told:
        monkeypatch.setattr(
            "huggingface_hub.constants.ENDPOINT", address
        )  # HF_ENDPOINT is read once, when it is imported
        push(lake, "hf://datasets/me/mine")
    assert str(told.value) == "The hub answered 403 for me/mine: may the token in HF_TOKEN write there?"
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("target", "told"),
    [("hf://datasets/me/mine", "HF_TOKEN is not set"), ("hf://me", "hf://datasets/OWNER/NAME is meant")],
)
def test_what_a_hub_needs_is_said_before_anything_is_sent(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, target: str, told: str
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(UserError, match=told):
        push(lake, target)
