"""The beginning of a file as text, as well as a look at its first bytes allows."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(head: bytes) -> str:
    """The text, with the line ends of this machine; what is no text in its encoding is replaced.

    >>> decoded("a\\rb".encode("utf-16")), decoded("ü".encode("utf-16-le") * 2), decoded(b"\\xef\\xbb\\xbfa")
    ('a\\nb', 'üü', 'a')
    """
    text = head.decode(unicode_of(head) or "utf-8", "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def unicode_of(head: bytes) -> str | None:
    """The name of the Unicode encoding that a byte order mark or the places of zero bytes tell; None where neither does."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None) or _wide(head)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: text in it is full of zero bytes, always in the same places."""
    zeros = [head[place::4].count(0) / max(len(head[place::4]), 1) for place in range(4)]
    if min(zeros[2:]) > 0.9:
        return "utf-32-le"
    if min(zeros[:2]) > 0.9:
        return "utf-32-be"
    if min(zeros[1], zeros[3]) > 0.4 and max(zeros[0], zeros[2]) < 0.1:
        return "utf-16-le"
    if min(zeros[0], zeros[2]) > 0.4 and max(zeros[1], zeros[3]) < 0.1:
        return "utf-16-be"
    return None
