"""What a stage's process tells arrives whole, however it was written."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.lib.stage_process import ReadAtTheEnd

TELLS = """
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
    pipes.report_custom_message({"rows": "x" * 1_000_000})
"""


class Taken:
    def __init__(self) -> None:
        self.messages: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.messages.append(message)


def test_a_line_that_is_written_in_two_goes_is_one_message_and_one_that_was_cut_off_is_none() -> None:
    taken, line = Taken(), json.dumps({"rows": "x" * 9_000})
    with ReadAtTheEnd().read_messages(taken) as where, Path(where["path"]).open("a", buffering=1) as file:
        for part in (line[:8_192], line[8_192:] + "\n", line[:8_192]):
            file.write(part)
            file.flush()
            assert taken.messages == []
    assert taken.messages == [json.loads(line)]


def test_the_message_of_a_process_comes_whole() -> None:
    @dg.asset
    def told(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        client = dg.PipesSubprocessClient(message_reader=ReadAtTheEnd())
        invocation = client.run(context=context, command=[sys.executable, "-c", TELLS])
        yield dg.MaterializeResult(metadata={"told": len(invocation.get_custom_messages()[-1]["rows"])})

    (made,) = dg.materialize([told]).asset_materializations_for_node("told")
    assert made.metadata["told"].value == 1_000_000
