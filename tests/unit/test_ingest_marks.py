"""What stands beside the text - labels, marks of training, pictures, thoughts, calls, instructions - is kept, obeyed or named."""

import math
from typing import Any

import pytest
from raw_files import details, lines, said

ASKED = {"prompt": "How long do eggs keep?", "completion": "Three weeks, cold."}
READ = ("How long do eggs keep?", "Three weeks, cold.")
TALK = [{"role": "user", "content": READ[0]}, {"role": "assistant", "content": READ[1]}]


def one(record: Any) -> Any:
    (found,) = said("x.jsonl", lines(record))
    return found


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("label", False, True), ("label", "False", "True"), ("label", 0, 1), ("label", "bad", "good"), ("is_correct", False, True),
        ("isCorrect", "false", "true"), ("accepted", False, True), ("selected", False, True), ("is_selected", 0, 1),
        ("rejected", True, False), ("is_rejected", True, False), ("rating", 1, 5), ("rating", "1/5", "4/5"), ("stars", 1, 4),
        ("score", -2, 3), ("feedback", "thumbs_down", "thumbs_up"), ("verdict", "incorrect", "correct"), ("quality", "bad", "good"),
        ("status", "rejected", "published"), ("desirable", False, True), ("kto_tag", False, True),
    ],
)  # fmt: skip
def test_a_label_that_calls_the_answer_bad_keeps_it_out(name: str, bad: Any, good: Any) -> None:
    assert one({**ASKED, name: bad}) == "bad_answer"
    assert one({**ASKED, name: good}) == READ
    assert one({"messages": TALK, name: bad}) == "bad_answer"
    assert name in details("x.jsonl", lines({**ASKED, name: bad}))[0]


@pytest.mark.parametrize(
    "record",
    [
        {**ASKED, "label": "no", "completion": "no"},
        {**ASKED, "label": "entailment"},
        {**ASKED, "rating": 1.0},
        {**ASKED, "score": 0},
        {**ASKED, "quality": None},
        {**ASKED, "selected": None},
        {**ASKED, "label": ""},
        {"question": "Which?", "choices": ["a", "b"], "label": 0},
        {"prompt": "Which?", "chosen": "This.", "rejected": "That.", "label": 0},
        {"text": "It rains.", "label": "bad"},
    ],
)
def test_a_label_that_may_mean_something_else_says_nothing_about_the_answer(record: dict[str, Any]) -> None:
    assert one(record) != "bad_answer"


@pytest.mark.parametrize(
    "answers",
    [
        [{"text": "bad", "score": 1}, {"text": "best", "score": 9}],
        [{"text": "bad", "selected": False}, {"text": "best", "selected": True}],
        [{"body": "bad", "accepted": 0}, {"body": "best", "accepted": 1}],
        [{"answer": "best", "is_correct": True}, {"answer": "bad", "is_correct": False}],
        [{"text": "bad", "rank": 2}, {"text": "best", "rank": 1}],
        [{"response": "bad", "overall_score": 3.5}, {"response": "best", "overall_score": 8}],
        [{"content": "bad", "rating": 1}, {"content": "best", "rating": 5}],
        [{"text": "best"}, {"text": "also good"}],
        ["best", "also good"],
        {"text": ["best"], "answer_start": [3]},
    ],
)
def test_of_several_answers_the_best_by_their_own_marks_is_the_answer(answers: Any) -> None:
    assert one({"question": "Which?", "answers": answers}) == ("Which?", "best")


def test_scores_in_a_list_beside_the_answers() -> None:
    assert one({"prompt": "Which?", "responses": ["bad", "best"], "scores": [1, 9]}) == ("Which?", "best")


def test_if_every_answer_is_called_bad_there_is_none() -> None:
    assert one({"question": "Which?", "answers": [{"text": "a", "is_correct": False}]}) == "bad_answer"


@pytest.mark.parametrize(
    "chosen",
    [None, "", "  ", "\n", [], {}, "null", "None", "nan", "[]", [{"role": "assistant", "content": ""}], [TALK[0]]],
)
def test_an_empty_better_side_is_no_answer_and_the_worse_one_never_is(chosen: Any) -> None:
    assert one({"prompt": "Which?", "chosen": chosen, "rejected": "That."}) == "bad_answer"


def test_a_pair_without_its_better_side() -> None:
    assert one({"prompt": "Which?", "rejected": "That."}) == "bad_answer"
    assert "'rejected'" in details("x.jsonl", lines({"prompt": "Which?", "rejected": "That."}))[0]


