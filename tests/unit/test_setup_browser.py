"""What `make test` does about the browser of its tests: nothing where there is one, and a command to type where it cannot be installed."""

import subprocess
from pathlib import Path

from lake.settings import project_folder


def see_to_a_browser(folder: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """scripts/browser.sh with nothing on the path but `programs`, as somebody who is not root."""
    for name in ("id", *programs):
        (folder / name).write_text("#!/bin/bash\necho 1000\n")
        (folder / name).chmod(0o755)
    script = str(project_folder() / "scripts" / "browser.sh")
    return subprocess.run(["/bin/bash", script], env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


def test_a_browser_that_is_there_is_enough(tmp_path: Path) -> None:
    done = see_to_a_browser(tmp_path, "google-chrome")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_one_the_command_to_type_is_named(tmp_path: Path) -> None:
    done = see_to_a_browser(tmp_path)
    assert done.returncode == 1 and "sudo apt-get install chromium" in done.stderr
