"""Alerts, sent to a real server on loopback: what failed and why, and never a password."""

import http.server
import json
import re
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from dagster_project.definitions import defs
from dagster_project.defs import alerts
from dagster_project.lib.described import asset_of
from dagster_project.lib.stage_asset import RELEASE
from lake.errors import StageFailed, UserError


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a webhook on loopback, which is where MIXLAKE_ALERTS points, was sent."""
    messages: list[dict[str, Any]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MIXLAKE_ALERTS", f"json://127.0.0.1:{server.server_port}/hook")
        yield messages
        server.shutdown()


def test_there_is_no_alert_where_nobody_is_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIXLAKE_ALERTS", raising=False)
    assert alerts.sensors() == ()
    monkeypatch.setenv("MIXLAKE_ALERTS", "json://127.0.0.1:1/")
    assert {sensor.name for sensor in defs().sensors or ()} >= {"alert_on_failure", "alert_on_overdue"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StageFailed("the disk is full"), "silver_groups: the disk is full"),
        (dg.Failure("silver/groups was rejected and nothing published: 3 of 9", allow_retries=False), "was rejected and nothing published: 3 of 9"),
    ],
)  # fmt: skip
def test_a_failed_run_is_told_with_its_cause(received: list[dict[str, Any]], error: Exception, said: str) -> None:
    @dg.op(name="silver_groups")
    def fails() -> None:
        raise error

    @dg.job
    def reprocess() -> None:
        fails()

    with dg.DagsterInstance.ephemeral() as instance:
        result = reprocess.execute_in_process(instance=instance, raise_on_error=False)
        (failure,) = [event for event in result.all_events if event.event_type_value == "PIPELINE_FAILURE"]
        context = dg.build_run_status_sensor_context(
            "alert_on_failure", failure, instance, result.dagster_run
        ).for_run_failure()
        alerts.alert_on_failure(context)
    (message,) = received
    assert message["title"] == f"mixlake: run {result.run_id[:8]} failed"
    assert said.replace("silver_groups", "silver/groups") in message["message"]


def state(instance: dg.DagsterInstance, now: FreshnessState, before: FreshnessState) -> None:
    """Has Dagster hold a release for fresh, or overdue, as its daemon does."""
    change = FreshnessStateChange(
        key=asset_of(RELEASE), new_state=now, previous_state=before, state_change_timestamp=1.0
    )
    instance._report_runless_asset_event(change)


def test_a_release_that_is_overdue_is_told_once_until_it_is_fresh_again(received: list[dict[str, Any]]) -> None:
    assert defs().resolve_asset_graph().get(asset_of(RELEASE)).freshness_policy is not None
    with dg.DagsterInstance.ephemeral() as instance:
        cursor: str | None = None

        def tick() -> None:
            nonlocal cursor
            with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
                alerts.alert_on_overdue(context)
                cursor = context.cursor

        tick()
        assert received == []
        for _ in range(2):
            state(instance, FreshnessState.FAIL, FreshnessState.PASS)
            tick()
            tick()
            state(instance, FreshnessState.PASS, FreshnessState.FAIL)
            tick()
    assert [message["title"] for message in received] == ["mixlake: releases/current overdue"] * 2


def test_an_alert_goes_by_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    mails = list[str]()

    class Mailbox(socketserver.StreamRequestHandler):
        """Takes a mail as SMTP brings it."""

        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 done\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"mailto://127.0.0.1:{server.server_address[1]}/?from=lake@example.org&to=team@example.org"
        monkeypatch.setenv("MIXLAKE_ALERTS", place)
        alerts.tell("mixlake: run 12 failed", "silver/groups: the disk is full")
        server.shutdown()
    (mail,) = mails
    assert "mixlake: run 12 failed" in mail and "the disk is full" in mail
    assert re.search(r"^To:.*team@example\.org", mail, re.MULTILINE)


def test_a_place_that_does_not_answer_is_an_error_that_keeps_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLAKE_ALERTS", "json://someone:hunter2@127.0.0.1:9/ no-address")
    with pytest.raises(UserError, match="of 2 places, number 1, 2 did not take 'a title'") as raised:
        alerts.tell("a title", "a text")
    assert "hunter2" not in str(raised.value)
