"""Every raw shape becomes the turns it means; what is no known shape is said to be none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.sources import NESTED, SHAPES, detect, original_id, unfold
from spark_jobs.sources.passage import passage
from spark_jobs.sources.reference import truth
from spark_jobs.sources.turns import is_record


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
            {"role": "user", "content": [{"type": "text", "text": "Rain?"}, {"type": "image_url", "image_url": "u"}]},
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
    assert contents[2].startswith("Rain?\n")
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
    assert [turn["role"] for turn in found[1]] == ["system", "system", "user", "assistant", "tool", "assistant"]


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
    assert passage({"title": "Tea", "text": "A drink.", "id": 1}) == ("Tea", "A drink.")
    assert passage({"title": "Tea", "extract": "A drink."}) == ("Tea", "A drink.")
    assert passage({"title": "Tea", "year": 1999}) is None
    assert passage({"text": "A drink."}) is None
    found = truth({"id": "f", "facts": ["one", "two"], "text": "one two"})
    assert found is not None
    assert (found.name, found.text, found.facts) == ("f", "one two", ["one", "two"])
    assert truth({"id": "f", "text": "no facts"}) is None


NAMES = """instruction input output response context prompt completion question answer messages conversations from value role
content chosen rejected instances Definition seed_examples questions_and_answers message_tree_id replies text title facts id
history system tools tool_calls"""
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
    assert set(NESTED) == {"message_tree", "taxonomy", "instances"}
