"""The browser that these tests drive. Where there is none they fail and say what is missing: a test that is skipped proves nothing."""

import shutil

import pytest


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail("no Chromium on the path: `bash scripts/browser.sh` installs it, or says what to type")
    return found
