"""The UI as somebody operates it, in a headless Chromium: what it shows, what a click starts, and what a delivery does by itself.

One server and one lake for all. Each fixture is a step of one story and asks for the step before it.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from lakes import RULES_ALONE
from operated import BY_HAND, CHAIN, CLEANED, LAST, MADE, MINUTE, PATIENCE, RELEASE, Site, asked
from playwright.sync_api import Page, expect, sync_playwright
from servers import serving

from expectations.declared import declared_checks
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES

pytestmark = pytest.mark.long

RICE = (
    "Use two cups of water for one cup of rice.",
    "Simmer the rice for fifteen minutes with the lid on.",
    # long and tidy enough to be released as it is
    "Rinse a cup of rice in cold water until the water runs clear, because loose starch makes the grains stick. Bring two cups of "
    "water to the boil in a pan, add the rice and half a spoon of salt, and close the lid. Simmer it for fifteen minutes over a low "
    "flame; then take the pan off the stove. Let the rice rest for ten minutes, so that steam evens out the moisture, and fluff it.",
)
BEANS = (
    "Soak the beans overnight in cold water, because dry beans take up twice their weight and cook unevenly without it. Pour the "
    "water away, cover the beans with fresh water and bring it to the boil for ten minutes, which destroys a poison of raw kidney "
    "beans. Then simmer them for one hour over a low flame. Add one spoon of salt at the end, since salt keeps the skins hard if it comes first."
)


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1200})
        page.set_default_timeout(2 * MINUTE)
        page.set_default_navigation_timeout(2 * MINUTE)
        expect.set_options(timeout=2 * MINUTE)
        yield page
        browser.close()


@pytest.fixture(scope="module")
def site(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty lake, served."""
    folder = tmp_path_factory.mktemp("operated")
    environment = {
        **os.environ,
        "MIXLAKE_ROOT": str(folder / "lake"),
        "MIXLAKE_PROFILE": RULES_ALONE,
        "MIXLAKE_DRIVER_MEMORY": "1g",
    }
    environment.pop("DAGSTER_HOME", None)
    with serving([sys.executable, "-m", "lake.cli", "ui"], environment, folder, folder / "ui.log") as server:
        server.loaded()
        yield Site(server, page, Lake(str(folder / "lake")))


@pytest.fixture(scope="module")
def served(site: Site) -> Site:
    """What never starts by itself was made by hand: the rules serve, and an evaluation was made."""
    site.made_by_hand()
    return site


@pytest.fixture(scope="module")
def switched_on(served: Site) -> Site:
    """Both sensors and the schedule, switched on by a click on each."""
    for path in ("sensors/landing_folder_sensor", "sensors/follow_new_files", "schedules/daily_reprocessing"):
        switch = served.open(f"/locations/mixlake/{path}").locator("input[type=checkbox]")
        expect(switch).not_to_be_checked()
        served.page.locator("label", has=switch).click()
        expect(switch).to_be_checked()
    return served


@pytest.fixture(scope="module")
def followed(switched_on: Site) -> Site:
    """A file was dropped into the landing folder, and nothing else was done."""
    switched_on.follows(switched_on.land("kitchen", asked("rice", RICE)), "kitchen")
    return switched_on


@pytest.fixture(scope="module")
def poisoned(followed: Site) -> Site:
    """Two files more: one that is torn behind its first record, and a good one."""
    torn = ['{"instruction": "And then?", "output": "Le', "\x00{"]
    moment = followed.land("torn", [*asked("oats", ["Stir them for five minutes."]), *torn])
    followed.land("garden", asked("beans", [BEANS]))
    followed.follows(moment, "torn", "garden")
    return followed


@dataclass(frozen=True)
class Broken:
    """What stood in the lake before a delivery that breaks a gate."""

    site: Site
    before: dict[str, int | None]


@pytest.fixture(scope="module")
def broken(poisoned: Site) -> Broken:
    """A file of which cleaning rejects more than a source may lose."""
    before = poisoned.versions([key for key in CHAIN if key != "bronze/instructions"])
    declined = ["I'm sorry, but as an AI language model I cannot help with that."] * 12
    moment = poisoned.land("declining", asked("stones", declined))
    poisoned.server.wait(lambda: poisoned.failed(moment), PATIENCE / 1000)
    return Broken(poisoned, before)


