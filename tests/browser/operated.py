"""A lake that is operated in its UI: the servers, a browser's page, what is dropped into the landing folder, and what comes of it."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from lakes import ROWS, publish
from playwright.sync_api import Locator, Page
from servers import Server

from dagster_project.lib.events import check_specs, tell
from dagster_project.lib.launch import instance
from lake.stages import STAGES
from lake.storage.attempts import newest_attempt
from lake.storage.store import Lake
from reports.exported import folder

MINUTE = 60_000.0  # in Playwright's milliseconds
PATIENCE = 15 * MINUTE  # for a delivery: two ticks of sensors and a run of Spark, on a machine with other work
CLEANED, RELEASE, LAST = "silver/instructions", "releases/current", "upkeep/removals"
CHAIN = (
    "bronze/instructions", *(key for key in STAGES if key.startswith("silver/")),
    "gold/distilled", "gold/training_set", RELEASE, LAST,
)  # fmt: skip
MADE = ("models/champion", "reports/evaluation")  # by hand, since a release needs them
BY_HAND = ("gold/mixture", "models/distiller_sft", "models/distiller_grpo", "gold/heldout_answers", *MADE)
NEWEST = """
query Newest($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset { assetMaterializations(limit: 1) { timestamp } } } }
"""
FAILED = """
query Failed($after: Float!) { runsOrError(filter: {statuses: [FAILURE], createdAfter: $after}) { ... on Runs { results { runId } } } }
"""


@dataclass(frozen=True)
class Site:
    """A running `mixlake ui`, a browser's page, and the lake behind both."""

    server: Server
    page: Page
    lake: Lake

    def open(self, path: str) -> Page:
        """The page of the UI at `path`."""
        self.page.goto(f"http://127.0.0.1:{self.server.port}{path}", wait_until="domcontentloaded")
        return self.page

    def under(self, heading: str) -> Locator:
        """What stands under a heading of an asset's page."""
        return self.page.get_by_text(heading, exact=True).locator("xpath=..")

    def made_by_hand(self) -> None:
        """Publishes what never starts by itself and a release needs, and tells Dagster, as after the runs that somebody started."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MIXLAKE_ROOT", self.lake.root)
            patch.delenv("DAGSTER_HOME", raising=False)
            with instance() as shared:
                for key in MADE:
                    publish(self.lake, key, ROWS[key], {side: ROWS[side] for side in STAGES[key].sides})
                    report = newest_attempt(self.lake, key)
                    assert report
                    tell(report, self.lake, check_specs(STAGES[key]), shared)

    def land(self, source: str, lines: Sequence[str | Mapping[str, str]]) -> float:
        """Drops a file that has settled into the landing folder; the moment."""
        place = Path(self.lake.root) / "landing" / "raw" / source
        place.mkdir(parents=True)
        (place / "_licence").write_text("CC-BY-4.0")
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        unfinished = place / ".a.jsonl"
        unfinished.write_text("".join(f"{text}\n" for text in texts))
        os.utime(unfinished, (time.time() - 60, time.time() - 60))
        unfinished.rename(place / "a.jsonl")
        return time.time()

    def newest(self, key: str) -> float:
        """When an asset was last materialised; 0 for never."""
        found = self.server.ask(NEWEST, key={"path": key.split("/")})["assetOrError"].get("assetMaterializations")
        return float(found[0]["timestamp"]) / 1000 if found else 0.0

    def follows(self, moment: float, *sources: str) -> None:
        """Waits until rows of these sources are cleaned, and each stage of the chain has run since those it reads; a run that fails ends it."""

        def done() -> bool:
            assert not self.failed(moment), "a run failed"
            if not self.lake.exists(CLEANED) or not self.sources(CLEANED) >= set(sources):
                return False
            at = {key: self.newest(key) for key in CHAIN}
            return all(at[key] > at.get(read, 0) for key in CHAIN for read in STAGES[key].inputs)

        self.server.wait(done, PATIENCE / 1000)

    def failed(self, after: float) -> list[str]:
        """The runs that were created after a moment and failed."""
        return [run["runId"] for run in self.server.ask(FAILED, after=after)["runsOrError"]["results"]]

    def sources(self, key: str) -> set[str]:
        """The sources of a table's rows."""
        return set(self.lake.dataset(key).to_table(columns=["source"])["source"].to_pylist())

    def released(self) -> dict[str, list[str]]:
        """The sources of each released answer, read from the files of the newest release."""
        files = (folder(self.lake) / "jsonl" / "prompt_completion").glob("*.jsonl")
        rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        return {row["completion"]: row["sources"] for row in rows}

    def versions(self, keys: Sequence[str]) -> dict[str, int | None]:
        """The newest version of each table."""
        return {key: self.lake.version(key) for key in keys}


def asked(topic: str, answers: Sequence[str]) -> list[dict[str, str]]:
    """Records that ask about one topic."""
    return [{"instruction": f"How do I cook {topic}, step {n}?", "output": said} for n, said in enumerate(answers, 1)]
