"""Leases: while one run works on a stage, other runs of that stage wait for it instead of doing the same work.

The holder renews its lease by putting the next numbered record. Who sees the same record for as long as that record says, on the own
clock, takes the lease with the next number: two clocks are never compared, and no process is asked whether it lives.

    1  held by a    taken
    2  held by a    renewed, and 1 removed
    3  held by b    a was killed: 2 stayed the newest for a minute
    4  released     stays: if a was only suspended, it finds a newer record than its own, and knows that the lease is lost

A lease saves work. What keeps two runs from publishing the same rows is the commit (lake.storage.commits), whatever becomes of a lease.
"""

import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from lake.errors import StageFailed, UserError
from lake.settings import LEASE_EXPIRES_AFTER
from lake.storage.lease_records import UNREACHABLE, LeaseRecord, LeaseRecords
from lake.storage.publication import now

_RENEWALS = 4  # in the time after which it expires: a busy machine may miss some of them
_BETWEEN_LOOKS = 1.0  # seconds, at a lease that another run holds

Tell = Callable[[LeaseRecord], None]


class Clock:
    """The time that passes for a run that waits, in seconds."""

    def now(self) -> float:
        """The present, on a clock that nobody sets."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Returns when they have passed."""
        time.sleep(seconds)


@contextmanager
def lease(
    records: LeaseRecords, stage: str, run_id: str, patience: float, tell: Tell, clock: Clock | None = None
) -> Generator[None]:
    """Holds the lease of `stage` while the block runs, renewed by a thread, and releases it however the block ends.

    patience: for how many seconds to wait for a run that holds it; `tell` is called once with that run's record.
    Raises StageFailed, naming the holder, when they have passed, and UserError where the lake cannot be written to.
    """
    try:
        number, record = _take(records, stage, run_id, patience, tell, clock or Clock())
    except UNREACHABLE as error:
        why = str(error).partition("\n")[0]
        raise UserError(f"{stage} cannot run: its lease cannot be written into the lake ({why})") from None
    held = _HeldLease(records, stage, number, record)
    try:
        yield
    finally:
        held.release()


def _take(
    records: LeaseRecords, stage: str, run_id: str, patience: float, tell: Tell, clock: Clock
) -> tuple[int, LeaseRecord]:
    """The first record of this run and its number, put as soon as no other run holds the lease."""
    begun = unchanged_since = clock.now()
    seen, told = 0, False
    while True:
        number, other = records.newest(stage)
        moment = clock.now()
        if number != seen:
            seen, unchanged_since = number, moment
        if other is None or other.released or moment - unchanged_since >= other.expires_after:
            mine = _first_record(run_id)
            if taken := records.put(stage, number + 1, mine):
                return taken, mine
            continue
        if moment - begun >= patience:
            raise StageFailed(
                f"{stage} did not run: {other} still works on it after a wait of {patience:.0f} s; run it again when that run has ended"
            )
        if not told:
            tell(other)
            told = True
        clock.sleep(_BETWEEN_LOOKS)


def _first_record(run_id: str) -> LeaseRecord:
    moment, host = now(), socket.gethostname()
    return LeaseRecord(run_id=run_id, host=host, since=moment, renewed=moment, expires_after=LEASE_EXPIRES_AFTER)


class _HeldLease:
    """A lease that this process holds: renewed by a thread until it is released, or found to be another run's."""

    def __init__(self, records: LeaseRecords, stage: str, number: int, record: LeaseRecord) -> None:
        self._records, self._stage, self._number, self._record = records, stage, number, record
        self._released = Event()
        self._renewing = Thread(target=self._renew, name=f"lease of {stage}", daemon=True)
        self._renewing.start()

    def release(self) -> None:
        self._released.set()
        self._renewing.join()
        with suppress(*UNREACHABLE):  # then it expires
            self._put(released=True)

    def _renew(self) -> None:
        while not self._released.wait(self._record.expires_after / _RENEWALS):
            with suppress(*UNREACHABLE):  # tried again in a moment
                if not self._put(renewed=now()):
                    return

    def _put(self, **changes: object) -> bool:
        number = self._records.put(self._stage, self._number + 1, self._record.model_copy(update=changes))
        self._number = number or self._number
        return number is not None
