"""The worked examples in docstrings are true: of every module that has one, found and not listed."""

import doctest
import re
from importlib import import_module

import numpy as np
import pyarrow as pa
import pytest

from lake.settings import project_folder

PACKAGES = ("texts", "lake", "spark_jobs", "inference", "trainers", "expectations", "reports", "dagster_project")
# these import training libraries, which takes long: tests/trainers and tests/inference run their examples
ELSEWHERE = {"trainers.generation", "trainers.grpo_trainer", "inference.losses"}
_EXAMPLE = re.compile(r"^ *>>> ", re.MULTILINE)


def modules() -> list[str]:
    """Every module of ours that has an example."""
    files = sorted(file for package in PACKAGES for file in (project_folder() / package).rglob("*.py"))
    named = {
        ".".join(file.relative_to(project_folder()).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
        if _EXAMPLE.search(file.read_text(encoding="utf-8"))
    }
    return [name for name in named if name not in ELSEWHERE]


@pytest.mark.parametrize("name", modules())
def test_an_example_is_true(name: str) -> None:
    found = doctest.testmod(import_module(name), extraglobs={"np": np, "pa": pa})
    assert found.attempted > 0 and found.failed == 0
