"""What a question names is found by the form of its words, whatever the language, and nothing else is."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts import subjects as module
from texts.subjects import subjects

NAMED = [
    # identifiers
    ("what does str.split do?", "str.split"),
    ("What is `sorted` for?", "sorted"),
    ("do I need max_len when I call f(), and what is it", "f max_len"),
    ("meaning of sklearn.decomposition._lda.LDA.fit?", "sklearn.decomposition._lda.lda.fit"),
    ("what does isin (numpy.lib._sets) return", "numpy.lib._sets.isin"),
    ("numpy.lib's unique, what is it", "numpy.lib.unique"),
    ("tell me about Series.sum from pandas.core", "pandas.core.series.sum"),
    ("axis (isin (numpy.lib._sets)) - what is it", "numpy.lib._sets.isin"),
    ("when do I get an exception from numpy.lib", "numpy.lib"),
    ("is JavaScript like C++ or C#", "javascript c++ c#"),
    ("what does __init__ do in std::vector", "__init__ std::vector"),
    ("see https://shore.example/a.b?c=1, please", "https://shore.example/a.b?c=1"),
    # names
    ("Who was Ada Lovelace's mother?", "ada lovelace"),
    ("Paris is the capital of which country?", ""),
    ("What does NASA do in the U.S.?", "nasa us"),
    ("tell me what Mr. Smith and Dr. Jones did", "smith jones"),
    ("User: Hi\n\nAssistant: Hello! I am Bob\n\nUser: Who?", "bob"),
    # what looks like one
    ("How do I cook rice, e.g. at 8 p.m. in spring, i.e. late?", "8"),
    ("How To Cook Rice In A Small Pan", ""),
    ("HOW DO I COOK RICE", ""),
    ("hey, Why would I do it? I'm tired, I don't", ""),
    ("Which one?\nA) tar\nB) rope\nC. paint", ""),
    # numbers
    ("What is 17 * 23?", "17*23"),
    ("1. boil 2 cups\n2. wait 5 min", "2 5min"),
    ("is 1,000 more than 3.5kg or -5 %", "1000 3.5kg -5%"),
    # quotations
    ("what does 'by and large' mean", "by and large"),
    ('sum up: "the quick brown fox jumped over it all at noon"', ""),
]


@pytest.mark.parametrize(("text", "named"), NAMED)
def test_a_question_names(text: str, named: str) -> None:
    assert subjects(text) == (["by and large"] if named == "by and large" else sorted(named.split()))


@pytest.mark.parametrize(
    ("text", "language", "named"),
    [
        ("Wie koche ich den Reis in der Pfanne?", "de", []),
        ("Was macht die NATO mit get_user?", "de", ["get_user", "nato"]),
        ("用Python怎么排序列表？", "zh", ["python"]),
        ("《红楼梦》的作者是谁？", "zh", ["红楼梦"]),
        ("Где в России пишут на python?", "ru", ["python", "россии"]),
        ("¿Dónde vive Ana en España?", "es", ["ana", "españa"]),
        ("Qui a écrit « Les Misérables » ?", "fr", ["les misérables"]),
    ],
)
def test_in_any_language(text: str, language: str, named: list[str]) -> None:
    assert subjects(text, language) == named


@given(st.text())
def test_any_text_gives_sorted_distinct_folded_names(text: str) -> None:
    found = subjects(text)
    assert found == sorted(set(found)) and "" not in found
    said = "".join(text.replace(",", "").split()).casefold()
    assert all(set("".join(name.split())) <= set(said) for name in found)


def test_one_function_has_one_name() -> None:
    ways = ["{0}.{1}", "{1} from {0}", "{1} ({0})", "{0}'s {1}"]
    named = [subjects(f"what does {way.format('a_b.c', name)} return?") for name in ("norm", "Box.fit") for way in ways]
    assert named == [["a_b.c.norm"]] * 4 + [["a_b.c.box.fit"]] * 4


def test_a_chapter_has_bounded_subjects() -> None:
    assert len(subjects(" ".join(f"name_{n}" for n in range(1_000)))) == 64


def test_the_worked_examples_hold() -> None:
    failed, tried = doctest.testmod(module)
    assert tried > 0 and failed == 0