@pytest.mark.parametrize(("name", "value"), [("weight", 0), ("weight", 0.0), ("weight", "0"), ("train", False), ("train", "no"), ("train", 0), ("loss", False), ("loss", "False"), ("trainable", "false"), ("loss_weight", 0), ("loss_mask", 0)])  # fmt: skip
def test_what_is_not_to_be_trained_on_is_no_answer(name: str, value: Any) -> None:
    assert one({**ASKED, name: value}) == "not_for_training"
    assert one({"messages": [TALK[0], {**TALK[1], name: value}]}) == "not_for_training"
    # the conversation ends with the last answer that may be learned
    more = [*TALK, {"role": "user", "content": "Warm?"}, {"role": "assistant", "content": "For ever.", name: value}]
    assert one({"messages": more})[:2] == READ or one({"messages": more}) == (
        *(f"{t['role']}: {t['content']}" for t in more[:3]),
    )
    assert "For ever." not in str(one({"messages": more}))
    # an earlier answer is only what the last one follows
    before = [
        TALK[0],
        {**TALK[1], name: value},
        {"role": "user", "content": "Sure?"},
        {"role": "assistant", "content": "Yes."},
    ]
    assert one({"messages": before})[-1] == "assistant: Yes."


@pytest.mark.parametrize("tools", ["[]", " [] ", "[ ]", "", " ", [], {}, None, "null", "None", "{}", "nan"])
def test_no_tools_in_any_form_are_no_turn(tools: Any) -> None:
    assert one({"messages": TALK, "tools": tools}) == READ


def test_calls_and_results_stay_matchable() -> None:
    calls = [
        {"id": name, "function": {"name": "price", "arguments": {"of": name, "loud": True}}} for name in ("k1", "k2")
    ]
    results = [{"role": "tool", "tool_call_id": name, "content": f"{name} euro"} for name in ("k2", "k1")]
    talk = [TALK[0], {"role": "assistant", "content": None, "tool_calls": calls}, *results, TALK[1]]
    found = one({"messages": talk})
    assert found[2:4] == ("tool: tool_call_id: k2\nk2 euro", "tool: tool_call_id: k1\nk1 euro")
    assert '"arguments":{"of":"k1","loud":true}' in found[1]
    assert "None" not in str(found) and "null" not in str(found)
    empty = [{**message, "tool_calls": [{"name": None}], "tool_call_id": None} for message in TALK]
    assert one({"messages": empty}) == READ


@pytest.mark.parametrize("order", [["k1", "k2"], ["k2", "k1"], ["k2"], ["k1", "k3", "k2"], ["k1", "k1"]])
@pytest.mark.parametrize("name", ["tool_call_id", "call_id"])
def test_each_result_names_the_call_that_it_answers(name: str, order: list[str]) -> None:
    calls = [{"id": call, "function": {"name": "price", "arguments": "{}"}} for call in ("k1", "k2", "k3")]
    results = [{"role": "tool", name: call, "content": f"{call} euro"} for call in order]
    found = one({"messages": [TALK[0], {"role": "assistant", "content": "", "tool_calls": calls}, *results, TALK[1]]})
    assert found[2:-1] == tuple(f"tool: tool_call_id: {call}\n{call} euro" for call in order)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_in_a_field_of_their_own_come_before_the_answer(name: str) -> None:
    thought = f"<think>\nThink of the date.\n</think>\n{READ[1]}"
    assert one({"messages": [TALK[0], {**TALK[1], name: "Think of the date."}]}) == (READ[0], thought)
    assert one({**ASKED, name: "Think of the date."}) == (READ[0], thought)
    assert one({**ASKED, name: None}) == READ


@pytest.mark.parametrize(
    "more",
    [
        {"image": "egg.png"}, {"images": ["egg.png"]}, {"images": '["egg.png"]'}, {"video": {"path": "egg.mp4"}}, {"audio": [0.1]},
        {"image": {"bytes": "iVBORw0KGgo="}}, {"image": {"url": "https://mail.example/egg.png"}}, {"images": [{"path": "egg.png"}]}, {"videos": ["egg.mp4"]},
        {"audios": ["egg.wav"]}, {"image_path": "egg.png"}, {"image_url": "https://mail.example/egg.png"},
    ],
)  # fmt: skip
def test_what_is_to_be_looked_at_is_named(more: dict[str, Any]) -> None:
    assert one({**ASKED, **more}) == "other_media"
    assert one({**ASKED, **dict.fromkeys(more)}) == READ
    assert one({**ASKED, **{name: [] for name in more}}) == READ


