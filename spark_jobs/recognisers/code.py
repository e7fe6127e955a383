"""Whether a text is code, or holds some: told by its own signs, since fences are often missing.

>>> texts = pa.array(["Boil the rice; serve it.", "Write List<String> names = read();", "SELECT name FROM staff WHERE age > 3"])
>>> holds_code(texts).to_pylist()
[False, True, True]

For `holds_code` one sign is enough: what asks it wants to leave code alone, and code taken for prose costs more than prose taken for
code. `answered_in_code` asks for more, since code is kept apart from other answers by it:

>>> prompts = pa.array(["How is rice boiled?", "Write a Python function that adds", "Why does x = 1 fail?", "print one"])
>>> answers = ["With a pinch of `salt`.", "Like this:\\n```\\nreturn a + b\\n```\\nIt adds any two numbers that you give it.", "Since x = 1 is wrong in the place where it stands.", "print(1)"]
>>> answered_in_code(prompts, pa.array(answers)).to_pylist()
[False, True, False, True]
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

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
_STATEMENT = "|".join(f"(?:{sign})" for sign in _SIGNS if sign != "`")  # a name in backticks makes no line of code
_BLOCK = r"(?s)```.*?(?:```|\z)"
# so many plain words in a row, or two before a stop, are prose, whatever else the line holds
_SENTENCE = r"(?:\b[a-z]+,? ){4}[a-z]|\b[a-z]+ [a-z]+[.!?:]\s*$"
_ASKS_FOR_CODE = (
    r"(?i)\b(?:write|implement|create|generate|give|show|provide|complete|fix|debug|refactor|rewrite|convert|translate|develop|build|make"
    r"|design|define|add|correct|optimi[sz]e|how (?:do|can|would|to)|schreib\w*|implementier\w*|erstell\w*|escrib\w*|crea|scriv\w*|escrev\w*"
    r"|rédige\w*|напиши\w*|(?:é|É)cri\w*)\b[^.?!\n]{0,120}\b(?:code|functions?|program|scripts?|quer(?:y|ies)|snippets?|class|methods?|algorithms?|regex"
    r"|regular expression|one-liner|shell|commands?|unit tests?|sql|python|java|javascript|typescript|rust|ruby|perl|php|kotlin|swift|html|css|bash"
    r"|funktion|skript|programm|funci[oó]n|programa|fonction|programme|script|funzione|programma|função)\b"
    r"|функци|программ|скрипт|(?:写|编写|实现|給|给|書い|作成|作っ)[^。？！\n]{0,60}(?:代码|函数|程序|脚本|コード|関数|プログラム)"
)


def holds_code(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether each text has a sign of code, of a query, a shell or TeX in it."""
    return matches(texts, _ANY)


def answered_in_code(prompts: pa.StringArray, answers: pa.StringArray) -> pa.BooleanArray:
    """Whether more than half of each answer is code, or the prompt asks for code and the answer holds a line or block of it."""
    found = holds_code(answers)
    some = answers.filter(found)
    total, prose = pc.utf8_length(some).to_numpy() + 1, _prose(pc.replace_substring_regex(some, _BLOCK, ""))
    asked = matches(prompts.filter(found), _ASKS_FOR_CODE).to_numpy(zero_copy_only=False)
    in_code = (2 * prose < total) | asked & (prose < total)
    return pc.replace_with_mask(found, found, pa.array(in_code, pa.bool_()))


def _prose(texts: pa.StringArray) -> NDArray[np.int64]:
    """The characters of each text in lines that are no code, each line with its end, int64 (texts,)."""
    lines = pc.split_pattern(texts, "\n")
    row, line = pc.list_parent_indices(lines).to_numpy(), lines.flatten()
    code = pc.and_(matches(line, _STATEMENT), pc.invert(matches(line, _SENTENCE))).to_numpy(zero_copy_only=False)
    length = pc.utf8_length(line).to_numpy() + 1
    return np.bincount(row[~code], length[~code], minlength=len(texts)).astype(np.int64)
