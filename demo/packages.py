"""Which installed packages the demo reads, under which licence, and the docstrings of their files.

Files are parsed, never imported: nothing of a package runs. Not read: compiled modules, nested functions, private names
and docstrings put together at run time.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from demo.licences import clear_licence
from lake.engines.parallel import in_processes, usable_cores

# Distribution -> the package it installs. Locked, documented at length, and small enough to parse in seconds.
PACKAGES = {
    "dagster": "dagster",
    "datasets": "datasets",
    "huggingface_hub": "huggingface_hub",
    "jinja2": "jinja2",
    "networkx": "networkx",
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "pydantic": "pydantic",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "sqlalchemy": "sqlalchemy",
    "torch": "torch",
}
STDLIB_LICENCE = "PSF-2.0"
_FILES_A_PART = 100
# Folders of tests, tables and other projects' code.
LEFT_OUT = frozenset({
    "__pycache__", "conftest", "ensurepip", "encodings", "idlelib", "lib2to3", "msilib", "pydoc_data",
    "site-packages", "templates", "test", "testing", "tests", "this", "turtledemo",
    "_external", "_lib", "_testing", "_vendor", "_vendored", "externals", "vendor", "vendored",
})  # fmt: skip


@dataclass(frozen=True)
class Package:
    """A folder of Python files and the licence they are under."""

    name: str
    folder: Path
    licence: str
    prefix: str = ""  # dotted name of the folder; empty for the standard library


@dataclass(frozen=True)
class Definition:
    """A module, class or function that has a docstring."""

    name: str
    module: str
    package: str
    licence: str
    docstring: str
    is_function: bool = False
    argument_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scan:
    """What was found, and what could not be used: packages without a clear licence, files that do not parse."""

    definitions: tuple[Definition, ...]
    skipped: dict[str, str]
    unparsed: tuple[str, ...]


def rank(seed: int, *words: str) -> int:
    """A number that looks random and depends on the seed and the words alone."""
    digest = hashlib.blake2b("\x1f".join((str(seed), *words)).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def in_pool(package: str, module: str, seed: int) -> bool:
    """Whether a module's functions go to the pool; otherwise its texts are passages for MIXTURE."""
    return rank(seed, "half", package, module) % 2 == 1


def standard_library() -> Package:
    """The running interpreter's standard library."""
    return Package("python", Path(sysconfig.get_path("stdlib")), STDLIB_LICENCE)


def installed_packages() -> tuple[list[Package], dict[str, str]]:
    """The standard library and the listed packages; and why each of the others is left out."""
    found, skipped = [standard_library()], dict[str, str]()
    for name, prefix in PACKAGES.items():
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            skipped[name] = "not installed"
            continue
        licence = clear_licence(installed)
        if licence is None:
            skipped[name] = "no single clear licence in its metadata"
        else:
            found.append(Package(name, Path(str(installed.locate_file(prefix))), licence, prefix))
    return found, skipped


def scan(packages: Sequence[Package], seed: int, files_per_package: int, skipped: dict[str, str] | None = None) -> Scan:
    """The documented definitions of at most `files_per_package` files each, chosen by the seed, sorted by name."""
    files = [
        (module, path, package)
        for package in packages
        for module, path in _chosen_files(package, seed, files_per_package)
    ]
    found: dict[str, Definition] = {}
    unparsed: list[str] = []
    # parsing is most of the time that landing takes
    parts = [files[start : start + _FILES_A_PART] for start in range(0, len(files), _FILES_A_PART)]
    for part, read in zip(parts, in_processes(_read, parts, min(usable_cores(), max(len(parts), 1))), strict=True):
        for (module, _, _), definitions in zip(part, read, strict=True):
            if definitions is None:
                unparsed.append(module)
            for definition in definitions or ():
                found.setdefault(definition.name, definition)
    return Scan(tuple(found[name] for name in sorted(found)), skipped or {}, tuple(sorted(unparsed)))


def _read(files: Sequence[tuple[str, Path, Package]]) -> list[list[Definition] | None]:
    """The definitions of each file, or None for one that does not parse."""
    found: list[list[Definition] | None] = []
    for module, path, package in files:
        try:
            found.append(list(read_definitions(path.read_bytes(), module, package)))
        except (SyntaxError, ValueError, RecursionError, OSError):
            found.append(None)
    return found


def _chosen_files(package: Package, seed: int, limit: int) -> list[tuple[str, Path]]:
    """Dotted module names and files, in the order the seed gives them."""
    files = [(path.relative_to(package.folder).with_suffix("").parts, path) for path in package.folder.rglob("*.py")]
    wanted = [
        (".".join(part for part in (package.prefix, *parts) if part and part != "__init__"), path)
        for parts, path in files
        if not LEFT_OUT.intersection(parts) and not parts[-1].startswith("test_")
    ]
    return sorted(wanted, key=lambda found: rank(seed, "file", package.name, found[0]))[:limit]


def read_definitions(source: bytes, module: str, package: Package) -> Iterator[Definition]:
    """The module's, its public classes' and its public functions' docstrings; raises SyntaxError or ValueError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's files
        tree = ast.parse(source)
    for name, node in [(module, tree), *_public(tree.body, module)]:
        docstring = ast.get_docstring(node, clean=False)
        if docstring and not re.search(r"%\(\w+\)s", docstring):  # filled in at run time
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            names = _argument_names(node) if is_function else ()
            yield Definition(name, module, package.name, package.licence, docstring, is_function, names)


def _public(
    body: Sequence[ast.stmt], owner: str
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            name = f"{owner}.{node.name}"
            yield name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, name)


def _argument_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return tuple(argument.arg for argument in arguments if argument.arg not in {"self", "cls"})
