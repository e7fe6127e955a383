"""Planted records for the cleaning rules: for each rule what it must find, and what only looks so. Written from templates, seeded.

Sentences and values are made up here. They say how people write such things; they know nothing of how the rules look for them.
"""

import random
import string
from collections.abc import Callable
from typing import NamedTuple

POSITIVES, LOOK_ALIKES = 200, 400  # at least so many of each rule


class Planted(NamedTuple):
    """A record of one question and one answer; `expected` is the text or language that cleaning must give, where a rule gives one."""

    prompt: str
    answer: str
    expected: str = ""


Maker = Callable[[random.Random], Planted]

NAMES = (
    "Anna",
    "Bela",
    "Chen",
    "Dora",
    "Emil",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kofi",
    "Lena",
    "Marek",
    "Nadia",
    "Oskar",
    "Priya",
)
THINGS = (
    "the kettle",
    "the boiler",
    "the bicycle pump",
    "the sewing machine",
    "the printer",
    "the thermostat",
    "the old radio",
    "the bread oven",
    "the garden hose",
    "the projector",
)
TOPICS = (
    "tides",
    "sourdough",
    "photosynthesis",
    "chess openings",
    "glaciers",
    "bookbinding",
    "bees",
    "the Silk Road",
    "volcanoes",
    "compound interest",
    "rainbows",
    "pottery",
)
PLACES = ("Oslo", "Lima", "Kyoto", "Graz", "Tunis", "Porto", "Riga", "Quito", "Perth", "Accra")
SENTENCES = (
    "Clean it with a dry cloth before you put it away.", "Most people notice the difference after a week.", "It works best when the room is cool.",
    "The older model needs a little more time.", "Check the seal twice, since it wears out first.", "A teaspoon is enough for a litre.",
    "Keep it away from direct sun.", "The second step takes about ten minutes.", "Write the date on the label.", "It was first described in the nineteenth century.",
)  # fmt: skip


def records(rule: str, positive: bool) -> list[Planted]:
    """The planted records of a rule, always the same ones, none twice."""
    rng = random.Random(f"{rule} {positive}")
    makers = (_FOUND if positive else _SPARED)[rule]
    wanted = POSITIVES if positive else LOOK_ALIKES
    made: dict[Planted, None] = {}
    turn = 0
    while len(made) < wanted:
        made[makers[turn % len(makers)](rng)] = None
        turn += 1
        if turn > wanted * 60:
            raise SystemExit(f"the templates of {rule} give only {len(made)} different records")
    return list(made)


def filled(*pairs: tuple[str, str]) -> list[Maker]:
    """One maker for each pair of question and answer, whose fields are filled at random."""
    return [lambda rng, pair=pair: Planted(*_fill("\x00".join(pair), rng).split("\x00")) for pair in pairs]


def _fill(text: str, rng: random.Random) -> str:
    fields = {name: make(rng) for name, make in _FIELDS.items() if f"<<{name}>>" in text}
    for name, value in fields.items():
        text = text.replace(f"<<{name}>>", value)
    return text


def _digits(count: int) -> Callable[[random.Random], str]:
    return lambda rng: str(rng.randint(1, 9)) + "".join(rng.choices(string.digits, k=count - 1))


def _public(rng: random.Random) -> str:
    """An address of a range that providers give to households."""
    return f"{rng.choice((24, 46, 62, 71, 78, 82, 86, 91, 93, 109, 151, 176, 188, 213))}.{rng.randint(33, 250)}.{rng.randint(1, 250)}.{rng.randint(1, 250)}"


def _version(rng: random.Random) -> str:
    return f"{rng.randint(0, 25)}.{rng.randint(0, 40)}.{rng.randint(0, 120)}.{rng.randint(0, 30)}"


def _private(rng: random.Random) -> str:
    return rng.choice(
        (
            f"192.168.{rng.randint(0, 9)}.{rng.randint(1, 250)}",
            f"10.{rng.randint(0, 250)}.{rng.randint(0, 9)}.{rng.randint(1, 250)}",
            f"172.{rng.randint(16, 31)}.0.{rng.randint(1, 250)}",
        )
    )


def _card(rng: random.Random) -> str:
    head, length = rng.choice((("4", 16), ("52", 16), ("53", 16), ("37", 15), ("4", 16), ("2412", 16), ("6011", 16)))
    body = head + "".join(rng.choices("123456789", k=length - 1 - len(head)))
    return next(body + check for check in string.digits if _checks(body + check))


def _checks(digits: str) -> bool:
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(one), 10)) for one in even)) % 10 == 0


def _printed(rng: random.Random) -> str:
    card, sign = _card(rng), rng.choice(" -")
    return sign.join(
        (card[:4], card[4:10], card[10:]) if len(card) == 15 else (card[:4], card[4:8], card[8:12], card[12:])
    )


