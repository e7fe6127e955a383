"""The batch runner: nothing is asked twice, one bad request costs no other, a dead engine ends the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.asking import completions
from inference.batch import answered, complete, in_batches, request_id
from inference.text_engines import Completion, EngineFailed, EngineGone, EngineParams, Request
from inference.text_engines.scripted import ScriptedEngine
from lake.errors import UserError
from lake.storage.store import Lake

CACHE = "cache/generations"
PARAMS = EngineParams(kind="scripted", answers=("one", "two", "three"))


class Killed(BaseException):
    """What a kill looks like from inside: no handler of ordinary exceptions may stop it."""


def requests(count: int) -> list[Request]:
    return [Request(f"row{n}", "distil", [{"role": "user", "content": f"question {n}"}]) for n in range(count)]


def row_of(request: Request) -> str:
    """The row that a request is about; the engine itself sees only the key of its answer."""
    return f"row{request.messages[-1]['content'].split()[-1]}"


def sent(engine: ScriptedEngine) -> list[str]:
    return [row_of(request) for request in engine.sent]


def cached_rows(lake: Lake) -> list[dict[str, object]]:
    return lake.dataset(CACHE).to_table().to_pylist() if lake.exists(CACHE) else []


def test_answers_come_back_in_order_under_the_ids_of_their_requests(tmp_path: Path) -> None:
    asked = requests(7)
    completions = list(complete(asked, ScriptedEngine(PARAMS), Lake(str(tmp_path)), shard_size=3))
    assert [completion.id for completion in completions] == [request.id for request in asked]
    assert completions == list(ScriptedEngine(PARAMS).generate(asked))


def test_a_second_run_asks_nothing_and_answers_the_same(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    first = list(complete(requests(7), ScriptedEngine(PARAMS), lake, shard_size=3))
    version = lake.version(CACHE)
    again = ScriptedEngine(PARAMS)
    assert list(complete(requests(7), again, Lake(str(tmp_path)), shard_size=3)) == first
    assert (again.calls, lake.version(CACHE)) == (0, version)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 9), shard_size=st.integers(1, 4), kill=st.integers(0, 9), other_order=st.booleans())
def test_a_killed_run_resumes_without_repeating_a_committed_shard(
    tmp_path_factory: pytest.TempPathFactory, count: int, shard_size: int, kill: int, other_order: bool
) -> None:
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    victim = f"row{kill}"
    killed = ScriptedEngine(PARAMS, fault=lambda request: Killed() if row_of(request) == victim else None)
    taken: list[Completion] = []
    try:
        taken += complete(requests(count), killed, lake, shard_size)
    except Killed:
        assert kill < count
    resumed = ScriptedEngine(PARAMS)
    asked = requests(count)[::-1] if other_order else requests(count)
    completions = list(complete(asked, resumed, Lake(lake.root), shard_size))
    assert sorted(sent(killed) + sent(resumed)) == sorted(request.id for request in asked), (
        "each request is answered exactly once"
    )
    assert {completion.id for completion in completions} == {request.id for request in asked}
    ids = [row["request_id"] for row in cached_rows(lake)]
    assert len(ids) == len(set(ids)) == count


def test_a_kill_between_commit_and_delivery_loses_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    stream = complete(requests(4), ScriptedEngine(PARAMS), lake, shard_size=4)
    next(stream)
    del stream
    again = ScriptedEngine(PARAMS)
    assert len(list(complete(requests(4), again, Lake(str(tmp_path)), shard_size=4))) == 4
    assert again.sent == []


def test_a_question_that_comes_twice_is_asked_once(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    same = [{"role": "user", "content": "the same"}]
    asked = [Request(f"row{n}", "distil", same) for n in range(5)]  # inside one shard, and across two
    engine = ScriptedEngine(PARAMS)
    completions = list(complete(asked, engine, lake, shard_size=3))
    assert [completion.id for completion in completions] == [f"row{n}" for n in range(5)]
    assert len(engine.sent) == len(cached_rows(lake)) == 1


@pytest.mark.parametrize("cached", [True, False])
def test_a_poison_request_becomes_an_error_and_the_others_are_answered_once(tmp_path: Path, cached: bool) -> None:
    lake = Lake(str(tmp_path)) if cached else None
    engine = ScriptedEngine(
        PARAMS, fault=lambda request: ValueError("out of range") if row_of(request) == "row5" else None
    )
    completions = list(complete(requests(8), engine, lake, shard_size=8))
    errors = {completion.id: completion.error for completion in completions if completion.error}
    assert errors == {"row5": "engine_error: ValueError: out of range"}
    assert sorted(sent(engine)) == sorted(f"row{n}" for n in range(8) if n != 5)
    if lake:
        healed = ScriptedEngine(PARAMS)
        assert list(complete(requests(8), healed, lake, shard_size=8)) == completions
        assert healed.calls == 0, "a poison request is not put to the engine again"


def test_an_engine_that_fails_on_everything_ends_the_run_and_leaves_nothing_behind(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    broken = ScriptedEngine(PARAMS, fault=lambda _: RuntimeError("no memory"))
    with pytest.raises(EngineGone, match="no memory"):
        list(complete(requests(4), broken, lake, shard_size=4))
    assert cached_rows(lake) == []


@pytest.mark.parametrize("raised", [EngineGone("the server is gone"), UserError("the key is refused")])
def test_what_is_nobody_elses_fault_is_not_retried(tmp_path: Path, raised: Exception) -> None:
    engine = ScriptedEngine(PARAMS, fault=lambda request: raised if row_of(request) == "row2" else None)
    with pytest.raises(type(raised)):
        list(complete(requests(4), engine, Lake(str(tmp_path)), shard_size=4))
    assert engine.calls == 1


class Flaky(ScriptedEngine):
    """Has no answer for one request the first time, but this error."""

    error = ""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for answer in super().generate(requests):
            refused = self.calls == 1 and row_of(self.sent[-1]) == "row1"
            yield Completion(answer.id, error=self.error) if refused else answer


@pytest.mark.parametrize(
    "error", ["unavailable: HTTP 503", "prompt_too_long: 300 tokens, the model takes 256", "refused: HTTP 400"]
)
def test_what_is_not_the_requests_fault_is_asked_again_in_the_next_run(tmp_path: Path, error: str) -> None:
    lake, flaky = Lake(str(tmp_path)), Flaky(PARAMS)
    flaky.error = error
    first = list(complete(requests(3), flaky, lake))
    second = list(complete(requests(3), flaky, lake))
    assert [completion.error for completion in first] == [None, error, None]
    assert [completion.error for completion in second] == [None, None, None]
    assert sent(flaky) == ["row0", "row1", "row2", "row1"]


def test_the_engine_is_kept_full_across_shards_the_longest_prompts_first() -> None:
    engine = ScriptedEngine(PARAMS, room=4)
    asked = [Request(f"row{n}", "distil", [{"role": "user", "content": f"{'x' * (n % 3)} {n}"}]) for n in range(12)]
    assert [one.id for one in complete(asked, engine, None, shard_size=3)] == [f"row{n}" for n in range(12)]
    assert engine.calls == 3, "twelve requests are three times four, whatever the shards are"
    assert [row_of(request) for request in engine.sent[:3]] == ["row2", "row1", "row0"]


def test_a_request_that_broke_the_engine_by_accident_is_answered_the_second_time(tmp_path: Path) -> None:
    accidents = iter([EngineFailed("died", accident=True)])
    engine = ScriptedEngine(PARAMS, fault=lambda request: next(accidents, None) if row_of(request) == "row5" else None)
    assert [one.error for one in complete(requests(8), engine, Lake(str(tmp_path)))] == [None] * 8
    assert len(cached_rows(Lake(str(tmp_path)))) == 8


def test_a_request_that_kills_the_engine_is_an_error_of_this_run_alone(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    deadly = EngineFailed("the engine's process ended by SIGKILL", accident=True)
    engine = ScriptedEngine(PARAMS, fault=lambda request: deadly if row_of(request) == "row5" else None)
    first = list(complete(requests(8), engine, lake))
    assert [one.error for one in first if one.error] == [f"unavailable: {deadly}"]
    healed = ScriptedEngine(PARAMS)
    assert [one.error for one in complete(requests(8), healed, lake)] == [None] * 8
    assert sent(healed) == ["row5"]


def test_a_run_that_ends_early_keeps_what_was_answered(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    gone = ScriptedEngine(PARAMS, fault=lambda one: EngineGone("gone") if row_of(one) == "row9" else None, room=2)
    with pytest.raises(EngineGone):
        list(complete(requests(20), gone, lake, shard_size=20))
    again = ScriptedEngine(PARAMS)
    assert len(list(complete(requests(20), again, lake, shard_size=20))) == 20
    assert sorted(sent(gone) + sent(again)) == sorted(f"row{n}" for n in range(20))


@settings(max_examples=30, deadline=None)
@given(poison=st.sets(st.integers(0, 19), max_size=5), room=st.integers(1, 9))
def test_each_poison_is_found_and_costs_no_other_request_whatever_stands_together(poison: set[int], room: int) -> None:
    raised = {f"row{n}" for n in poison}
    engine = ScriptedEngine(PARAMS, fault=lambda one: OSError("boo") if row_of(one) in raised else None, room=room)
    asked = requests(20)
    found = list(completions(asked, engine))
    assert {one.id for one in found if one.error} == raised
    assert sorted(one.id for one in found) == sorted(one.id for one in asked)


def test_another_model_does_not_inherit_answers(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    list(complete(requests(2), ScriptedEngine(PARAMS), lake))
    other = ScriptedEngine(EngineParams(kind="scripted", answers=("else",)))
    assert [completion.text for completion in complete(requests(2), other, lake)] == ["else", "else"]


def test_the_request_id_changes_with_everything_that_can_change_the_answer_and_with_nothing_else() -> None:
    base = {"id": "a", "task": "distil", "messages": [{"role": "user", "content": "q"}], "payload": {"variant": 1}}
    changes = [
        {"messages": [{"role": "user", "content": "r"}]},
        {"messages": [{"role": "system", "content": "q"}]},
        {"payload": {"variant": 2}},
        {"task": "rate"},
        {"max_tokens": 9},
        {"temperature": 0.5},
        {"seed": 8},
        {"prompt_version": "2"},
        {"frequency_penalty": 0.5},
        {"stop": ("</answer>",)},
        {"structure": {"regex": "yes|no"}},
        {"structure": {"json": {"type": "object"}}},
    ]
    ids = {request_id(Request(**(base | change)), "m") for change in changes}
    ids |= {request_id(Request(**base), "m"), request_id(Request(**base), "n")}
    assert len(ids) == len(changes) + 2
    assert request_id(Request(**(base | {"id": "b"})), "m") == request_id(Request(**base), "m")


def test_an_answer_that_was_cached_before_requests_had_a_penalty_is_still_found() -> None:
    asked = Request("a", "distil", [{"role": "user", "content": "q"}], {"variant": 1})
    assert request_id(asked, "m") == "req_9f5438e850da32743fb26ae4"


@pytest.mark.parametrize("cached", [True, False])
def test_requests_are_read_a_few_shards_ahead_whether_they_are_cached_or_not(tmp_path: Path, cached: bool) -> None:
    if cached:
        list(complete(requests(40), ScriptedEngine(PARAMS), Lake(str(tmp_path))))
    read: list[str] = []

    def stream():
        for request in requests(40):
            read.append(request.id)
            yield request

    taken = complete(stream(), ScriptedEngine(PARAMS), Lake(str(tmp_path)), shard_size=3)
    for done in range(1, 41):
        next(taken)
        assert len(read) <= done + 4 * 3


def test_rows_are_paired_with_their_answers() -> None:
    pairs = list(answered(range(5), lambda n: requests(5)[n], ScriptedEngine(PARAMS), None, shard_size=2))
    assert [(n, completion.id) for n, completion in pairs] == [(n, f"row{n}") for n in range(5)]


@given(st.lists(st.integers()), st.integers(1, 5))
def test_batches_are_the_items_cut(items: list[int], size: int) -> None:
    batches = list(in_batches(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1]) and all(0 < len(batch) <= size for batch in batches)


def test_an_engine_that_forgets_requests_loses_none() -> None:
    class Forgetful(ScriptedEngine):
        def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
            answers = list(super().generate(requests))
            yield from answers[: max(1, len(answers) // 2)]

    assert sorted(one.id for one in completions(requests(9), Forgetful(PARAMS))) == [f"row{n}" for n in range(9)]


def test_a_cache_from_before_the_reason_why_an_answer_ended_was_kept_is_gone_on_with(tmp_path: Path) -> None:
    first = list(complete(requests(3), ScriptedEngine(PARAMS), Lake(str(tmp_path / "new"))))
    older = Lake(str(tmp_path / "new")).dataset(CACHE).to_table().drop_columns(["finish_reason"])
    write_deltalake(str(tmp_path / "old" / CACHE), older)
    engine = ScriptedEngine(PARAMS)
    lake = Lake(str(tmp_path / "old"))
    again = list(complete(requests(5), engine, lake))
    assert [one.text for one in again[:3]] == [one.text for one in first]
    assert [one.finish_reason for one in again] == [None, None, None, "stop", "stop"]
    assert len(engine.sent) == 2
    assert [one.finish_reason for one in complete(requests(5), engine, Lake(lake.root))] == [
        None, None, None, "stop", "stop",
    ]  # fmt: skip


def test_requests_that_cannot_be_made_are_not_blamed_on_the_engine() -> None:
    def stream() -> Iterator[Request]:
        yield from requests(3)
        raise KeyError("no such column")

    with pytest.raises(KeyError, match="no such column"):
        list(complete(stream(), ScriptedEngine(PARAMS), None, shard_size=2))
