"""The style budget over the source tree; a failure names the worst offenders."""

import ast
import re
import statistics
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "texts",
    "lake",
    "spark_jobs",
    "inference",
    "trainers",
    "expectations",
    "dagster_project",
    "reports",
    "demo",
)
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
_POSSESSIVE = re.compile(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+|\(\?>")  # behind a group, or around an atomic one


def lengths() -> list[tuple[int, str]]:
    """(lines, place) of every function, longest first."""
    found = [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    return sorted(found, reverse=True)


def test_functions_are_short() -> None:
    found = lengths()
    sizes = sorted(size for size, _ in found)
    worst = "\n".join(f"{size} lines: {place}" for size, place in found[:10])
    assert statistics.median(sizes) <= 12, worst
    assert sizes[int(0.9 * (len(sizes) - 1))] <= 40, worst
    assert sizes[-1] <= 70, worst


def test_files_are_short() -> None:
    sizes = sorted(
        ((path.read_text(encoding="utf-8").count("\n"), str(path.relative_to(ROOT))) for path in FILES), reverse=True
    )
    assert [entry for entry in sizes if entry[0] > 250] == []


def test_public_functions_say_what_comes_back() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in FILES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


def test_modules_say_what_they_are() -> None:
    bare = [
        str(path.relative_to(ROOT))
        for path in FILES
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert bare == []


def test_dagster_modules_keep_their_annotations() -> None:
    # postponed annotations break Dagster's typed `context` and `config` parameters
    offenders = [
        path.name
        for path in FILES
        if "dagster_project" in path.parts and "from __future__ import annotations" in path.read_text()
    ]
    assert offenders == []


def test_modules_of_tests_have_names_of_their_own() -> None:
    # pytest puts the folder of each on the path, where the first of two namesakes is imported for both
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5, which Debian 12 has, loses its place in such a group, and finds nothing or too much."""
    strings = (
        (node.value, f"{path.relative_to(ROOT)}:{node.lineno}")
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert [place for text, place in strings if _POSSESSIVE.search(text)] == []