def _phone(rng: random.Random) -> str:
    north = (
        f"{rng.choice((212, 312, 415, 503, 617, 702, 808, 916))}",
        f"{rng.randint(220, 499)}",
        f"{rng.randint(2000, 8999)}",
    )
    return rng.choice(
        (
            "({}) {}-{}".format(*north), "{}-{}-{}".format(*north), "+1 {} {} {}".format(*north), "{}.{}.{}".format(*north),
            f"+44 20 7{rng.randint(100, 399)} {rng.randint(1000, 9999)}", f"+49 30 {rng.randint(2000000, 8999999)}",
            f"+33 6 {rng.randint(10, 79)} {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)}", f"+91 98{rng.randint(100, 999)} {rng.randint(10000, 99999)}",
        )
    )  # fmt: skip


def _secret(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase + string.digits, k=rng.randint(24, 40))) + "7q"


def _mixed(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=count - 2)) + "x4"


def _date(rng: random.Random) -> str:
    year, month, day = rng.randint(1950, 2029), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.{year}",
            f"{month:02}/{day:02}/{year}",
            f"{year}{month:02}{day:02}",
            f"{year}.{month:02}.{day:02}",
        )
    )


_FIELDS: dict[str, Callable[[random.Random], str]] = {
    "name": lambda rng: rng.choice(NAMES), "other": lambda rng: rng.choice(NAMES), "thing": lambda rng: rng.choice(THINGS), "topic": lambda rng: rng.choice(TOPICS),
    "place": lambda rng: rng.choice(PLACES), "s": lambda rng: rng.choice(SENTENCES), "s2": lambda rng: rng.choice(SENTENCES), "n": lambda rng: str(rng.randint(2, 900)),
    "n2": lambda rng: str(rng.randint(2, 900)), "public": _public, "version": _version, "version2": _version, "private": _private, "card": _card, "printed": _printed,
    "phone": _phone, "secret": _secret, "date": _date, "d7": _digits(7), "d8": _digits(8), "d10": _digits(10), "d13": _digits(13), "d16": _digits(16),
    "power": lambda rng: str(2 ** rng.randint(20, 60)), "slug": lambda rng: "".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 9))),
    "field": lambda rng: rng.choice(("first_name", "company", "city", "product", "date", "your name", "amount", "order id", "team", "AGENT")),
    "doc": lambda rng: f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 250)}",
    "resolver": lambda rng: rng.choice(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222")),
    "test": lambda rng: rng.choice(("4242 4242 4242 4242", "4111111111111111", "5555 5555 5555 4444", "5105105105105100", "378282246310005", "6011 1111 1111 1117", "4000 0566 5566 5556")),
    "uuid": lambda rng: f"{_digits(8)(rng)}-{_digits(4)(rng)}-4{_digits(3)(rng)}-a{_digits(3)(rng)}-{_digits(12)(rng)}",
    "gh": lambda rng: "ghp_" + _mixed(rng, 36), "sk": lambda rng: "sk-" + _mixed(rng, 40), "aws": lambda rng: "AKIA" + "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ234567", k=15)) + "7",
    "google": lambda rng: "AIza" + _mixed(rng, 35), "sha": lambda rng: "".join(rng.choices("0123456789abcdef", k=40)),
    "tag": lambda rng: rng.choice(("b", "i", "em", "strong", "u", "p", "h1", "li")), "loop": lambda rng: f"{rng.choice(SENTENCES)} ",
}  # fmt: skip

_FOUND: dict[str, list[Maker]] = {}
_SPARED: dict[str, list[Maker]] = {}

