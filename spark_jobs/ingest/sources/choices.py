"""Multiple choice: the options of a question in the forms in use, and the option that an answer's label, number or text names."""

import re
from collections.abc import Mapping
from typing import Any

from spark_jobs.ingest.sources.fields import Fields, fold
from spark_jobs.ingest.sources.labels import best_answers
from spark_jobs.ingest.sources.options import Options, bare_label, option_line, options_in
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, in_cell

# names of the gold option that are of use only where there are options
GOLD = (
    "answerkey", "answeridx", "answerindex", "answerid", "answerletter", "correctanswerindex", "correctanswerindx", "correctindex",
    "correctidx", "correctoptionindex", "correctletter", "correctchoice", "correctanswerletter", "goldindex", "goldidx", "gold",
    "goldoption", "accept", "key", "correctanswerkey", "answernumber", "rightanswer", "rightoption", "gt", "truth",
    "correctoptionid", "correctanswerid", "correctchoiceid", "answeroptionid", "correctid",
)  # fmt: skip
# these number the options from 0, whatever the options themselves are called
_FROM_ZERO = re.compile(r"(?:gold)?labels?|gold|gt|cop|.*(?:idx|index|indx)")
# a number alone under these is none of its own
_CLASSES = frozenset({"label", "labels", "goldlabel", "cop", "correctoption"})
# these may name the record, not an option
_KEYS = ("key", "answerid")
_NO_OPTION = re.compile(r"[A-Z]|-\d+")
_WHOLE_NUMBER = re.compile(r"(\d+)\.0+")
_NUMBERS_IN_ONE = re.compile(r"\d(?:\s*[,;|/&+]\s*\d)+")
# several letters in one text: `AC`, `A, C`, `A and C`
_LETTERS_IN_ONE = re.compile(r"\(?[A-H]\)?(?:(?:\s*[,;|/&+]\s*|\s+(?:and\s+)?)?\(?[A-H]\)?)+")


def answer_text(offered: Options, answer: Any, name: str = "answer", from_zero: bool = False) -> Any:
    """The option that the answer names by its label, its text or, as a whole number, its place; else the answer as it is.

    name: the field of the answer, which may say that places count from 0, as `from_zero` does of whole numbers. Raises RecordRejected where
    two options could be meant.

    >>> offered = [("A", "tea"), ("B", "rice")]
    >>> answer_text(offered, "b)"), answer_text(offered, 1, "label"), answer_text(offered, "rice"), answer_text(offered, "soup")
    ('B. rice', 'B. rice', 'rice', 'soup')
    """
    answer = in_cell(answer)
    if not offered or isinstance(answer, bool | dict) or answer is None:
        return answer
    if isinstance(answer, list):
        return _several(offered, answer, name, from_zero)
    answer = whole_number(answer) if not any(text_of == answer for _, text_of in offered) else answer
    by_name = _FROM_ZERO.fullmatch(fold(name)) is not None
    text = as_text(answer).strip()
    if not (by_name and text.isdecimal()):
        same = [text_of for _, text_of in offered if text_of.strip().casefold() == text.casefold()]
        named = _labelled(offered, text, isinstance(answer, int))
        if same or named:
            return _one(offered, answer, same, named)
    if letters := _letters(offered, text):
        return _several(offered, letters, name, from_zero)
    if _NUMBERS_IN_ONE.fullmatch(text) or (bare_label(text).isdecimal() and not text.isdecimal()):
        told = f"the answer {answer!r} may count {len(offered)} options from 0 or from 1"
        raise RecordRejected("ambiguous_option", told)
    return _placed(offered, answer, text, by_name or (from_zero and isinstance(answer, int)))


def names_agreeing(fields: Fields, answer: str) -> tuple[str, ...]:
    """The record's names beside that of its answer for what must name the same option."""
    known = (*(name for name in GOLD if name not in _KEYS), *sorted(_CLASSES), "correct", "correctanswer")
    return tuple(fields[name] for name in known if name in fields and fields[name] != answer)


def check_agreed(offered: Options, answer: Any, beside: Mapping[str, Any]) -> None:
    """Raises RecordRejected where a field beside the answer names another option, however it counts."""
    own = _meant(offered, answer)
    for name, value in beside.items():
        if own and (other := _meant(offered, value)) and not own & other:
            told = f"the answer {answer!r} is another option than the field {name!r} names with {value!r}"
            raise RecordRejected("ambiguous_option", told)


def _meant(offered: Options, named: Any) -> set[int]:
    """The places of the options that a label, a text or a number may mean; none where it means none of them."""
    if isinstance(named, bool) or not isinstance(named, str | int | float):
        return set()
    text = as_text(whole_number(named)).strip()
    label, words = bare_label(text.partition(". ")[0]), text.partition(". ")[2] or text
    meant = {
        at
        for at, (own, said) in enumerate(offered)
        if own.upper() == label or said.strip().casefold() == words.casefold()
    }
    return meant | ({int(text) - 1, int(text)} & set(range(len(offered))) if text.isdecimal() else set())


