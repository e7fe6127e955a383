"""What the hash of the code reads of a module, kept in this machine's cache: to parse them all takes seconds, which every command would pay.

Kept by the digest of the source, so that nothing kept is ever wrong; what cannot be read or written there is parsed again.
"""

import ast
import json
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from lake.settings import settings

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # trees differ between versions


@dataclass(frozen=True)
class Parsed:
    """code: the syntax tree as text, without docstrings; layout and comments are not in it anyway. names: all that is imported, dotted."""

    code: bytes
    names: tuple[str, ...]


def parsed(source: bytes) -> Parsed:
    """What a module of this source says."""
    place = settings().cache / "code" / f"{sha256(_PYTHON.encode() + source).hexdigest()}.json.z"
    with suppress(OSError, ValueError, zlib.error):
        code, names = json.loads(zlib.decompress(place.read_bytes()))
        return Parsed(code.encode(), tuple(names))
    tree = ast.parse(source)
    found = Parsed(ast.dump(_without_docstrings(tree)).encode(), tuple(_imported(tree)))
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(zlib.compress(json.dumps([found.code.decode(), found.names]).encode(), 1))
        unfinished.replace(place)
    return found


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return tree


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
