"""Plain paragraphs out of reStructuredText and Markdown as docstrings and documentation topics use them.

Whatever would not read as prose (examples, tables, formulas, directives) is left out, never rewritten. This is not a
parser of either language: nested lists are flattened and substitutions are dropped with their paragraph.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise, zip_longest

FENCE = re.compile(r"^[ \t]*(```|~~~).*?(^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\ufeff]")
BULLET = re.compile(r"^\s*(?:[-*+•]|\(?\d{1,2}[.)])\s+(?=\S)")
DIRECTIVE = re.compile(r"^\s*\.\.\s+(?P<name>[\w:-]+)::\s*(?P<rest>.*)$")
ADMONITIONS = frozenset({"note", "warning", "tip", "important", "caution", "attention", "hint"})
TABLE = re.compile(r"^\s*(?:[+|].*|[=-]{2,}(?:\s+[=-]{2,})+\s*)$")
UNDERLINE = re.compile(r"^\s*([=~^*\"#+`'.:-])\1{2,}\s*$")
# A paragraph that still holds one of these after cleaning would not read as prose.
DEBRIS = re.compile(
    r"`|\\|%\(\w+\)|\{\w*\}|>>>|::|\.\. |\|\w+\||https?://|[<>]{2,}|<\w+ |\w+=\w+=|\$|\*\*|!!! |\[![A-Z]"
    r"|(?:^|[.:] )\w+ : [{a-z]"
)

INLINE = (
    (re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))+\)"), r"\1"),  # Markdown link
    (re.compile(r"\[(`[^`\]]+`)\]"), r"\1"),  # reference to an object in doc-builder
    (re.compile(r"</?(?:Tip|tip|br|code|em|b|i|p)(?:\s[^<>]*)?/?>"), " "),
    (re.compile(r":pep:`(\d+)[^`]*`"), r"PEP \1"),
    (re.compile(r":rfc:`(\d+)[^`]*`"), r"RFC \1"),
    (re.compile(r"(?::[\w+-]+){1,2}:`[~!.]*(?:_\w+\.)?([^`<]*?)\s*(?:<[^`>]*>)?`"), r"``\1``"),  # role
    (re.compile(r"(?<!`)`([^`<]+?)\s*<[^`>]*>`_{0,2}"), r"\1"),  # hyperlink
    (re.compile(r"``~?(.+?)``"), r"\1"),
    (re.compile(r"`~?([^`]+)`_{0,2}"), r"\1"),
    (re.compile(r"(?<![\w*/(])(\*{1,2})(?=[^\s*])([^*]*[^\s*])\1(?![\w*])"), r"\2"),  # emphasis
    (re.compile(r"\s*\[[^\[\]\s]+\]_(?!\w)|(?<=\w)\s\[\d+\](?![\w\[])"), ""),  # footnote
    (re.compile(r"\\([*_`| ])"), r"\1"),
    (re.compile(r"\s+"), " "),
    (re.compile(r"\s+([.,;])(?=\s|$)"), r"\1"),
)

# Sentences that only point elsewhere.
POINTER = re.compile(
    r"sphx_glr|User Guide|Glossary"
    r"|(?:^|[.] )(?:Read more|See |For details|For (?:an|more|further) (?:example|detail|info))"
)
ABBREVIATIONS = (
    "e.g.",
    "i.e.",
    "etc.",
    "vs.",
    "cf.",
    "eg.",
    "ie.",
    "resp.",
    "Fig.",
    "al.",
    "approx.",
    "Eq.",
    "No.",
    "Ref.",
)
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9*])")


def without_control(text: str) -> str:
    """Text that encodes to UTF-8: control characters and lone surrogates removed, lines kept."""
    return CONTROL.sub("", text.replace("\r\n", "\n")).encode("utf-8", "ignore").decode("utf-8")


def plain(text: str) -> str:
    """One line of text without inline markup."""
    for pattern, replacement in INLINE:
        text = pattern.sub(replacement, text)
    return text.strip()


def closed(text: str) -> str:
    """The text ending in a full stop, unless it ends a sentence or announces a list."""
    return text if not text or text[-1] in ".!?:" else text.rstrip(" ,;:") + "."


def sentences(text: str) -> list[str]:
    """The sentences of one paragraph; common abbreviations do not end one."""
    found: list[str] = []
    start = 0
    for boundary in SENTENCE_END.finditer(text):
        sentence = text[start : boundary.end()].strip()
        if not sentence.endswith(ABBREVIATIONS):
            found.append(sentence)
            start = boundary.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def paragraphs(text: str) -> list[str]:
    """Plain paragraphs in reading order; each list item is one paragraph that starts with "- "."""
    kept: list[str] = []
    for block in _blocks(FENCE.sub("", text)):
        kept.extend(_items(block))
    cleaned = [plain(paragraph) for paragraph in kept]
    followed = zip_longest(cleaned, cleaned[1:], fillvalue="")
    introduced = [_without_lead_in(paragraph, following) for paragraph, following in followed]
    stated = [_without_pointers(paragraph) for paragraph in introduced]
    return [paragraph for paragraph in stated if len(paragraph) > 2 and not DEBRIS.search(paragraph)]


def indent(line: str) -> int:
    """The number of leading spaces of a line."""
    return len(line) - len(line.lstrip())


def _blocks(text: str) -> Iterator[list[str]]:
    """Blocks of prose lines; an indented block under a line that ends in a colon is an example and left out."""
    limit: int | None = None  # blocks indented deeper than this belong to something that was left out
    for block in _split(text):
        depth = indent(block[0])
        if limit is not None and depth > limit and not BULLET.match(block[0]):
            continue
        limit = None
        directive = DIRECTIVE.match(block[0])
        if directive and directive["name"].lower() in ADMONITIONS:
            block = [line for line in (directive["rest"], *block[1:]) if line.strip()]
        elif block[0].lstrip().startswith(".. "):
            limit = depth
            continue
        if block and not _is_layout(block):
            yield block
        if block and block[-1].rstrip().endswith(":"):
            limit = indent(block[-1])


def _split(text: str) -> Iterator[list[str]]:
    """Lines between blank lines; an example or a directive starts a block of its own."""
    block: list[str] = []
    for line in [*text.expandtabs(4).splitlines(), ""]:
        starts = line.lstrip().startswith((".. ", ">>>"))
        inside_example = bool(block) and block[0].lstrip().startswith(">>>")
        example_ends = bool(block) and block[-1].rstrip().endswith("::") and indent(line) > indent(block[-1])
        if block and (not line.strip() or (starts and not inside_example) or example_ends):
            yield block
            block = []
        if line.strip():
            block.append(line)


def _is_layout(block: list[str]) -> bool:
    """Whether a block is an example, a table, a heading or a grammar rule."""
    first = block[0].lstrip()
    if first.startswith((">>>", "...", "$ ", "# ", "@", "In [")) or "::=" in block[0]:
        return True
    return any(TABLE.match(line) or UNDERLINE.match(line) for line in block)


def _items(block: list[str]) -> list[str]:
    """A block as one paragraph, or as one paragraph a list item."""
    starts = [number for number, line in enumerate(block) if BULLET.match(line)]
    if not starts:
        return [" ".join(block)]
    bounds = [*starts, len(block)]
    lead = [" ".join(block[: starts[0]])] if starts[0] else []
    items = [" ".join(block[low:high]) for low, high in pairwise(bounds)]
    return lead + ["- " + BULLET.sub("", item, count=1) for item in items]


def _without_lead_in(paragraph: str, following: str) -> str:
    """The paragraph without a last sentence that only announces an example that was left out."""
    if not paragraph.endswith(":") or following.startswith("- "):
        return paragraph
    return " ".join(sentences(paragraph)[:-1])


def _without_pointers(paragraph: str) -> str:
    if not POINTER.search(paragraph):
        return paragraph
    return " ".join(sentence for sentence in sentences(paragraph) if not POINTER.search(sentence))


def dedented(lines: list[str]) -> list[str]:
    """The lines moved left by their common indentation."""
    return textwrap.dedent("\n".join(lines)).splitlines()
