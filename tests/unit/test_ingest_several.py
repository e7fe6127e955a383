"""Of several answers the one that counts; options in every form that names them; and what stands beside one exchange."""

import json
from typing import Any

import pytest
from raw_files import details, lines, said

ASK = {"question": "Which is dark?"}
PROMPT = {"prompt": "Which is dark?"}
NAMES = ["oats", "rye", "corn"]


def one(record: dict[str, Any]) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found if isinstance(found, str) else found[-1]


@pytest.mark.parametrize(
    "more",
    [
        {"answers": NAMES, "votes": [3, 40, 2]}, {"answers": NAMES, "labels": [0, 1, 0]}, {"answers": NAMES, "is_correct": [False, True, False]},
        {"responses": NAMES, "ranks": [2, 1, 3]}, {"responses": NAMES[:2], "ranking": [1, 0]}, {"completions": NAMES, "best_completion_index": 1},
        {"responses": NAMES, "chosen_idx": "1"}, {"generations": NAMES, "ratings": [1.5, 4.5, 2]},
        {"answers": {"text": NAMES, "score": [3, 40, 2]}}, {"answers": {"answer_id": [7, 8], "text": NAMES[:2], "rank": [2, 1]}},
        {"answers": [{"text": name, "fraction": share} for name, share in zip(NAMES, ("0", "100", "-50"), strict=True)]},
        {"answer": {"Aliases": ["rye", "Rye"], "Value": "rye"}}, {"answer": {"number": "", "date": {"day": "", "year": ""}, "spans": ["rye"]}},
        {"response": {"id": "r", "choices": [{"index": 0, "message": {"role": "assistant", "content": "rye"}, "finish_reason": "stop"}]}},
        {"response": {"candidates": [{"content": {"role": "model", "parts": [{"text": "rye"}]}}]}},
    ],
)  # fmt: skip
def test_the_answer_that_counts_is_read_not_the_first(more: dict[str, Any]) -> None:
    assert one({**ASK, **more}) == "rye"


def test_a_ranking_that_may_be_an_order_and_a_place_that_is_none_are_not_guessed() -> None:
    for more in ({"responses": NAMES, "ranking": [2, 3, 1]}, {"responses": NAMES, "best_response_index": 4}):
        assert one({**PROMPT, **more}) == "ambiguous_option"
    assert one({**PROMPT, "responses": NAMES, "scores": [1]}) == "oats"


def test_of_answers_that_are_judged_alike_the_first_is_read() -> None:
    for more in ({"scores": [5, 5, 5]}, {"labels": [True, True, True]}, {"votes": [0, 0, 0]}, {"ranks": [1, 1, 1]}):
        assert one({**PROMPT, "responses": NAMES, **more}) == "oats"
    assert one({**PROMPT, "responses": NAMES, "scores": [1, 5, 5]}) == "rye"
    assert one({**PROMPT, "responses": NAMES, "scores": [5, 5, 5], "ratings": [1, 2, 1]}) == "rye"


def test_an_object_that_was_asked_for_stays_one() -> None:
    for answer in ({"oats": 0, "rye": 2}, {"name": "rye", "colour": ""}, {"oats": 0, "rye": 1}):
        assert one({**PROMPT, "answer": answer}) == json.dumps(answer, separators=(",", ":"))


@pytest.mark.parametrize(
    "more",
    [
        {"answers": NAMES, "correctIndex": 1}, {"answers": dict(zip("abc", NAMES, strict=True)), "correctAnswer": "b"}, {"answers": NAMES, "answer_key": "B"},
        {"answer0": "oats", "answer1": "rye", "answer2": "corn", "label": 1}, {"option_0": "oats", "option_1": "rye", "answer_index": "1"},
        {"choice0": "oats", "choice1": "rye", "choice2": "corn", "label": "1.0"}, {"opt1": "oats", "opt2": "rye", "answer": "2"}, {"opt_a": "oats", "opt_b": "rye", "answer": "b"},
        {"options": "a ) oats , b ) rye , c ) corn", "correct": "b"}, {"options": [{"A": "oats"}, {"B": "rye"}], "answer": "B"}, {"options": [["A", "oats"], ["B", "rye"]], "answer": "B"},
        {"options": NAMES, "answer": "The correct answer is (B)."}, {"options": NAMES, "answer": "Answer: B"}, {"options": NAMES, "label": 1.0},
        {"target_scores": {"oats": 0, "rye": 1}}, {"answers": {"oats": False, "rye": True}},
    ],
)  # fmt: skip
def test_an_option_is_named_in_every_form(more: dict[str, Any]) -> None:
    (found,) = said("x.jsonl", lines({**ASK, **more}))
    assert found[-1].partition(". ")[2] == "rye" or found[-1] == "rye"
    assert found[0].startswith("Which is dark?\n") and "oats" in found[0] and "{" not in found[0]


