"""How many tasks of Spark's active stages are done, told now and then while a job runs."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from lake.harness.job import quiet

if TYPE_CHECKING:
    from pyspark import StatusTracker
    from pyspark.sql import SparkSession

_PAUSE_S = 0.5


@contextmanager
def told(session: "SparkSession", progress: Callable[[int, int], None]) -> Generator[None]:
    """Tells (done, total) of the tasks that Spark has to do just now; nothing where nobody watches."""
    if progress is quiet:
        yield
        return
    ended = Event()
    watcher = Thread(target=_watch, args=[session, progress, ended], daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(session: "SparkSession", progress: Callable[[int, int], None], ended: Event) -> None:
    # a stage may end between two questions, and a session be lost: the job says so itself
    while not ended.wait(_PAUSE_S):
        with suppress(Exception):
            tell(session.sparkContext.statusTracker(), progress)


def tell(tracker: "StatusTracker", progress: Callable[[int, int], None]) -> None:
    """Tells of the stages that are active now, if there are any."""
    stages = [info for stage in tracker.getActiveStageIds() if (info := tracker.getStageInfo(stage))]
    if stages:
        progress(sum(stage.numCompletedTasks for stage in stages), sum(stage.numTasks for stage in stages))
