"""Every raw shape becomes the turns it means; what is no known shape is said to be none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.ingest.sources import NESTED, SHAPES, detect, original_id, unfold
from spark_jobs.ingest.sources.field_map import apply_field_map
from spark_jobs.ingest.sources.fields import is_record
from spark_jobs.ingest.sources.message_tree import flat_message
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.reference import read_truth
from spark_jobs.ingest.sources.threads import Threads


def qa(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


SINGLE = [
    ("alpaca", {"instruction": "Add", "input": "", "output": "4"}, qa("Add", "4")),
    ("alpaca", {"instruction": "Add", "input": "2 and 2", "output": 4}, qa("Add\n\n2 and 2", "4")),
    ("alpaca", {"instruction": "Add", "output": None}, qa("Add", "")),
    ("alpaca", {"instruction": "Add", "input": "", "output": "4", "answer": "5"}, qa("Add", "4")),
    (
        "dolly",
        {"instruction": "Sum up", "context": "Long.", "response": "Short.", "category": "x"},
        qa("Sum up\n\nLong.", "Short."),
    ),
    ("dolly", {"instruction": "Greet", "input": "Ann", "response": "Hi"}, qa("Greet\n\nAnn", "Hi")),
    ("prompt_completion", {"prompt": "1+1=", "completion": "2"}, qa("1+1=", "2")),
    ("prompt_completion", {"inputs": "1+1=", "targets": "2"}, qa("1+1=", "2")),
    ("prompt_completion", {"input": "True and False", "target": "False"}, qa("True and False", "False")),
    ("question_answer", {"question": "Why?", "answer": ["", "Because."]}, qa("Why?", "Because.")),
    ("question_answer", {"Type": "A", "Question": "Why?", "Best Answer": "So.", "Source": "s"}, qa("Why?", "So.")),
    ("sharegpt", {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]}, qa("Hi", "Ho")),
    (
        "openai_messages",
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]},
        qa("Hi", "Ho"),
    ),
    ("preference", {"prompt": "Hi", "chosen": "Ho", "rejected": "No"}, qa("Hi", "Ho")),
    (
        "preference",
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Ho", "rejected": "\n\nHuman: Hi\n\nAssistant: No"},
        qa("Hi", "Ho"),
    ),
    ("preference", {"Instruction": "Hi", "chosen_response": "Ho", "rejected_response": "No"}, qa("Hi", "Ho")),
    ("prompt_completion", {"Prompt": "Hi", "modelResponse": "Ho"}, qa("Hi", "Ho")),
    ("prompt_completion", {"row_idx": 1, "row": {"prompt": "Hi", "completion": "Ho"}}, qa("Hi", "Ho")),
    ("prompt_completion", {"source": "Hi", "target": "Ho"}, qa("Hi", "Ho")),
    ("prompt_completion", {"task": "sum", "input": "1 1", "label": 2}, qa("1 1", "2")),
    ("question_answer", {"task": "sum", "question": "1+1", "answer": 2}, qa("1+1", "2")),
    ("question_answer", {"sQuestion": "1+1", "lSolutions": [2.0]}, qa("1+1", "2.0")),
    ("question_answer", {"context": "c", "question": "q", "answers": {"text": ["a"], "start": [1]}}, qa("q\n\nc", "a")),
    ("question_answer", {"question": "q", "choices": ["x", "y"], "answer": 1}, qa("q\nA. x\nB. y", "B. y")),
    ("question_answer", {"question": "q", "A": "x", "B": "y", "answer": "b"}, qa("q\nA. x\nB. y", "B. y")),
    ("question_answer", {"prompt": "q", "options": ["A)x", "B)y"], "correct": "B"}, qa("q\nA)x\nB)y", "B)y")),
    ("question_answer", {"goal": "g", "sol1": "x", "sol2": "y", "label": 0}, qa("g\n1. x\n2. y", "1. x")),
    (
        "question_answer",
        {"question": {"stem": "q", "choices": [{"label": "C", "text": "z"}]}, "answerKey": "C"},
        qa("q\nC. z", "C. z"),
    ),
    (
        "question_answer",
        {"question": "q", "choices": {"text": ["x", "y"], "label": ["1", "2"]}, "answerKey": "2"},
        qa("q\n1. x\n2. y", "2. y"),
    ),
    (
        "question_answer",
        {"question": "Do you?", "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " No"},
        qa("Do you?", " Yes"),
    ),
    (
        "dialogue",
        {"turns": [{"speaker": "USER", "utterance": "Hi"}, {"speaker": "SYSTEM", "utterance": "Ho"}]},
        qa("Hi", "Ho"),
    ),
    (
        "dialogue",
        {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Ho"}]}]},
        qa("Hi", "Ho"),
    ),
    (
        "prompt_completion",
        {"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Ho"}]},
        qa("Hi", "Ho"),
    ),
    ("alpaca", {"instruction": "Add", "inputs": "1 1", "outputs": "2"}, qa("Add\n\n1 1", "2")),
    ("prompt_completion", {"Context": "Hi", "Response": "Ho"}, qa("Hi", "Ho")),
    ("dialogue", {"dialog": ["Hi", "Ho"]}, qa("Hi", "Ho")),
    ("dialogue", {"history": [["Hi", "Ho"]]}, qa("Hi", "Ho")),
    ("dialogue", {"conversation": [{"human": "Hi", "assistant": "Ho"}]}, qa("Hi", "Ho")),
    ("questions", {"question_id": 1, "turns": ["Hi"], "reference": ["Ho"]}, qa("Hi", "Ho")),
    (
        "questions",
        {"question_id": 1, "turns": ["Hi", "More"]},
        [{"role": "user", "content": text} for text in ("Hi", "More")],
    ),
    (
        "questions",
        {"id": "b", "question": [[{"role": "user", "content": "Hi"}], [{"role": "user", "content": "More"}]]},
        [{"role": "user", "content": text} for text in ("Hi", "More")],
    ),
    ("transcript", {"text": "### Human: Hi\n### Assistant: Ho"}, qa("Hi", "Ho")),
    ("transcript", {"text": "Q: Hi\nA: Ho"}, qa("Hi", "Ho")),
    ("transcript", {"text": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHo<|im_end|>"}, qa("Hi", "Ho")),
    (
        "transcript",
        {"text": "Below is a task.\n\n### Instruction:\nAdd\n\n### Input:\n1 1\n\n### Response:\n2"},
        [{"role": "system", "content": "Below is a task."}, *qa("Add\n\n1 1", "2")],
    ),
    ("sides", {"prompt": "Hi", "response_a": "Hm", "response_b": "Ho", "winner": "model_b"}, qa("Hi", "Ho")),
    (
        "preference",
        {"conversations": [{"from": "human", "value": "Hi"}], "chosen": {"from": "gpt", "value": "Ho"}, "rejected": {}},
        qa("Hi", "Ho"),
    ),
]


@pytest.mark.parametrize(("shape", "record", "turns"), SINGLE)
def test_a_single_question_in_every_shape(shape: str, record: dict[str, object], turns: list[dict[str, str]]) -> None:
    assert detect(record) == (shape, turns)


def test_every_shape_has_an_example() -> None:
    assert {shape for shape, _, _ in SINGLE} == set(SHAPES)


def test_conversations_keep_system_tools_and_calls() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    record = {
        "tools": [{"name": "weather"}],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Rain?"}, {"type": "text", "text": "Today?"}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "dry"},
            {
                "role": "assistant",
                "content": [{"type": "reasoning", "value": "It is dry."}, {"type": "text", "value": "No."}],
            },
        ],
    }
    found = detect(record)
    assert found is not None
    assert [turn["role"] for turn in found[1]] == ["system", "system", "user", "assistant", "tool", "assistant"]
    contents = [turn["content"] for turn in found[1]]
    assert contents[0] == '[{"name":"weather"}]'
    assert contents[2] == "Rain?\nToday?"
    assert '"name":"weather"' in contents[3]
    assert contents[5] == "<think>\nIt is dry.\n</think>\nNo."


def test_sharegpt_functions_become_assistant_and_tool_turns() -> None:
    said = [("human", "Rain?"), ("function_call", '{"name": "weather"}'), ("observation", "dry"), ("gpt", "No.")]
    record = {
        "conversations": [{"from": role, "value": text} for role, text in said],
        "system": "Be brief.",
        "tools": "[]",
    }
    found = detect(record)
    assert found is not None
    # an empty list of tools, written as text, is none
    assert [turn["role"] for turn in found[1]] == ["system", "user", "assistant", "tool", "assistant"]


def test_alpaca_history_comes_before_the_question() -> None:
    found = detect(
        {"instruction": "And 3?", "input": "", "output": "9", "history": [["2 squared?", "4"]], "system": "Count."}
    )
    assert found is not None
    assert [turn["content"] for turn in found[1]] == ["Count.", "2 squared?", "4", "And 3?", "9"]


def test_a_chosen_conversation_is_taken_whole() -> None:
    chosen = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    assert detect({"prompt": "Hi", "chosen": chosen, "rejected": []}) == ("preference", qa("Hi", "Ho"))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"instruction": "no answer anywhere"},
        {"message_id": "m", "text": "one message of a tree", "role": "prompter"},
        {"messages": []},
        {"messages": [{"role": "narrator", "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"conversations": "text"},
        {"chosen": "x", "rejected": "y"},
        {"id": "a", "ground_truth": [{"question": "q", "answer": "a"}]},
        {"file": "a.jsonl", "first_line": "1", "last_line": "9"},
        {"text": "a film I liked", "label": 1},
        {"text": "Note: this is no conversation."},
        {"row": {"nothing": 1}},
    ],
)
def test_other_records_have_no_shape(record: dict[str, object]) -> None:
    assert detect(record) is None
    assert unfold(record) is None


def test_instances_carry_their_definition() -> None:
    found = unfold(
        {
            "id": "t1",
            "instruction": "Add",
            "instances": [{"input": "2", "output": ["4"]}, {"input": "3", "output": "6"}],
        }
    )
    assert found is not None
    assert found[0] == "instances"
    assert [detect(unit) for unit in found[1]] == [("alpaca", qa("Add\n\n2", "4")), ("alpaca", qa("Add\n\n3", "6"))]
    assert [original_id(unit) for unit in found[1]] == ["t1", "t1"]
    assert unfold({"Definition": ["Add up.", "Twice."], "Instances": [{"input": "1", "output": ["2"]}]}) == (
        "instances",
        [{"instruction": "Add up.\nTwice.", "input": "1", "output": ["2"]}],
    )


def test_taxonomy_questions_with_and_without_a_shared_context() -> None:
    flat = unfold({"version": 2, "seed_examples": [{"question": "q", "answer": "a"}]})
    assert flat == ("taxonomy", [{"question": "q", "answer": "a"}])
    pairs = [{"question": "q", "answer": "a"}, {"question": "r", "answer": "b"}]
    shared = unfold({"seed_examples": [{"context": "c", "questions_and_answers": pairs}]})
    assert shared is not None
    assert [detect(unit) for unit in shared[1]] == [
        ("question_answer", qa("q\n\nc", "a")),
        ("question_answer", qa("r\n\nc", "b")),
    ]


def test_a_tree_is_all_its_paths() -> None:
    leaves = [{"message_id": name, "role": "assistant", "text": name, "replies": []} for name in ("a", "b")]
    found = unfold(
        {"message_tree_id": "t", "prompt": {"message_id": "t", "role": "prompter", "text": "Hi", "replies": leaves}}
    )
    assert found is not None
    assert found[0] == "message_tree"
    assert [detect(unit) for unit in found[1]] == [
        ("openai_messages", qa("Hi", "a")),
        ("openai_messages", qa("Hi", "b")),
    ]
    assert [original_id(unit) for unit in found[1]] == ["a", "b"]


def test_passages_and_truths() -> None:
    assert read_passage({"title": "Tea", "text": "A drink.", "id": 1}) == ("Tea", "A drink.")
    assert read_passage({"title": "Tea", "extract": "A drink."}) == ("Tea", "A drink.")
    assert read_passage({"title": "Tea", "year": 1999}) is None
    assert read_passage({"doc": 1, "text": "A drink."}) == ("", "A drink.")
    assert read_passage({"role": "user", "text": "A drink?"}) is None
    found = read_truth({"id": "f", "facts": ["one", "two"], "text": "one two"})
    assert found is not None
    assert (found.name, found.text, found.facts) == ("f", "one two", ["one", "two"])
    assert read_truth({"id": "f", "text": "no facts"}) is None


def test_what_wraps_records_is_its_records() -> None:
    rows = [{"row": {"prompt": "p", "completion": "c"}}]
    assert unfold({"features": [], "rows": rows}) == ("wrapper", rows)
    squad = {"title": "t", "paragraphs": [{"context": "c", "qas": [{"question": "q", "answers": [{"text": "a"}]}]}]}
    assert unfold({"version": "1", "data": [squad]}) == ("instances", [squad])
    found = unfold(squad)
    assert found is not None
    assert detect(found[1][0]) == ("question_answer", qa("q\n\nc", "a"))


def test_fields_named_by_the_user_are_read_under_known_names() -> None:
    record = {"q": {"text": "Hi"}, "a.b": "Ho", "list": [{"x": "deep"}], "other": 1}
    assert apply_field_map(record, {"prompt": "q.text", "response": "a.b"}) == {"prompt": "Hi", "response": "Ho"}
    assert apply_field_map(record, {"context": "list.0.x", "system": "absent"}) == {"context": "deep"}
    assert apply_field_map(record, {"prompt": "other.x"}) is None


def test_messages_are_joined_from_the_root_to_every_leaf_and_faults_are_named() -> None:
    said = [("b", "a", "assistant"), ("a", None, "prompter"), ("c", "a", "assistant"), ("x", "gone", "assistant"),
            ("l", "m", "prompter"), ("m", "l", "assistant")]  # fmt: skip
    with Threads() as threads:
        for place, (own, parent, role) in enumerate(said, 1):
            found = flat_message({"message_id": own, "parent_id": parent, "text": own, "role": role})
            assert found is not None
            assert threads.add(place, own.encode(), found)
            assert not threads.add(place, b"again", found)
        joined = list(threads.conversations())
    assert [(one.position, one.raw) for one in joined] == [(1, b"a\nb"), (3, b"a\nc"), (4, b"x"), (5, b"l"), (6, b"m")]
    assert joined[0].record == {
        "messages": [{"role": "prompter", "content": "a"}, {"role": "assistant", "content": "b"}],
        "id": "b",
    }
    assert [bool(one.fault) for one in joined] == [False, False, True, True, True]
    assert "'gone'" in (joined[2].fault or "")
    assert "loop" in (joined[3].fault or "")


NAMES = """instruction input output response context prompt completion question answer messages conversations from value role
content chosen rejected instances Definition seed_examples questions_and_answers message_tree_id replies text title facts id
history system tools tool_calls turns reference choices label dialog row paragraphs context qas speaker utterance"""
FIELDS = st.sampled_from(NAMES.split())
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["user", "gpt"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(FIELDS, values, max_size=4),
    max_leaves=20,
)


# the fields of each shape, holding anything: the records most likely to surprise a mapper
PROMISES = st.sampled_from(
    [record for _, record, _ in SINGLE] + [{"instruction": 1, "output": 1, "history": 1, "system": 1}]
)
BROKEN = PROMISES.flatmap(lambda record: st.fixed_dictionaries(dict.fromkeys(record, JSON)))


@given(BROKEN | st.dictionaries(FIELDS, JSON, max_size=5))
def test_no_record_breaks_a_detector_and_every_turn_is_text(record: dict[str, object]) -> None:
    units = unfold(record)
    for unit in units[1] if units else [record]:
        found = detect(unit) if is_record(unit) else None
        for turn in found[1] if found else []:
            assert isinstance(turn["content"], str)
            assert turn["role"] in {"system", "user", "assistant", "tool"}


def test_nested_shapes_are_known_by_name() -> None:
    assert set(NESTED) == {"columns", "message_tree", "taxonomy", "reading", "examination", "instances", "wrapper"}
