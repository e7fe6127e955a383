"""Quizzes in plain text, tables with something above or below their header, and records in lists whose name calls them wrong."""

import json

import pytest
from raw_files import lines, rows_of, said

from lake.landing.quizzes import quiz_turns

READ = [("What is dill?", "A herb."), ("What is mace?", "A spice.")]
ASKED = "Which is dark?\nA. oats\nB. rye\nC. corn"


@pytest.mark.parametrize(
    "question",
    [
        "Which is dark?\nA. oats\nB. rye\nC. corn\nANSWER: B", "1. Which is dark?\nA) oats\nB) rye\nC) corn\nAnswer: B", "Question 4: Which is dark?\n(A) oats\n(B) rye\n(C) corn\nCorrect answer: (B) rye",
        "Which is dark?\n  A. oats\n  B. rye\n  C. corn\n**Answer:** b", "Which is dark?\n\nA. oats\nB. rye\nC. corn\n\nAns = B",
        "::Bread:: Which is dark? {~oats =rye ~corn}", "// a remark\nWhich is dark? {\n~oats#too light\n=rye#right\n~corn\n}", "::Bread::[html]Which is dark?{~%-50%oats =%100%rye ~corn}",
    ],
)  # fmt: skip
def test_a_question_of_a_quiz(question: str) -> None:
    assert quiz_turns(question) == [("user", ASKED), ("assistant", "B. rye")]
    assert said("x.jsonl", lines({"text": question}, {"text": question})) == [(ASKED, "B. rye")] * 2


def test_a_quiz_in_a_text_file_is_a_record_a_question() -> None:
    lettered = "Which is dark?\nA. oats\nB. rye\nC. corn\nANSWER: B\n"
    assert said("quiz.txt", f"{lettered}\n{lettered}") == [(ASKED, "B. rye")] * 2
    assert rows_of("quiz.txt", f"{lettered}\n{lettered}")[0] == "instructions"
    assert said("quiz.txt", "Rye is dark. {T}\n\nThe dark one is {=rye =Rye}.\n") == [
        ("Rye is dark.", "True"),
        ("The dark one is _____ .", "rye"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Which is dark?\nA. oats\nB. rye\nANSWER: D", "A. oats\nB. rye\nANSWER: B", "Which?\nA. oats\nC. rye\nANSWER: C", "Which?\nA. oats\nB. rye\nAnswer: B\nAnd?\nA. x\nB. y\nAnswer: A",
        "Match {=oats -> light =rye -> dark}", "A set {=} of x", "f(x) { return x == 1 ~ 2; }", "The answer: a book.\nOats and rye.", "Say {=a} and {=b}",
    ],
)  # fmt: skip
def test_what_is_no_question_of_a_quiz(text: str) -> None:
    assert quiz_turns(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Use {true} in the config file to switch it on.", "In LaTeX, \\textbf{T} is bold.", "Write `${true}` here.", "config: {true}", "config: {T}", "It is set. {true}", "if (a) {\n  =b ~c}",
        "struct a {~a();\n=b}", 'JSON has {"a": {true}}', "Set {=SUM(A1)} in the cell.", "Type {=SUM(A1)}", "a{=b ~c} is more", "Which? {=b {c} ~d}", "f(x) = {~x} in a shell", "Rye is dark. {T} And oats are light.",
        "Set it to {TRUE}", "the ring {T}", "Ring {T}", "A \\textbf {T}", "Foo {=b ~c}", "Foo bar {\n~Foo();\n=b}", "A list {=b}", "A sum {a=b ~c}", "The x$ {T}", "Which one{=b ~c}",
    ],
)  # fmt: skip
def test_braces_in_code_and_in_words_are_no_question(text: str) -> None:
    assert quiz_turns(text) is None