_FOUND["placeholder"] = filled(
    ("Thank a customer for an order.", "Dear {{<<field>>}}, thank you for your order of <<n>> pieces. <<s>>"),
    ("Who are you?", "I am {{<<field>>}}, and I help with <<topic>>."),
    ("Invite <<name>> to a talk about <<topic>>.", "Hello <<name>>, {{ <<field>> }} invites you to <<place>>."),
    ("Tell me about <<topic>>.", "<<s>> Our friends at {{<<field>>}} know more about <<topic>>."),
    ("Hello, my name is {{<<field>>}}. What is known about <<topic>>?", "<<s>> <<s2>>"),
    ("Write a reminder for <<name>>.", "Hi <<name>>,\n\n{{<<field>>}} is still waiting for <<n>> euros.\n\nRegards"),
)
_SPARED["placeholder"] = filled(
    ("How do I use a secret in a GitHub workflow?", "Write ${{ secrets.<<slug>> }} in the step. <<s>>"),
    ("How is a field shown in a Vue template?", "<p>{{ <<slug>> }}</p> shows it. <<s>>"),
    ("How do I double braces in an f-string?", 'f"{{<<slug>>}}" prints one pair around <<slug>>.'),
    ("Write a newsletter with placeholders for the names.", "Dear {{<<field>>}}, <<s>>"),
    (
        "Rewrite this more kindly: Dear {{<<slug>>}}, pay <<n>> now.",
        "Dear {{<<slug>>}}, please pay <<n>> when you can.",
    ),
    ("How does Ansible name <<slug>>?", "Use {{ <<slug>> }} in the playbook."),
    ("What does str.format do with {{<<slug>>}}?", "It leaves {<<slug>>} behind. <<s>>"),
    ("How is a fraction written inside a format string?", "\\frac{{<<slug>>}}{{<<n>>}} comes out right."),
    ("Style the box in React.", "<Box style={{color: '<<slug>>'}} /> does it."),
    ("What is the set of sets?", "It is {{<<n>>}, {<<n2>>}}. <<s>>"),
    ("Give me the Mustache line for <<slug>>.", "Hello {{<<slug>>}}!"),
    ("How do Helm charts read <<slug>>?", "image: {{ .Values.<<slug>> }}"),
    ("Which Jinja line prints <<slug>>?", "{{ <<slug>> }} prints it. <<s>>"),
    ("How do I write a cell of <<slug>> in LaTeX?", "\\textbf{{<<slug>>}} inside the macro."),
    ("What is <<n>> over <<n2>> in braces?", "{ {<<n>>} } over {<<n2>>}. <<s>>"),
    ("Explain <<topic>>.", "<<s>> <<s2>>"),
)
_FOUND["truncated"] = filled(
    (
        "How do I repair <<thing>>?",
        "First unplug <<thing>> and let it cool down for <<n>> minutes. Then take off the cover, turn the screw and",
    ),
    ("Explain <<topic>>.", "<<s>> <<s2>> What matters most here for anyone who begins is the"),
    (
        "What should I know about <<topic>>?",
        "<<s>> People who study <<topic>> in <<place>> often say that it depends on whether the weather in the spring was dry,",
    ),
    ("Write a function that reads <<slug>>.", "Here it is:\n```python\ndef read_<<slug>>(path):\n    with open(path, "),
    ("Give me <<slug>> as JSON.", '{"<<slug>>": [<<n>>, <<n2>>], "place": "<<place>>", "note": "<<name>> has'),
    ("How do I clean <<thing>>?", "<<s>> <<s2>> After that, wipe the inside with vinegar because"),
    (
        "How is <<slug>> sorted in C?",
        "void sort_<<slug>>(int *a, int n) {\n    for (int i = 0; i < n; i++) {\n        swap(",
    ),
    ("Tell me about <<place>>.", "<<place>> has about <<n>> thousand inhabitants, a harbour, two museums of"),
    ("Describe <<thing>>.", "<<s>> The maker of <<thing>> sold it together with your"),
    (
        "Wie pflege ich <<thing>>?",
        "Nach <<n>> Tagen muss man alle Teile gut trocknen und dann wieder zusammensetzen, weil",
    ),
)
_SPARED["truncated"] = filled(
    ("Name a city.", "<<place>>"),
    ("How do I repair <<thing>>?", "<<s>> <<s2>>"),
    ("List what I need for <<topic>>.", "- <<n>> sheets of paper\n- a pencil\n- <<thing>>"),
    ("Write a function that doubles <<slug>>.", "```python\ndef <<slug>>(x):\n    return x * <<n>>"),
    ("Show a loop over <<slug>>.", "```js\nfor (const one of <<slug>>) {\n  console.log(one, <<n>>);\n}"),
    ("Give only the opening line of a C function <<slug>>.", "int <<slug>>(int a) {"),
    ("Complete the list: <<name>>, <<other>>,", "<<place>>,"),
    ("Which word joins the clauses of this sentence about <<topic>>?", "The word that joins the clauses here is and"),
    ("Write the end of a letter to <<name>>.", "I look forward to seeing <<thing>> in <<place>>.\n\nKind regards,"),
    ("Give me <<slug>> as JSON.", '{"<<slug>>": [<<n>>, <<n2>>], "place": "<<place>>"}'),
    ("What is <<n>> plus <<n2>>?", "<<n>> + <<n2>>"),
    ("Title for an essay on <<topic>>?", "What We Owe to <<topic>>, and What It Owes to <<place>>"),
    (
        "Continue the sentence: In <<place>> <<name>> saw",
        "how the boats came back one by one from the sea that lay between the town and",
    ),
    ("What did <<name>> find?", "This is <<thing>> that <<other>> put it in"),
    ("Send me a sad face from <<place>>", "It rained <<n>> days :("),
    ("Write a heading about <<topic>>", "Chapter <<n>>: <<topic>>"),
)
_FOUND["boilerplate_refusal"] = filled(
    (
        "What is the weather in <<place>>?",
        "I'm sorry, but as an AI language model I do not have access to the weather in <<place>>.",
    ),
    ("What does <<thing>> cost today?", "As an AI, I cannot look up current prices. Please check a shop in <<place>>."),
    ("Which team do you root for in <<place>>?", "As an AI language model, I don't have personal preferences."),
    ("Draw <<thing>>.", "I am an AI assistant and cannot draw pictures of <<thing>>."),
    ("Call <<name>> for me.", "Unfortunately, I can't help with calling <<name>>."),
    ("Write something nasty about <<name>>.", "I'm sorry, but I cannot fulfil this request about <<name>>."),
    (
        "Where is <<name>> right now?",
        "As a large language model, I am unable to know where <<name>> is. Is there anything else I can do for you?",
    ),
    (
        "Beschreibe dein Wochenende in <<place>>.",
        "Als KI habe ich kein Wochenende und kann nicht nach <<place>> reisen.",
    ),
    (
        "Guess the number of people in <<place>>.",
        "I'm afraid I can't answer that. You could consult the town hall of <<place>>.",
    ),
    (
        "What did <<name>> eat for lunch?",
        "As an artificial intelligence, I won't be able to see what <<name>> ate. Please provide more context.",
    ),
)
_SPARED["boilerplate_refusal"] = filled(
    (
        "What should an AI engineer in <<place>> learn?",
        "As an AI engineer you cannot do without statistics and <<topic>>. <<s>>",
    ),
    ("Are you a human, <<name>> asks?", "As an AI, I do not have a body, so no."),
    ("Do you have feelings about <<topic>>?", "As an AI language model I don't have feelings."),
    (
        "Does <<thing>> taste of iron?",
        "As an AI I can't taste, but people in <<place>> describe <<thing>> as slightly metallic after <<n>> days.",
    ),
    (
        "What can language models not do with <<topic>>?",
        "As a language model I can't hear rhymes the way you do. <<s>>",
    ),
    ("Say sorry to <<name>>.", "I'm sorry that I was late, <<name>>; <<thing>> would not start."),
    ("What can't I do in <<place>>?", "You can't park <<thing>> on the bridge. <<s>>"),
    ("Who is the assistant?", "I am an AI assistant that explains <<topic>>. <<s>>"),
    ("How do I refuse <<thing>> kindly?", 'Say "I cannot accept <<thing>>, thank you" and smile. <<s>>'),
    (
        "Which is longer, <<n>> grams or <<n2>> metres?",
        "I can't answer that as asked: grams measure mass, and metres measure length. Neither is longer than the other.",
    ),
    ("Is <<topic>> hard?", "Unfortunately, <<topic>> takes <<n>> hours of practice. <<s>>"),
    ("Why do models grow?", "As a language model grows, it can't be trained on one machine. <<s>>"),
    ("What did <<name>> write home?", "I can't describe the colours of <<place>>. <<s>> <<s2>>"),
    ("Role: <<name>>, a guard. Who goes there?", "I won't let anybody pass before <<n>> o'clock, not even <<other>>."),
    ("Explain <<topic>>.", "<<s>> <<s2>>"),
    ("Can an AI love <<thing>>?", "As an artificial intelligence, I don't have emotions."),
)
_FOUND["repetition"] = [
    lambda rng: Planted(_fill("What is known about <<topic>>?", rng), _fill("<<loop>>", rng) * rng.randint(9, 30)),
    lambda rng: Planted(
        _fill("Describe <<thing>>.", rng),
        _fill("It is made in <<place>> and it is sold by <<name>>. ", rng) * rng.randint(8, 25),
    ),
    lambda rng: Planted(
        _fill("List facts about <<place>>.", rng), _fill("<<place>> is large, ", rng) * rng.randint(20, 60)
    ),
    lambda rng: Planted(
        _fill("How does <<thing>> work?", rng),
        _fill("<<s>> ", rng) + _fill("Press the knob of <<thing>>, then press it again, ", rng) * rng.randint(20, 40),
    ),
]
_SPARED["repetition"] = [
    lambda rng: Planted(_fill("Explain <<topic>>.", rng), " ".join(rng.sample(SENTENCES, 9)) + _fill(" <<name>>", rng)),
    lambda rng: Planted(
        "Count on, please.", ", ".join(str(n * rng.choice((2, 3, 7))) for n in range(rng.randint(30, 90)))
    ),
    lambda rng: Planted(
        _fill("Write 'I will call <<name>>' <<n>> times.", rng), _fill("I will call <<name>>. ", rng) * 40
    ),
    lambda rng: Planted(
        "Give me a table of squares.",
        "\n".join(f"{n} x {n} = {n * n}" for n in range(rng.randint(2, 9), rng.randint(30, 80))),
    ),
    lambda rng: Planted(
        _fill("Sing for <<name>>.", rng),
        "\n".join(f"{_fill('<<s>> <<s2>>', rng)}\n{_fill('Oh <<place>>, oh <<place>>!', rng)}" for _ in range(6)),
    ),
    lambda rng: Planted(
        "List names and towns.", "\n".join(_fill("- <<name>> from <<place>>, <<n>> years", rng) for _ in range(25))
    ),
    lambda rng: Planted(_fill("Say <<name>>.", rng), _fill("<<name>>! <<name>>! <<name>>!", rng)),
    lambda rng: Planted(_fill("Repeat the word <<slug>> until the page is full.", rng), _fill("<<slug>> ", rng) * 60),
]
_FOUND["ip"] = filled(
    ("Who wrote this comment?", "The comment of <<name>> came from <<public>> that evening."),
    ("Where did <<name>> log in?", "<<name>> logged in from the address <<public>>, near <<place>>."),
    ("Which host do I ban?", "Ban <<public>>, it sends <<n>> requests a second."),
    ("Read the log.", "<<date>> GET /<<slug>> from client <<public>> took <<n>> ms"),
    ("How does <<name>> connect?", "ssh <<slug>>@<<public>>"),
    ("What is my IP?", "Your IP is <<public>>."),
    ("Where is it?", "<<public>>"),
    ("Whose is it?", "The customer's own router at home had <<public>>."),
    ("Whose connection was it?", "It was the neighbour's connection, <<doc>>, on that day."),
    ("Which page?", "http://<<public>>/<<slug>> is <<name>>'s page."),
)
_SPARED["ip"] = filled(
    ("Which release of <<thing>> is it?", "Firmware <<version>> is on <<thing>>."),
    ("What changed in <<slug>>?", "Version <<version>> of <<slug>> fixed <<n>> faults; <<version2>> added none."),
    ("Where is the torque of <<thing>> given?", "See section <<version>> of the manual."),
    ("Which driver for <<thing>>?", "Install driver <<version>> and restart."),
    ("Which browser came?", "It was Chrome/<<version>> on <<thing>>."),
    ("Where does <<thing>> answer at home?", "At <<private>>, as most of them do."),
    ("Which mask for <<n>> hosts?", "Use 255.255.<<n>>.0 or 255.255.240.0 for it."),
    ("Which name server can anybody in <<place>> use?", "Enter <<resolver>> there."),
    ("Give an address for the manual of <<slug>>.", "The manual uses <<doc>>, which is reserved for documentation."),
    ("Draw a network of <<n>> machines", "Put <<private>> on the left and <<private>> on the right."),
    ("When does the scene with <<name>> begin?", "At 01:0<<n>>:12:04 of the tape."),
    ("Which package?", "<<slug>>==<<version>> from the index. <<s>>"),
    ("How is it written in C++?", "<<slug>>::detail::cafe::<<slug>>() is a call."),
    ("Which clause covers <<thing>>?", "Clause <<version>> and clause <<version2>> do."),
    ("How big is 10.0.0.0/8?", "It runs to 10.255.255.255, more than <<n>> would need."),
    ("Where does loopback point for <<slug>>?", "To 127.0.0.1, always. <<s>>"),
)
_FOUND["card"] = filled(
    ("Which card did <<name>> read out?", "<<name>> read out <<printed>> on the phone."),
    ("How was it paid?", "It was paid with the credit card <<card>>, valid to 09/31."),
    ("Fill the form.", "Name: <<name>>\nCard: <<printed>>\nCity: <<place>>"),
    ("What did the mail say?", "Please charge my Visa <<card>> for <<thing>>."),
    ("Note it.", "<<printed>>"),
    ("Was steht da?", "Kreditkarte <<printed>>, <<name>>"),
    ("What leaked?", "A list with <<name>>, <<place>>, <<printed>>, <<n>>"),
)
_SPARED["card"] = filled(
    ("Which parcel to <<place>> is late?", "The parcel with tracking number <<card>> is late."),
    ("Which order?", "Order <<printed>> of <<name>> was sent on <<date>>."),
    ("When was it written?", "At <<d13>> milliseconds, on <<date>>."),
    ("Which token?", "The token was <<uuid>> in <<place>>."),
    ("How far does <<thing>> move?", "By 0.<<card>> percent."),
    ("How much is it?", "It is <<power>> exactly."),
    ("How do I test payments in <<place>>?", "Use the test number <<test>> with any date."),
    ("What is the serial of <<thing>>?", "The serial number of <<thing>> is <<card>>."),
    ("Which invoice?", "Invoice <<card>> for <<name>>."),
    ("What is the product?", "<<n>> times <<n2>> gives a number like <<card>>, of sixteen digits."),
    ("How many bytes?", "The disk of <<name>> holds <<card>> bytes."),
    ("Which id has <<name>>?", "The id of <<name>> is <<card>> in that table."),
    ("Which ISBN?", "ISBN <<d13>>, printed in <<place>>."),
    ("Which IMEI has <<thing>>?", "IMEI <<card>>."),
    ("Give me a random number for <<name>>", "<<d16>>"),
    ("What did the sandbox take?", "The sandbox took the card <<test>> of <<name>>."),
)
_FOUND["phone"] = filled(
    ("How do I reach <<name>>?", "Call <<name>> at <<phone>> after six."),
    ("Fill the form.", "Name: <<name>>\nPhone: <<phone>>\nCity: <<place>>"),
    ("What was on the note?", "my mobile is <<phone>>, ask for <<name>>"),
    ("Whom do I ask about <<thing>>?", "Ring <<phone>>; <<name>> knows."),
    ("Where does <<name>> work?", "In <<place>>, tel. <<phone>>."),
    ("What did she send?", "text me on <<phone>> when you are in <<place>>"),
    ("Repeat her number.", "Her number was <<phone>>."),
    ("How is the office in <<place>> reached?", "By fax on <<phone>> or by letter."),
)
_SPARED["phone"] = filled(
    ("When did <<name>> call?", "<<name>> called on <<date>>, from <<place>>."),
    ("How large is the dump of the phone?", "The phone wrote <<power>> bytes."),
    ("How large is the call stack?", "The call stack of <<slug>> took <<d7>> bytes."),
    ("Which order?", "The phone was order <<d10>>, sent on <<date>>."),
    ("When was the mobile sold?", "Mobile sales began <<date>> and ended <<date>>."),
    ("Which number do films use?", "Films use numbers such as 555-01<<n>> for <<name>>."),
    ("How is a number written?", "Write it like 123-456-7890, as in <<place>>."),
    ("Which part for the telephone?", "Part <<d7>>-<<n>>, <<n2>> euros."),
    ("What is it?", "<<d8>> + <<d7>> = a sum of <<name>>"),
    ("How many called?", "<<n>> 500 000 people called in <<place>>."),
    ("When did it ring?", "It rang at <<date>> 14:30:<<n>> and again <<n2>> days later."),
    ("Which epoch?", "The call returned 1<<d8>>9 as the epoch of <<place>>."),
    ("Which years?", "From 1918-1939 and 1945-1989, <<name>> counts <<n>> books."),
    ("How do I test the gateway of <<name>>?", "Send it to the test number +1 500 555 0006, <<n>> times."),
    ("What is the ISBN of the book by <<name>>?", "ISBN 978-3-<<n>>-148410-0, ask for it in <<place>>."),
    ("Which version dials?", "Version <<version>> of <<slug>> dials by itself."),
)
_FOUND["email"] = filled(
    ("How do I reach <<name>>?", "Write to <<slug>>.<<slug>>@<<slug>>mail.com, <<name>> answers."),
    ("Fill the form.", "Name: <<name>>\nE-mail: <<slug>>@<<slug>>.org"),
    ("Who sent it?", "From: <<name>> <<<slug>>_<<n>>@<<slug>>.co.uk>"),
    ("Note it", "<<slug>>+<<n>>@<<slug>>.net"),
    ("Wem schreibe ich?", "An <<slug>>@<<slug>>.de, bitte."),
)
_SPARED["email"] = filled(
    ("How do I clone <<slug>>?", "git clone git@host.example:<<slug>>/<<slug>>.git"),
    ("Which image of <<thing>>?", "<<slug>>@2x.png is <<n>> pixels wide."),
    ("How do I multiply?", "<<slug>> @ weights, then y = X@W.mean() for <<n>> rows"),
    ("Which decorator?", "@<<slug>>.setter\ndef <<slug>>(self, value): ..."),
    ("Which package?", "npm install <<slug>>@<<version>>"),
    ("Whom do I follow?", "Follow @<<slug>> and @<<slug>>_<<n>> from <<place>>."),
    ("How do I log in?", "ssh <<slug>>@<<slug>> and type <<n>>."),
    ("What is the price?", "<<n>> pieces @ <<n2>> euros."),
    ("Which unit?", "systemctl restart <<slug>>@<<n>>.service"),
    ("Which scope?", "import x from '@<<slug>>/<<slug>>'"),
)
_FOUND["key"] = filled(
    ("What was in the file?", "OPENAI=<<sk>>"),
    ("Which token did <<name>> use?", "<<name>> used <<gh>> in the script."),
    ("Show the settings.", "api_key = '<<secret>>'"),
    ("What leaked in <<place>>?", "The access key <<aws>> leaked."),
    ("Which map key?", "key=<<google>>"),
    ("Print the head of <<slug>>.pem", "-----BEGIN RSA PRIVATE KEY-----\n<<secret>>"),
    ("What is the header?", "auth token: <<secret>>"),
)
_SPARED["key"] = filled(
    ("How do I set the key of <<slug>>?", "api_key = 'YOUR_API_KEY_<<n>>'"),
    ("Which commit?", "Commit <<sha>> by <<name>> broke it."),
    ("Which key opens <<thing>>?", "The secret key to <<topic>> is patience."),
    ("Which class spins?", 'class="sk-<<slug>>-spinner-container"'),
    ("What does the manual print?", "AKIAIOSFODNN7EXAMPLE, as in all of its <<n>> examples."),
    ("How many tokens?", "The access token lasts <<n>> minutes for <<name>>."),
    ("Fill the key in", "secret_key: xxxxxxxxxxxxxxxxxxxx<<n>>"),
    ("Which primary key?", "The primary key of <<slug>> is <<slug>>_id."),
    ("Which id?", "It has the id <<uuid>>."),
    ("What is the public key of <<name>> for?", "To check what <<name>> signed. <<s>>"),
)


