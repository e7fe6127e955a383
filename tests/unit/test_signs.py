"""What near copies must share: opposites stay apart by their signs or words, true copies do not, and a text is judged alone as among others."""

import itertools
import re
import string

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.columnar.signs import exact_keys_and_signs
from spark_jobs.dedupe.planted import in_a_record, removed
from spark_jobs.dedupe.sides import sides_of
from spark_jobs.dedupe.verify import Rule

RULE = Rule(threshold=0.7, by_side=True)
TEXTS = st.lists(st.text(alphabet="abnotI1 2.,!'()-+=éД水不𠮷\n", max_size=30), min_size=1, max_size=6)


def keys_of(texts: list[str]) -> tuple[list[list[int]], list[int]]:
    """The exact keys of the texts, and the hashes of their signs."""
    keys, signs = exact_keys_and_signs(pa.array(texts, pa.string()))
    return keys.tolist(), signs.tolist()


OPPOSITES = [
    ("while (ready) wait();", "while (!ready) wait();"),
    ("return a <= b", "return a >= b"),
    ("x == None", "x != None"),
    ("flags & mask", "flags | mask"),
    ("count += step", "count -= step"),
    ("total - discount", "discount - total"),
    ("text[1:]", "text[:1]"),
    ("print(*names)", "print(**names)"),
    ("import a.b", "import a, b"),
    ("chmod +x run", "chmod -x run"),
    ("grep -v word", "grep -V word"),
    ("r'\\d'", "r'\\D'"),
    ("2^10", "2 10"),
    ("8 / 2", "2 / 8"),
    ("½ cup", "2 cups"),
    ("x₁ + x₂", "x₂ + x₁"),
    ("10 000", "10.000"),
    ("1 < 2", "2 < 1"),
    ("5 ± 1", "5 + 1"),
    ("3:2", "3.2"),
    ("NO", "No"),
    ("CO2", "CO"),
    ("Fe2+", "Fe3+"),
    ("N2 + 3 H2 -> 2 NH3", "2 NH3 -> N2 + 3 H2"),
    ("exothermic", "endothermic"),
    ("nitrate", "nitrite"),
    ("you can enter", "you cannot enter"),
    ("she will come", "she won't come"),
    ("anybody knew", "nobody knew"),
    ("valid", "invalid"),
    ("12 mm", "12 cm"),
    ("3 Mb", "3 MB"),
    ("£5", "$5"),
    ("on 3/4/2021", "on 4/3/2021"),
    ("on Monday", "on Friday"),
    ("9 am", "9 pm"),
    ("four days", "six days"),
    ("upper", "lower"),
    ("minimum", "maximum"),
    ("north of it", "south of it"),
    ("written in Python", "written in Rust"),
    ("translate to Spanish", "translate to Polish"),
    ("左边", "右边"),
    ("他来了", "他没来"),
    ("五公里", "六公里"),
    ("多吃水果", "少吃水果"),
    ("أكبر من", "أصغر من"),
    ("يذهب", "لا يذهب"),
    ("٣ كتب", "٤ كتب"),
    ("c'est vrai", "ce n'est pas vrai"),
    ("es bueno", "no es bueno"),
    ("со мной", "без меня"),
    ("if not (ready and done)", "if not ready and done"),
    ("WHERE (vip OR member) AND active", "WHERE vip OR (member AND active)"),
    ("total-discount", "discount-total"),
    ("echo `date`", "echo date"),
    ("two of sixteen", "two of fifteen"),
    ("Henry VIII", "Henry VII"),
    ("ORDER BY price ASC", "ORDER BY price DESC"),
    ("5 µm", "5 mm"),
    ("from English to French", "from French to English"),
    ("안전합니다", "안전하지 않습니다"),
    ("זה טוב", "זה לא טוב"),
    ("ساخن جدا", "بارد جدا"),
    ("他很好", "他很坏"),
    ("2·3", "2…3"),
]
COPIES = [
    ("The quick answer is yes.", "the quick answer is Yes"),
    ("She said “maybe later”, then left.", 'She said "maybe later," then left'),
    ("In 2019, prices rose by 5.", "in 2019 prices rose by 5"),
    ("Wait: is it far?", "Wait, is it far?"),
    ("Use a well-known (and cheap) glue.", "use a well-known (and cheap) glue"),
    ("Don’t stop.", "don't stop!"),
    ("IT IS A VERY COLD DAY", "It is a very cold day"),
    ("It isn't far.", "It isn’t far"),
    ("Fermez la porte.", "fermez la porte"),
    ("你好，世界。", "你好 世界"),
    ("ما هذا؟", "ما هذا"),
    ("Straße, Brot und Käse", "straße brot und käse"),
    ("(1990).", "(1990)"),
    ("pages 3–5", "pages 3-5"),
    ("-3 degrees", "−3 degrees"),
    ("１２ points", "12 points"),
]


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
def test_opposites_are_no_copies_of_one_another(one: str, other: str) -> None:
    pair = (in_a_record(one), in_a_record(other))
    assert not removed([pair], RULE)[0]
    assert removed([(pair[0], pair[0])], RULE)[0]


