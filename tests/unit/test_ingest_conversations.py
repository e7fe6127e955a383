"""Conversations written into one text are conversations, and are told from passages when they are registered."""

from collections.abc import Callable

import pytest
from raw_files import lines, rows_of, said

from lake.landing.conversations import conversation_turns as words_of
from lake.landing.conversations import prompt_turns

ONE = [("user", "Boil it?"), ("assistant", "For an hour.")]
TWO = [*ONE, ("user", "And then?"), ("assistant", "Drain it.")]
TEXTS = [
    ("<|im_start|>user\nBoil it?<|im_end|>\n<|im_start|>assistant\nFor an hour.<|im_end|>\n", ONE),
    ("<|im_start|>system\nCook.<|im_end|>\n<|im_start|>user\nBoil it?<|im_end|>\n<|im_start|>assistant\nFor an hour.<|im_end|>",
     [("system", "Cook."), *ONE]),
    ("### Human: Boil it?### Assistant: For an hour.### Human: And then?### Assistant: Drain it.", TWO),
    ("### Instruction:\nBoil it?\n\n### Response:\nFor an hour.", ONE),
    ("### Instruction:\nBoil\n\n### Input:\nit?\n\n### Response:\nFor an hour.", [("user", "Boil\n\nit?"), ONE[1]]),
    ("### Instruction:\nBoil it?\n\n### Input:\n<noinput>\n\n### Response:\nFor an hour.", ONE),
    ("### System:\nCook.\n\n### User:\nBoil it?\n\n### Assistant:\nFor an hour.", [("system", "Cook."), *ONE]),
    ("### Question\nBoil it?\n### Answer\nFor an hour.", ONE),
    ("Human: Boil it?\n\nAssistant: For an hour.\n\nHuman: And then?\n\nAssistant: Drain it.", TWO),
    ("User: Boil it?\nBot: For an hour.", ONE),
    ("[INST] Boil it? [/INST] For an hour. </s><s>[INST] And then? [/INST] Drain it. </s>", TWO),
    ("<s>[INST] <<SYS>>\nCook.\n<</SYS>>\n\nBoil it? [/INST] For an hour.</s>", [("system", "Cook."), *ONE]),
    ("<|user|>\nBoil it?</s>\n<|assistant|>\nFor an hour.</s>", ONE),
    ("<|prompter|>Boil it?<|endoftext|><|assistant|>For an hour.<|endoftext|>", ONE),
    ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nBoil it?<|eot_id|>"
     "<|start_header_id|>assistant<|end_header_id|>\n\nFor an hour.<|eot_id|>", ONE),
    ("<start_of_turn>user\nBoil it?<end_of_turn>\n<start_of_turn>model\nFor an hour.<end_of_turn>", ONE),
    ("<human>: Boil it?\n<bot>: For an hour.", ONE),
    ("A cook helps. USER: Boil it? ASSISTANT: For an hour.</s>USER: And then? ASSISTANT: Drain it.</s>",
     [("system", "A cook helps."), *TWO]),
    ("Question: Boil it?\nAnswer: For an hour.", ONE),
    ("**Q:** Boil it?\n**A:** For an hour.", ONE),
    ("Instruction: Boil it?\nResponse: For an hour.", ONE),
    ("<question>Boil it?</question>\n<answer>For an hour.</answer>", ONE),
    ("Frage: Boil it?\nAntwort: For an hour.", ONE),
    ("问：Boil it?\n答：For an hour.", ONE),
    ("#Q Boil it?\n^ For an hour.\nA For a day.\nB For an hour.\n", [("user", "Boil it?\nA. For a day.\nB. For an hour."), ONE[1]]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "turns"), TEXTS)
@pytest.mark.parametrize("field", ["text", "content", "conversation"])
def test_every_form_is_read_as_its_turns(text: str, turns: list[tuple[str, str]], field: str) -> None:
    kind, (row,) = rows_of("x.jsonl", lines({field: text}))
    assert [(turn["role"], turn["content"]) for turn in row["messages"]] == turns
    assert kind == "instructions"


