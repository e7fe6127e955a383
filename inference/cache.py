"""The cache of generations: what one model answered before, and one commit for each shard of new answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.journal import Journal, left_behind
from inference.text_engines import Completion, Task
from lake.ids import content_id
from lake.settings import local_path
from lake.tables import TABLES

if TYPE_CHECKING:
    from lake.storage.store import Lake

GENERATIONS = "cache/generations"
_ANSWER = ("request_id", "text", "error", "prompt_tokens", "completion_tokens", "finish_reason")


class GenerationCache:
    """What `model` answered, by request id.

    Memory: about 150 bytes a request (its id and the file its answer is in); texts are read from the lake by `find`.
    """

    def __init__(self, lake: Lake, model: str) -> None:
        self._lake = lake
        self._model = model
        self._files: list[ds.Fragment] = []
        self._paths: set[str] = set()
        self._file_of: dict[str, int] = {}
        self._unread: set[str] = set()  # added by this run, in files that were not listed yet
        # on this machine, whatever the lake is on: a line is written for each answer
        self._journals = Path(local_path(lake.root)) / "journals" / model
        self._list_files()

    def recover(self) -> None:
        """Commits what runs that were killed had answered already."""
        for entries in left_behind(self._journals):
            known = self.find([answer.id for _, answer in entries])
            self.add([(task, answer) for task, answer in entries if answer.id not in known])

    def journal(self) -> Journal:
        """A place where answers are safe until they are added."""
        return Journal(self._journals)

    def find(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The answers among `keys` that are known, by request id."""
        if not self._unread.isdisjoint(keys):
            self._list_files()
        known = [key for key in keys if key in self._file_of]
        wanted = pc.field("request_id").isin(known)
        files = sorted({self._file_of[key] for key in known})
        # the schema as declared: older files lack the columns that came later
        schema = TABLES[GENERATIONS].schema
        tables = (self._files[at].to_table(schema, columns=list(_ANSWER), filter=wanted) for at in files)
        return {row["request_id"]: _completion(row) for table in tables for row in table.to_pylist()}

    def answer_length(self, task: Task, least: int) -> float | None:
        """The mean tokens of the answers to a task's requests; None where fewer than `least` are known."""
        asked = (pc.field("model") == self._model) & (pc.field("task") == task) & pc.field("text").is_valid()
        tables = [file.to_table(columns=["completion_tokens"], filter=asked) for file in self._files]
        lengths = [length for table in tables for length in table["completion_tokens"].to_pylist() if length]
        return fmean(lengths) if len(lengths) >= least else None

    def add(self, answers: Sequence[tuple[Task, Completion]]) -> None:
        """Writes answers, whose ids are their requests', as one commit; repeating it with the same requests changes nothing."""
        if not answers:
            return
        # names the commit, so that writing it twice is writing it once
        shard = content_id("shard", *sorted(answer.id for _, answer in answers))
        rows = [
            {
                "request_id": answer.id,
                "model": self._model,
                "task": task,
                "text": answer.text,
                "error": answer.error,
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "finish_reason": answer.finish_reason,
                "shard": shard,
            }
            for task, answer in answers
        ]
        self._lake.append(GENERATIONS, pa.Table.from_pylist(rows, schema=TABLES[GENERATIONS].schema), txn=shard)
        self._unread.update(answer.id for _, answer in answers)

    def _list_files(self) -> None:
        """Notes which file holds which request; a file is immutable and therefore read once."""
        self._unread.clear()
        if not self._lake.exists(GENERATIONS):
            return
        for file in self._lake.dataset(GENERATIONS).get_fragments():
            if file.path in self._paths:
                continue
            ids = file.to_table(columns=["request_id"], filter=pc.field("model") == self._model)["request_id"]
            self._file_of |= dict.fromkeys(ids.to_pylist(), len(self._files))
            self._files.append(file)
            self._paths.add(file.path)


@lru_cache(maxsize=2)
def generation_cache(lake: Lake, model: str) -> GenerationCache:
    """The cache of `model`'s answers in `lake`; its list of ids is read once for each process."""
    return GenerationCache(lake, model)


def _completion(row: Mapping[str, Any]) -> Completion:
    key, *answer = (row[name] for name in _ANSWER)
    return Completion(key, *answer)
