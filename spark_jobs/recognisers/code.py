"""Whether a text is code, or holds some: told by its own signs, since fences are often missing.

>>> texts = pa.array(["Boil the rice; serve it.", "Write List<String> names = read();", "SELECT name FROM staff WHERE age > 3"])
>>> holds_code(texts).to_pylist()
[False, True, True]

One sign is enough: what asks here wants to leave code alone, and code taken for prose costs more than prose taken for code.
"""

import pyarrow as pa

from spark_jobs.recognisers.matching import matches

_NAME = r"[A-Za-z_]\w*"
_SIGNS = (
    r"`",
    rf"\b(?i:def|class|function|func|fn|struct|interface|namespace|enum|trait)\s+{_NAME}\s*[({{:<]",
    rf"\b(?:const|let|var|val|int|long|float|double|char|bool|boolean|auto|void|unsigned|string|String)\s+[*&]?{_NAME}\s*(?:=|;|\(|\[)",
    r"(?m)^[ \t]*(?:#include\b|import \w|from [\w.]+ import\b|using [\w.]+;|package [\w.]+;|#!/|@\w+\s*$|<\?php)",
    r"(?m)[;{]\s*$|^\s*[})\]]+[;,]?\s*$",  # lines that end as statements and blocks do
    r"==|!=|&&|\|\||\+\+|[+*/|-]=|:=|<=>|=>|->|::|<-",
    rf"\b{_NAME}(?:\.{_NAME})+\(|\b(?:print|printf|println|echo|puts|len|range|malloc)\s*\(",
    rf"(?m)^[ \t]*{_NAME}(?:\[[^\]\n]*\]|\.{_NAME})*\s*=\s*\S",
    r"(?m)^[ \t]*(?:if|for|while|elif|else|try|except|with|switch|match)\b[^.?!\n]*[:{]\s*$",
    rf"\b{_NAME}<{_NAME}[\w\s,.?*&\[\]<>]*>|<{_NAME}>\s*\(",  # generics: a name with its parameters
    r"(?is)\bselect\b[^.?!]{1,200}\bfrom\b\s+[\w.\[\"]+(?:\s+(?:as\s+)?\w+)?\s*(?:;|$|\)|,|\b(?:where|join|group|order|limit|inner|left|having|union)\b)",
    r"(?i)\b(?:insert\s+into\s+\w|delete\s+from\s+\w+\s*(?:;|where|$)|create\s+(?:table|index|view)\s+\w|alter\s+table\s+\w|update\s+\w+\s+set\s+\w+\s*=)",
    r"(?m)^[ \t]*(?:[$>#] ?)?(?:sudo|git|pip|npm|npx|docker|kubectl|apt|apt-get|brew|curl|wget|chmod|mkdir|grep|cargo|make) [\w./-]",
    r"\bstyle=\{|\\(?:frac|sqrt|sum|int|begin|text\w+|left|right|cdot)\b|\$\{",
)
_ANY = "|".join(f"(?:{sign})" for sign in _SIGNS)


def holds_code(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether each text has a sign of code, of a query, a shell or TeX in it."""
    return matches(texts, _ANY)
