"""The same work on many items with all cores of the machine, in order and within bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

import pyarrow as pa

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2  # items a process, so that none waits while results are taken


def _without_the_rest(batch: pa.RecordBatch) -> tuple[Any, ...]:
    """A batch as Arrow sends it. Pickled as it is, a slice of a few thousand rows takes along all rows that it was cut from."""
    return pa.ipc.read_record_batch, (batch.serialize(), batch.schema)


ForkingPickler.register(pa.RecordBatch, _without_the_rest)


def usable_cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0))


def in_processes(work: Callable[[T], R], items: Iterable[T], processes: int) -> Iterator[R]:
    """work(item) of each item, in their order; a few items a process are held at a time. One process is this one.

    Processes are spawned, not forked: this one may run threads and a gateway to a JVM. They leave interrupts to this one, and
    end when it ends, however it ends. `work`, items and results must be picklable.
    """
    if processes == 1:
        yield from map(work, items)
        return
    spawned = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=spawned, initializer=follow_parent)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def follow_parent() -> None:
    """Makes this process, which another one started, leave interrupts to that one and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
