"""Logs of stages as a command captures them: as Dagster does, in the same files, but Ctrl-C is the command's alone.

Dagster copies what a stage prints with two processes, which Ctrl-C in a terminal reaches, too: each would answer it with a stack trace.
"""

import signal
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager


class CapturedLogs(LocalComputeLogManager):
    """Dagster's local logs, copied by processes that do not hear Ctrl-C; they end with the stage, or with the command."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "CapturedLogs":
        """The logs that an instance's configuration describes."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Generator[CapturedLogContext]:
        with ExitStack() as capturing:
            # what a process is started with blocked stays so in it
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                captured = capturing.enter_context(super().capture_logs(log_key))
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            yield captured
