"""Records that nobody can learn from, and good ones that look so: placeholders, cut ends, refusals, repetition."""

from cleaning_planted.fields import SENTENCES, Maker, Planted, fill, filled

FOUND: dict[str, list[Maker]] = {}
SPARED: dict[str, list[Maker]] = {}

FOUND["placeholder"] = filled(
    ("Thank a customer for an order.", "Dear {{<<field>>}}, thank you for your order of <<n>> pieces. <<s>>"),
    ("Who are you?", "I am {{<<field>>}}, and I help with <<topic>>."),
    ("Invite <<name>> to a talk about <<topic>>.", "Hello <<name>>, {{ <<field>> }} invites you to <<place>>."),
    ("Tell me about <<topic>>.", "<<s>> Our friends at {{<<field>>}} know more about <<topic>>."),
    ("Hello, my name is {{<<field>>}}. What is known about <<topic>>?", "<<s>> <<s2>>"),
    ("Write a reminder for <<name>>.", "Hi <<name>>,\n\n{{<<field>>}} is still waiting for <<n>> euros.\n\nRegards"),
)
SPARED["placeholder"] = filled(
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
FOUND["truncated"] = filled(
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
SPARED["truncated"] = filled(
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
FOUND["boilerplate_refusal"] = filled(
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
SPARED["boilerplate_refusal"] = filled(
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
FOUND["repetition"] = [
    lambda rng: Planted(fill("What is known about <<topic>>?", rng), fill("<<loop>>", rng) * rng.randint(9, 30)),
    lambda rng: Planted(
        fill("Describe <<thing>>.", rng),
        fill("It is made in <<place>> and it is sold by <<name>>. ", rng) * rng.randint(8, 25),
    ),
    lambda rng: Planted(
        fill("List facts about <<place>>.", rng), fill("<<place>> is large, ", rng) * rng.randint(20, 60)
    ),
    lambda rng: Planted(
        fill("How does <<thing>> work?", rng),
        fill("<<s>> ", rng) + fill("Press the knob of <<thing>>, then press it again, ", rng) * rng.randint(20, 40),
    ),
]
SPARED["repetition"] = [
    lambda rng: Planted(fill("Explain <<topic>>.", rng), " ".join(rng.sample(SENTENCES, 9)) + fill(" <<name>>", rng)),
    lambda rng: Planted(
        "Count on, please.", ", ".join(str(n * rng.choice((2, 3, 7))) for n in range(rng.randint(30, 90)))
    ),
    lambda rng: Planted(
        fill("Write 'I will call <<name>>' <<n>> times.", rng), fill("I will call <<name>>. ", rng) * 40
    ),
    lambda rng: Planted(
        "Give me a table of squares.",
        "\n".join(f"{n} x {n} = {n * n}" for n in range(rng.randint(2, 9), rng.randint(30, 80))),
    ),
    lambda rng: Planted(
        fill("Sing for <<name>>.", rng),
        "\n".join(f"{fill('<<s>> <<s2>>', rng)}\n{fill('Oh <<place>>, oh <<place>>!', rng)}" for _ in range(6)),
    ),
    lambda rng: Planted(
        "List names and towns.", "\n".join(fill("- <<name>> from <<place>>, <<n>> years", rng) for _ in range(25))
    ),
    lambda rng: Planted(fill("Say <<name>>.", rng), fill("<<name>>! <<name>>! <<name>>!", rng)),
    lambda rng: Planted(fill("Repeat the word <<slug>> until the page is full.", rng), fill("<<slug>> ", rng) * 60),
]
