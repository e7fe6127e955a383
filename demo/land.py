"""Lands the demo's raw files: the corpus that lies beside this module, and what is read from the installed packages."""

import hashlib
import json
import sys
from importlib import metadata
from pathlib import Path

import yaml

from demo.installed import LandedFile, land
from lake.landing.register import Entry, Registered, register
from lake.settings import local_path
from lake.storage.store import Lake

_CORPUS = Path(__file__).resolve().parent / "corpus"
_STAMP = "_stamp.json"


def land_demo(lake: Lake) -> list[Registered]:
    """Every raw file of the demo, registered; files known already are left alone."""
    read = _installed(local_path(lake.root) / "demo")
    return register(lake, *_corpus(), *(Entry(str(file.path), file.source, file.licence, file.kind) for file in read))


def _corpus() -> list[Entry]:
    sources = yaml.safe_load((_CORPUS / "sources.yaml").read_text(encoding="utf-8"))
    return [
        Entry(str(_CORPUS / name), entry["source"], entry["licence"], entry["kind"])
        for entry in sources
        for name in entry["files"]
    ]


def _installed(folder: Path) -> list[LandedFile]:
    """The files read from the installed packages, parsed again only when the packages or the parser have changed."""
    stamp, state = folder / _STAMP, _state()
    if stamp.exists():
        landed = json.loads(stamp.read_text(encoding="utf-8"))
        if landed["state"] == state:
            return [
                LandedFile(Path(file["path"]), file["source"], file["licence"], file["kind"])
                for file in landed["files"]
            ]
    files = land(folder)
    listed = [
        {"path": str(file.path), "source": file.source, "licence": file.licence, "kind": file.kind} for file in files
    ]
    stamp.write_text(json.dumps({"state": state, "files": listed}, indent=1), encoding="utf-8")
    return files


def _state() -> str:
    """A digest over Python, the versions of all that is installed, and the code that reads it."""
    digest = hashlib.sha256(sys.version.encode())
    for distribution in sorted(f"{item.name}=={item.version}" for item in metadata.distributions()):
        digest.update(distribution.encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()