def test_a_part_that_is_a_picture_is_named() -> None:
    shown = [{"type": "image_url", "image_url": {"url": "egg.png"}}, {"type": "text", "text": "What is it?"}]
    assert one({"messages": [{"role": "user", "content": shown}, TALK[1]]}) == "other_media"


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "text": "Yes."}, [{"type": "text", "text": "Yes."}], {"answer": "Yes."}, {"text": "Yes.", "tokens": 3},
        [{"type": "text", "text": {"value": "Yes.", "annotations": []}}], {"content_type": "text", "parts": ["Yes."]},
        [{"type": "output_text", "text": "Yes."}], '[{"type": "text", "text": "Yes."}]', [{"text": "Yes."}], {"parts": [{"text": "Yes."}]},
        ["Yes."], {"reply": {"text": "Yes.", "finish_reason": "stop"}},
    ],
)  # fmt: skip
def test_content_objects_are_their_text(content: Any) -> None:
    assert one({"messages": [TALK[0], {"role": "assistant", "content": content}]}) == (READ[0], "Yes.")


def test_an_answer_that_is_json_stays_json() -> None:
    asked = {"prompt": "As JSON?", "completion": '{"type": "egg", "text": "Yes."}'}
    assert one(asked) == ("As JSON?", asked["completion"])
    assert one({"prompt": "As JSON?", "completion": {"egg": 1, "ham": 2}}) == ("As JSON?", '{"egg":1,"ham":2}')


@pytest.mark.parametrize(
    "empty",
    [None, "", " ", [], {}, False, math.nan, "nan", "NaN", "None", "null", "[]", "<noinput>", "<No Input>", "noinput", "No input.", "N/A", [""]],
)  # fmt: skip
@pytest.mark.parametrize("names", [("instruction", "input", "output"), ("question", "context", "answer"), ("instruction", "context", "response")])  # fmt: skip
def test_empty_context_in_any_form_is_none(empty: Any, names: tuple[str, str, str]) -> None:
    asked, context, answer = names
    assert one({asked: READ[0], context: empty, answer: READ[1]}) == READ


@pytest.mark.parametrize("more", ["0", 0, "no", "nanometre", "None of these"])
def test_a_short_context_is_one(more: Any) -> None:
    assert one({"instruction": "Which?", "input": more, "output": "This."}) == (f"Which?\n\n{more}", "This.")


@pytest.mark.parametrize(
    "name",
    ["system", "system_prompt", "systemPrompt", "system_message", "sys", "sys_prompt", "system_instruction", "System Instructions",
     "developer", "preprompt"],
)  # fmt: skip
def test_instructions_for_the_system_stay(name: str) -> None:
    turns = ("system: Be brief.", *(f"{turn['role']}: {turn['content']}" for turn in TALK))
    assert one({**ASKED, name: "Be brief."}) == turns
    assert one({"messages": TALK, name: {"parts": [{"text": "Be brief."}]}}) == turns
    assert one({"conversation": [{name: "Be brief.", "input": READ[0], "output": READ[1]}]}) == turns
    assert one({"messages": [{"role": "system", "content": "Be brief."}, *TALK], name: "Be brief."}) == turns


@pytest.mark.parametrize(
    ("asks", "answers"),
    [
        ("Human", "Assistant"), ("USER", "MODEL"), ("human ", " gpt"), ("end-user", "AI Assistant"), ("prompter", "ChatBot"),
        ("customer", "agent"), ("User", "GPT-4"), ("question", "answer"), ("Student", "Tutor"), ("client", "virtual assistant"),
    ],
)  # fmt: skip
def test_speakers_are_known_however_they_are_written(asks: str, answers: str) -> None:
    assert one({"conversations": [{"from": asks, "value": READ[0]}, {"from": answers, "value": READ[1]}]}) == READ


@pytest.mark.parametrize("name", ["narrator", "Anna", "participant_7", "judge", "crowd"])
@pytest.mark.parametrize("field", ["messages", "conversations", "dialog"])
def test_an_unknown_speaker_is_named(name: str, field: str) -> None:
    record = {field: [*TALK, {"role": name, "content": "Hm."}]}
    assert one(record) == "unknown_role"
    assert repr(name) in details("x.jsonl", lines(record))[0]


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [TALK]},
        {"messages": str(TALK).replace("'", '"')},
        {"messages": str(TALK)},
        {"messages": {"role": ["user", "assistant"], "content": list(READ)}},
        {"conversations": {"from": ["human", "gpt"], "value": list(READ)}},
        {"prompt": [TALK[0]], "completion": [TALK[1]]},
        {"messages": [{**turn, "name": None, "tool_calls": None} for turn in TALK], "tools": None},
        {"messages": [{"author": {"role": turn["role"]}, "content": {"content_type": "text", "parts": [turn["content"]]}} for turn in TALK]},
        {"data": {"messages": TALK}},
        {"row": str({"messages": TALK}).replace("'", '"')},
    ],
)  # fmt: skip
def test_a_chat_in_any_wrapping_is_its_turns(record: dict[str, Any]) -> None:
    assert one(record) == READ