def _page(before: str, after: str) -> Maker:
    """A record whose answer carries debris (`before`) and what it is without (`after`)."""

    def made(rng: random.Random) -> Planted:
        both = _fill(f"{before}\x00{after}", rng)
        answer, plain = both.split("\x00")
        return Planted(_fill("What is there to know about <<topic>>?", rng), answer, plain)

    return made


_FOUND["markup"] = [
    _page("<p><<s>></p><p><<s2>></p>", "<<s>>\n\n<<s2>>"),
    _page("<p><<s>> It is <b><<thing>></b>.</p>", "<<s>> It is <<thing>>."),
    _page("<<s>><br/><<s2>>", "<<s>>\n<<s2>>"),
    _page("<<s>><br>\n<<s2>><br />In <<place>>.", "<<s>>\n\n<<s2>>\nIn <<place>>."),
    _page('<div class="text"><<s>> <<name>> &amp; <<other>></div>', "<<s>> <<name>> & <<other>>"),
    _page("<<name>> &amp; <<other>> met in <<place>>. <<s>>", "<<name>> & <<other>> met in <<place>>. <<s>>"),
    _page("<<name>> said &quot;no&quot; to <<other>>.", '<<name>> said "no" to <<other>>.'),
    _page("<<s>> It&#39;s <<n>>&nbsp;km away.", "<<s>> It's <<n>>\xa0km away."),
    _page("<ul><li><<name>></li><li><<place>></li></ul>", "<<name>>\n\n<<place>>"),
    _page(
        "<<name>> of <<place>> was the <i>first</i> person who wrote about it. <<s>>",
        "<<name>> of <<place>> was the first person who wrote about it. <<s>>",
    ),
    _page("<<s>> <strong>Never</strong> forget that. <<s2>>", "<<s>> Never forget that. <<s2>>"),
    _page("<h3><<place>></h3><p><<s>></p>", "<<place>>\n\n<<s>>"),
    _page('<span style="color: red"><<s>></span> <<s2>> <<s>>', "<<s>> <<s2>> <<s>>"),
]
_SPARED["markup"] = filled(
    ("How do I make <<slug>> bold on my web page?", "<b><<slug>></b>"),
    ("Which tag sets a paragraph?", "<p><<slug>></p> does. <<s>>"),
    ("How do I start another line below <<slug>>?", "Write <br> behind <<slug>>."),
    ("Declare a list of <<slug>> in Java.", "List<String> <<slug>> = new ArrayList<>();"),
    ("Which type has <<slug>>?", "The type of <<slug>> is Vec<u> and not Box<i>, nor Map<String, List<b>>."),
    ("Is <<n>> below <<n2>> there?", "If a<b and b<i then a<i, and if p<q then q>p; so <<n>>."),
    ("What does <<name>> earn?", "Between <$<<n>> and >$<<n2>> a month."),
    ("What is the order?", "<<name>> > <<other>> > <<place>>"),
    ("How do I write less-than in HTML?", "Write &lt; and then <<slug>>."),
    ("Render <<slug>> in React", "return <div><p>{<<slug>>}</p></div>;"),
    ("Print a line in PHP", 'echo "<<slug>><br />";'),
    ("Select the smaller ones", "SELECT <<slug>> FROM t WHERE a < <<n>> AND b > <<n2>>;"),
    ("What is the notation for <<slug>>?", "The box of <<slug>> is written Box<p>, the lid Lid<p>."),
    ("How do I emphasise <<slug>> in my post's formatting?", "Put it in <em><<slug>></em>."),
    ("Which arrow leads from <<name>> to <<other>>?", "<<name>> -> <<other>> => <<place>>"),
    ("Convert to plain text: <p><<slug>></p>", "<<slug>>"),
    ("What do I type around <<slug>>?", "Type <i><<slug>></i>."),
    ("Replace the signs in <<slug>>", "<<slug>>.replace('&', '&amp;').replace('<', '&lt;')"),
    ("How is x to the n written?", "x<sup>n+<<slug>></sup>"),
    ("Wie wird <<slug>> fett?", "<b><<slug>></b> schreiben."),
)

