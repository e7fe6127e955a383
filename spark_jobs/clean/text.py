"""Text in columns: whole Arrow arrays in, whole arrays out, so that a batch costs a few passes and no loop over rows.

`repair` mends what a text went through on its way here and keeps its meaning; `passage_key` makes the form under which two passages
count as the same (records are compared by their words, in the dedupe stage).

    >>> texts = pa.array(["plain", "cafÃ© au lait", "one\\r\\ntwo"])
    >>> repair(texts).to_pylist()
    ['plain', 'café au lait', 'one\\ntwo']
    >>> passage_key(pa.array(["Boil, the RICE!", "5 - 5", "-5"])).to_pylist()
    ['boil the rice', '5 5', '−5']

What is dear is done only to the texts that a cheap pass over the column finds to need it: of the three, ftfy sees one.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from functools import reduce

import ftfy
import pyarrow as pa
import pyarrow.compute as pc
from ftfy.badness import is_bad

from spark_jobs.recognisers.matching import change_where, matches

# Characters that neither carry nor continue a broken encoding and that NFC leaves alone: ASCII, typographic signs, Kana,
# Han, Hangul, full-width forms, emoji. In every code page that text is wrongly read in, either the first byte of a
# character or the bytes after it come out as something else.
_SOUND = (
    r"\x00-\x7f\x{2010}-\x{2027}\x{2030}-\x{205e}\x{3000}-\x{3098}\x{309b}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7a3}"
    r"\x{ff00}-\x{ffef}\x{1f300}-\x{1faff}"
)
_UNSURE = rf"[^{_SOUND}]"
# All that ftfy's test for broken encodings reacts to: two such characters side by side, or one of few that suffice
_PERHAPS_BROKEN = rf"[^{_SOUND}][^\x00-\x7f]|[^\x00-\x7f][^{_SOUND}]|[ÂÃŒœ\x{{80}}-\x{{9f}}]"

# All that NFC may change or put in another order: marks, parts of Hangul, and characters that stand for others; of these, whole blocks
UNCOMPOSED = (
    r"[\p{M}\x{374}\x{37e}\x{387}\x{958}-\x{9df}\x{a33}-\x{a5e}\x{b5c}\x{b5d}\x{f43}-\x{f69}\x{1100}-\x{11ff}\x{1f71}-\x{1ffd}\x{2000}\x{2001}\x{2126}"
    r"\x{212a}\x{212b}\x{2329}\x{232a}\x{2adc}\x{f900}-\x{faff}\x{fb1d}-\x{fb4e}\x{1d15e}-\x{1d1c0}\x{2f800}-\x{2fa1d}]"
)

_TERMINAL_CODE = r"\x1b\[[0-9;?]*[A-Za-z]"
_BREAK = r"\r\n?|[\x{2028}\x{2029}]"
# control characters, zero-width spaces, soft hyphens and marks of direction; joiners stay, because scripts and emoji need them
_INVISIBLE = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{80}-\x{9f}\x{ad}\x{61c}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}"
    r"\x{2060}-\x{2069}\x{feff}]"
)
_TIDYING = (
    (_TERMINAL_CODE, ""),
    (_BREAK, "\n"),
    (_INVISIBLE, ""),
    (r"[ \t\x{a0}]+\n", "\n"),
    (r"\n{3,}", "\n\n"),
)
# two indented lines at the beginning
_INDENTED = r"\A(?:[ \t]*\n)*(?:    |\t)[ \t]*[^\s].*\n(?:    |\t)[ \t]*[^\s]"
_UNTIDY = "|".join(pattern for pattern, _ in _TIDYING)

# curly quotes, ligatures and full-width forms are the author's own: only damage is mended
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
)


def repair(texts: pa.StringArray) -> pa.StringArray:
    """The same texts with broken encodings mended, in NFC, without unseen characters and stray whitespace."""
    texts = change_where(pc.fill_null(texts, ""), _UNSURE, _mend)
    texts = change_where(texts, _UNTIDY, _tidy)
    # the first line of indented code keeps its indentation, without which it is other code
    spaced = matches(texts, r"\A[ \t\n]")
    trimmed = pc.utf8_trim_whitespace(texts)
    return change_where(trimmed, spaced, lambda _: _trim_start(texts.filter(spaced)))


def passage_key(texts: pa.StringArray) -> pa.StringArray:
    """The texts in NFKC and lower case, separators and punctuation collapsed to one space; numbers, signs and symbols stay.

    A minus before a number is kept apart from a hyphen, so that 5 and -5 are two texts. The SHA-256 of this form is
    silver/passages.text_key: which passages are copies. Records have another notion, columnar.folded_texts.exact_keys, which
    keeps all punctuation and is compared as 128 bits; changing either would change published keys.
    """
    forms = pc.utf8_lower(pc.utf8_normalize(texts, form="NFKC"))
    # the sign of subtraction is a symbol, a hyphen is punctuation
    forms = pc.replace_substring_regex(forms, r"(^|\s|\()-(\d)", "\\1\u2212\\2")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(forms, r"[\s\pP\pZ]+", " "))


def _trim_start(texts: pa.StringArray) -> pa.StringArray:
    lines = pc.utf8_rtrim_whitespace(pc.replace_substring_regex(texts, r"\A(?:[ \t]*\n)+", ""))
    return pc.if_else(matches(texts, _INDENTED), lines, pc.utf8_ltrim_whitespace(lines))


def _tidy(texts: pa.StringArray) -> pa.StringArray:
    return reduce(lambda some, one: pc.replace_substring_regex(some, *one), _TIDYING, texts)


def _mend(texts: pa.StringArray) -> pa.StringArray:
    mended = change_where(texts, _PERHAPS_BROKEN, _fix_encoding)
    return change_where(mended, UNCOMPOSED, lambda some: pc.utf8_normalize(some, form="NFC"))


def _fix_encoding(texts: pa.StringArray) -> pa.StringArray:
    """ftfy's repair of the texts that its own test finds broken: asking first costs a tenth of trying."""
    return pa.array([ftfy.fix_text(text, _FTFY) if is_bad(text) else text for text in texts.to_pylist()], pa.string())
