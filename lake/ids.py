"""Ids and hashes: always of content, so that the same rows get the same ids in any order, on any machine."""

import hashlib
from collections.abc import Callable
from pathlib import Path

_HEX = 24  # 96 bits: at a billion rows the chance of one collision is about 1 in 10^11


def content_id(kind: str, *parts: str | bytes | int) -> str:
    """`kind_` and 24 hex digits of the SHA-256 over the parts, each with its length, so that no two part lists collide."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return f"{kind}_{digest.hexdigest()[:_HEX]}"


def rekind(kind: str, content: str) -> str:
    """The id of the same thing under another kind: `rec_x` for `raw_x`."""
    return f"{kind}_{content.split('_', 1)[1]}"


def sha256_text(text: str) -> str:
    """64 hex digits of the SHA-256 of the UTF-8 text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_bytes(content: bytes) -> str:
    """64 hex digits of the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """64 hex digits of the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_folder(folder: Path) -> str:
    """64 hex digits over the names and contents of the files directly in `folder`, in the order of their names."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return hashlib.sha256("".join(f"{file.name}\0{sha256_file(file)}\n" for file in files).encode()).hexdigest()


def content_ids(kind: str, *first: str) -> Callable[[str, int], str]:
    """`content_id` with its first parts fixed: a function of the last two, several times faster for many rows."""
    start = hashlib.sha256()
    for part in first:
        start.update(_sized(part.encode("utf-8", "surrogatepass")))
    numbers = [_sized(str(number).encode()) for number in range(16)]

    def of(text: str, number: int) -> str:
        digest = start.copy()
        last = numbers[number] if number < len(numbers) else _sized(str(number).encode())
        digest.update(_sized(text.encode()) + last)
        return f"{kind}_{digest.hexdigest()[:_HEX]}"

    return of


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big") + part
