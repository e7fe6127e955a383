"""Formatting tags and entities that a copy of a page left in a text: taken out where they are there by accident, and only there.

    >>> texts = pa.array(["How is it cooked?", "<p>Rinse the <b>rice</b> &amp; wait.</p>", "How is bold set?", "<b>word</b> does"])
    >>> without_debris(texts, np.array([0, 0, 1, 1])).to_pylist()    # two records of two turns; the second is about markup
    ['How is it cooked?', '\\nRinse the rice & wait.\\n', 'How is bold set?', '<b>word</b> does']

Whether a text is about markup is asked of its whole record, all turns together: an answer of a single tag does not say so itself.
What is in doubt stays: a tag left in costs a reader a moment, a generic's parameter or an example of markup taken out cannot be
found again. So tags are taken out of a turn only where all of this holds:

- the record neither speaks of markup, formatting or pages nor holds code;
- every tag is of a closed list, with attributes as HTML writes them (`a<b and c>d` has none), and not glued to a name (`Box<p>`);
- inline tags come in pairs; a pair that is quoted or follows a word like `write` is an example;
- blocks wrap text, or there is more text around the tags than in them.

Entities are undone where the text was escaped as a whole: it has no bare sign of those that it escapes.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import html
import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_jobs.recognisers.code import holds_code
from spark_jobs.recognisers.matching import change_where, matches

Rows = NDArray[np.int64]

# Formatting that editors and page copies leave behind. Tags that act (script, img, iframe) are not here: a text that
# carries them is about them, or is hostile, and stays as it is.
_INLINE = "a|abbr|b|big|em|font|i|mark|s|small|span|strong|strike|sub|sup|tt|u"
_BLOCK = "blockquote|br|center|dd|div|dl|dt|h[1-6]|hr|li|ol|p|section|table|tbody|td|th|thead|tr|ul"
_ATTRIBUTES = r"""(?:\s+[a-z][\w:-]*(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?)*"""
_TAG = rf"(?i)<(/?)({_INLINE}|{_BLOCK})({_ATTRIBUTES})\s*/?>"
_ENTITY = r"&(?:#\d{2,6}|#[xX][0-9A-Fa-f]{2,5}|[A-Za-z][A-Za-z0-9]{1,30});"
_ACTING = r"<(?:!doctype|html|head|body|script|style|img|iframe|svg|form|input|button|code|pre|\?xml|\w+:\w)\b|<!--"
# words of records that speak of markup, in the languages in which most records are; code is told by its own signs
_ABOUT_ENTITIES = (
    r"\b(?:x?html5?|xml|css|jsx|svg|rss|markup|markdown|entit(?:y|ies)|(?:un)?escap(?:e|es|ed|ing)|(?:en|de)cod(?:e|es|ed|ing)"
    r"|tags?|web ?sites?|web ?pages?|ampersands?|(?:less|greater)[ -]than|non-?breaking|special characters?|regex|parser?|parsing"
    r"|balises?|etiquetas?|webseiten?|zeichenreferenz)\b|\b(?:what|how|why|when)\b.{0,40}\s&(?:[lg]t|nbsp|copy|reg|euro|pound|deg|hellip|[a-z]{2}sp);|标签|网页|网站|转义|标记语言|タグ"
)
_ABOUT_TAGS = (
    rf"{_ABOUT_ENTITIES}|\b(?:bold(?:face)?|italics?|underlin\w*|strike-?through|(?:sub|super)scripts?|hyperlinks?|line[ -]?breaks?"
    r"|browsers?|format(?:s|ted|ting)?|plain text|rich text|emphasi[sz]e[ds]?|highlight\w*|heading|headings|bullet\w*|template\w*|wordpress|bbcode|wiki(?:text|code)|forum"
    r"|code|coding|program(?:s|ming)?|scripts?|snippets?|syntax|brackets?|notation|scrap(?:e|ing)|render\w*|placeholders?|angle"
    r"|fett|kursiv|zeilenumbruch|quelltext|gras|italique|negrita|cursiva|negrito)\b|加粗|粗体|斜体|换行|代码|格式|太字"
)
_ESCAPED_TAG = rf"(?i)</?(?:{_INLINE}|{_BLOCK}|code|pre|script|style|img|html|body)\b[^<>]*>"
_EXAMPLE_BEFORE = re.compile(
    r"(?i)(?:['\"“‘«(\[=]|\b(?:use|uses|using|write|writes|written|type|put|wrap|insert|add|enter|like|is|are|becomes?|gives?|prints?|"
    r"returns?|outputs?|between|with|an?|the|say|says|means?)|->|=>)\s*$"
)
_TAGS, _ENTITIES = re.compile(_TAG), re.compile(_ENTITY)
# what says something by its place, which plain text cannot
_SHAPED = frozenset(["sup", "sub", "table", "td", "th", "tr"])
_UNPAIRED = frozenset(["br", "hr", "p", "li", "dd", "dt", "tr", "td", "th", "thead", "tbody"])
_SCRIPTS = {
    "sup": str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎"),
}
_RAISED = re.compile(r"(?i)<(sup|sub)>\s*([0-9+\-()n]{1,8})\s*</\1>")
_LINK = re.compile(r"""(?is)<a\s[^<>]*href\s*=\s*["']?(https?://[^"'\s<>]+)["']?[^<>]*>(.*?)</a\s*>""")
_BLOCK_TAG = re.compile(rf"(?i)\s*</?(?:{_BLOCK})(?:{_ATTRIBUTES})\s*/?>")
_INLINE_TAG = re.compile(rf"(?i)</?(?:{_INLINE})(?:{_ATTRIBUTES})\s*/?>")
# blocks hold the text: it begins or ends with one
_WRAPS = rf"(?i)^\s*<(?:{_BLOCK})\b|</(?:{_BLOCK})\s*>\s*$"
_WRAPPING = frozenset(
    ["p", "div", "ul", "ol", "table", "blockquote", "section", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "center"]
)


def without_debris(texts: pa.StringArray, records: Rows) -> pa.StringArray:
    """The texts without formatting tags and entities that are there by accident.

    records: int64, one a text: texts of the same number are turns of one record; ascending.
    """
    tagged, escaped = matches(texts, _TAG), matches(texts, _ENTITY)
    suspects = np.asarray(pc.or_(tagged, escaped))
    if not suspects.any():
        return texts
    # numbers of the records that hold a suspect, and all turns of these as one text each
    concerned, place = np.unique(records[suspects], return_inverse=True)
    about_entities, about_tags = _about(texts, records, concerned)
    by_entities, by_tags = suspects.copy(), suspects & np.asarray(tagged)
    by_entities[suspects] &= ~about_entities[place]
    by_tags[suspects] &= ~about_tags[place]
    texts = change_where(texts, pa.array(by_tags), lambda some: _each(_without_tags, some))
    return change_where(texts, pa.array(by_entities), lambda some: _each(_unescaped, some))


def _about(texts: pa.StringArray, records: Rows, concerned: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each of the records `concerned`: whether it speaks of entities; whether of markup at all, or holds code."""
    inside = np.isin(records, concerned)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(np.searchsorted(concerned, records[inside])))])
    turns = texts.filter(pa.array(inside))
    whole = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), turns), "\n")
    acts = matches(whole, rf"(?i){_ACTING}")
    entities = pc.or_(acts, matches(whole, rf"(?i){_ABOUT_ENTITIES}"))
    # tags themselves look like the parameters of generics: code is looked for in what is left without them
    bare = pc.replace_substring_regex(whole, _TAG, " ")
    glued = matches(whole, rf"(?i)\w<(?:{_INLINE}|{_BLOCK})>")
    code = pc.or_(holds_code(pc.replace_substring_regex(bare, _ENTITY, " ")), pc.and_(glued, _glued(whole)))
    tags = pc.or_(pc.or_(entities, matches(whole, rf"(?i){_ABOUT_TAGS}")), code)
    return np.asarray(entities), np.asarray(tags)


