"""What the process of a stage tells, read once it has ended."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dagster_pipes import PipesDefaultMessageWriter


class ReadAtTheEnd(dg.PipesMessageReader):
    """Messages in a file of lines, read when the process that wrote them has ended; a line that a kill cut off is none.

    Dagster's readers follow the file, and take what is there of a line that is just being written for the line: a report longer than a buffer
    then failed the stage's step though its rows were published.
    """

    @contextmanager
    def read_messages(self, handler: Any) -> Generator[dict[str, Any]]:
        """Where the process writes; what it wrote goes to `handler` when the block ends."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "messages"
            file.touch()
            try:
                yield {PipesDefaultMessageWriter.FILE_PATH_KEY: str(file)}
            finally:
                for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
                    handler.handle_message(json.loads(line))

    def no_messages_debug_text(self) -> str:
        """Where messages were looked for."""
        return "Messages were looked for in a temporary file, after the process had ended."
