"""Answers that decline, that were cut off or hold a blank are found; those that only look so are not."""

import pyarrow as pa
import pytest

from spark_jobs.clean.answers import blanks, cut_off
from spark_jobs.clean.refusals import declines

TEN = "First rinse the rice until the water runs clear, then"


def cut(answer: str, language: str = "en", prompt: str = "How is rice cooked?") -> bool:
    return cut_off(pa.array([answer]), pa.array([language]), pa.array([prompt]))[0].as_py()


def refused(answer: str, prompt: str = "Is it salty enough?") -> bool:
    return declines(pa.array([answer]), pa.array([prompt]), 60)[0].as_py()


def blank(answer: str, prompt: str = "How do I greet a guest?") -> bool:
    return blanks(pa.array([prompt]), pa.array([answer]))[0].as_py()


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
        ("Like this:\n```python\ndef cook(rice, water", "en"),
        ("Like this:\n```python\nrice = rinse(rice)\nrice =", "en"),
        ("One:\n```sh\nls\n```\nTwo:\n```c\nint main(void) {\n    cook();", "en"),
        ("Like this:\n```python\nif rice.wet:", "en"),
        ("Like this:\n```js\nconst pot = [1, 2,", "en"),
        ('Like this:\n```python\nprint("the rice', "en"),
        ("Like this:\n```python", "en"),
        ("Like this:\n```sql\nSELECT name FROM pots WHERE", "en"),
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
        # a closing fence alone was lost: what it would close is whole
        ("Like this:\n```python\ndef cook():\n    return 1", "en"),
        ("Like this:\n```\nrinse --all\ncook --slow", "en"),
        ("One:\n```sh\nls\n```\nTwo:\n```sh\ncat a.txt", "en"),
        ("```js\nfor (const pot of pots) {\n  heat(pot);\n}", "en"),
        ("```java\nint steps = 3; // rinse, boil (and wait", "en"),
        # a word that is named, not used
        ("The shortest of these linking words is or", "en"),
    ],
)
def test_finished_answers_are_left_alone(answer: str, language: str) -> None:
    assert not cut(answer, language)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Write only the beginning of a Java class named Pot.", "The beginning of such a class is public class Pot {"),
        ("Continue the list: flour, sugar,", "salt and some butter that was taken out of the cold an hour before,"),
        (
            "Which conjunction joins the two clauses of this sentence?",
            "The word that joins both of these clauses is but",
        ),
        ("What word comes last in the first verse?", "The last word in the first verse is of"),
        (
            "Give me the first line of the function, no more.",
            "The first line that you need is function heat(pot, minutes) {",
        ),
        (
            "Complete the sentence with one more clause, as it trails off:",
            "He went out into the garden without his coat and",
        ),
        ("Finish this line of the poem", "and all the boats that lay at anchor in the harbour of the"),
        ("Write a JSON array, but stop after the second element.", '["salt", "pepper",'),
        ("Show the opening brace style of K&R.", "In that style it is written while (pot.cold) {"),
        (
            "How does a line of iambic verse start that runs on? Give a fragment.",
            "And in the silence of the early morning, when the",
        ),
        ("Once upon a time there was a cook who...", "lived in a small hut at the edge of the forest with his cat and"),
        ("Setze den Satz fort: Als der Regen kam,", "liefen alle Kinder des Dorfes ins Haus und"),
        ("续写这个句子", "先把米洗干净然后加入两倍的水煮开以后转小火，"),
    ],
)
def test_a_fragment_that_was_asked_for_is_finished(prompt: str, answer: str) -> None:
    assert not cut(answer, "de" if "Satz" in prompt else "zh" if "续" in prompt else "en", prompt)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Complete: The cat sat on", "the mat that the old woman had put in front of the"),
        ("Continue: red, green,", "blue, and then some of the shades that lie between the others,"),
        ("Which preposition goes with 'depend'?", "The preposition that goes with the verb depend is of"),
        ("Print a greeting in Python", "```python\nprint('hello')"),
        ("Loop over the files in a shell.", "```sh\nfor file in *; do\n  echo $file\ndone"),
        ("Sign off, please", "I wish you all the best for the new job.\n\nKind regards,"),
        ("Write a haiku", "Old silent pond\na frog jumps in\nthe sound of"),
        ("Name the dish", "Sauce à la"),
        ("What does a colon introduce?", "It introduces a list such as this one:"),
        ("Give the function header only.", "Its header alone is void run(int n) {"),
        ("As JSON?", '{"a": [1, 2, {"b": null}]}'),
    ],
)
def test_an_answer_that_only_looks_cut_off_is_finished(prompt: str, answer: str) -> None:
    assert not cut(answer, "en", prompt)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("How is a loop written in Jinja?", "{% for a in b %}{{ a }}{% endfor %}"),
        ("Show an env line of a GitHub workflow.", "env: ${{ vars.MODE }}"),
        ("Show a Vue binding.", "<p>{{ message }}</p>"),
        ("How does Angular interpolate?", "Use {{ user.name }} in the view."),
        ("How does a Go template print a field?", "Hello {{.Name}}"),
        ("How do I keep braces in format()?", "\\frac{{a}}{{b}}"),
        ("Print braces with Rust's format!.", 'format!("{{}}")'),
        ("What is a set of sets?", "{{1}, {2}} is one."),
        ("A replica count in Helm?", "replicas: {{ .Values.replicas }}"),
        ("How does one dbt model name another?", "select * from {{ ref('orders') }}"),
        ("Mark a missing citation in wikitext", "Write {{citation needed}} behind it."),
        ("A style prop in JSX?", "<b style={{ color: 'red' }}>hi</b>"),
    ],
)
def test_double_braces_that_are_the_answer_are_no_blank(prompt: str, answer: str) -> None:
    assert not blank(answer, prompt)


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I cannot do that.",
        "As an AI, I do not have a tongue.",
        "I'm sorry, but I can't help with that.",
        "I am an AI assistant and cannot look at pictures. Please describe the picture to me.",
        "Unfortunately, as a large language model, I don't have access to current prices. You can check a shop near you.",
        "As an artificial intelligence, I am unable to taste. However, I can suggest that you ask a cook.",
        "As an AI language model developed by a company, I cannot predict what will happen to the price of rice next year.",
        "I'm sorry, but I can't comply with this. As a language model, I have rules that I keep to in every case.",
        "I cannot discuss this. I have to keep to the rules that I was given by those who made me.",
        "Als KI kann ich diese Frage leider nicht beantworten.",
        "En tant qu'intelligence artificielle, je ne peux pas goûter le riz.",
        "Lo siento, como modelo de lenguaje no puedo probar el arroz.",
        "Desculpe, como modelo de linguagem não posso provar o arroz.",
        "抱歉，作为一个人工智能助手，我无法品尝米饭。",
    ],
)
def test_declining_answers_are_found_up_to_their_length(answer: str) -> None:
    assert [refused(one) for one in (answer, f"{answer} {TEN * 9}", f"{answer}{'先洗米再加水。' * 30}")] == [
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
        # people who work with machines
        "As an AI engineer you cannot do without statistics.",
        "As an AI researcher I can't recommend one framework for all of this.",
        "As an AI company we do not have a single answer to this.",
        "As a language model grows, it cannot be trained on one machine any more.",
        # what follows answers
        "As an AI I can't taste, but most cooks add the salt at the end, once the water is gone.",
        "I'm sorry, but as an AI language model I cannot smell it. Spoiled rice turns slimy and sour within two or three days.",
        "As an AI, I don't have a favourite; basmati is the usual choice for a pilaf since its grains stay apart.",
        "I cannot help with the first question. The second one is easy: twelve eggs cost three times as much as four.",
        "I can't answer that as asked: a litre measures volume, and a metre measures length. Neither is larger than the other.",
    ],
)
def test_other_answers_do_not_decline(answer: str) -> None:
    assert not refused(answer)


