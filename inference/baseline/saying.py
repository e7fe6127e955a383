"""What a listed line of an answer says: whether it gives a meaning, and whether the rest of the answer says it already.

By words and openings, for English documentation. A line in other words that says the same is not seen, and a meaning told behind a condition
is left out with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from inference.baseline.passage import stands_alone
from texts.words import content_words, numbers, words

_ROOT = 5  # letters by which words of one root are the same ("integrate" and "integral")
_SAID = 0.6  # share of a result's roots in the answer's prose from which it is said there
_SAID_RETURNS = 0.4  # the same where the prose itself tells what is returned
_LITTLE = 2  # roots that a result adds to a sentence that it holds, up to which both say the same
# words that many descriptions have, and that tell two results apart in none
_PALE_WORDS = """array arrays ndarray object objects value values result results output new given specified requested appropriate desired
corresponding resulting return returns returned containing represents instance compute
calculate generate create find build evaluate input along axis axes"""
_PALE = frozenset(stem[:_ROOT] for stem in content_words(_PALE_WORDS))
_NO_MEANING = re.compile(
    r"(?:if|when|unless|whenever|for|only|(?:an? )?optional(?:ly)?|(?:\w+'s )?defaults?|by default|see|same as|this|these|it|note|required|or|and"
    r"|also|no (?:return|change)|deprecated|added|changed|new in|no longer|must|should|can be|may be|a return|passed?|any other|whatever)\b",
    re.IGNORECASE,
)
_ANOTHERS = re.compile(r"[`\w.]+ (?:indicates|specifies|denotes|determines|controls|means|defaults)\b")
_TYPE = re.compile(
    r"(?:(?:str|strings?|int|ints|integers?|float|floats|bool|boolean|bytes|path|paths|file|dict|lists?|tuples?|sets?|callable|sequence|iterable"
    r"|scalar|ndarray|arrays?|array_like|arraylike|array-like|dataframe|series|none|optional|object|path-like|file-like|like|default|true|false|or|and|of|an?"
    r"|any|with|\w+dtype|\w+_|np\.\w+|pd\.\w+|type|single|another|one|python|numpy|shape|dtype|instance|numeric|number)\b|\([^)]*\)|\{[^}]*\}|\[[^\]]*\]|[\s,.;:/|-])+",
    re.IGNORECASE,
)
# what stands before the first clause that only qualifies has a verb: a sentence about something, no description of it
_QUALIFIES = re.compile(
    r"[.,] |\b(?:which|that|who|whose|where|if|when|whether|how|what|unless|while|such|so)\b|[(;]", re.IGNORECASE
)
_STATES = re.compile(
    r"(?<!to )\b(?:may|might|must|should|will|does|do|are|can|cannot|includes?|has|have|\w+n't|is (?:not|used|evaluated|multiplied|set|passed|ignored))\b"
)
# an order, or what holds in one case only: no result
_NO_RESULT = re.compile(
    r"(?:Set|Get|Compute|Make|Convert|Create|Check|Run|Call|Find|Generate) (?:the|an?|this)\b|(?:Where|Can|Read)\b|(?:In|On|At) [^,]{1,40},"
)
_TYPE_NAME = re.compile(r"(?:str|int|float|bool|dict|ndarray|None|True|False)\b,?", re.IGNORECASE)
# points elsewhere, lost a part, or runs into the next entry
_BROKEN = re.compile(
    r"\b(?:as|described|explained|listed|mentioned|noted|options|parameters?|section|see|shown|table) (?:section )?(?:above|below)\b"
    r"|\bsee (?:notes?|also|and|the|section)\b|\bdescribed logic\b|\bthe following\b|\b(?:on|of|is|are|to|for) and\b"
    r"|\w\(\S*\) [A-Z]\w+s |\S :|:\.$|\. \w+(?:, \w+)*: ",
    re.IGNORECASE,
)
_FAILURE = re.compile(r"(?=.*\b\w+(?:Error|Exception|Warning)\b)(?=.*\b[Rr]ais(?:e|es|ed)\b)(?!.*\byou raise\b)")
_CASE = re.compile(r"^(?:for|on|in case|where|any|raised|because)\b|\b(?:if|when|whenever|unless)\b", re.IGNORECASE)
_UNDERSCORED = re.compile(r"(?<![\w.`])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w.(])")
_LONGEST_WARNING = 25  # words
_JOINED = re.compile(r"(?<=[a-z]{3}) (?=(?:Each|The|This|These|It|If|When|Otherwise|Note|Alternatively),? [A-Za-z(])")
_CONDITION_INSIDE = re.compile(r"(?<=[,a-z] )If\b|(?<=, or )If\b|(?<=, and )If\b")
_RETURNING = re.compile(r"(?:`[^`]+` )?(?:returns?|yields?|gets?)\b", re.IGNORECASE)


def gives_meaning(text: str) -> bool:
    """Whether a description says what it describes is: not a condition, a default, a type alone, or a sentence about another name.

    >>> [gives_meaning(text) for text in ("Optional argument.", "If None, use 3.", "int or None", "Size indicates bytes.", "Rows to read.")]
    [False, False, False, False, True]
    """
    opening = _QUALIFIES.split(text, maxsplit=1)[0]
    refused = _NO_MEANING.match(text) or _ANOTHERS.match(text) or _STATES.search(opening) or _BROKEN.search(text)
    return not (refused or _TYPE.fullmatch(text))


def describes(name: str, text: str) -> bool:
    """Whether a description gives a meaning, and in other words than the name's.

    >>> describes("sample_weight", "Sample weights."), describes("weight", "Of each sample.")
    (False, True)
    """
    named = set(content_words(name.replace("_", " ")))
    return gives_meaning(text) and not set(content_words(text)) <= named


def gives_result(text: str) -> bool:
    """Whether a description says what a result is."""
    return gives_meaning(text) and not _NO_RESULT.match(text)


def is_type_name(word: str) -> bool:
    """Whether a word is a type's own name, which keeps its case and names no value."""
    return bool(_TYPE_NAME.fullmatch(word))


