"""The webserver and the daemon, started as `mixlake ui` starts them: an asset launched through GraphQL, its metadata read back."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from lakes import small_lake
from servers import Server, serving

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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    small_lake(tmp_path / "lake", last="silver/embeddings")
    environment = os.environ | {"MIXLAKE_ROOT": str(tmp_path / "lake"), "MIXLAKE_PROFILE": "demo"}
    with serving([sys.executable, "-m", "lake.cli", "ui"], environment, tmp_path, tmp_path / "ui.log") as running:
        yield running


def test_an_asset_is_launched_and_its_metadata_read_back(server: Server) -> None:
    server.loaded()
    server.launch("silver", "ratings")
    (materialisation,) = server.ask(METADATA, key={"path": ["silver", "ratings"]})["assetOrError"][
        "assetMaterializations"
    ]
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
