"""pyproject.toml and the locks agree, and no lock names an index."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))


@pytest.mark.parametrize("extra", ["cpu", "gpu"])
def test_the_lock_was_compiled_from_these_dependencies(extra: str) -> None:
    from stamp_locks import PREFIX, dependencies_digest

    first = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8").splitlines()[0]
    assert first == PREFIX + dependencies_digest(), "run `make lock`"


@pytest.mark.parametrize("extra", ["cpu", "gpu"])
def test_every_exact_requirement_is_what_the_lock_pins(extra: str) -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(line) for line in [*written["dependencies"], *written["optional-dependencies"][extra]]]
    text = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8")
    pins = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}
    assert wanted
    assert [str(one) for one in wanted if not one.specifier.contains(pins[canonicalize_name(one.name)])] == []


@pytest.mark.parametrize("extra", ["cpu", "gpu", "uv"])
def test_every_pin_has_a_hash_and_no_lock_has_an_address(extra: str) -> None:
    text = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^\S+==\S+[^\n]*(?:\n    --[^\n]*)*", text, re.MULTILINE)
    assert pins
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_both_locks_pin_the_same_torch_once() -> None:
    pins = [
        re.findall(r"^torch==(\S+)", (ROOT / "requirements" / f"{extra}.txt").read_text(), re.MULTILINE)
        for extra in ("cpu", "gpu")
    ]
    assert pins == [["2.13.0"], ["2.13.0"]]
