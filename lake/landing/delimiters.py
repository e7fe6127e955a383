"""Delimited text (CSV, TSV): which characters can part the fields of a line, which file names promise such text, what its header is.

To read files with another delimiter, add it to DELIMITERS: registering (`lake.landing.peek`) and reading
(`spark_jobs.ingest.containers`) both take it from here.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from lake.landing.names import fold, known

DELIMITERS = ",;\t|"
DELIMITED_SUFFIXES = (".csv", ".tsv", ".psv")
_STATED = re.compile(r'"?sep=(?P<delimiter>[^"\r\n])"?[;,\t]*\s*|#separator:(?P<named>\w+|[^\w\r\n])\s*', re.IGNORECASE)
_DIRECTIVE = re.compile(r"#[a-z][a-z ]*:\S*\s*")
_NAMED = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " "}
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_OPENED = re.compile(r'(?:^|[,;\t|])"')
_ENDS_A_SENTENCE = re.compile(r"[.?!。？！؟…][\"'”’)\]]*$")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d%?")
_PREFACE = 8  # lines above a header, at most
_WORDS = 6  # in the name of a column, at most


def delimiter_of(header: str) -> str:
    """The delimiter that the header line has most often outside quotes; the first of DELIMITERS where it has none, or as many of two.

    >>> delimiter_of("title;text;note, if any"), delimiter_of('id;"a, b, or c"')
    (';', ';')
    """
    return max(DELIMITERS, key=_QUOTED.sub("", header).count)


def stated_delimiter(line: str) -> str | None:
    """The delimiter that a first line of its own states, as spreadsheets write it; None for any other line.

    >>> stated_delimiter("sep=;"), stated_delimiter("separate;text")
    (';', None)
    """
    found = _STATED.fullmatch(line.lstrip("\ufeff"))
    if found is None:
        return None
    named = (found["named"] or "").casefold()
    return found["delimiter"] or _NAMED.get(named, named if len(named) == 1 else None)


def header_of(first: Sequence[str]) -> list[str] | None:
    """The names of the columns that a table's first row gives, a blank one by its number; None where the row is no header.

    >>> header_of(["", "question", "answer"]), header_of(["What is tea?", "A drink.", "A"])
    (['1', 'question', 'answer'], None)
    """
    names = [name for name in first if known(name)]
    # a letter alone is an answer as well: beside a sentence it is no name
    if any(map(_is_said, first)) and all(len(name.strip()) == 1 for name in names):
        return None
    return [(name.strip() and name) or str(place) for place, name in enumerate(first, 1)]


def names_without_header(first: Sequence[str]) -> list[str]:
    """The names of the columns of a table without a header: question and answer where its first row is plainly that, else numbers.

    >>> names_without_header(["What is tea?", "A drink."]), names_without_header(["A drink.", "7"])
    (['question', 'answer'], ['1', '2'])
    """
    asks = [cell.rstrip().endswith(("?", "？", "؟")) for cell in first]
    if asks == [True, False] and first[1].strip():
        return ["question", "answer"]
    return [str(place) for place in range(1, len(first) + 1)]


def first_lines(lines: Iterator[str]) -> tuple[list[str], str | None]:
    """The first lines of a table from its header, or its first row, on, and the delimiter that a line above states; the others stay in `lines`.

    >>> first_lines(iter(["\\n", "sep=;\\n", "Our questions\\n", "question;answer\\n"]))
    (['question;answer\\n'], ';')
    """
    stated: str | None = None
    for line in lines:
        own = None if stated else stated_delimiter(line)
        stated = stated or own
        # programs that state it behind `#` say more in lines of their own (Anki)
        if own is None and line.strip() and not (stated and _DIRECTIVE.fullmatch(line)):
            begun = [line, *islice(lines, _PREFACE)]
            return begun[_lines_before_header(begun, stated) :], stated
    return [], stated


def _lines_before_header(lines: Sequence[str], stated: str | None) -> int:
    """How many of the first lines are above the header: a title of one cell or a remark behind `#`, before a line that names two fields."""
    rows = list(_rows_with_places(lines, stated))
    for at, (place, cells) in enumerate(rows):
        filled = [cell for cell in cells if cell.strip()]
        named = [cell for cell in filled if known(cell) and len(cell.strip()) > 1]
        if len(named) > 1 and not any(map(_is_said, cells)):
            return place
        if len(filled) > 1 and not _is_remark(cells):
            return 0
        # a known name alone is the header of one column, where its rows have one
        if len(filled) == 1 and known(fold(filled[0])) and [len(row) for _, row in rows[at + 1 : at + 2]] == [1]:
            return 0
    return 0


def _rows_with_places(lines: Sequence[str], stated: str | None) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that is not blank, with the place of the line where it begins; a cell may go on in the next line."""
    row, begin, opened = "", 0, False
    for place, line in enumerate(lines, 1):
        row += line
        opened = _OPENED.search(_QUOTED.sub("", f'"{line}' if opened else line)) is not None
        if opened:
            continue
        if row.strip():
            yield begin, first_row(row.lstrip("\ufeff").strip("\r\n"), stated or delimiter_of(row))
        row, begin = "", place


def _is_remark(cells: Sequence[str]) -> bool:
    """Whether the cells are words behind `#` with a blank behind it, or behind each comma."""
    words = cells[0].lstrip("#")
    return words != cells[0] and (words[:1].isspace() or all(cell[:1].isspace() for cell in cells[1:]))


def first_row(line: str, delimiter: str) -> list[str]:
    """The cells of a line; none where it is no delimited text."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _is_said(cell: str) -> bool:
    """Whether a cell holds a sentence or a number: names of columns are neither."""
    text = cell.strip()
    return (
        bool(_ENDS_A_SENTENCE.search(text) or _NUMBER.fullmatch(text)) or len(text.split()) > _WORDS or len(text) > 60
    )
