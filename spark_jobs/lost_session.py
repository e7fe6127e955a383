"""A Spark session that was lost: its JVM was killed or ran out of memory.

A process holds on to the connection of a JVM that is gone, and every later stage would meet it again. Here a loss is recognised, put
into words, and cleared away, so that whoever asks for a session next starts another one.
"""

import logging
from contextlib import suppress
from subprocess import TimeoutExpired
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

_Spark: Any = SparkContext  # what it holds of the JVM has no public name
_OUT_OF_MEMORY = "java.lang.OutOfMemoryError"
_EXIT_OUT_OF_MEMORY = 52  # Spark's own, where a task meets the end of the heap
_LEAVE_S = 10  # seconds for a JVM to end by itself, which removes its files


def is_lost() -> bool:
    """Whether no session of this process answers: none was started, or it was stopped, or its JVM ended."""
    context = _Spark._active_spark_context
    try:
        return context is None or bool(context._jsc.sc().isStopped())
    except Exception:  # whatever is made of a connection that nobody answers
        return True


def why_lost(error: Exception) -> str | None:
    """Why the session cannot be used after `error`, as a clause, or None where it can be; a lost session is cleared away."""
    memory = _OUT_OF_MEMORY in _text(error)
    if _Spark._active_spark_context is None or not (memory or is_lost()):
        return None
    status = end_session()
    if memory or status == _EXIT_OUT_OF_MEMORY:
        return "Spark ran out of memory, and MIXLAKE_DRIVER_MEMORY gives it more"
    return "Spark's JVM ended before the stage did, as one does that is killed"


def end_session() -> int | None:
    """Ends the session and its JVM, alive or not, and gives the JVM's exit status; whoever asks for a session gets a new JVM."""
    context, gateway = _Spark._active_spark_context, _Spark._gateway
    status = _end_jvm(gateway.proc) if gateway is not None and gateway.proc is not None else None
    if context is not None:
        context._jsc = None  # nobody is there to be asked
        context.stop()
    _Spark._gateway = _Spark._jvm = None
    return status


def end_lost_session() -> None:
    """Clears away a session that was started and does not answer any more; any other is left as it is."""
    if _Spark._active_spark_context is not None and is_lost():
        end_session()


def keep_quiet_when_lost(session: SparkSession) -> None:
    """Keeps libraries from printing a traceback for each call that a lost JVM does not answer: `why_lost` tells it in one sentence."""
    context: Any = session.sparkContext
    context._accumulatorServer.handle_error = lambda *_: None
    logging.getLogger().addFilter(_is_no_lost_call)  # py4j logs these to the root


def _is_no_lost_call(record: logging.LogRecord) -> bool:
    return record.msg != "Exception while sending command."


def _text(error: Exception) -> str:
    """The error's text, which may have to be asked of the JVM."""
    with suppress(Exception):
        return str(error)
    return ""


def _end_jvm(jvm: Any) -> int:
    jvm.terminate()
    try:
        return jvm.wait(_LEAVE_S)
    except TimeoutExpired:
        jvm.kill()
        return jvm.wait()