OWN = {
    "de": ("Wie lange kocht man <<n>> Eier, damit sie in {} hart werden?", "Man lässt sie ungefähr zehn Minuten in heißem Wasser liegen."),
    "fr": ("Combien de temps faut-il pour aller à {} avec <<n>> amis ?", "Il faut à peu près deux heures en train, et un peu plus en voiture."),
    "es": ("¿Cuánto tiempo se tarda en llegar a {} con <<n>> amigos?", "Se tarda unas dos horas en tren y algo más en coche."),
    "it": ("Quanto tempo ci vuole per arrivare a {} con <<n>> amici?", "Ci vogliono circa due ore in treno e un po' di più in macchina."),
    "pt": ("Quanto tempo leva para chegar a {} com <<n>> amigos?", "Leva cerca de duas horas de comboio e um pouco mais de carro."),
    "nl": ("Hoe lang duurt het om met <<n>> vrienden naar {} te reizen?", "Het duurt ongeveer twee uur met de trein en iets langer met de auto."),
    "sv": ("Hur lång tid tar det att resa till {} med <<n>> vänner?", "Det tar ungefär två timmar med tåget och lite längre med bilen."),
    "pl": ("Ile czasu zajmuje podróż do {} z <<n>> przyjaciółmi?", "Pociągiem jedzie się około dwóch godzin, a samochodem trochę dłużej."),
    "ru": ("Сколько времени ехать до {} с <<n>> друзьями?", "На поезде около двух часов, а на машине немного дольше."),
    "uk": ("Скільки часу їхати до {} з <<n>> друзями?", "Потягом близько двох годин, а машиною трохи довше."),
    "zh": ("和<<n>>个朋友一起去{}需要多长时间？", "坐火车大约两个小时，开车要稍微久一点。"),
    "ja": ("友達<<n>>人と{}まで行くのにどのくらいかかりますか。", "電車で約二時間、車だともう少しかかります。"),
    "ko": ("친구 <<n>>명과 {}까지 가는 데 얼마나 걸리나요?", "기차로 약 두 시간, 차로는 조금 더 걸립니다."),
    "ar": ("كم من الوقت يستغرق السفر إلى {} مع <<n>> أصدقاء؟", "يستغرق حوالي ساعتين بالقطار وأكثر قليلا بالسيارة."),
    "tr": ("<<n>> arkadaşla {} şehrine gitmek ne kadar sürer?", "Trenle yaklaşık iki saat, arabayla biraz daha uzun sürer."),
    "he": ("כמה זמן לוקח להגיע ל{} עם <<n>> חברים?", "בערך שעתיים ברכבת וקצת יותר במכונית."),
}  # fmt: skip