def tells_purpose(text: str) -> bool:
    """Whether a sentence in prose about a named part is whole and no failure's, as far as its form shows."""
    return not (_BROKEN.search(text) or text.startswith("Raised "))


def tells_failure(text: str) -> bool:
    """Whether a sentence in prose names an error that is raised, in few words."""
    return bool(_FAILURE.match(text)) and len(words(text)) <= _LONGEST_WARNING and stands_alone(text)


def tells_case(text: str) -> bool:
    """Whether what is said of an error is when it occurs.

    >>> tells_case("If x is negative."), tells_case("The test is common."), tells_case("Not raised unless x is None.")
    (True, False, True)
    """
    return bool(_CASE.search(text))


def names_in(text: str) -> set[str]:
    """The names of arguments in a text, as far as their form tells: words with an underscore inside.

    >>> sorted(names_in("Used when max_patches is not None; see __init__."))
    ['max_patches']
    """
    return set(_UNDERSCORED.findall(text))


def result_is_said(result: str, prose: Iterable[str]) -> bool:
    """Whether sentences say what the result is, or one says nothing beside it and it little more.

    >>> result_is_said("A matrix of scatter plots.", ["Draw a matrix of scatter plots."])
    True
    >>> result_is_said("The maximum of the column, NA for none.", ["The maximum value of the object."])
    True
    """
    known = list(prose)
    returning = any(_RETURNING.match(sentence) for sentence in known)
    adds = len(_roots(result) - _roots(" ".join(known)))
    within = adds <= _LITTLE and any(_held(sentence, [result], 1.0) for sentence in known)
    return within or _held(result, known, _SAID_RETURNS if returning else _SAID)


def argument_is_said(name: str, text: str, prose: Iterable[str]) -> bool:
    """Whether sentences say all that is said about an argument, and name it.

    >>> [argument_is_said(name, "Given order of the trees.", ["Generate trees of a given order."]) for name in ("order", "n")]
    [True, False]
    """
    known = list(prose)
    named = name.lower() in {word.lower() for sentence in known for word in words(sentence)}
    return named and _held(text, known, 1.0)


def parted(text: str) -> str:
    """The text with a full stop where one sentence runs into the next, and without one's capital where it does not end.

    >>> parted("list of arrays Each pair is the result"), parted("If it is empty, or If it is large")
    ('list of arrays. Each pair is the result', 'If it is empty, or if it is large')
    """
    return _JOINED.sub(". ", _CONDITION_INSIDE.sub("if", text))


def _held(text: str, others: Iterable[str], share: float) -> bool:
    known = " ".join(others)
    own = _roots(text)
    return numbers(text) <= numbers(known) and len(own & _roots(known)) >= share * len(own)


def _roots(text: str) -> set[str]:
    """What the content words begin with; "fitt" of "fitted" is "fit"."""
    cut = {stem[:_ROOT] for stem in content_words(text)} - _PALE
    return {root[:-1] if root[-2:-1] == root[-1:] else root for root in cut}