def _each(mark: str, **names: str) -> Callable[[list[tuple[str, str]]], str]:
    """Renders each turn as `mark` says, its role under a name of the form."""
    return lambda turns: "".join(mark.format(role=names.get(role, role), words=words) for role, words in turns)


def _inst(turns: list[tuple[str, str]]) -> str:
    marks = {"system": "<<SYS>>\n{}\n<</SYS>>\n\n", "user": "{} [/INST]", "assistant": " {} </s>"}
    said = "".join(marks[role].format(words) for role, words in turns)
    # a prompt and its answer stand behind each mark, a system instruction within the first
    return "<s>[INST] " + said.replace(" </s>", " </s><s>[INST] ").removesuffix("<s>[INST] ")


FORMS = {
    "ChatML": _each("<|im_start|>{role}\n{words}<|im_end|>\n"),
    "Alpaca headings": _each("### {role}:\n{words}\n\n", system="System", user="Instruction", assistant="Response"),
    "Human and Assistant": _each("\n\n{role}: {words}", system="System", user="Human", assistant="Assistant"),
    "### Human": _each("### {role}: {words}\n", system="System", user="Human", assistant="Assistant"),
    "[INST]": _inst,
    "role tags": _each("<|{role}|>\n{words}</s>\n"),
    "header ids": _each("<|start_header_id|>{role}<|end_header_id|>\n\n{words}<|eot_id|>"),
    "turn tags": _each("<start_of_turn>{role}\n{words}<end_of_turn>\n", assistant="model"),
}
TALKS = [
    ONE,
    TWO,
    [*TWO, ("user", "Salt?"), ("assistant", "A pinch.")],
    [("user", "Name three roots."), ("assistant", "- beet\n- leek\n- kale")],
    [("user", "What of beet?\n\nBe brief."), ("assistant", "A root.\n\nIt stains.")],
    [("user", "Count them in Python."), ("assistant", "```python\nfor root in roots:\n    print(root)\n```")],
    [("user", "Is it 2:1 or 3:1?"), ("assistant", "Mind: 2:1 is usual, 3:1 too strong.")],
    [("user", "Wie heißt „beet“ bei euch?"), ("assistant", "Rübe – so heißt sie.")],
    [("user", "甜菜是什么？"), ("assistant", "甜菜是一种根。")],
    [("user", "Is 2 < 3?"), ("assistant", "Yes, and 3 > 2.")],
    [("user", "As JSON, please."), ("assistant", '{"root": "beet", "red": true}')],
    [("user", "As a table."), ("assistant", "| root | red |\n|---|---|\n| beet | yes |")],
    [("system", "You know roots."), *ONE],
    [("system", "You know roots.\nBe kind."), *TWO],
]


@pytest.mark.parametrize("talk", TALKS, ids=range(len(TALKS)))
@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_said_is_read_back_in_every_form(form: str, talk: list[tuple[str, str]]) -> None:
    text = FORMS[form](talk)
    for written in (text, text.replace("\n", "\r\n")):
        ((row,),) = (rows_of("x.jsonl", lines({"text": written}))[1],)
        assert [(turn["role"], turn["content"].replace("\r\n", "\n").strip()) for turn in row["messages"]] == talk


def test_the_wrapping_of_a_template_is_not_said_and_anything_else_before_it_is() -> None:
    task = "\n\n### Instruction:\nBoil it?\n\n### Response:\nFor an hour."
    known = "Below is an instruction that describes a task. Write a response that appropriately completes the request."
    assert said("x.jsonl", lines({"text": known + task})) == [("Boil it?", "For an hour.")]
    own = said("x.jsonl", lines({"text": f"Answer as a cook.{task}"}))
    assert own == [("system: Answer as a cook.", "user: Boil it?", "assistant: For an hour.")]


