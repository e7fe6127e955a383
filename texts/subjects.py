"""The subjects of a question: what it names, told by the form of its words alone.

Names are identifiers (`str.split`, get_user, JavaScript, UTF-8), proper names in the middle of a sentence, quoted terms, numbers and
calculations. Two questions with different subjects may be as similar as paraphrases are, and have nothing in common but their wording.

>>> subjects("What does `str.split` do, e.g. in Python?")
['python', 'str.split']
>>> subjects("What is 17 * 23?"), subjects("How is rice cooked?")
(['17*23'], [])

A capital tells nothing at the start of a sentence, in a title, or in a language that writes all nouns with one. So a name in these
places is missed, and so is one in a script without capitals that is not quoted.
"""

import re

from texts.words import FUNCTION_WORDS

_MOST = 64  # names of one text: a whole chapter in front of a question names hundreds
_LONGEST_TERM = 5  # words: a longer quotation is a text, of which the names count

_QUOTED = re.compile(
    r"`([^`\n]{1,80})`|\"([^\"\n]{1,80})\"|[“„]([^“”\n]{1,80})[“”]|«([^»\n]{1,80})»|(?<!\w)[‘']([^'‘’\n]{1,80})['’](?!\w)"
    r"|「([^」\n]{1,80})」|『([^』\n]{1,80})』|《([^》\n]{1,80})》"
)
# letters and digits, but for scripts written without spaces, in which a name does not end where a word does
_LETTER = r"[^\W_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_NUMBER = r"\d+(?:[.,]\d+)*"
_UNIT = r"(?:%|°[CF]|(?:[kcm]?m|mi|ft|in|[km]?g|lb|oz|[mc]?l|h|min|m?s|[KMGT]B|[kM]?W|[kMG]?Hz)\b)"
_WORD = re.compile(
    r"(?P<plain>(?:(?<!\S)[a-z]++[,;]?\s++)+)"  # most words, and at once, which takes half the time
    r"|(?P<address>(?:https?://|www\.)\S+)"
    rf"|(?<!\w)(?P<number>[-−]?{_NUMBER}(?:(?:\s?[-−+*/^×÷=]\s?{_NUMBER})+|\s?{_UNIT}|{_LETTER}+)?)"
    rf"|_*{_LETTER}+(?:(?:[.'’-]_*|_+|::_*){_LETTER}+)*_*(?:\+\+|#(?!\w)|\(\))?"
)
_IN_A_NAME = re.compile(r"[\d_+#]|::")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)+")
_LABEL = re.compile(r"[.)]\s")  # behind a number or letter that begins a line: it counts, and names nothing

_STOPS = frozenset(".!?…:;。！？؟|>•\n")
_OPENING = "¿¡ \t\"'“‘„«([{*_#-–—"
_ABBREVIATIONS = ("Mr.", "Mrs.", "Ms.", "Dr.", "St.", "Prof.", "No.", "vs.", "e.g.", "i.e.", "cf.")
# `norm from numpy.linalg`, `norm (numpy.linalg)` and `numpy.linalg's norm` are one name
_MODULE = r"[A-Za-z_]\w*(?:\.\w+)+"
_IS_DOTTED = re.compile(r"\w\.\w")
_IN_MODULE = re.compile(
    rf"(?<![\w.])(?P<name>[A-Za-z_]\w*(?:\.\w+)*) (?:from (?P<module>{_MODULE})|\((?P<of>{_MODULE})\))"
    rf"|(?<![\w.])(?P<owner>{_MODULE})['’]s (?P<owned>[A-Za-z_]\w*(?:\.\w+)*)"
)
_NEAR_MODULES = """argument arguments attribute attributes back behaviour behavior class code come comes data default derived different
docs documentation error errors example examples exception exceptions far function get got import imported inherits input inputs made
method module object output outputs parameter parameters purpose raise raised read result results return returned returns source
taken type value values version"""
_NO_NAMES = FUNCTION_WORDS.union(_NEAR_MODULES.split())
_I = frozenset(("i", "i'm", "i've", "i'd", "i'll", "i’m", "i’ve", "i’d", "i’ll"))
_CAPITAL_NOUNS = frozenset(("de", "lb"))
_WITHOUT_LATIN = frozenset(
    ("ar", "be", "bg", "el", "fa", "he", "hi", "ja", "ko", "ru", "sr", "ta", "th", "uk", "ur", "zh")
)


