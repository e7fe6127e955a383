"""Formatting left by accident is taken out; what is about markup, code or mathematics, or may be, stays to the letter."""

import numpy as np
import pyarrow as pa
import pytest

from spark_jobs.clean.markup import without_debris


def cleaned(*turns: str) -> list[str]:
    """The turns of one record, cleaned, without the white space around them."""
    found = without_debris(pa.array(turns), np.zeros(len(turns), np.int64)).to_pylist()
    return [text.strip() for text in found]


@pytest.mark.parametrize(
    ("answer", "plain"),
    [
        ("<p>Rinse the <b>rice</b>.</p><p>Boil it &amp; wait.</p>", "Rinse the rice.\n\nBoil it & wait."),
        ("Rinse the rice.<br/>Boil it.<br>Wait.", "Rinse the rice.\nBoil it.\nWait."),
        ("Salt &amp;amp; pepper&#39;s caf&eacute;", "Salt & pepper's café"),
        ("<div>Soak the beans.</div>", "Soak the beans."),
        ("<ul><li>flour</li><li>salt</li></ul>", "flour\n\nsalt"),
        ("Paris is the <strong>capital</strong> of France and its <em>largest</em> city.", "Paris is the capital of France and its largest city."),
        ('<p class="intro">Bread needs <span style="color:red">time</span>.</p>', "Bread needs time."),
        ("<h2>Soup</h2>\n<p>Cut the leeks.</p>", "Soup\n\nCut the leeks."),
        ("<p>Water is H<sub>2</sub>O, and a square metre is 1 m<sup>2</sup>.</p>", "Water is H₂O, and a square metre is 1 m²."),
        ('<p>More in <a href="https://example.org/rice">the guide</a>.</p>', "More in the guide (https://example.org/rice)."),
        ("Fish &lt;and&gt; chips", "Fish <and> chips"),
        ("He said &quot;no&quot; &mdash; twice.", 'He said "no" — twice.'),
        ("Boil it at 100&nbsp;&deg;C for 5&ndash;6 minutes", "Boil it at 100\xa0°C for 5–6 minutes"),
        ("int a = 1;\nif (a &lt; 2 &amp;&amp; b &gt; 3) { go(); }", "int a = 1;\nif (a < 2 && b > 3) { go(); }"),
    ],
)  # fmt: skip
def test_debris_is_taken_out(answer: str, plain: str) -> None:
    assert cleaned("How is it cooked?", answer)[1] == plain
    assert cleaned("How is it cooked?", plain)[1] == plain


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        # about markup, which the prompt says
        ("How is a word set in bold?", "<b>word</b>"),
        ("How do I make text italic on my page?", "Put it like so: <i>text</i>."),
        ("Which tag makes a list?", "<ul><li>one</li></ul>"),
        ("Wie setze ich ein Wort fett?", "<b>Wort</b> schreiben."),
        ("Comment mettre un mot en gras ?", "On écrit <b>mot</b>."),
        ("怎么把一个词加粗？", "写成 <b>词</b> 就可以了。"),
        ("Give me a heading for the browser", "<h1>Soup</h1>"),
        ("How do I write an ampersand there?", "It is &amp; with a semicolon."),
        ("How is the copyright sign escaped?", "&copy;"),
        ("What does a parser make of it?", "<p>Hello</p>"),
        ("Write the code for a link", '<a href="https://example.org">here</a>'),
        ("Turn it into plain text: <p>Hello <b>you</b></p>", "Hello you"),
        # code without fences
        ("Declare it, please", "Map<String, List<Integer>> ages = new HashMap<>();"),
        ("And in Rust?", "let names: Vec<u8> = Vec::new();"),
        ("Which type is it?", "It is Option<T> or Result<T, E>."),
        ("How are both written down?", "The box is Pair<a> and its lid is Pair<b>, not Pair</b>."),
        ("How is it done in React?", "return (\n  <div>\n    <p>Hi</p>\n  </div>\n);"),
        ("Print a line", 'echo "<br />";'),
        ("How do I list them?", "items.map(item => <li>{item}</li>)"),
        ("Which query?", "SELECT a FROM t WHERE b<i AND i>c"),
        # mathematics, arrows, prices
        ("Is it in order?", "a<b and b<c, so a<c; also p<q and s>t."),
        ("What is the order of the steps?", "flour > water > salt -> dough => bread"),
        ("What does he earn?", "Between <$3k and >$1k a month."),
        ("Which is smaller?", "If i<b then x>0, and if u<s then v>p."),
        ("Which vectors?", "The bracket <u, v> of u and v is <a|b>."),
        ("What remains?", "x<sup>n+k</sup> remains as an exponent in the sum of all of them."),
        # a tag that is spoken of
        ("How do I part two lines?", "A <br> goes between the two."),
        ("What do I write?", "You write <em>word</em> and it leans."),
        ("What encloses it?", "It stands between <b> and </b> there."),
        ("Where does it go?", "The sign <p> opens and </p> ends it."),
        ("Which one?", '"<i>so</i>" is what they typed in all of their letters to us.'),
        # single signs, written on purpose
        ("How do I write it?", "Write '&lt;' for it."),
        ("And in the log?", "It reads &lt;p&gt;text&lt;/p&gt; there."),
        ("What is replaced?", "s.replace('&', '&amp;')"),
        # acts, so it is meant or hostile
        ("Echo this", '<script>alert("mixlake")</script><img src=x onerror=alert(1)>'),
    ],
)  # fmt: skip
def test_what_may_be_meant_stays(prompt: str, answer: str) -> None:
    assert cleaned(prompt, answer) == [prompt, answer]


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("How do I shade a cell of a web page's table?", '<td style="background:#eee">1</td>'),
        ("Write an RSS item.", "<item><title>Rain</title></item>"),
        ("What does SVG use for circles?", '<circle cx="5" cy="5" r="4"/>'),
        ("How is a video embedded in HTML?", '<video src="a.mp4" controls></video>'),
        ("What is the XML declaration?", '<?xml version="1.0"?>'),
        ("Which entity is a space in HTML?", "&nbsp;"),
        ("How do generics look in C#?", "Dictionary<string, List<int>> d;"),
        ("And in Kotlin?", "val m: Map<String, Int> = mapOf()"),
        ("Which arrow functions are there?", "const f = (a) => a < 3 && a > 1;"),
        ("A template in C++?", "template <typename T> T max(T a, T b) { return a < b ? b : a; }"),
        ("Which headers do I include?", "#include <stdio.h>\n#include <vector>"),
        ("What does the sender look like in a mail?", "From: Ann <ann@mail.example>"),
        ("How do I redirect in a shell?", "sort < in.txt > out.txt 2>&1"),
        ("The grammar of a number", "<digit> ::= 0 | 1\n<number> ::= <digit> | <number> <digit>"),
        ("What is the synopsis?", "tar -c <file> -f <archive>"),
        ("Print one in PHP", "<?php echo 1; ?>"),
        ("A line break in a Markdown table?", "One<br>Two"),
    ],
)
def test_answers_about_markup_and_code_keep_it(prompt: str, answer: str) -> None:
    assert cleaned(prompt, answer) == [prompt, answer]


def test_the_whole_record_is_asked_and_no_other() -> None:
    turns = ["Speak of HTML", "Fine.", "<p>So what?</p>", "Cook rice", "<p>Rinse it.</p>"]
    found = without_debris(pa.array(turns), np.array([0, 0, 0, 1, 1])).to_pylist()
    assert [text.strip() for text in found] == [*turns[:4], "Rinse it."]


def test_texts_without_a_sign_are_not_touched() -> None:
    texts = pa.array(["plain", "", "5 > 3 & 2 < 4"])
    assert without_debris(texts, np.arange(3)).equals(texts)