@pytest.mark.parametrize(
    "text",
    [
        "A letter.\nUser: a word with a colon.\nAssistant: another.",
        "Title: Soup\n\n## Instructions\nBoil.\n\n## Output\nSoup.",
        "Human: a being that asks.",
        "He said: wait. Answer: no.",
        "<p>Some <b>bold</b> words.</p>",
        "Ingredients: salt\nMethod: boil",
        "ROMEO: Hi\nJULIET: Ho",
        "Q: a lone question?",
        "In C++ write a << b.",
        "See [INST] in the manual.",
    ],
)
def test_a_text_with_colons_and_tags_is_no_conversation(text: str) -> None:
    assert words_of(text) is None
    assert rows_of("x.jsonl", lines({"title": "T", "text": text}))[0] == "passages"


def test_words_that_look_like_marks_of_another_form_are_part_of_what_is_said() -> None:
    found = words_of(
        "<|im_start|>user\nWhat is\nQ: and A: for?<|im_end|>\n<|im_start|>assistant\nFor </s> and a question.<|im_end|>"
    )
    assert found == [("user", "What is\nQ: and A: for?"), ("assistant", "For </s> and a question.")]


def test_a_rendered_prompt_is_read_with_the_answer_beside_it() -> None:
    assert prompt_turns("Human: Boil it?\n\nAssistant:") == [("user", "Boil it?")]
    record = {"prompt": "### Instruction:\nBoil it?\n\n### Response:", "completion": "For an hour."}
    assert said("x.jsonl", lines(record)) == [("Boil it?", "For an hour.")]
    pair = {"prompt": "\n\nHuman: Boil it?\n\nAssistant:", "chosen": " For an hour.", "rejected": " No."}
    assert said("x.jsonl", lines(pair)) == [("Boil it?", " For an hour.")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Q: Boil it?\n\nA: For an hour.\n\nQ: And then?\n\nA: Drain it.\n", 2),
        ("Question: Boil it?\n\nAnswer: For an hour.\n\nQuestion: And then?\n\nAnswer: Drain it.", 2),
        ("Q: Boil it?\nA: For an hour.\nQ: And then?\nA: Drain it.\n", 2),
        ("Q1: Boil it?\nA1: For an hour.\n\nQ2: And then?\nA2: Drain it.\n", 2),
        ("**Q:** Boil it?\n\n**A:** For an hour.\n\n**Q:** And then?\n\n**A:** Drain it.\n", 2),
        ("Q: Boil it?\r\n\r\nA: For an hour.\r\n\r\nQ: And then?\r\n\r\nA: Drain it.\r\n", 2),
        ("Human: Boil it?\n\nAssistant: For an hour.\n\nHuman: And then?\n\nAssistant: Drain it.\n", 2),
        (
            "### Instruction:\nBoil it?\n\n### Response:\nFor an hour.\n\n### Instruction:\nAnd then?\n\n### Response:\nDrain it.",
            2,
        ),
        (
            "#Q Boil it?\n^ For an hour.\nA For an hour.\nB No.\n\n#Q And then?\n^ Drain it.\nA Drain it.\nB Salt it.\n\n",
            2,
        ),
        ("#Q Boil it?\n^ For an hour.\nA For an hour.\n#Q And then?\n^ Drain it.\nA Drain it.\n", 2),
        ("Human: Boil it?\nAssistant: For an hour.\nHuman: And then?\nAssistant: Drain it.\n", 1),
    ],
)
def test_plain_texts_of_questions_and_answers(text: str, rows: int) -> None:
    kind, found = rows_of("x.txt", text)
    assert (kind, len(found)) == ("instructions", rows)
    assert [row["messages"][-1]["content"] for row in found] == ["For an hour.", "Drain it."][-rows:]


BLOCKS = [("Boil it?", "For an hour."), ("And then?", "Drain it.")]