def test_several_letters_name_several_options_and_a_word_names_none() -> None:
    for answer in ("AC", "A, C", "A and C", "A;C"):
        assert one({**ASK, "options": NAMES, "answer": answer}) == "A. oats\nC. corn"
    for answer in ("CAB", "A BC D", "BEAD"):
        assert one({**ASK, "options": NAMES, "answer": answer}) == answer


def test_answers_are_options_only_where_another_field_names_one_of_them() -> None:
    wordings = {**ASK, "answers": ["rye", "dark rye"], "correct_answer": "rye"}
    assert said("x.jsonl", lines(wordings)) == [("Which is dark?", "rye")]
    assert one({**ASK, "answers": NAMES, "correct": 2}) == "ambiguous_option"
    assert said("x.jsonl", lines({"input": "Which is dark?", "options": NAMES, "answer": "B"}))[0][0].count("dark") == 1


BEFORE = ["What is dill?", "A herb."]
ROUNDS = ("user: What is dill?", "assistant: A herb.", "user: And mace?", "assistant: A spice.")


@pytest.mark.parametrize("names", [("prompt", "response"), ("query", "response"), ("instruction", "output"), ("instruction", "response"), ("question", "answer"), ("message", "response")])  # fmt: skip
@pytest.mark.parametrize(
    "history",
    [
        [BEFORE], str([BEFORE]), [{"question": BEFORE[0], "answer": BEFORE[1]}],
        [{"role": "user", "content": BEFORE[0]}, {"role": "assistant", "content": BEFORE[1]}], [{"role": "USER", "message": BEFORE[0]}, {"role": "CHATBOT", "message": BEFORE[1]}],
    ],
)  # fmt: skip
def test_the_rounds_beside_a_question_come_before_it(names: tuple[str, str], history: Any) -> None:
    exchange = dict(zip(names, ("And mace?", "A spice."), strict=True))
    assert said("x.jsonl", lines({**exchange, "history": history})) == [ROUNDS]
    assert said("x.jsonl", lines({**exchange, "chat_history": history, "system": "Be brief."})) == [
        ("system: Be brief.", *ROUNDS)
    ]
    assert said("x.jsonl", lines({**exchange, "history": []})) == [("And mace?", "A spice.")]


@pytest.mark.parametrize("asked", [{"messages": [{"role": "user", "content": "Why?"}]}, {"conversations": [{"from": "human", "value": "Why?"}]}, {"dialogue": [{"speaker": "USER", "text": "Why?"}]}])  # fmt: skip
@pytest.mark.parametrize("answer", [{"response": "So."}, {"output": {"role": "assistant", "content": "So."}}, {"completion": [{"role": "assistant", "content": "So."}]}])  # fmt: skip
def test_the_answer_beside_messages_that_end_with_a_question_is_theirs(asked: Any, answer: Any) -> None:
    assert said("x.jsonl", lines({**asked, **answer})) == [("Why?", "So.")]
    assert said("x.jsonl", lines({**asked, "label": "So."})) == [("user: Why?",)]


def test_tools_beside_a_query_and_all_calls_of_its_answer_are_kept() -> None:
    tools, calls = [{"name": "heat", "parameters": {}}], [{"name": "heat", "arguments": {"pot": pot}} for pot in (1, 2)]
    ((system, user, answer),) = said("x.jsonl", lines({"query": "Heat both.", "tools": tools, "answers": calls}))
    assert '"heat"' in system and user == "user: Heat both." and answer.count('"pot"') == 2
    code = {"prompt": "Write it.", "function": "def f(): ...", "response": "def f(): return 1"}
    assert said("x.jsonl", lines(code)) == [("Write it.", "def f(): return 1")]


