"""Ids and hashes: always of content, so that the same rows get the same ids in any order, on any machine."""

import hashlib

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