@pytest.mark.parametrize(
    ("text", "asked", "answer"),
    [
        ("What is \\{2\\}\\:2?\n\nThink\\#. {=yes ~no}", "What is {2}:2?\n\nThink#.\nA. yes\nB. no", "A. yes"), ("Rye is dark.{T}", "Rye is dark.", "True"),
        ("::Q1:: Rye {=dark ~light}", "Rye\nA. dark\nB. light", "A. dark"), ("Rye is {=dark ~light} as a rule.", "Rye is _____ as a rule.\nA. dark\nB. light", "A. dark"),
        ("Tea is hot {T}", "Tea is hot", "True"), ("Colour of rye {=dark ~light}", "Colour of rye\nA. dark\nB. light", "A. dark"), ("Столица Франции {=Париж ~Рим}", "Столица Франции\nA. Париж\nB. Рим", "A. Париж"),
        *((f"{asked} {{=a ~b}}", f"{asked}\nA. a\nB. b", "A. a") for asked in ('She said "What is tea?"', "Capital of France (choose one)", "What? (choose one)", "**What is tea?**", "<p>What?</p>")),
        ("日本の首都は{=東京 ~大阪}です。", "日本の首都は _____ です。\nA. 東京\nB. 大阪", "A. 東京"), ("Rye (of {=oats ~dark} kind) is.", "Rye (of _____ kind) is.\nA. oats\nB. dark", "A. oats"),
        ("Which one? {=rye}", "Which one?", "rye"), ("**Which one?** {=rye}", "**Which one?**", "rye"), ("A file in C:\\temp is? {=there ~gone}", "A file in C:\\temp is?\nA. there\nB. gone", "A. there"),
    ],
)  # fmt: skip
def test_a_question_in_gift(text: str, asked: str, answer: str) -> None:
    assert quiz_turns(text) == [("user", asked), ("assistant", answer)]


@pytest.mark.parametrize(
    ("text", "asked", "answer"),
    [
        ("3.14 is close to?\nA) pi\nB) e\nAnswer: A", "3.14 is close to?\nA. pi\nB. e", "A. pi"), ("1984. Who wrote it?\nA) Orwell\nB) Huxley\nAnswer: A", "1984. Who wrote it?\nA. Orwell\nB. Huxley", "A. Orwell"),
        ("Read:\n\n  one\n\ntwo\n\nA. x\n\nB. y\n\nAnswer: B\nSince\n\nso.", "Read:\n\n  one\n\ntwo\nA. x\nB. y", "B. y\n\nSince\n\nso."),
        *((f"Which?\nA. x\nB. y\nC. z\nAnswer: {right}", "Which?\nA. x\nB. y\nC. z", "B. y\nC. z") for right in ("B, C", "B and C", "(B), (C)", "b/c", "C & B")),
        *((f"{number}Which?\nA. x\nB. y\nAnswer: A", "Which?\nA. x\nB. y", "A. x") for number in ("1.", "Q1.", "1234. ", "12) ", "Question 3:")),
        *((f"Which?\nA. x\nB. y\nAnswer: (B){link}since it keeps.", "Which?\nA. x\nB. y", "B. y\n\nsince it keeps.") for link in (", ", " - ", ": ", " ")),
        ("Which?\nA. x\nB. y\n**Answer: B**", "Which?\nA. x\nB. y", "B. y"), ("Which?\nA. x\nB. y\nAnswer: B. It keeps longer.", "Which?\nA. x\nB. y", "B. y\n\nIt keeps longer."),
    ],
)  # fmt: skip
def test_a_question_with_letters_keeps_its_words(text: str, asked: str, answer: str) -> None:
    assert quiz_turns(text) == [("user", asked), ("assistant", answer)]


@pytest.mark.parametrize("right", ["B, D", "a book", "B or else", "B\n\n2. And now?\nAnswer: 7"])
def test_an_answer_that_names_no_option_for_sure(right: str) -> None:
    assert quiz_turns(f"Which?\nA. x\nB. y\nC. z\nAnswer: {right}") is None


def test_an_answer_that_is_a_quiz_stays_an_answer() -> None:
    quiz = f"{ASKED}\nAnswer: B"
    assert said("x.jsonl", lines({"prompt": "Ask me.", "chosen": quiz, "rejected": "No."})) == [("Ask me.", quiz)]
    assert said("x.jsonl", lines({"instruction": "Ask me.", "output": quiz})) == [("Ask me.", quiz)]


TABLE = "question,answer\nWhat is dill?,A herb.\nWhat is mace?,A spice.\n"


