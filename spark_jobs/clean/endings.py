"""Whether code or JSON breaks off before its end. A closing fence is often lost on the way; only what it would close tells.

>>> code_ends_early("```python\\nfor row in rows:\\n    print(row)"), code_ends_early("```python\\nfor row in rows:\\n    print(row,")
(False, True)
>>> json_ends_early('{"steps": ["boil"]}'), json_ends_early('{"steps": ["bo')
(False, True)
"""

import json
import re

_LAST_FENCE = re.compile(r"(?s).*^[ \t]*```([\w+#.-]*)[^\n`]*\n?(.*)", re.MULTILINE)
_PROSE = frozenset(("text", "txt", "markdown", "md", "plaintext"))
_ASIDE = re.compile(
    r'"""(?s:.*?)"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*(?s:.*?)\*/|(?:^|(?<=\s))(?:#|--)[^\n]*',
    re.MULTILINE,
)
_OPENING, _CLOSING = "([{", ")]}"
# what no statement ends with; `:` opens a block, `--` and `++` end one
_GOES_ON = re.compile(
    r"(?:[=<&|,(\[{:\\]|(?<!\+)\+|(?<!-)-|(?<=\s)[*/%]|\b(?:def|class|import|from|and|or|not|in|if|elif|while|for|with|new|select|where|function|var|let|const))$",
    re.IGNORECASE,
)
_OPEN_TEXT = re.compile(r"^[^\"']*\"[^\"]*$")


def code_ends_early(answer: str) -> bool:
    """Whether the code behind the last fence is broken off: an open bracket or text, or a line that must go on."""
    found = _LAST_FENCE.match(answer)
    if not found or found[1].lower() in _PROSE:
        return False
    code = found[2].rstrip()
    if not code:
        return bool(found[1])
    bare = _ASIDE.sub(" ", code).rstrip()
    open_bracket = any(bare.count(one) > bare.count(other) for one, other in zip(_OPENING, _CLOSING, strict=True))
    last = bare.rpartition("\n")[2]
    return open_bracket or bool(_GOES_ON.search(last) or _OPEN_TEXT.match(last))


def json_ends_early(text: str) -> bool:
    """Whether the text is the beginning of a JSON value: without a fault, and without its end."""
    try:
        json.JSONDecoder(strict=False).raw_decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text) or error.msg.startswith("Unterminated string")
    except RecursionError:
        return False
    return False