def _glued(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether an opening tag other than those of indices and breaks follows a name without a space: `Box<p>`, `vec<b>`."""
    return pa.array([_GLUED.search(text) is not None for text in texts.to_pylist()], pa.bool_())


_GLUED = re.compile(rf"(?i)[A-Za-z0-9_]<(?!(?:br|sup|sub|hr)\b)(?:{_INLINE}|{_BLOCK})>")


def _each(change: Callable[[str], str], texts: pa.StringArray) -> pa.StringArray:
    return pa.array(map(change, texts.to_pylist()), pa.string())


def _without_tags(text: str) -> str:
    """The text without its formatting tags, or as it is where they may be meant."""
    text_of_scripts = _RAISED.sub(lambda found: found[2].translate(_SCRIPTS[found[1].lower()]), text)
    tags = list(_TAGS.finditer(text_of_scripts))
    if not _accidental(text_of_scripts, tags):
        return text
    plain = _LINK.sub(lambda found: _linked(found[2], found[1]), text_of_scripts)
    return _INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", plain))


def _linked(shown: str, address: str) -> str:
    """What a link shows, and where it leads unless that is what it shows."""
    return shown if address in shown else f"{shown} ({address})"


def _accidental(text: str, tags: list[re.Match[str]]) -> bool:
    if not tags:
        return text.count("<") == 0
    if "<" in _INLINE_TAG.sub("", _BLOCK_TAG.sub("", text)):  # something else in angle brackets
        return False
    opened = Counter(tag[2].lower() for tag in tags if not tag[1])
    closed = Counter(tag[2].lower() for tag in tags if tag[1])
    names = opened.keys() | closed.keys()
    if _SHAPED & names or any(opened[name] != closed[name] for name in names - _UNPAIRED):
        return False
    if any(_spoken_of(text, tag) for tag in tags if tag[2].lower() in _UNPAIRED):
        return False
    wrapped = any(closed[name] for name in _WRAPPING) and re.search(_WRAPS, text) is not None
    return wrapped or _woven(text, tags)


def _spoken_of(text: str, tag: re.Match[str]) -> bool:
    """Whether a tag that needs no partner stands in a sentence as a word would."""
    before = text[: tag.start()]
    alone = before.endswith(" ") and re.match(r" +[a-z]|[.,;:!?]|\s*$", text[tag.end() :])
    return bool(before.strip() and (alone or _EXAMPLE_BEFORE.search(before[-24:])))


def _woven(text: str, tags: list[re.Match[str]]) -> bool:
    """Whether tags mark words or end lines of running text: more text around pairs than in them, and no pair is an example."""
    held = 0
    for opening in (tag for tag in tags if not tag[1] and tag[2].lower() not in _UNPAIRED):
        content = re.compile(rf"(?is)(.*?)</{opening[2]}\s*>").match(text, opening.end())
        if not content or content[1].startswith(" ") or _example(text, opening, content):
            return False
        held += len(content[1])
    outside = len(_TAGS.sub("", text)) - held
    return outside > 0 and (not held or (outside >= max(12, held // 2) and len(text.split()) >= 5))


def _example(text: str, opening: re.Match[str], content: re.Match[str]) -> bool:
    """Whether a pair is shown, not used: bare attributes, quotes around it, or a word that announces it."""
    quoted = text[content.end() : content.end() + 1] in ("'", '"', "”", "’", "»")
    announced = _EXAMPLE_BEFORE.search(text[: opening.start()][-24:])
    return bool(announced and (quoted or announced[0].strip().lower() not in _ARTICLES))


_ARTICLES = frozenset(("a", "an", "the", "is", "are", "with", "like", "(", "says", "means", "mean"))


def _unescaped(text: str) -> str:
    """Without entities, however often they were escaped; as it is where single signs were escaped on purpose.

    `&copy=` in an address is none: an entity ends with a semicolon.
    """
    plain = _undone(text)
    bare = _ENTITIES.sub("", text)
    signs = {sign for found in _ENTITIES.finditer(text) if (sign := _undone(found[0])) in "<>&\"'"}
    mixed = any(sign in bare for sign in signs & {"<", "&"}) or ("<" in signs and ">" in bare and ">" not in signs)
    lone = _ENTITIES.fullmatch(text.strip()) or re.search(rf"(['\"“‘(]){_ENTITY}['\"”’)]", text)
    return text if mixed or lone or (re.search(_ESCAPED_TAG, plain) and not re.search(_ESCAPED_TAG, text)) else plain


def _undone(text: str) -> str:
    once = _ENTITIES.sub(lambda entity: html.unescape(entity.group()), text)
    return once if once == text else _undone(once)