@pytest.mark.parametrize(("one", "other"), COPIES)
def test_true_copies_are_found(one: str, other: str) -> None:
    assert removed([(in_a_record(one), in_a_record(other))], RULE)[0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What  is\n tar?", " what is Tar? ", True),
        ("What is tar?", "What is tar", False),
        ("café", "cafe\u0301", True),
        ("x²", "x2", False),
        ("ﬁne", "fine", False),
        ("Ａ １", "A 1", True),
        ("a\u00a0b", "a b", True),
        ("'a'", "‘a’", True),
        ("MW", "mW", False),
        ("Is It Far?", "is it far?", True),
        ("a.b", "a b", False),
        ("[a]", "(a)", False),
        ("水", "氷", False),
        ("𠮷", "𠮟", False),
        ("CoCl2", "COCl2", False),
        ("5 MHz", "5 mHz", False),
        ("if (I == 0)", "if (i == 0)", False),
        ("x = 1; B = 2", "x = 1; b = 2", False),
        ("THE BOAT IS VERY DRY", "the boat is very dry", True),
    ],
)
def test_an_exact_copy_is_the_same_but_for_case_space_and_form(one: str, other: str, same: bool) -> None:
    first, second = keys_of([one, other])[0]
    assert (first == second) is same


@given(TEXTS)
def test_a_text_has_the_same_keys_alone_and_among_others(texts: list[str]) -> None:
    keys, signs = keys_of(texts)
    for place, text in enumerate(texts):
        assert keys_of([text]) == ([keys[place]], [signs[place]])


@given(st.lists(st.text(alphabet=string.printable, max_size=12), min_size=2, max_size=8))
def test_of_equal_exact_keys_the_texts_are_equal_by_a_plain_rule(texts: list[str]) -> None:
    keys, _ = keys_of(texts)
    for (one, key), (other, same) in itertools.combinations(zip(texts, keys, strict=True), 2):
        plain = [re.sub(r"\s+", " ", text).strip().lower() for text in (one, other)]
        assert key != same or plain[0] == plain[1]
        assert key == same or one != other


def test_records_of_one_text_are_exact_copies_wherever_the_answer_begins() -> None:
    """Both have the same text_hash, which the gate wants to be unique."""
    exact = sides_of(
        pa.array(["Say a\nb", "Say a", "Say a"]), pa.array(["c", "b\nc", "b"]), by_side=True
    ).exact.tolist()
    assert exact[0] == exact[1] != exact[2]


def test_records_too_short_for_a_shingle_are_copies_if_they_are_exact() -> None:
    pairs = [(("Tar?", "Yes"), ("tar?", "yes")), (("Tar?", "Yes"), ("Tar!", "Yes")), (("", ""), ("", ""))]
    assert removed(pairs, RULE).tolist() == [True, False, True]