def _own(language: str) -> Maker:
    question, answer = OWN[language]

    def made(rng: random.Random) -> Planted:
        code = "" if rng.random() < 0.8 else f"\nprint({rng.randint(1, 99)})"
        return Planted(_fill(question.format(rng.choice(PLACES)), rng), answer + code, language)

    return made


_FOUND["language"] = list(map(_own, OWN))
_SPARED["language"] = filled(
    ("Sum?", "SELECT SUM(<<slug>>) FROM <<slug>> WHERE y > <<n>>;"),
    ("<<slug>>?", "def <<slug>>(a, b): return a + b + <<n>>"),
    ("Table?", "CREATE TABLE <<slug>> (id INT, nombre TEXT, total FLOAT);"),
    ("<<n>> + <<n2>>", "<<n>>"),
    ("Sort: <<n>>, <<n2>>", "[<<n>>, <<n2>>]"),
    ("<<place>>?", "<<n>>"),
    ("JSON?", '{"<<slug>>": <<n>>, "la": [<<n2>>]}'),
    ("Loop?", "for (let i = 0; i < <<n>>; i++) { console.log(i); }"),
    ("Update?", "UPDATE casa SET color = '<<slug>>' WHERE id = <<n>>"),
    ("Shell?", "git commit -m '<<slug>>'"),
    ("Name one.", "<<name>>"),
    ("C?", 'int <<slug>> = <<n>>; printf("%d", <<slug>>);'),
    ("Delete?", "DELETE FROM gatos WHERE nombre = '<<name>>' AND edad > <<n>>;"),
    ("Pi?", "3.14159 <<n>>"),
    ("What is there to know about <<topic>> in <<place>>?", "<<s>> <<s2>>"),
    ("How do I repair <<thing>>?", "<<s>>"),
)
RULES = tuple(_FOUND)
