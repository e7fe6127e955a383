"""One list of packages: whatever names them - wheel, linter, types, import contracts, style test, code hash - names the same ones."""

import tomllib
from typing import Any

from test_style import PACKAGES, ROOT

from lake.harness import code_hash

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOOL: dict[str, Any] = PROJECT["tool"]
BESIDE = {"tests", "benchmarks", "scripts"}  # Python that is no part of what is installed


def test_every_folder_with_an_init_file_at_the_top_is_a_package() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py") if not path.parent.name.startswith(".")}
    assert found - BESIDE == set(PACKAGES)


def test_wheel_linter_types_and_contracts_list_the_packages() -> None:
    packages = list(PACKAGES)
    assert TOOL["hatch"]["build"]["targets"]["wheel"]["packages"] == packages
    assert TOOL["ruff"]["lint"]["isort"]["known-first-party"] == packages
    assert TOOL["importlinter"]["root_packages"] == packages
    assert [name for name in TOOL["pyright"]["include"] if name not in BESIDE] == packages


def test_contracts_name_only_packages_there_are() -> None:
    outside = {
        "dagster",
        "dagster_pipes",
        "great_expectations",
        "deltalake",
        "obstore",
        "delta",
        "pyspark",
        "trl",
        "vllm",
        "torch",
    }
    for contract in TOOL["importlinter"]["contracts"]:
        named = {
            module.split(".")[0]
            for field in ("source_modules", "forbidden_modules", "modules")
            for module in contract.get(field, ())
        }
        assert named - outside <= set(PACKAGES), contract["name"]


def test_the_code_hash_follows_imports_into_every_package_that_a_job_may_import() -> None:
    # how Dagster shows a stage, and which files the demo lands, do not change what a stage's code does
    assert set(PACKAGES) - {"dagster_project", "demo"} == code_hash._PACKAGES