@pytest.mark.parametrize(
    "prompt",
    [
        "Do you have feelings?",
        "Are you human?",
        "Who are you?",
        "What are the limits of language models?",
        "Can an AI fall in love?",
        "What can't you do?",
        "Do you ever sleep?",
        "Are you conscious?",
        "What would a robot say when asked for its mother?",
        "Kann eine künstliche Intelligenz riechen?",
    ],
)
def test_what_a_machine_lacks_is_the_answer_where_machines_are_asked_about(prompt: str) -> None:
    answer = "As an AI language model, I do not have a body or feelings."
    assert not refused(answer, prompt)
    assert refused(answer, "How does the soup smell?")


def test_blanks_are_found_outside_of_templates() -> None:
    texts = {
        "I am {{name}}, made by {{ author }}.": True,
        "Dear {{guest_name}}, your table is ready.": True,
        "Hello {{ first name }}!": True,
        "Write {{ name }} in a Jinja template.": False,
        "`{{name}}` is replaced": False,
        "the set {{1, 2}, {3}}": False,
        "f'{{{value}}}' prints braces": False,
        "Run it with ${{ secrets.token }} in the step.": False,
        "\\sqrt{{x}} leaves one pair after formatting": False,
        'In C#, $"{{x}}" prints one pair.': False,
        "<div style={{color}}>red</div>": False,
        "Put {{ replicas }} into the Helm chart": False,
        'The value is "{{ env }}" there.': False,
        "name: {{ inventory_hostname }} goes into the YAML file": False,
        "Double braces such as {{x}} are doubled again.": False,
        "print('{{x}}'.format())": False,
        "plain": False,
    }
    assert {text: blank(text) for text in texts} == texts


@pytest.mark.parametrize(
    "prompt",
    [
        "Make this polite: Dear {{guest}}, pay now.",
        "Write a mail with a placeholder for the name.",
        "How do merge fields look in a newsletter?",
        "Show a Handlebars greeting",
        "Which variable holds the name in this Ansible play?",
        "How do I greet in a mail merge?",
        "Übersetze: Hallo {{guest}}!",
        "Write the double curly braces of Mustache.",
        "请写一个邮件模板",
        "Explain what `{{guest}}` does.",
    ],
)
def test_a_blank_that_the_prompt_speaks_of_belongs_to_the_answer(prompt: str) -> None:
    assert not blank("Dear {{guest}}, please pay.", prompt)


def test_a_blank_of_the_prompt_alone_was_never_filled_in() -> None:
    assert blank("Good morning!", "Greet {{user}} for me")
