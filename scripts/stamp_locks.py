"""Writes into each lock the digest of what it was compiled from, so that a test can tell when pyproject.toml has moved on."""

import hashlib
import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "# dependencies sha256: "


def dependencies_digest() -> str:
    """SHA-256 over everything in pyproject.toml that decides what a lock holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    inputs = {
        "dependencies": project["project"]["dependencies"],
        "extras": project["project"]["optional-dependencies"],
        "groups": project["dependency-groups"],
        "python": project["project"]["requires-python"],
        "uv": project["tool"]["uv"],
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    for extra in ("cpu", "gpu"):
        lock = ROOT / "requirements" / f"{extra}.txt"
        lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith(PREFIX)]
        lock.write_text("\n".join([PREFIX + dependencies_digest(), *lines]) + "\n", encoding="utf-8")
