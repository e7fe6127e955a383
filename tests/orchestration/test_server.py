"""The webserver and the daemon, started as `mixlake ui` starts them: an asset launched through GraphQL, its metadata read back."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from servers import Server, serving

from dagster_project.lib import launch
from lake.storage.store import Lake

METADATA = """
query Metadata($key: AssetKeyInput!) {
  assetOrError(assetKey: $key) {
    ... on Asset { assetMaterializations(limit: 1) { metadataEntries {
      label
      ... on IntMetadataEntry { intValue }
      ... on UrlMetadataEntry { url }
      ... on MarkdownMetadataEntry { mdStr }
      ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
    } } }
  }
}
"""


@pytest.fixture
def server(rated_next: Lake, tmp_path: Path) -> Iterator[Server]:
    with launch.instance() as instance:  # of a machine that lost its power while a run rated
        occupy(instance, "models", "a run of an earlier UI")
    # of the folder where the user stands nothing may be imported: the command `mixlake` has it on no path, nor must its servers
    (tmp_path / "lake.py").write_text("raise RuntimeError('a file of the user')\n")
    command = [sys.executable, "-m", "lake.cli", "ui"]
    with serving(command, os.environ | {"PYTHONSAFEPATH": "1"}, tmp_path, tmp_path / "ui.log") as running:
        yield running


def occupy(instance: dg.DagsterInstance, pool: str, run_id: str) -> None:
    instance.event_log_storage.initialize_concurrency_limit_to_default(pool)
    assert instance.event_log_storage.claim_concurrency_slot(pool, run_id, "a step").is_claimed


def test_an_asset_is_launched_and_its_metadata_read_back(server: Server) -> None:
    server.loaded()
    server.launch("silver", "ratings")
    (materialisation,) = server.ask(METADATA, key={"path": ["silver", "ratings"]})["assetOrError"][
        "assetMaterializations"
    ]
    entries = {entry["label"]: entry for entry in materialisation["metadataEntries"]}
    assert entries["dagster/row_count"]["intValue"] == 10
    assert entries["dagster/column_lineage"]["lineage"] == [
        {
            "columnName": "id",
            "columnDeps": [{"assetKey": {"path": ["silver", "unique_instructions"]}, "columnName": "id"}],
        }
    ]
    assert entries["picture"]["mdStr"].startswith("![silver/ratings](data:image/png;base64,")
    link = entries["audit page"]["url"]
    assert link.startswith(f"http://127.0.0.1:{server.pages}/audits/silver-ratings/")
    with urllib.request.urlopen(link, timeout=30) as page:
        assert "silver/ratings" in page.read().decode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(
            f"http://127.0.0.1:{server.pages}/silver/ratings/_delta_log/00000000000000000000.json", timeout=30
        )


@pytest.mark.long
def test_a_pool_lets_one_stage_work_at_a_time_and_holds_up_none_of_another_pool(server: Server, tmp_path: Path) -> None:
    server.loaded()
    with launch.instance() as instance:
        occupy(instance, "spark", "ingestion")
        server.launch("silver", "ratings")
        occupy(instance, "models", "training")
        waiting = server.submit("silver", "ratings")
        server.wait(
            lambda: f"Run {waiting} is blocked by global concurrency limits" in (tmp_path / "ui.log").read_text()
        )
        assert server.status(waiting) == "QUEUED"
        instance.event_log_storage.free_concurrency_slots_for_run("training")
        server.succeeded(waiting)
        assert {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()} == {
            "spark": 1,
            "models": 1,
        }