def subjects(text: str, language: str = "en") -> list[str]:
    """The different names in the text, sorted, case folded; `language` is its ISO 639-1 code. Of very many the first ones."""
    found: dict[str, None] = {}  # a set in the order of the text

    def quoted(term: re.Match[str]) -> str:
        content = term[term.lastindex or 0]
        if len(content.split()) > _LONGEST_TERM:
            return term[0]
        found[_name(content)] = None
        return " , "  # what follows is still inside the sentence

    rest = _QUOTED.sub(quoted, text)
    if _IS_DOTTED.search(rest):  # few are, and the search for the rest of the name costs as much as all others
        rest = _IN_MODULE.sub(_whole, rest)
    found |= dict.fromkeys(_names(rest, language))
    found.pop("", None)
    return sorted(list(found)[:_MOST])


def endings(subject: str) -> list[str]:
    """What a subject is compared by: of a dotted name every ending, since `str.split` is `split`, too; of others the whole.

    >>> endings("a.b.split"), endings("new york"), endings("3.5")
    (['a.b.split', 'b.split', 'split'], ['new york'], ['3.5'])
    """
    if not _DOTTED.fullmatch(subject):
        return [subject]
    parts = subject.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _names(text: str, language: str) -> list[str]:
    """Addresses, numbers, identifiers and words with capitals, in the order of the text."""
    found: list[str] = []
    capitals: list[str] = []  # names by their capitals alone
    small: list[str] = []  # words without any
    for match in _WORD.finditer(text):
        kind, word = match.lastgroup, match[0]
        if kind == "plain":
            small += re.findall("[a-z]+", word)
        elif kind == "number":
            if not _is_label(text, match):
                found.append(re.sub(r"[,\s]", "", word).casefold())
        elif kind == "address" or _is_identifier(word):
            found.append(_name(word))
        elif word.islower():
            small.append(word)
        elif _is_capital(text, match, language):
            capitals.append(_name(word))
    if language in _WITHOUT_LATIN:
        found += [word for word in small if word.isascii() and len(word) > 1]
    # in a title, and where everything is in capitals, they tell nothing
    return found if len(capitals) > max(2, len(small)) else found + capitals


def _whole(name: re.Match[str]) -> str:
    """The dotted name of what is said to be in a module, or the text as it is where a mere word stands there."""
    module, inner = name["module"] or name["of"] or name["owner"], name["name"] or name["owned"]
    return name[0] if inner.lower() in _NO_NAMES else f"{module}.{inner}"


def _is_identifier(word: str) -> bool:
    """Whether the word is written as names in programs and products are: dotted, with digits, or capitals behind other letters."""
    inner = word.strip("_").removesuffix("()")
    if "." in inner:
        return any(len(part) > 1 for part in inner.split(".")) or inner.isupper()  # not e.g and a.m
    if _IN_A_NAME.search(inner) or inner != word:
        return True
    stem = inner.split("'")[0].split("’")[0]
    return stem[1:] != stem[1:].lower() and not stem.isupper()


def _is_capital(text: str, match: re.Match[str], language: str) -> bool:
    """Whether the word is a name by its capitals: all of its letters, or the first in the middle of a sentence."""
    word = match[0]
    if word.lower() in _I or not word[0].isupper() or text.startswith(_ABBREVIATIONS, match.start()):
        return False
    if len(word) == 1 and (word == "A" or _LABEL.match(text, match.end())):  # an article, or the letter of an option
        return False
    if len(word) > 1 and word.isupper():
        return True
    return language not in _CAPITAL_NOUNS and word.lower() not in FUNCTION_WORDS and not _begins(text, match.start())


def _begins(text: str, start: int) -> bool:
    """Whether a sentence, or a quotation in it, begins at `start`."""
    before = text[max(0, start - 16) : start].rstrip(_OPENING)
    return not before or (before[-1] in _STOPS and not before.endswith(_ABBREVIATIONS))


def _is_label(text: str, match: re.Match[str]) -> bool:
    """Whether the number begins a line and only counts it."""
    return text[: match.start()].rstrip(" \t")[-1:] in ("", "\n") and _LABEL.match(text, match.end()) is not None


def _name(word: str) -> str:
    """The name as it is compared: without case, brackets of a call, possessive and the stops of an acronym."""
    name = " ".join(word.split()).strip(".,;:!?").removesuffix("()").casefold()
    name = name.removesuffix("'s").removesuffix("’s")
    return name.replace(".", "") if re.fullmatch(r"\w(?:\.\w)+", name) else name