@pytest.mark.parametrize(
    "above",
    [
        "Our questions\n",
        "Our questions\n\n",
        "# made by hand, 2024\n",
        "# one\n# two, three\n\n",
        "\ufeffOur questions,\n",
        *(f"{title}\n" for title in ("Questions", "Instructions", "Title,", "Text", "Notes", "Topic: tea")),
        "Author: Bo\nDate: 2024\n",
        "Quiz export,,\nDate: 2024,,\n",
        'My 12" quiz\n',
        '"Our ""best"" quiz"\n',
        '"My quiz\nin two lines"\n',
        "#made by hand\n",
        "#Generated by tool, v2\n## a, b\n",
    ],
)
def test_what_stands_above_a_header_is_no_row(above: str) -> None:
    assert said("x.csv", above + TABLE) == READ


def test_a_first_row_that_may_be_data_stays_one() -> None:
    assert said("x.csv", "What is dill?,A herb.\nquestion,answer\n")[0] == READ[0]
    options = "What is dark?,oats,rye,corn,B\nWhat is light?,oats,rye,corn,A\n"
    assert said("x.csv", options) == ["no_header"] * 2


def test_the_line_below_a_header_in_markdown_is_no_row() -> None:
    rows = [f"| {' | '.join(row)} |" for row in (("Question", "Answer"), (":---", "---:"), *READ)]
    assert [tuple(text.strip() for text in row) for row in said("x.md", "\n".join(rows))] == READ
    assert len(rows_of("x.csv", "question,answer\nWhat is dill?,A herb.\n---,---\n,\n")[1]) == 3


def test_single_quotes_around_every_name_are_quotes() -> None:
    assert said("x.csv", "'question','answer'\n'What is dill?','A herb, green.'\n") == [
        ("What is dill?", "A herb, green.")
    ]
    assert said("x.csv", "question,answer\n'tis what?,'tis it.\n") == [("'tis what?", "'tis it.")]


def test_lines_that_keep_the_commas_of_an_array_and_records_that_are_written_twice() -> None:
    records = [{"question": question, "answer": answer} for question, answer in READ]
    assert said("x.jsonl", "".join(json.dumps(record) + ",\n" for record in records)) == READ
    assert said("x.jsonl", lines(*map(json.dumps, records))) == READ
    assert (
        said(
            "x.json",
            {
                "train": {"question": ["What is dill?"], "answer": ["A herb."]},
                "test": {"question": ["What is mace?"], "answer": ["A spice."]},
            },
        )
        == READ
    )


def test_negative_examples_are_no_records() -> None:
    good = [{"input": question, "output": answer} for question, answer in READ]
    task = {
        "Definition": ["Answer."],
        "Positive Examples": good,
        "Negative Examples": [{"input": "What is dill?", "output": "A stone."}],
    }
    assert said("x.json", task) == [*((f"Answer.\n\n{question}", answer) for question, answer in READ), "bad_answer"]
    assert said("x.json", {"good": good, "wrong_ones": task["Negative Examples"]}) == [*READ, "bad_answer"]


@pytest.mark.parametrize(
    "text",
    [
        "Instruct: What is dill?\nOutput: A herb.", "<|prompt|>What is dill?<|endoftext|><|answer|>A herb.<|endoftext|>", "[Round 1]\n\n问：What is dill?\n\n答：A herb.", "Problem: What is dill?\nSolution: A herb.",
    ],
)  # fmt: skip
def test_more_marks_of_a_conversation(text: str) -> None:
    assert said("x.jsonl", lines({"text": text})) == READ[:1]


def test_the_result_of_a_function_in_a_transcript_and_the_system_beside_it() -> None:
    chat = 'USER: How warm?\n\n\nASSISTANT: <functioncall> {} <|endoftext|>\n\n\nFUNCTION RESPONSE: {"degrees": 21}\n\n\nASSISTANT: 21 degrees. <|endoftext|>'
    ((system, user, call, result, answer),) = said("x.jsonl", lines({"system": "SYSTEM: You may call.", "chat": chat}))
    assert (system, user, answer) == ("system: You may call.", "user: How warm?", "assistant: 21 degrees.")
    assert call.startswith("assistant: <functioncall>") and result == 'tool: {"degrees": 21}'
