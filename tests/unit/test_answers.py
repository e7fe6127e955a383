"""Answers that decline, that were cut off or hold a blank are found; those that only look so are not."""

import pyarrow as pa
import pytest

from spark_jobs.clean.answers import blanks, cut_off, declines

TEN = "First rinse the rice until the water runs clear, then"


def cut(answer: str, language: str = "en") -> bool:
    return cut_off(pa.array([answer]), pa.array([language]))[0].as_py()


@pytest.mark.parametrize(
    ("answer", "language"),
    [
        ("Rinse the rice first. After that you put it into the", "en"),
        ("It keeps well for days, because the pot is tight and", "en"),
        ("Den Reis waschen, kurz quellen lassen und", "de"),
        ("Il faut d'abord rincer le riz avec de", "fr"),
        ("Primero hay que lavar el arroz con agua y", "es"),
        ("Primeiro é preciso lavar bem o arroz e", "pt"),
        ("Prima bisogna sciacquare bene il riso perché", "it"),
        ("The rice has to stand for half an hour before it is cooked,", "en"),
        ("先把米洗干净然后加入两倍的水煮开以后转小火，", "zh"),
        ("需要的东西有锅、碗、", "zh"),
        ("def cook(rice):\n    if rice.wet {", "en"),
        ("Call it like this: print(", "en"),
        ("Like this:\n```python\ndef cook():\n    return 1", "en"),
        ("Like this:\n```\nrinse --all\ncook --slow", "en"),
        ("One:\n```sh\nls\n```\nTwo:\n```sh\ncat a.txt", "en"),
        ('{"steps": ["rinse", "boil"', "en"),
        ('{"steps": ["rinse", "bo', "en"),
        ('[{"step": 1}, {"step":', "en"),
    ],
)
def test_cut_off_answers_are_found(answer: str, language: str) -> None:
    assert cut(answer, language)


@pytest.mark.parametrize(
    ("answer", "language"),
    [
        ("", "en"),
        ("4", "en"),
        ("Paris", "en"),
        ("the", "en"),
        ("of and the", "en"),
        ("Rinse the rice and let it stand for half an hour", "en"),
        ("Rinse it\n- boil it\n- eat it", "en"),
        ("The correct option out of these four is a", "en"),
        ("This is the bowl that the cook puts it in", "en"),
        ("dog lazy the over jumped fox brown quick The", "en"),
        ("I never liked the taste, smell or colour of it, or", "de"),
        ("Dear Sir,\nI look forward to it.\n\nYours sincerely,", "en"),
        ("I'll cook your favourite dishes!\n\nLooking forward to seeing you,", "en"),
        ("What a day :(", "en"),
        ("x = [1, 2, 3]", "en"),
        ("Like this:\n```python\ndef cook():\n    return 1\n```", "en"),
        ("import rice\nrice.cook()\n```\nRun it as shown.", "en"),
        ("Fences are written as ``` in Markdown.", "en"),
        ('{"steps": ["rinse", "boil"]}', "en"),
        ('{"steps": ["rinse"]} is what it returns', "en"),
        ("{'steps': ['rinse']}", "en"),
        ('["a", b]', "en"),
        ("最好的，", "zh"),
    ],
)
def test_finished_answers_are_left_alone(answer: str, language: str) -> None:
    assert not cut(answer, language)


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I cannot do that.",
        "Als KI kann ich diese Frage leider nicht beantworten.",
        "En tant qu'intelligence artificielle, je ne peux pas goûter le riz.",
        "Lo siento, como modelo de lenguaje no puedo probar el arroz.",
        "Desculpe, como modelo de linguagem não posso provar o arroz.",
        "抱歉，作为一个人工智能助手，我无法品尝米饭。",
    ],
)
def test_declining_answers_are_found_up_to_their_length(answer: str) -> None:
    assert declines(pa.array([answer, f"{answer} {TEN * 9}", f"{answer}{'先洗米再加水。' * 30}"]), 60).to_pylist() == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "Als Koch kann ich das nicht empfehlen.",
        "Como no puedo ir, escribo.",
        "作为一个厨师，我不能没有刀。",
        "I am an AI.",
    ],
)
def test_other_answers_do_not_decline(answer: str) -> None:
    assert declines(pa.array([answer]), 60).to_pylist() == [False]


def test_blanks_are_found_outside_of_templates() -> None:
    texts = {
        "I am {{name}}, made by {{ author }}.": True,
        "Write {{ name }} in a Jinja template.": False,
        "`{{name}}` is replaced": False,
        "the set {{1, 2}, {3}}": False,
        "f'{{{value}}}' prints braces": False,
        "plain": False,
    }
    assert blanks(pa.array(list(texts))).to_pylist() == list(texts.values())
