"""The source that reads what is installed: what it parses, splits, writes, and that it imports none of it."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from demo import installed
from demo.docstrings import parse
from demo.guides import tells_all
from demo.installed import land, passages, read_topics
from demo.licences import clear_licence
from demo.packages import Definition, Package, Scan, in_pool, scan, standard_library
from demo.questions import SHORT, TEMPLATES, Function, documented_functions, partial_questions, references

SEED = 7
GOOGLE = """Joins a table with another one by their keys.

    Rows without a partner are left out.

    Args:
        left (Table): The table whose order is kept.
        right (Table, *optional*): The other table,
            read once and held in memory.

    Returns:
        Table: The joined rows in the order of ``left``.

    Raises:
        KeyError: If a key is missing on either side.

    Example:
        >>> join(a, b)
    """
NUMPY = """Join a table with another one by their keys.

    Parameters
    ----------
    left, right : Table
        The tables to join, see :class:`~tables.Table`.
    how: {'inner', 'outer'}, default 'inner'
        Which rows are kept.

    Returns
    -------
    Table
        The joined rows. See the user guide.

    Raises
    ------
    KeyError
        If a key is missing on either side.

    See Also
    --------
    merge : Something that is not a fact of this one.
    """
SPHINX = """Join a table with another one by their keys.

    :param Table left: The table whose order is kept.
    :param right: The other table,
        read once.
    :type right: Table
    :return: The joined rows.
        They keep their order.
    :raises KeyError: If a key is missing on either side.
    """
PROSE = """Join a table with another one by their keys.

    If left_only is true, rows without a partner are kept. Returns the joined rows in order.
    Raises KeyError if a key is missing.
    """


@pytest.fixture(scope="module")
def found() -> Scan:
    return scan([standard_library()], SEED, files_per_package=120)


@pytest.fixture(scope="module")
def functions(found: Scan) -> list[Function]:
    return documented_functions(found.definitions, SEED, 10_000)


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Package]:
    def write(**sources: str) -> Package:
        folder = tmp_path / "planted"
        folder.mkdir(exist_ok=True)
        for module, source in sources.items():
            (folder / f"{module}.py").write_text(source, encoding="utf-8")
        return Package("planted", folder, "MIT", "planted")

    return write


def test_google_sections_become_fields():
    doc = parse(GOOGLE)
    assert doc.body == ("Joins a table with another one by their keys.", "Rows without a partner are left out.")
    assert [entry.statement for entry in doc.arguments] == [
        "left: The table whose order is kept.",
        "right: The other table, read once and held in memory.",
    ]
    assert doc.returns == "The joined rows in the order of left."
    assert [entry.statement for entry in doc.errors] == ["KeyError: If a key is missing on either side."]


def test_numpy_sections_become_fields_without_types_and_cross_references():
    doc = parse(NUMPY)
    assert [entry.name for entry in doc.arguments] == ["left, right", "how"]
    assert doc.arguments[1].text == "Which rows are kept."
    assert doc.returns.startswith("The joined rows.")
    assert [entry.name for entry in doc.errors] == ["KeyError"]
    assert "not a fact" not in " ".join(doc.paragraphs)


def test_sphinx_fields_become_fields():
    doc = parse(SPHINX)
    assert [entry.statement for entry in doc.arguments] == [
        "left: The table whose order is kept.",
        "right: The other table, read once.",
    ]
    assert doc.returns == "The joined rows. They keep their order."
    assert [entry.statement for entry in doc.errors] == ["KeyError: If a key is missing on either side."]


def test_prose_fills_the_fields_that_no_section_describes():
    doc = parse(PROSE, ["left_only", "unnamed"])
    assert [(entry.name, entry.text) for entry in doc.arguments] == [
        ("left_only", "If left_only is true, rows without a partner are kept.")
    ]
    assert doc.returns == "Returns the joined rows in order."
    assert [entry.name for entry in doc.errors] == ["KeyError"]
    assert doc.paragraphs == list(doc.body)


@pytest.mark.parametrize(
    "text", ["", "   \n\n", ">>> run()\n1", "x" * 5, ":", ":param:", "Args:", "Returns\n-------", "\x00\ud800"]
)
def test_a_docstring_that_says_nothing_yields_nothing_and_does_not_fail(text: str):
    doc = parse(text, ["x"])
    assert doc.arguments == () and doc.errors == () and doc.returns == ""


def test_hostile_text_stays_text_and_encodes():
    doc = parse('Shows <script>alert("x")</script> and \ud800 and \x00 to its caller.')
    assert doc.purpose == 'Shows <script>alert("x")</script> and and to its caller.'
    assert json.dumps(doc.purpose, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("marked", "clean"),
    [
        ("Uses ``x`` and *y* of :func:`~a.b.c` here.", "Uses x and y of a.b.c here."),
        ("Reads `the page <https://example.org>`_ first [1]_.", "Reads the page first."),
        ("Shown by [an example](https://example.org/a).", "Shown by an example."),
        ("Keeps text. Run this::\n\n    x = 1\n\n    y = 2\n\nKeeps more.", "Keeps text. Keeps more."),
        ("Keeps text.\n\n.. code-block:: python\n\n    x = 1\n\nKeeps more.", "Keeps text. Keeps more."),
        ("Keeps text.\n\n.. note:: Mind the gap.", "Keeps text. Mind the gap."),
        ("Keeps text.\n\n===  ===\na    b\n===  ===\n\nKeeps more.", "Keeps text. Keeps more."),
        ("Keeps text.\n\n```python\nx = 1\n```\nKeeps more.", "Keeps text. Keeps more."),
        ("Keeps text.\n\n>>> x\n1\n\nKeeps more.", "Keeps text. Keeps more."),
        ("> [!TIP]\n> Raises nothing.\n\nKeeps text.", "Keeps text."),
        ("!!! abstract\n    Elsewhere.\n\nKeeps text.", "Keeps text."),
    ],
)
def test_markup_is_removed_and_what_is_no_prose_left_out(marked: str, clean: str):
    assert " ".join(parse(marked).body) == clean


def test_passages_of_the_standard_library_are_titled_pieces_of_readable_length(found: Scan):
    rows = passages(found.definitions, {}, SEED, 10_000)
    assert len(rows) > 80
    assert all(40 <= len(row["text"].split()) <= 350 for row in rows)
    assert all(row["title"].startswith(row["module"]) and row["licence"] == "PSF-2.0" for row in rows)
    assert len({row["text"] for row in rows}) == len(rows)
    assert not [
        row["title"] for row in rows if any(debris in row["text"] for debris in ("``", ">>>", ":func:", ".. note"))
    ]


def test_a_docstring_that_is_no_prose_is_no_passage():
    shown = "Mix the clay of Hull. It must be wet::\n\n    mix(clay)\n\nFire it in the kiln."
    modules = [f"planted.module{number}" for number in range(20)]
    for docstring in (shown * 9, "Mix the clay. " + "word " * 60):
        copies = [Definition(f"{module}.mix", module, "planted", "MIT", docstring) for module in modules]
        assert passages(copies, {}, SEED, 100) == []


def test_a_guide_describes_every_argument():
    told = Definition("clay.mix", "clay", "planted", "MIT", GOOGLE, True, ("left", "right"))
    assert tells_all(told, parse(told.docstring))
    assert not tells_all(replace(told, argument_names=("left", "right", "how")), parse(told.docstring))


def test_topics_open_under_their_headings():
    rows = passages([], read_topics(), SEED, 10_000)
    assert len(rows) > 80
    assert all(80 <= len(row["text"].split()) <= 350 for row in rows)
    assert {"The with statement (Python)", "Annotated assignment statements (Python)"} <= {row["title"] for row in rows}
    assert len({row["text"] for row in rows}) == len(rows)


def test_no_module_is_in_both_halves(found: Scan, functions: list[Function]):
    mixture = {row["module"] for row in passages(found.definitions, {}, SEED, 10_000)}
    pool = {function.definition.module for function in functions}
    assert mixture and pool and not mixture & pool
    assert all(in_pool("python", module, SEED) for module in pool)


def test_a_docstring_that_is_asked_about_is_no_passage_where_it_is_copied():
    modules = [f"planted.module{number}" for number in range(20)]
    told = "Says the same in every module. " * 12
    copies = [Definition(f"{module}.join", module, "planted", "MIT", told, is_function=True) for module in modules]
    assert len(passages(copies, {}, SEED, 100)) == 1
    assert passages(copies, {}, SEED, 100, reference_texts=[told.strip()]) == []


def test_another_seed_splits_otherwise():
    modules = [f"module{number}" for number in range(100)]
    halves = [[in_pool("python", module, seed) for module in modules] for seed in (7, 8)]
    assert halves[0] != halves[1]
    assert all(25 < sum(half) < 75 for half in halves)


def test_each_function_yields_three_short_partial_rows_or_more(functions: list[Function]):
    rows = partial_questions(functions, SEED)
    by_function: dict[str, int] = {}
    for row in rows:
        name, _, aspect = row["id"].partition("#")
        by_function[name] = by_function.get(name, 0) + 1
        assert aspect.partition("-")[0] in TEMPLATES
        assert row["input"] == "" and row["instruction"] and len(row["output"].split()) <= SHORT + 4
    assert set(by_function) == {function.definition.name for function in functions}
    assert min(by_function.values()) >= 3
    assert len({row["id"] for row in rows}) == len(rows)


def test_every_fact_stands_word_for_word_in_the_full_text(functions: list[Function]):
    rows = references(functions)
    assert rows and all(row["facts"] for row in rows)
    assert [(row["id"], fact) for row in rows for fact in row["facts"] if fact not in row["text"]] == []


def test_a_question_limit_takes_whole_functions(found: Scan):
    few = documented_functions(found.definitions, SEED, 30)
    rows = partial_questions(few, SEED)
    assert 20 < len(rows) <= 30
    assert {row["id"] for row in references(few)} == {row["id"].split("#")[0] for row in rows}


def test_planted_functions_are_asked_about_aspect_by_aspect(package: Callable[..., Package]):
    source = f"def join(left, right):\n    r'''{GOOGLE}'''\n\ndef _hidden(left):\n    '''{NUMPY}'''\n"
    found = scan([package(tables=source)], SEED, 10)
    seed = next(seed for seed in range(50) if in_pool("planted", "planted.tables", seed))
    rows = partial_questions(documented_functions(found.definitions, seed, 100), seed)
    assert [row["id"] for row in rows] == [
        f"planted.tables.join#{aspect}" for aspect in ("arguments", "errors", "purpose", "returns")
    ]
    assert all("join" in row["instruction"] for row in rows)


def test_reading_a_package_executes_none_of_it(package: Callable[..., Package], tmp_path: Path):
    trace = tmp_path / "executed"
    found = scan([package(loud=f'"""Writes a file when imported."""\nopen({str(trace)!r}, "w").close()\n')], SEED, 10)
    assert [definition.name for definition in found.definitions] == ["planted.loud"]
    assert not trace.exists()
    assert not [name for name in sys.modules if name.startswith("planted")]


def test_a_file_that_does_not_parse_is_counted_and_the_rest_is_read(package: Callable[..., Package]):
    found = scan([package(broken="def (:\n", zeros="x = 1\x00", good='"""Says something."""')], SEED, 10)
    assert found.unparsed == ("planted.broken", "planted.zeros")
    assert [definition.module for definition in found.definitions] == ["planted.good"]


BSD = "License: Redistribution and use in source and binary forms"
MIT_CLASSIFIER = "Classifier: License :: OSI Approved :: MIT License"
APACHE_CLASSIFIER = "Classifier: License :: OSI Approved :: Apache Software License"


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        (["License-Expression: Apache-2.0", "License: MIT"], "Apache-2.0"),
        (["License-Expression: Apache-2.0 AND MIT"], None),
        (["License: MIT License"], "MIT"),
        (["License: BSD", "Classifier: License :: OSI Approved :: BSD License"], None),
        ([MIT_CLASSIFIER, "Classifier: Topic :: Software Development"], "MIT"),
        ([MIT_CLASSIFIER, APACHE_CLASSIFIER], None),
        ([f"{BSD} ... Neither the name of X ..."], "BSD-3-Clause"),
        ([BSD], "BSD-2-Clause"),
        ([], None),
    ],
)
def test_a_licence_counts_only_where_the_metadata_is_clear(fields: list[str], licence: str | None, tmp_path: Path):
    (tmp_path / "METADATA").write_text("\n".join(["Name: planted", *fields, ""]), encoding="utf-8")
    assert clear_licence(Distribution.at(tmp_path)) == licence


def test_packages_without_a_clear_licence_or_not_installed_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("demo.packages.PACKAGES", {"no-such-distribution": "nothing"})
    monkeypatch.setattr("demo.packages.standard_library", lambda: Package("python", Path("missing"), "PSF-2.0"))
    assert installed.scan_installed().skipped == {"no-such-distribution": "not installed"}


def test_landing_twice_writes_the_same_bytes(tmp_path: Path):
    first, second = (
        land(tmp_path / name, SEED, passage_limit=400, question_limit=60, files_per_package=6)
        for name in ("first", "second")
    )
    assert [file.path.read_bytes() for file in first] == [file.path.read_bytes() for file in second]
    assert {(file.kind, file.source) for file in first} == {
        ("passages", "python_passages"),
        ("instructions", "python_questions"),
        ("instructions", "python_guides"),
        ("reference", "python_references"),
    }
    rows = {file.source: [] for file in first}
    for file in first:
        rows[file.source] += [json.loads(line) for line in file.path.read_text(encoding="utf-8").splitlines()]
    asked = {row["id"].split("#")[0] for row in rows["python_questions"]}
    assert not asked & {row["id"] for row in rows["python_guides"]}, "a whole answer stands beside its parts"
    assert not {row["output"] for row in rows["python_guides"]} & {row["text"] for row in rows["python_passages"]}
    assert all(file.path.name == f"{file.licence}.jsonl" and file.path.parent.name == file.source for file in first)
    assert not list(tmp_path.rglob("*.part"))
    assert all(json.loads(line) for file in first for line in file.path.read_text(encoding="utf-8").splitlines())
