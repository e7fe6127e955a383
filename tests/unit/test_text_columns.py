"""Repairs keep meaning, and normal forms join only what is the same."""

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from spark_jobs.clean.text import UNCOMPOSED, passage_key, repair
from spark_jobs.recognisers.matching import matches


def repaired(text: str) -> str:
    return repair(pa.array([text]))[0].as_py()


def key(text: str) -> str:
    return passage_key(pa.array([text]))[0].as_py()


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("cafÃ© au lait", "café au lait"),
        ("cafe\u0301", "caf\u00e9"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("be\x00ll \u200bhere\x07", "bell here"),
        ("  lines \t\n\n\n\nhere  ", "lines\n\nhere"),
        ("the â€œboldâ€\x9d claim", "the “bold” claim"),
        ("left\u202eright\u2066 and so\u00adft", "leftright and soft"),
        ("one\u2028two", "one\ntwo"),
        ("\x1b[31mred\x1b[0m text", "red text"),
    ],
)
def test_damage_is_mended(broken: str, mended: str) -> None:
    assert repaired(broken) == mended


def test_no_character_that_composing_may_touch_is_passed_over() -> None:
    """Whatever NFC changes, whatever may follow another to become one with it, and whatever has an order among marks."""
    points = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    signs = [chr(code) for code in points]
    inert = [
        unicodedata.normalize("NFC", sign) == sign
        and not unicodedata.combining(sign)
        and not 0x1160 <= ord(sign) < 0x1200
        for sign in signs
    ]
    passed = pa.array(signs).filter(pc.invert(matches(pa.array(signs), UNCOMPOSED)))  # pyright: ignore[reportAttributeAccessIssue]
    assert {sign for sign, still in zip(signs, inert, strict=True) if not still}.isdisjoint(passed.to_pylist())
    second = {found[1] for sign in signs if len(found := unicodedata.normalize("NFD", sign)) == 2}
    assert second.isdisjoint(passed.to_pylist())


@pytest.mark.parametrize(
    ("text", "composed"),
    [
        ("e\u0301", "é"), ("\u212b", "Å"), ("\u1112\u1161\u11ab", "한"), ("\u0928\u093c", "ऩ"), ("\uf900", "豈"), ("a\u0323\u0307", "ạ̇"), ("a\u0307\u0323", "ạ̇"),
        ("\u1f71", "ά"), ("\u2126", "Ω"), ("\u037e", ";"),
    ],
)  # fmt: skip
def test_forms_are_composed(text: str, composed: str) -> None:
    assert repaired(f"Say {text}!") == f"Say {composed}!"


@pytest.mark.parametrize(
    "text",
    [
        '<script>alert("mixlake")</script><img src=x onerror=alert(1)>',
        "Wrap it in a <b>tag</b>, as HTML does.",
        "Use `<p>text</p>` here.",
        "if a < b and c > d: print(x)",
        "He earns 48/2 = <<48/2=24>>24 a day.",
        "“Curly” quotes and full‑width Ａ stay",
        "def f():\n    return 1\n\ttab",
        "List<String> names = new ArrayList<>(); if (a < b && c > d) { x &= y; }",
        "#include <vector>\nstd::vector<int> v; int* p = &v[0];",
        "In HTML, &lt;b&gt; is written as an entity.",
        "Escaped it reads &lt;p&gt;text&lt;/p&gt; in the log.",
        "see https://example.org/?a=1&copy=2&lt=3",
        "家族は👨\u200d👩\u200d👧です",
        "naïve façade, ¿qué?, «oui», 5 µm ± 1",
        "    for name in names:\n        print(name)",
        "\tdef f():\n\t\treturn 1",
        "",
    ],
)
def test_meaning_is_left_alone(text: str) -> None:
    assert repaired(text) == text


def test_an_array_keeps_its_length_and_order_and_repairing_twice_changes_nothing() -> None:
    texts = pa.array(["plain", None, "cafÃ©", "  x ", "Ü"])
    once = repair(texts)
    assert once.to_pylist() == ["plain", "", "café", "x", "Ü"]
    assert repair(once).equals(once)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Boil, the RICE!", "boil the rice"), ("ﬁne  day", "fine\nday"), ("well-known", "well known"), ("«Salz»", "salz")],
)
def test_the_same_text_has_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("add 5", "add -5"), ("3 + 4", "3 * 4"), ("3.5 cups", "35 cups"), ("step 1", "step 2"), ("cafe", "café")],
)
def test_different_texts_have_two_keys(one: str, other: str) -> None:
    assert key(one) != key(other)