@pytest.mark.parametrize(
    "context",
    [
        [["Rye", ["It is dark.", " It keeps."]], ["Oats", ["They are light."]]], {"title": ["Rye", "Oats"], "sentences": [["It is dark.", " It keeps."], ["They are light."]]},
        [{"title": "Rye", "text": "It is dark. It keeps."}, {"title": "Oats", "text": "They are light."}],
    ],
)  # fmt: skip
def test_texts_with_titles_are_a_context_in_words(context: Any) -> None:
    words = "Which is dark?\n\nRye\nIt is dark. It keeps.\n\nOats\nThey are light."
    assert said("x.jsonl", lines({**ASK, "context": context, "answer": "Rye"})) == [(words, "Rye")]


def test_several_contexts_without_titles() -> None:
    for more in ({"contexts": ["One.", "Two."]}, {"context": {"contexts": ["One.", "Two."]}}):
        assert said("x.jsonl", lines({**ASK, **more, "long_answer": "Rye."})) == [
            ("Which is dark?\n\nOne.\nTwo.", "Rye.")
        ]


@pytest.mark.parametrize(
    "words", ["<image>\nWhat is it?", "What is it?\n<image>", "Look:\n<image_1>\nWhat?", "What is it? <image>"]
)
def test_the_place_of_a_picture_in_the_words(words: str) -> None:
    talk = [{"from": "human", "value": words}, {"from": "gpt", "value": "A dog."}]
    assert said("x.jsonl", lines({"conversations": talk})) == ["other_media"]
    talk[0]["value"] = "What does the tag <image> do in SVG?"
    assert said("x.jsonl", lines({"conversations": talk})) == [(talk[0]["value"], "A dog.")]


def test_numbers_of_tokens_are_no_words() -> None:
    tokens = {"inputs": [3, 9, 1], "targets": [7, 1]}
    assert said("x.jsonl", lines(tokens)) == ["unknown_shape"]
    assert "tokens" in details("x.jsonl", lines(tokens))[0]
    assert said("x.jsonl", lines({**tokens, "inputs_pretokenized": "Why?", "targets_pretokenized": "So."})) == [
        ("Why?", "So.")
    ]


def test_questions_and_answers_in_two_lists_of_one_record_are_not_joined() -> None:
    assert one({"id": "r", "user": ["Why?", "How?"], "assistant": ["So.", "Thus."]}) == "unknown_shape"


@pytest.mark.parametrize(
    ("record", "read"),
    [
        ({"text": "Add two numbers.", "code": "a + b", "test_list": ["assert f(1, 2) == 3"]}, ("Add two numbers.", "a + b")),
        ({"prompt": "Add two numbers.", "code": "a + b", "test_list": ["assert f"]}, ("Add two numbers.", "a + b")), ({"prompt": "def f(a, b):", "canonical_solution": "    return a + b"}, ("def f(a, b):", "    return a + b")),
        ({"Frage": "Warum?", "Antwort": "Darum."}, ("Warum?", "Darum.")), ({"pregunta": "¿Por qué?", "respuesta": "Porque sí."}, ("¿Por qué?", "Porque sí.")),
        ({"question": "Pourquoi ?", "réponse": "Parce que."}, ("Pourquoi ?", "Parce que.")), ({"问题": "为什么？", "答案": "因为。"}, ("为什么？", "因为。")),
        ({"指令": "翻译", "输入": "茶", "输出": "tea"}, ("翻译\n\n茶", "tea")), ({"question_title": "Why?", "question_body": "I wonder.", "best_answer": "So."}, ("Why?\n\nI wonder.", "So.")),
        ({"prompt": "\n\nHuman: Why?\n\nAssistant: ", "answers": ["So."]}, ("Why?", "So.")), ({"conversation": [{"human": "Why?"}, {"gpt": "So."}]}, ("Why?", "So.")),
        ({"id": 1, "messages": {"0": {"role": "user", "content": "Why?"}, "1": {"role": "assistant", "content": "So."}}}, ("Why?", "So.")),
        ({"name": "n", "chat_messages": [{"sender": "human", "text": "Why?"}, {"sender": "assistant", "text": "So."}]}, ("Why?", "So.")),
    ],
)  # fmt: skip
def test_other_names_for_what_is_asked_and_answered(record: dict[str, Any], read: tuple[str, str]) -> None:
    assert said("x.jsonl", lines(record)) == [read]


def test_a_text_with_a_code_that_is_no_program_stays_a_passage() -> None:
    assert said("x.jsonl", lines({"title": "Rye", "text": "A cereal.", "code": "R1"})) == [
        ("passage", "Rye", "A cereal.")
    ]
    assert said("x.jsonl", lines({"message": "Win now", "label": "spam"})) == ["unknown_shape"]
