"""The lines of a docstring by field, whichever convention it follows: NumPy, Google or Sphinx.

Fields that state nothing of the object itself (examples, references, attributes) are set apart and not read.
"""

from __future__ import annotations

import re

from demo.markup import dedented, indent

FIELDS = {
    "arguments": "args arguments parameters params keyword_args keyword_arguments other_parameters other_arguments",
    "returns": "returns return yields yield",
    "errors": "raises raise exceptions",
    "body": "notes note description remarks",
}
FIELD_OF = {word.replace("_", " "): field for field, words in FIELDS.items() for word in words.split()}
OTHER_HEADERS = frozenset({"attributes", "example", "examples", "references", "see also"})
NUMPY_RULE = re.compile(r"^\s*-{3,}\s*$")
GOOGLE_HEADER = re.compile(r"^(?P<name>[A-Z]\w+(?: [A-Za-z]\w+)?)\s*:\s*$")
SPHINX_FIELD = re.compile(r"^\s*:(?P<name>[a-z]+)(?:\s+(?P<argument>[^:]+))?:(?:\s+(?P<rest>.*))?$")
SPHINX_FIELDS = {
    "param": "arguments", "parameter": "arguments", "arg": "arguments", "key": "arguments", "keyword": "arguments",
    "return": "returns", "returns": "returns", "raises": "errors", "raise": "errors", "except": "errors",
}  # fmt: skip


def fields(lines: list[str]) -> dict[str, list[str]]:
    """The lines of each field; lines of sections that are not read are left out."""
    found: dict[str, list[str]] = {name: [] for name in ("body", "arguments", "returns", "errors", "left_out")}
    # A Google section ends where the indentation falls back to that of its header.
    field, depth = "body", None
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        sphinx = SPHINX_FIELD.match(line)
        google = GOOGLE_HEADER.match(line.strip())
        if NUMPY_RULE.match(following) and line.strip() and indent(line) == indent(following):
            field, depth = _field_named(line), None
        elif NUMPY_RULE.match(line):
            continue
        elif sphinx:
            field, depth = SPHINX_FIELDS.get(sphinx["name"], "left_out"), indent(line)
            found[field].append(_sphinx_head(sphinx))
        elif google and _opens_section(google["name"], following, indent(line)):
            field, depth = _field_named(google["name"]), indent(line)
        else:
            if depth is not None and line.strip() and indent(line) <= depth:
                field, depth = "body", None
            found[field].append(line)
    return found


def _opens_section(name: str, following: str, depth: int) -> bool:
    known = name.lower() in FIELD_OF or name.lower() in OTHER_HEADERS
    return known and (indent(following) > depth or not following.strip())


def _field_named(header: str) -> str:
    return FIELD_OF.get(header.strip().strip(":").lower(), "left_out")


def _sphinx_head(match: re.Match[str]) -> str:
    """The first line of a Sphinx field in the layout of a Google entry."""
    rest = match["rest"] or ""
    if SPHINX_FIELDS.get(match["name"]) == "returns":
        return rest
    words = (match["argument"] or "").split()
    return f"{words[-1]}: {rest}" if words else rest


def follows_numpy(lines: list[str]) -> bool:
    """Whether sections are underlined, so that a description stands below its name and type."""
    return any(NUMPY_RULE.match(line) for line in lines)


def chunks(lines: list[str]) -> list[list[str]]:
    """Runs of lines that each begin at the leftmost column."""
    runs: list[list[str]] = []
    for line in dedented(lines):
        if line.strip() and indent(line) == 0:
            runs.append([line])
        elif runs:
            runs[-1].append(line)
    return runs