def check_no_class(name: str, answer: Any) -> None:
    """Raises RecordRejected for a number alone under the name of a label: that of a class, or of an option that is not there."""
    if (
        fold(name) in _CLASSES
        and not isinstance(answer, bool)
        and re.fullmatch(r"\d+", str(whole_number(answer)).strip())
    ):
        told = f"the field {name!r} is {answer!r}, the number of a class or of an option that is not there"
        raise RecordRejected("ambiguous_option", told)


def check_named(options: str, answer: Any) -> None:
    """Raises RecordRejected for a letter or a number as the answer, where options in one text have none that it could name."""
    text = as_text(answer).strip()
    if options and re.fullmatch(r"\(?[A-Ha-h\d]\)?", text) and text.strip("()") not in re.split(r"\W+", options):
        raise RecordRejected("ambiguous_option", f"the answer {answer!r} names none of the options {options[:80]!r}")


def whole_number(value: Any) -> Any:
    """The whole number that tables with gaps write as `2.0`, as a text where it is one; any other value as it is."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    found = _WHOLE_NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    return found.group(1) if found else value


def _letters(offered: Options, text: str) -> list[str]:
    """The labels of options that a text lists in their order; none where it is anything else."""
    one = _LETTERS_IN_ONE.fullmatch(text) or _NUMBERS_IN_ONE.fullmatch(text)
    letters = re.findall(r"[A-H]|\d+", text.replace("and", "")) if one else []
    labels = [label for label, _ in offered if label in letters]
    return letters if len(letters) > 1 and letters == labels else []


def _one(offered: Options, answer: Any, same: list[str], named: tuple[str, str] | None) -> Any:
    """The option of this text or label; RecordRejected where a number is the text of one and the label of another."""
    if same and named and named[1] != same[0]:
        raise RecordRejected(
            "ambiguous_option", f"the answer {answer!r} is the text of one option and the label of another"
        )
    return option_line(*named) if named else answer if isinstance(answer, str) else same[0]


def _placed(offered: Options, answer: Any, text: str, from_zero: bool) -> Any:
    """The option at a place, counted from 0; the answer itself if it is no number."""
    if not text.isdecimal():
        if _NO_OPTION.fullmatch(text) and offered[0][0].isalnum():
            raise RecordRejected("ambiguous_option", f"the answer {answer!r} names none of the {len(offered)} options")
        return answer
    place = int(text)
    if place < len(offered) and (from_zero or place == 0):
        return option_line(*offered[place])
    detail = f"the answer {answer!r} may count {len(offered)} options from 0 or from 1"
    raise RecordRejected("ambiguous_option", detail, doubtful=place <= len(offered))


def _several(offered: Options, answers: list[Any], name: str, from_zero: bool) -> Any:
    """The options that a list names, one a line; a list of as many 0 and 1 as there are options marks them."""
    marks = [answer in (1, True, "1") for answer in answers]
    if len(answers) == len(offered) > 1 and all(answer in (0, 1, "0", "1") for answer in answers):
        chosen = [option_line(*option) for option, marked in zip(offered, marks, strict=True) if marked]
        return "\n".join(chosen) if chosen else answers
    if not all(isinstance(answer, str | int) and not isinstance(answer, bool) for answer in answers):
        return answers
    texts = [as_text(answer_text(offered, answer, name, from_zero)) for answer in answers]
    # several accepted wordings are no options: the first of them is the answer
    known = {option_line(*option) for option in offered} | {text for _, text in offered}
    return "\n".join(texts) if len(texts) > 1 and known >= set(texts) else texts[0] if len(texts) == 1 else answers


def _labelled(offered: Options, text: str, number: bool) -> tuple[str, str] | None:
    label = text.upper()
    head = label.split(None, 1)[0] if label[1:2] in (")", ".", ":") and " " in label else label
    bare = bare_label(head)
    # options without labels of their own have letters: a number is then a place
    if number and not any(own == text for own, _ in offered):
        return None
    found = next((option for option in offered if option[0].upper() == bare), None)
    return found if head == label or (found and found[1].casefold() in text.casefold()) else None


def marked_option(value: Any) -> str | None:
    """The option that a mark beside it calls the right one, as a line; None where there is not exactly one such."""
    value = in_cell(value)
    if not isinstance(value, list) or not value or not all(isinstance(option, dict) for option in value):
        return None
    best = best_answers(value)
    right = [place for place, option in enumerate(value) if option in best]
    return option_line(*options_in(value)[right[0]]) if len(right) == 1 < len(value) else None
