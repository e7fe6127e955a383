"""Leases on a disk, in memory and in a bucket: one holder at a time, a dead one forgotten by the watcher's clock, a late one harmless."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Thread

import obstore
import pytest
from buckets import bucket
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import LocalStore, MemoryStore, ObjectStore

from lake.errors import StageFailed, UserError
from lake.settings import LEASE_EXPIRES_AFTER
from lake.storage import leases
from lake.storage.lease_records import LeaseRecord, LeaseRecords
from lake.storage.leases import Clock, lease
from lake.storage.publication import now

STAGE, PATIENCE = "silver/ratings", 600.0


@pytest.fixture(params=["disk", "memory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "bucket":
        with bucket() as served:
            yield served
    else:
        yield LocalStore(str(tmp_path)) if request.param == "disk" else MemoryStore()


class TestClock(Clock):
    """Time that passes only while somebody sleeps; `meanwhile` is what happens then."""

    __test__ = False

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.time, self.meanwhile = 1000.0, meanwhile

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.meanwhile()


def record(run_id: str, **more: object) -> LeaseRecord:
    told = {"run_id": run_id, "host": "there", "since": now(), "renewed": now(), "expires_after": LEASE_EXPIRES_AFTER}
    return LeaseRecord.model_validate(told | more)


def holder(records: LeaseRecords) -> str | None:
    """The run that the newest record names, unless it was released."""
    _, newest = records.newest(STAGE)
    return newest.run_id if newest and not newest.released else None


def files(store: ObjectStore) -> list[str]:
    return [item["path"] for items in obstore.list(store) for item in items]


def test_a_lease_is_held_while_the_block_runs_and_leaves_one_small_record(store: ObjectStore) -> None:
    records = LeaseRecords(store)
    for run in ("first", "second"):
        with lease(records, STAGE, run, PATIENCE, pytest.fail):
            assert holder(records) == run
        assert holder(records) is None
        assert len(files(store)) == 1


def test_leases_of_two_stages_do_not_know_one_another(store: ObjectStore) -> None:
    records = LeaseRecords(store)
    with (
        lease(records, STAGE, "one", PATIENCE, pytest.fail),
        lease(records, "silver/rat", "two", PATIENCE, pytest.fail),
    ):
        assert holder(records) == "one"


@pytest.mark.parametrize("error", [KeyboardInterrupt, StageFailed])
def test_an_error_or_ctrl_c_releases_it(store: ObjectStore, error: type[BaseException]) -> None:
    records = LeaseRecords(store)
    with pytest.raises(error), lease(records, STAGE, "stopped", PATIENCE, pytest.fail):
        raise error
    assert holder(records) is None


def test_a_second_run_says_for_whom_it_waits_and_goes_on_when_that_one_ends(store: ObjectStore) -> None:
    records, told = LeaseRecords(store), list[LeaseRecord]()
    with ExitStack() as first:
        first.enter_context(lease(records, STAGE, "first", PATIENCE, pytest.fail))
        with lease(records, STAGE, "second", PATIENCE, told.append, TestClock(first.close)):
            assert holder(records) == "second"
    assert [one.run_id for one in told] == ["first"]


@pytest.mark.parametrize("ahead", [-9_000, 0, 9_000], ids=lambda seconds: f"{seconds} s")
def test_a_dead_holder_is_forgotten_by_the_watchers_clock_whatever_its_own_said(store: ObjectStore, ahead: int) -> None:
    records, clock = LeaseRecords(store), TestClock()
    records.put(STAGE, 1, record("dead", renewed=now() + timedelta(seconds=ahead)))
    begun = clock.time
    with lease(records, STAGE, "next", PATIENCE, lambda _: None, clock):
        assert LEASE_EXPIRES_AFTER <= clock.time - begun <= LEASE_EXPIRES_AFTER + 1
        assert holder(records) == "next"


def test_the_holder_says_after_what_time_its_lease_expires(store: ObjectStore) -> None:
    records, clock = LeaseRecords(store), TestClock()
    records.put(STAGE, 1, record("dead", expires_after=7))
    begun = clock.time
    with lease(records, STAGE, "next", PATIENCE, lambda _: None, clock):
        assert clock.time - begun == 7


def test_a_holder_that_renews_keeps_it_and_the_other_one_says_who_that_is(store: ObjectStore) -> None:
    records = LeaseRecords(store)

    def renew() -> None:
        records.put(STAGE, records.newest(STAGE)[0] + 1, record("busy"))

    renew()
    clock, told = TestClock(renew), list[LeaseRecord]()
    sentence = (
        rf"{STAGE} did not run: run busy on there \(since .*, renewed .* UTC\) still works on it after a wait of 600 s"
    )
    with pytest.raises(StageFailed, match=sentence), lease(records, STAGE, "late", PATIENCE, told.append, clock):
        pytest.fail("both hold it")
    assert holder(records) == "busy"
    assert len(told) == 1


def test_a_holder_renews_by_itself(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_EXPIRES_AFTER", 0.05)
    records = LeaseRecords(store)
    with lease(records, STAGE, "busy", PATIENCE, pytest.fail):
        while records.newest(STAGE)[0] < 4:
            os.sched_yield()
        assert holder(records) == "busy"
    assert len(files(store)) == 1, "what was renewed is removed"


def test_a_store_that_fails_for_a_moment_costs_no_lease(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(LeaseRecords):
        calls = 0

        def put(self, stage: str, number: int, record: LeaseRecord) -> int | None:
            self.calls += 1
            if self.calls == 2:
                raise OSError("the network is down")
            return super().put(stage, number, record)

    monkeypatch.setattr(leases, "LEASE_EXPIRES_AFTER", 0.05)
    records = Failing(store)
    with lease(records, STAGE, "busy", PATIENCE, pytest.fail):
        while records.newest(STAGE)[0] < 3:
            os.sched_yield()
        assert holder(records) == "busy"
    assert holder(records) is None


def test_who_was_suspended_finds_its_lease_taken_and_does_not_take_it_back(store: ObjectStore) -> None:
    records = LeaseRecords(store)
    suspended = records.put(STAGE, 1, record("suspended"))
    assert suspended == 1
    for number in (2, 3):  # 2 is removed when 3 is put: its number is free again
        assert records.put(STAGE, number, record("next")) == number
    assert records.put(STAGE, suspended + 1, record("suspended")) is None
    assert holder(records) == "next"
    assert records.put(STAGE, 4, record("next")) == 4
    assert len(files(store)) == 1, "what the other one left is removed, too"


def test_a_lost_answer_is_no_lost_lease(store: ObjectStore) -> None:
    records = LeaseRecords(store)
    records.put(STAGE, 1, record("busy"))
    records.put(STAGE, 2, record("busy"))  # came through; that it did was not heard
    assert records.put(STAGE, 2, record("busy")) == 2


def test_a_record_that_cannot_be_read_expires_like_any_other(store: ObjectStore) -> None:
    records, clock = LeaseRecords(store), TestClock()
    records.put(STAGE, 1, record("cut off"))
    (path,) = files(store)
    obstore.put(store, path, b"")
    with lease(records, STAGE, "next", PATIENCE, lambda _: None, clock):
        assert holder(records) == "next"


def test_a_lake_that_cannot_be_written_to_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "_leases").write_text("no folder")
    sentence = f"{STAGE} cannot run: its lease cannot be written into the lake"
    with pytest.raises(UserError, match=sentence), lease(LeaseRecords.of(str(tmp_path)), STAGE, "a", 60, pytest.fail):
        pytest.fail("nothing was written")


def test_many_runs_hold_it_one_after_the_other(store: ObjectStore) -> None:
    records, inside, held = LeaseRecords(store), list[str](), list[str]()

    class Eager(Clock):
        def sleep(self, seconds: float) -> None:
            os.sched_yield()

    def run(name: str) -> None:
        with lease(records, STAGE, name, PATIENCE, lambda _: None, Eager()):
            inside.append(name)
            os.sched_yield()
            held.append(name if inside == [name] else f"{name} beside {inside}")
            inside.remove(name)

    names = [f"run {number}" for number in range(8)]
    threads = [Thread(target=run, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(held) == names


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_whatever_the_order_only_the_newest_holder_renews(steps: list[tuple[str, bool]]) -> None:
    # each step is a run that renews what it believes to hold, or takes the lease over as if it had expired
    records, believed, newest = LeaseRecords(MemoryStore()), dict[str, int](), None
    for run, takes_over in steps:
        before = records.newest(STAGE)[0]
        number = before if takes_over else believed.get(run)
        if number is None:
            continue
        after = records.put(STAGE, number + 1, record(run))
        newest = run if takes_over else newest
        assert (after is not None) == (run == newest)
        assert records.newest(STAGE)[0] >= before
        assert holder(records) == newest
        if after:
            believed[run] = after
