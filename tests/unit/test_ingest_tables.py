"""Tables as programs write them: without a header, with a line that states the delimiter, blank names, JSON in cells; and XML."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from raw_files import details, rows_of, said

READ = [("What is dill?", "A herb."), ("What is mace?", "A spice.")]
CELLS = [["What is dill?", "A herb."], ["What is mace?", "A spice."]]


def table(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


NAMED = [["question", "answer"], *CELLS]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", table(NAMED)),
        ("x.csv", table(NAMED, end="\r")),
        ("x.tsv", table(NAMED, "\t", end="\r")),
        ("x.csv", table(NAMED, ";").encode("utf-16")),
        ("x.csv", table(NAMED, "\t").encode("utf-16")),
        ("x.csv", table(NAMED, "\t").encode("utf-16-le")),
        ("x.csv", "sep=;\n" + table(NAMED, ";")),
        ("x.csv", '\ufeff"sep=;"\r\n' + table(NAMED, ";", "\r\n")),
        ("x.tsv", "SEP=\t\n" + table(NAMED, "\t")),
        ("x.csv", "sep=|\n" + table(NAMED, "|")),
        ("x.csv", "\n\n" + table(NAMED)),
        ("x.csv", table([["", *NAMED[0]], ["0", *CELLS[0]], ["1", *CELLS[1]]])),
        ("x.csv", table([[*row, ""] for row in NAMED])),
        ("x.csv", table([["", "", *NAMED[0]], ["0", "a", *CELLS[0]], ["1", "b", *CELLS[1]]])),
        ("x.csv.txt", table(NAMED)),
        ("x.txt", table(NAMED)),
        ("x.txt", table(NAMED, "\t")),
        ("x.txt", table(NAMED, "|")),
        ("x.csv", table(CELLS)),
        ("x.tsv", table(CELLS, "\t")),
        ("x.csv", table([['"question, as asked"', "Answer (short)"], *CELLS])),
        ("x.csv", table([["Question / Frage", "Answer - final"], *CELLS])),
    ],
)
def test_every_row_of_a_table_is_read_once(name: str, content: Any) -> None:
    assert said(name, content) == READ
    assert rows_of(name, content)[0] == "instructions"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "written",
    [
        lambda table: table,
        lambda table: f"\ufeff{table}",
        lambda table: table.replace("\n", "\r\n"),
        lambda table: table.replace("\n", "\r"),
        lambda table: table.rstrip(),
        lambda table: f"\n{table}",
        lambda table: table.encode("utf-16"),
    ],
)
def test_a_table_without_a_header_is_read_from_its_first_row_on(delimiter: str, written: Callable[[str], Any]) -> None:
    quoted = [[f'"{cell}"' for cell in row] for row in CELLS]
    for rows in (CELLS, quoted, [*CELLS, *CELLS]):
        assert said("x.csv", written(table(rows, delimiter))) == READ * (len(rows) // 2)


@pytest.mark.parametrize("rows", [NAMED, CELLS, [["id", *NAMED[0]], ["1", *CELLS[0]], ["2", *CELLS[1]]]])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^"])
@pytest.mark.parametrize("stated", ["sep={}\n", '"sep={}"\n', "\ufeffSEP={}\r\n", "sep={}\n\n"])
def test_a_delimiter_that_is_stated_counts(rows: list[list[str]], delimiter: str, stated: str) -> None:
    assert said("x.csv", stated.format(delimiter) + table(rows, delimiter)) == READ


@pytest.mark.parametrize(
    "columns",
    [
        ["", "q", "a"], ["q", "a", ""], ["q", "", "a"], ["", "", "q", "a"], ["q", "a", "", "", ""], [" ", "q", "a", " "], ["", "q", "", "a", ""],
        ["Unnamed: 0", "q", "a"], ['""', "q", "a"], ["\ufeff", "q", "a"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("filled", ["", "7", "note"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_column_without_a_name_is_beside_the_matter(columns: list[str], filled: str, delimiter: str) -> None:
    header = [{"q": "question", "a": "answer"}.get(name, name) for name in columns]
    rows = [[{"q": question, "a": answer}.get(name, filled) for name in columns] for question, answer in READ]
    assert said("x.csv", table([header, *rows], delimiter)) == READ


@pytest.mark.parametrize(
    ("rows", "typed"),
    [
        ([["Define dill.", "A herb."], ["Define mace.", "A spice."]], "prompt=1,response=2"),
        ([["1", "Define dill.", "A herb."], ["2", "Define mace.", "A spice."]], "prompt=2,response=3"),
        ([["What is dill?", "Is it a herb?"], ["What is mace?", "A spice."]], "prompt=1,response=2"),
        ([["What is dill?", "A herb.", "0.9"], ["What is mace?", "A spice.", "0.8"]], "prompt=1,response=2"),
    ],
)
def test_without_a_header_two_readings_are_possible_and_no_row_is_lost(rows: list[list[str]], typed: str) -> None:
    content = table(rows)
    assert said("x.csv", content) == ["no_header"] * len(rows)
    assert all(
        f"--map {typed}" in detail and rows[0][0] in details("x.csv", content)[0]
        for detail in details("x.csv", content)
    )
    place = [int(pair.split("=")[1]) - 1 for pair in typed.split(",")]
    assert said("x.csv", content, typed) == [tuple(row[column] for column in place) for row in rows]


def test_a_header_that_is_not_known_is_one_still() -> None:
    assert said("x.csv", table([["ask_me", "tell_me"], *CELLS])) == ["unknown_shape"] * 2
    assert "ask_me, tell_me" in details("x.csv", table([["ask_me", "tell_me"], *CELLS]))[0]
    assert said("x.csv", table([["ask_me", "tell_me"], *CELLS]), "prompt=ask_me,response=tell_me") == READ


def cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return '"' + text.replace('"', '""') + '"'


TALK = [{"role": "user", "content": READ[0][0]}, {"role": "assistant", "content": READ[0][1]}]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("messages", cell(TALK)),
        ("id,conversations", "7," + cell(str(TALK))),
        ("json", cell({"question": READ[0][0], "answer": READ[0][1]})),
        ("id,data", "7," + cell({"question": READ[0][0], "answer": READ[0][1]})),
        ("question,answers", f"{READ[0][0]}," + cell({"text": [READ[0][1]], "answer_start": [3]})),
        ("question,answers", f"{READ[0][0]}," + cell([READ[0][1], "Another."])),
        ("question,answers", f"{READ[0][0]}," + cell(str([READ[0][1]]))),
        ("prompt,response,context", ",".join([*READ[0], "nan"])),
        ("anything", cell({"messages": TALK})),
        ("prompt,response,label", ",".join([*READ[0], "True"])),
    ],
)
def test_json_in_a_cell_is_what_it_holds(header: str, row: str) -> None:
    assert said("x.csv", f"{header}\n{row}\n") == READ[:1]


SOUP = "Heat it slowly."


def document(body: str, encoding: str | None = None) -> bytes:
    head = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding else ""
    return (head + body).encode(encoding or "utf-8")


ROW = "<row><question>Wie heißt es?</question><answer>Grün, größer.</answer></row>"


@pytest.mark.parametrize(
    "encoding", [None, "utf-8", "ISO-8859-1", "windows-1252", "iso-8859-15", "UTF-16", "utf-8-sig", "cp1250"]
)
def test_xml_is_decoded_once_as_declared(encoding: str | None) -> None:
    assert said("x.xml", document(f"<rows>{ROW}</rows>", encoding)) == [("Wie heißt es?", "Grün, größer.")]


def test_xml_that_is_not_what_it_declares_is_read_as_what_it_is() -> None:
    wrong = document(f"<rows>{ROW}</rows>", "utf-8").decode().encode("cp1252")
    assert said("x.xml", wrong) == [("Wie heißt es?", "Grün, größer.")]
    cyrillic = document("<r><i><question>Да?</question><answer>Нет.</answer></i></r>", "koi8-r")
    assert said("x.xml", cyrillic) == [("Да?", "Нет.")]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("Heat it <i>slowly</i>.", SOUP), ("<b>Heat</b> it slowly.", SOUP), ("Heat <em>it <b>slowly</b></em>.", SOUP),
        ("<p>Heat it slowly.</p>", SOUP), ("<b>Heat it slowly.</b>", SOUP), ("Heat it slowly<sup>.</sup>", SOUP),
        ("<![CDATA[Heat it slowly.]]>", SOUP), ("<p>Heat it.</p><p>Slowly.</p>", "Heat it.\n\nSlowly."), ("Heat it.<br/>Slowly.", "Heat it.\nSlowly."),
        ("<text>Heat it slowly.</text>", SOUP), ('Heat it <span lang="en">slowly</span>.', SOUP),
    ],
)  # fmt: skip
def test_tags_within_a_text_keep_its_words(inside: str, text: str) -> None:
    row = f"<row><question>How?</question><answer>{inside}</answer></row>"
    assert said("x.xml", f"<rows>{row}{row}</rows>") == [("How?", text)] * 2


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("before", "one", "after"),
    [
        ("<rows>", "<row><question>How?</question><answer>So.</answer></row>", "</rows>"),
        ("<rows><title>T</title><made>2020</made>", "<row><question>How?</question><answer>So.</answer></row>", "<note>n</note></rows>"),
        ('<page id="1"><topic>T</topic><marks><mark><code>C1</code></mark></marks><pairs>', "<pair><question>How?</question><answer>So.</answer></pair>", "</pairs></page>"),
        ("<set><part name='a'>", "<entry><q>How?</q><a>So.</a></entry>", "</part></set>"),
        ("<rows>", '<row question="How?" answer="So."/>', "</rows>"),
        ("<rows xmlns='urn:x'>", "<row><question>How?</question><answers><answer>So.</answer></answers></row>", "</rows>"),
        ('<page id="1"><topic>T</topic><pairs>', '<pair n="1"><question kind="k">How?</question><answer>So.</answer></pair>', "</pairs></page>"),
        ("<talks>", '<talk><message role="user">How?</message><message role="assistant">So.</message></talk>', "</talks>"),
        ("<talks>", '<talk><messages><message role="user">How?</message><message role="assistant">So.</message></messages></talk>', "</talks>"),
        ("<faq><about>T</about><list><group>", "<item><question>How?</question><answer>So.</answer></item>", "</group></list></faq>"),
    ],
)  # fmt: skip
def test_one_child_is_a_list_of_one_and_notes_are_no_records(before: str, one: str, after: str, count: int) -> None:
    assert said("x.xml", before + one * count + after) == [("How?", "So.")] * count


def test_a_document_of_one_record() -> None:
    assert said("x.xml", "<row><question>How?</question><answer>So.</answer></row>") == [("How?", "So.")]
    assert said("x.xml", "<a>" * 3000 + "</a>" * 3000) == ["malformed_xml"]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_has_not_are_null(constant: str) -> None:
    record = f'{{"question": "How?", "context": {constant}, "answer": "So.", "score": {constant}}}'
    assert said("x.jsonl", record + "\n") == [("How?", "So.")]
    assert said("x.json", f"[{record}, {record}]") == [("How?", "So.")] * 2
