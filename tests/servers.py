"""`mixlake ui` in a process of its own, and what its webserver is asked through GraphQL."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

    def wait(self, ready: Any, seconds: float = 300) -> Any:
        """What `ready` gives as soon as it gives anything; fails when the servers end or the time has passed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "mixlake ui ended by itself"
            try:
                if found := ready():
                    return found
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.5)  # between two questions to another process
        raise AssertionError("mixlake ui gave no answer in time")

    def loaded(self) -> None:
        """Waits until the code location is there."""
        query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
        self.wait(lambda: self.ask(query)["repositoriesOrError"].get("nodes"))

    def launch(self, *asset: str) -> None:
        """Materialises an asset, and waits until its run has succeeded."""
        self.succeeded(self.submit(*asset))

    def submit(self, *asset: str) -> str:
        """Asks for the materialisation of an asset; the id of its run."""
        params = {
            "selector": {
                "repositoryLocationName": "mixlake", "repositoryName": "__repository__", "pipelineName": "__ASSET_JOB",
                "assetSelection": [{"path": list(asset)}],
            },
            "runConfigData": {},
            "mode": "default",
        }  # fmt: skip
        launched = self.ask(LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def status(self, run_id: str) -> str:
        return self.ask(STATUS, id=run_id)["runOrError"]["status"]

    def succeeded(self, run_id: str) -> None:
        """Waits until a run has ended, which it must with success."""
        ended = ("SUCCESS", "FAILURE", "CANCELED")
        status = self.wait(lambda: status if (status := self.status(run_id)) in ended else None)
        assert status == "SUCCESS", json.dumps(self.ask(FAILURES, id=run_id))


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Iterator[Server]:
    """`command`, which is `mixlake ui` in some way, run in `folder` on free ports; ended when the block is left."""
    port, pages = free_port(), free_port()
    with log.open("wb") as lines:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**environment, "MIXLAKE_PAGES_PORT": str(pages)},
            cwd=folder,
            stdout=lines,
            stderr=lines,
        )
        try:
            yield Server(port, pages, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
