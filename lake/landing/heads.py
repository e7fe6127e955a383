"""The beginning of a file as text, as well as a look at its first bytes allows."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(head: bytes) -> str:
    """The text, with the line ends of this machine; what is no text in its encoding is replaced.

    >>> decoded("a\\rb".encode("utf-16")), decoded("ü".encode("utf-16-le")), decoded(b"\\xef\\xbb\\xbfa")
    ('a\\nb', 'ü', 'a')
    """
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _wide(head) or "utf-8"
    text = head.decode(encoding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of most text in it is zero."""
    even, odd = head[::2].count(0) * 2, head[1::2].count(0) * 2
    if max(even, odd) * 2 <= len(head):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
