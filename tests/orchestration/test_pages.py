"""The pages beside the UI: audits and reports alone, and no script but the report's, which runs there as it does in a file."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from lakes import small_lake

from dagster_project.lib.serve import _pages_server
from reports.page import write_report


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("pages")
    write_report(small_lake(root, last="silver/instructions"), None)
    (root / "audits" / "index.html").write_text("<script>document.title='owned'</script>")
    with _pages_server(root, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def policy(text: str) -> dict[str, str]:
    """What a policy allows, by kind."""
    return {kind: " ".join(sources) for kind, *sources in (part.split() for part in text.split(";"))}


def test_the_reports_own_script_may_run_and_no_other(address: str) -> None:
    with urllib.request.urlopen(f"{address}/reports/report.html", timeout=30) as page:
        served, content = policy(page.headers["Content-Security-Policy"]), page.read().decode()
    own = policy(re.findall(r'Content-Security-Policy" content="([^"]+)"', content)[0])
    assert served["script-src"] == own["script-src"] and served["script-src"].startswith("'sha256-")
    assert served["default-src"] == "'none'"
    with urllib.request.urlopen(f"{address}/audits/index.html", timeout=30) as page:
        assert "unsafe" not in policy(page.headers["Content-Security-Policy"])["script-src"]


@pytest.mark.parametrize("path", ["landing/files/_delta_log/00000000000000000000.json", "audits/../landing/files", ""])
def test_nothing_else_of_the_lake_is_served(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/{path}", timeout=30)