def test_the_graph_shows_every_layer_and_the_tables_of_one(site: Site) -> None:
    page = site.open("/asset-groups")
    for layer in {table.layer for table in TABLES.values()} - {"cache"}:
        expect(page.get_by_text(layer, exact=True).first).to_be_visible()
    page = site.open("/locations/mixlake/asset-groups/models")
    for name in ("student_embedder", "student_sample", "distiller_sft", "distiller_grpo", "champion", "in_service"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()


def test_a_dropped_file_is_released_without_a_hand_and_no_model_is_made(followed: Site) -> None:
    assert followed.sources(CLEANED) == {"kitchen"}
    assert followed.released() == {RICE[-1]: ["kitchen"]}
    assert followed.versions(BY_HAND) == dict.fromkeys(BY_HAND) | dict.fromkeys(MADE, 0)
    followed.open(f"/assets/{RELEASE}")
    expect(followed.under("Row count")).to_contain_text(str(followed.lake.dataset(RELEASE).count_rows()))


def test_a_click_materialises_a_table(followed: Site) -> None:
    before = followed.newest(LAST)
    followed.open(f"/assets/{LAST}").get_by_role("button").filter(has_text=re.compile("^Materialize$")).click()
    followed.server.wait(lambda: followed.newest(LAST) > before, PATIENCE / 1000)


def test_the_page_of_a_table_shows_rows_columns_code_and_picture(followed: Site) -> None:
    page = followed.open(f"/assets/{CLEANED}")
    expect(followed.under("Row count")).to_contain_text("3")
    expect(page.get_by_role("row", name=re.compile("^raw_id"))).to_contain_text("copied from bronze/instructions.id")
    expect(page.get_by_text(f"{followed.lake.root}/{CLEANED}")).to_be_visible()
    expect(page.locator("a[href*='/spark_jobs/clean/job.py:']")).to_have_text(re.compile("clean/job.py"))
    page = followed.open("/assets/silver/ratings?view=events")
    page.get_by_text("Show Markdown").first.click()
    picture = page.get_by_role("img", name="silver/ratings")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100


def shown(site: Site, sentence: str) -> Page:
    """The page of the check of silver/instructions that says `sentence`."""
    (name,) = (check.name for check in declared_checks(STAGES[CLEANED]) if check.sentence.startswith(sentence))
    page = site.open(f"/assets/{CLEANED}?view=checks&checkDetail={name}")
    expect(page.get_by_text(sentence).first).to_be_visible()
    return page


LOSS = "No source loses a larger share of its records than it may"


def test_a_check_that_holds_is_green_and_says_what_it_allows(followed: Site) -> None:
    page = shown(followed, LOSS)
    expect(page.get_by_text("This is a blocking asset check.")).to_be_visible()
    expect(followed.under("Evaluation result")).to_contain_text("Passed")
    expect(followed.under("Metadata")).to_contain_text(re.compile("allowed.*observed.*severity\\s*critical", re.DOTALL))


def test_a_poisoned_file_is_quarantined_and_the_rest_goes_on(poisoned: Site) -> None:
    assert poisoned.sources(CLEANED) == {"kitchen", "torn", "garden"}
    assert poisoned.sources("bronze/instructions_quarantine") == {"torn"}
    assert poisoned.released() == {RICE[-1]: ["kitchen"], BEANS: ["garden"]}
    poisoned.open("/assets/bronze/instructions_quarantine")
    expect(poisoned.under("Row count")).to_contain_text("2")


def test_a_delivery_that_breaks_a_gate_is_red_and_changes_nothing_behind_it(broken: Broken) -> None:
    site = broken.site
    assert "declining" in site.sources("bronze/instructions")
    assert site.versions(list(broken.before)) == broken.before
    shown(site, LOSS)
    expect(site.under("Evaluation result")).to_contain_text("Failed")
    told = re.compile("allowed.*failing examples.*observed.*severity\\s*critical", re.DOTALL)
    expect(site.under("Metadata")).to_contain_text(told)
