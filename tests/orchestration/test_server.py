"""The webserver and the daemon, started as `mixlake ui` starts them: an asset launched through GraphQL, its metadata read back."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lakes import small_lake

from lake.settings import project_folder

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
FAILURES = """
query Failures($id: ID!) {
  runOrError(runId: $id) { ... on Run { eventConnection { events {
    ... on ExecutionStepFailureEvent { error { message causes { message } } }
    ... on RunFailureEvent { message error { message } }
  } } } }
}
"""
STATUS = "query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
METADATA = """
query Metadata($key: AssetKeyInput!) {
  assetOrError(assetKey: $key) {
    ... on Asset { assetMaterializations(limit: 1) { metadataEntries {
      label
      ... on IntMetadataEntry { intValue }
      ... on UrlMetadataEntry { url }
      ... on MarkdownMetadataEntry { mdStr }
    } } }
  }
}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """A running `mixlake ui`."""

    def __init__(self, port: int, pages: int, process: "subprocess.Popen[bytes]") -> None:
        self.port, self.pages, self.process = port, pages, process

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        assert "errors" not in told, told
        return told["data"]

    def wait(self, ready: Any) -> Any:
        """What `ready` gives as soon as it gives anything; fails when the servers end or five minutes pass."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "mixlake ui ended by itself"
            try:
                if found := ready():
                    return found
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.5)  # between two questions to another process
        raise AssertionError("mixlake ui gave no answer in time")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    small_lake(tmp_path / "lake", last="silver/embeddings")
    port, pages = free_port(), free_port()
    environment = os.environ | {
        "MIXLAKE_ROOT": str(tmp_path / "lake"), "MIXLAKE_PROFILE": "demo", "MIXLAKE_PAGES_PORT": str(pages),
    }  # fmt: skip
    command = [sys.executable, "-m", "lake.cli", "ui", "--port", str(port)]
    with (tmp_path / "ui.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=project_folder(), stdout=log, stderr=log)
        try:
            yield Server(port, pages, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def test_an_asset_is_launched_and_its_metadata_read_back(server: Server) -> None:
    server.wait(
        lambda: server.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")[
            "repositoriesOrError"
        ].get("nodes")
    )
    asset = {"path": ["silver", "ratings"]}
    params = {
        "selector": {
            "repositoryLocationName": "mixlake", "repositoryName": "__repository__", "pipelineName": "__ASSET_JOB",
            "assetSelection": [asset],
        },
        "runConfigData": {},
        "mode": "default",
    }  # fmt: skip
    launched = server.ask(LAUNCH, params=params)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]

    def ended() -> str | None:
        status = server.ask(STATUS, id=run_id)["runOrError"]["status"]
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    assert server.wait(ended) == "SUCCESS", json.dumps(server.ask(FAILURES, id=run_id))
    (materialisation,) = server.ask(METADATA, key=asset)["assetOrError"]["assetMaterializations"]
    entries = {entry["label"]: entry for entry in materialisation["metadataEntries"]}
    assert entries["dagster/row_count"]["intValue"] == 10
    assert entries["picture"]["mdStr"].startswith("![silver/ratings](data:image/png;base64,")
    link = entries["audit page"]["url"]
    assert link.startswith(f"http://127.0.0.1:{server.pages}/audits/silver-ratings/")
    with urllib.request.urlopen(link, timeout=30) as page:
        assert "silver/ratings" in page.read().decode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(
            f"http://127.0.0.1:{server.pages}/silver/ratings/_delta_log/00000000000000000000.json", timeout=30
        )