@pytest.mark.parametrize(
    ("asks", "answers"),
    [
        ("Q:", "A:"), ("Question:", "Answer:"), ("Q.", "A."), ("Q1:", "A1:"), ("**Q:**", "**A:**"), ("**Question:**", "**Answer:**"), ("Question 1:", "Answer 1:"),
        ("Frage:", "Antwort:"), ("Domanda:", "Risposta:"), ("Вопрос:", "Ответ:"), ("问：", "答："), ("Instruction:", "Response:"), ("Prompt:", "Completion:"),
        ("User:", "Assistant:"), ("## Question\n\n", "## Answer\n\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n", "\n \n", "\r\n\r\n"])
def test_blank_lines_may_part_a_question_from_its_answer(asks: str, answers: str, gap: str) -> None:
    text = gap.join(f"{asks} {question}{gap}{answers} {answer}" for question, answer in BLOCKS)
    for written in (f"{text}\n", f"\n\n{text}"):
        assert said("x.txt", written) == BLOCKS


TRIVIA = "#Q Which of them floats?\n^ Cork\nA Lead\nB Cork\n"
MORE = "#Q Does tin rust?\n^ False\nA True\nB False\n"
FLOATS, RUSTS = ("Which of them floats?\nA. Lead\nB. Cork", "Cork"), ("Does tin rust?\nA. True\nB. False", "False")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f"{TRIVIA}\n{MORE}", [FLOATS, RUSTS]),
        (TRIVIA + MORE, [FLOATS, RUSTS]),
        (f"\n\n{TRIVIA}\n\n\n{MORE}", [FLOATS, RUSTS]),
        (f"{TRIVIA}\n{MORE}".rstrip(), [FLOATS, RUSTS]),
        (f"{TRIVIA}\n{MORE}".replace("\n", "\r\n"), [FLOATS, RUSTS]),
        (f"{TRIVIA}\n{MORE}".replace("\n", " \n"), [FLOATS, RUSTS]),
        (f"\ufeff{TRIVIA}\n{MORE}", [FLOATS, RUSTS]),
        (f"{TRIVIA}\n{MORE}".encode("utf-16"), [FLOATS, RUSTS]),
        (TRIVIA.replace("Cork", "Kork für Körbe").encode("latin-1"), [(FLOATS[0].replace("Cork", "Kork für Körbe"), "Kork für Körbe")]),
        (TRIVIA.replace("of them", "of\nthem"), [(FLOATS[0].replace("of them", "of\nthem"), "Cork")]),
        ("#Q Who wrote it?\n^ Nobody\n\n#Q Who sang it?\n^ Everybody\n", [("Who wrote it?", "Nobody"), ("Who sang it?", "Everybody")]),
        (TRIVIA + "C Tin\nD None of these\n", [(f"{FLOATS[0]}\nC. Tin\nD. None of these", "Cork")]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x.txt", "animals"])
def test_blocks_of_trivia_are_questions_with_options(
    name: str, content: str | bytes, found: list[tuple[str, str]]
) -> None:
    assert said(name, content) == found


def test_an_answer_of_several_paragraphs_stays_whole() -> None:
    text = "Q: Boil it?\n\nA: For an hour.\n\nLonger if it is hard.\n\nQ: And then?\n\nA: Drain it.\n"
    assert said("x.txt", text) == [("Boil it?", "For an hour.\n\nLonger if it is hard."), ("And then?", "Drain it.")]


def test_a_conversation_in_a_cell_is_one() -> None:
    table = (
        'id,text\n1,"### Human: Boil it?### Assistant: For an hour."\n2,"Human: And then?\n\nAssistant: Drain it."\n'
    )
    assert rows_of("x.csv", table)[0] == "instructions"
    assert said("x.csv", table) == [("Boil it?", "For an hour."), ("And then?", "Drain it.")]
    assert rows_of("x.csv", "id,text\n1,Beans are boiled.\n")[0] == "passages"
