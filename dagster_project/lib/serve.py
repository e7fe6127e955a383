"""`mixlake ui`: Dagster's webserver and daemon, and the audit pages, all on loopback, all ended together."""

import functools
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

import yaml

from dagster_project.lib.launch import instance, prepare_home, tell_unknown
from lake.errors import StageFailed, UserError
from lake.harness.profiles import Profile, resolve
from lake.settings import local_path, project_folder, settings, shipped
from lake.storage.artifacts import bring_files
from lake.storage.store import Lake

_HOST = "127.0.0.1"
_WORKSPACE = "mixlake_workspace.yaml"
_SHOWN = ("audits", "reports")


class _Pages(http.server.SimpleHTTPRequestHandler):
    """Serves audit pages and reports, and nothing else of the lake; no script may run but the report's own."""

    def translate_path(self, path: str) -> str:
        place = Path(super().translate_path(path)).resolve()
        base = Path(self.directory).resolve()
        inside = (
            place.is_relative_to(base)
            and place.relative_to(base).parts[:1]
            and place.relative_to(base).parts[0] in _SHOWN
        )
        if inside:  # of a lake in an object store the page may have been written on another machine
            bring_files(Lake(settings().root), str(place.relative_to(base)))
        return str(place) if inside else str(base / "absent")

    def end_headers(self) -> None:
        source = resolve("reports.page:script_source")()
        policy = f"default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src {source}"
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


def serve(port: int, profile: Profile) -> int:
    """Runs until Ctrl-C or until one of the servers ends; returns the exit code. Raises UserError when a port is taken.

    Every run that is launched in the UI uses `profile`.
    """
    home = prepare_home()
    _free_pools()
    tell_unknown()
    here = settings()
    pages = _pages_server(local_path(here.root), here.pages_port)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    workspace = str(_workspace(home))
    environment = os.environ | {"MIXLAKE_ROOT": here.root, "MIXLAKE_PROFILE": profile.name, "DAGSTER_HOME": str(home)}
    webserver = [sys.executable, "-m", "dagster_webserver", "-h", _HOST, "-p", str(port), "-w", workspace]
    daemon = [sys.executable, "-m", "dagster._daemon", "run", "-w", workspace]
    children = [subprocess.Popen(command, env=environment) for command in (webserver, daemon)]
    print(
        f"Dagster: http://{_HOST}:{port}   audit pages: http://{_HOST}:{here.pages_port}/audits/   Ctrl-C ends both",
        flush=True,
    )
    try:
        return _until_one_ends(children)
    finally:
        pages.shutdown()


def _workspace(home: Path) -> Path:
    """The workspace that both servers load. Its working directory is written out: Dagster puts it on the path of imports, and `.` is
    where the user stands, whose files are not ours."""
    workspace: dict[str, Any] = yaml.safe_load(shipped("workspace.yaml").read_text(encoding="utf-8"))
    for location in workspace["load_from"]:
        location["python_module"]["working_directory"] = str(project_folder())
    written = home / _WORKSPACE
    written.write_text(yaml.safe_dump(workspace), encoding="utf-8")
    return written


def _free_pools() -> None:
    """Frees the places that runs of an earlier UI keep in pools: after a power cut nobody else would, and later runs would wait for ever."""
    with instance() as shared:
        for run_id in shared.event_log_storage.get_concurrency_run_ids():
            shared.event_log_storage.free_concurrency_slots_for_run(run_id)


def _pages_server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    for name in _SHOWN:
        (folder / name).mkdir(parents=True, exist_ok=True)
    try:
        return http.server.ThreadingHTTPServer((_HOST, port), functools.partial(_Pages, directory=str(folder)))
    except OSError:
        raise UserError(f"Port {port} is taken: set MIXLAKE_PAGES_PORT to a free one") from None


def _until_one_ends(children: list["subprocess.Popen[bytes]"]) -> int:
    def stop(_signal: int, _frame: types.FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        raise StageFailed("One of Dagster's servers ended by itself; its last lines say why")
    except KeyboardInterrupt:
        return 0
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=30)
