"""Text as words and sentences, as a reader would count them: for the rubric, coverage, acceptance and the baseline engine.

Words are surface forms with a light English stemmer; words of other languages hardly ever match its endings, and ideographs are
taken two at a time. No lemmas and no parts of speech yet.

Three other tokenisers are for other things, and must not be swapped with this one: spark_jobs.columnar.word_hashes cuts words for the
shingles of near-duplicates, in numpy over whole batches, and table ids depend on its cut; texts.embed.wordpieces gives the pieces
of words that an embedding model was trained on.
"""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,2}|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['’._-]+[^\W_]+)*|_+\w+")
# the same words where all is ASCII, and faster
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['._-]+[A-Za-z0-9]+)*|_+[A-Za-z0-9_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# A sentence ends at a stop followed by what may open another one, at a full-width stop, or at a line break; the stop is its
# last character. All begin with a listed character, which lets a search skip the rest.
_BREAK = re.compile(
    r"[.!?。！？\n](?:(?<=[.!?])(?:[\"'”’)\]]*\s+(?=[\"'“‘(\[`*_]*[A-Z0-9\u00c0-\u00de\u0400-\u042f¿¡_`])|\s+(?=\w+: ))"
    r"|(?<=[。！？])|(?<=\n)\n*)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|Mr|Mrs|Ms|Dr|Dott|Prof|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Maj|Adm|Gov|Sen|St|Mt|Ft|No|Fig|Vol|vol|pp|approx|resp)|\b[A-Z])\.$"
)
_LONGEST_ABBREVIATION = 8  # characters, with its stop and the one before it

_FUNCTION_WORDS = """a about above after again all also although am an and another any are as at be because been
before being below between both but by can cannot could did do does doing done down during each either else etc even
every few for from further had has have having he her here hers him his how however i if in into is isn't it its
itself just least less let like may me might more most much must my near neither no none nor not of off on once one
only onto or other others our out over own per please rather same shall she should since so some still such than that
the their them then there these they this those though through thus to too toward under unless until up upon us very
via was we were what when where whether which while who whom whose why will with within without would yet you your
yours don't doesn't can't won't it's that's you're answer explanation question true false"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

# (ending, least letters that must remain)
_ENDINGS = (("ings", 4), ("ing", 4), ("edly", 4), ("ies", 3), ("ed", 4), ("es", 4), ("ly", 4), ("s", 4), ("e", 4))


def stem(word: str) -> str:
    """The word without its commonest English endings, in lower case."""
    word = word.lower()
    if len(word) < 5 or not word.isalpha():
        return word
    for ending, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            return word[: -len(ending)]
    return word


class _Stems(dict[str, str]):
    """The stem of each word, computed once; beyond `_MOST` words all are forgotten."""

    _MOST = 300_000  # words: some 50 MB

    def __missing__(self, word: str) -> str:
        if len(self) >= self._MOST:
            self.clear()
        stemmed = self[word] = stem(word)
        return stemmed


STEMS = _Stems()


def words(text: str) -> list[str]:
    """Every word of the text as written, in order; a dotted or hyphenated name is one word."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def content_words(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order: no function words, no single letters."""
    lowered = (word.lower() for word in words(text))
    return [
        STEMS[word]
        for word in lowered
        if word not in FUNCTION_WORDS and (len(word) > 1 or not word.isascii() or word.isdigit())
    ]


def numbers(text: str) -> set[str]:
    """The figures in the text, without thousands separators."""
    return {match[0].replace(",", "") for match in _NUMBER.finditer(text)}


def sentences(text: str) -> list[str]:
    """The text cut into sentences and lines, stripped, in order."""
    return [" ".join(text[start:end].strip() for start, end in pieces) for pieces in _sentences(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each of the `sentences` stands in the text: its first character, and the one after its last."""
    spans: list[tuple[int, int]] = []
    for pieces in _sentences(text):
        whole = text[pieces[0][0] : pieces[-1][1]]
        start = pieces[0][0] + len(whole) - len(whole.lstrip())
        spans.append((start, start + len(whole.strip())))
    return spans


def _sentences(text: str) -> list[list[tuple[int, int]]]:
    """For each sentence its pieces; several where one ended with an abbreviation, so that the sentence goes on."""
    cut: list[list[tuple[int, int]]] = []
    joined = False
    for start, end in _pieces(text):
        piece = text[start:end].strip()
        if not piece:
            continue
        if joined:
            cut[-1].append((start, end))
        else:
            cut.append([(start, end)])
        joined = piece[-1] == "." and bool(_ABBREVIATION.search(piece[-_LONGEST_ABBREVIATION:]))
    return cut


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The text cut at every match of `_BREAK`, abbreviations among them."""
    start = 0
    for cut in _BREAK.finditer(text):
        at = cut.start()
        yield start, at if text[at] == "\n" else at + 1
        start = cut.end()
    yield start, len(text)
