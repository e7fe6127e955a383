"""The pages of releases: of a lake in an object store those that the store has, whoever wrote them."""

from pathlib import Path

import pytest
from buckets import served

from lake.settings import local_path
from lake.storage.store import Lake
from reports.release_pages import NewestRelease, other_pages


def test_a_report_knows_the_pages_that_another_machine_put_into_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # below which a lake in a store has its local folder
    newest = NewestRelease("mixlake@1", "", True)
    with served() as there:
        for name, value in there.environment.items():
            monkeypatch.setenv(name, value)
        lake = Lake("s3://bucket/lake")
        for name in ("mixlake@0.html", "mixlake@1.html", "report.html"):
            lake.put(f"reports/{name}", b"a page")
        assert other_pages(lake, local_path(lake.root) / "reports", newest) == ["mixlake@0.html"]
        (tmp_path / "mixlake@7.html").write_text("a page")
        assert other_pages(lake, tmp_path, newest) == ["mixlake@7.html"], "a report elsewhere names what lies beside it"
