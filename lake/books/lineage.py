"""From any id to its whole way: a raw row forward to its end, a released row back to every raw row it came from."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.dataset as ds
from pydantic import BaseModel

from lake.errors import UserError, shown
from lake.ids import rekind
from lake.landing.pending import STAGES as READING
from lake.storage.store import Lake
from lake.storage.tombstones import TOMBSTONES

_KINDS = {
    "raw": "a raw record or passage",
    "rec": "a normalised record",
    "psg": "a passage",
    "grp": "a group",
    "mix": "a MIXTURE item",
    "dst": "a distilled item",
    "rel": "a released example",
}
_WIDE = frozenset({"raw", "messages", "text", "prompt", "answer", "vector", "target", "members"})


class Explanation(BaseModel):
    """One id's way. `path` has one entry a table, in pipeline order, with that table's short columns."""

    id: str
    kind: str
    outcome: str | None = None
    reason: str | None = None
    path: list[dict[str, Any]]
    raw_ids: list[str]


def explain(lake: Lake, row_id: str) -> Explanation:
    """The way of `row_id`. Raises UserError for an id of no known kind, or of nothing in the lake."""
    kind = row_id.split("_", 1)[0]
    if kind not in _KINDS or "_" not in row_id:
        raise UserError(f"{shown(row_id)} is not an id: ids start with {', '.join(f'{name}_' for name in _KINDS)}")
    trace = _Trace(lake)
    walk = {"raw": trace.forward, "rec": trace.forward, "psg": trace.forward, "grp": trace.group, "mix": trace.mixture}
    walk.get(kind, trace.backward)(row_id)
    if not trace.path:
        raise UserError(f"There is no row {shown(row_id)} in this lake: `mixlake status` lists its tables")
    return Explanation(
        id=row_id,
        kind=kind,
        outcome=trace.outcome,
        reason=trace.reason,
        path=trace.path,
        raw_ids=list(dict.fromkeys(trace.raw_ids)),
    )


class _Trace:
    """Collects what the tables say of the ids that are followed."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.path: list[dict[str, Any]] = []
        self.raw_ids: list[str] = []
        self.outcome: str | None = None
        self.reason: str | None = None

    # -- forward ----------------------------------------------------------------------------------------------------

    def forward(self, row_id: str) -> None:
        """A raw row, record or passage: from its file to its end; a duplicate is followed to its survivor."""
        raw = rekind("raw", row_id)
        if self._visit(TOMBSTONES, "id", raw):
            self.raw_ids.append(raw)
            self._end("withdrawn", self.path[-1]["reason"])
            return
        if not any([self._visit(f"{stage}{side}", "id", raw) for stage in READING for side in ("", "_quarantine")]):
            return
        self.raw_ids.append(raw)
        withdrawn = any([self._visit(f"{stage}_withdrawn", "id", raw) for stage in READING])
        self._way(raw)
        # what is still released, or built into MIXTURE, is not taken back yet; what only moved to another file never is
        used = self.outcome in ("released", "distilled_released", "mixture_source")
        exits = (step for step in self.path if step["table"] == "gold/training_set_exits")
        if withdrawn and not used and not any(step["id"] == rekind("rec", raw) for step in exits):
            self._end("withdrawn", "withdrawn")

    def _way(self, raw: str) -> None:
        if any(step["table"] == "bronze/references" for step in self.path):
            self._end("reference", self.path[-1]["role"])
            return
        self.outcome = self.outcome or "pending"
        if self._visit("silver/instructions_rejected", "id", raw) or self._visit("silver/passages_rejected", "id", raw):
            return
        if self._visit("silver/passages", "raw_id", raw):
            self._passage(rekind("psg", raw))
        elif self._visit("silver/instructions", "raw_id", raw):
            self._record(rekind("rec", raw))

    def _record(self, record: str) -> None:
        removed = self._visit("silver/duplicates", "removed_id", record)
        if removed:
            self._end("duplicate", removed[0]["rule"])
            self._follow(removed[0]["kept_id"])
            return
        for key, column in (
            ("silver/unique_instructions", "id"),
            ("silver/ratings", "id"),
            ("silver/second_ratings", "record_id"),
            ("silver/quality", "id"),
            ("silver/unrated", "id"),
            ("silver/groups", "id"),
            ("silver/singletons", "id"),
            ("silver/best_records", "id"),
        ):
            self._visit(key, column, record)
        self._members("gold/mixture", record, column="record_ids")
        self._selected(record)

    def _follow(self, survivor: str) -> None:
        """The survivor's way, without taking over its outcome: a duplicate's end is final."""
        ended = self.outcome, self.reason
        self._record(survivor)
        self.outcome, self.reason = ended

    def _selected(self, record: str) -> None:
        for item in [*self._members("gold/distilled", record), *self._members("gold/distilled_refused", record)]:
            if "id" in item:
                self._exit_of(item["id"])
        for example in self._members("gold/training_set", record):
            self._end("distilled_released" if example["origin"] == "distilled" else "released", example["origin"])
        self._exit_of(record)

    def _exit_of(self, item: str) -> None:
        for gone in self._visit("gold/training_set_exits", "id", item):
            distilled = item.startswith("dst_") and gone["outcome"] == "not_selected"
            self._end("distilled_not_selected" if distilled else gone["outcome"], gone["reason"])

    def _passage(self, passage: str) -> None:
        if self._members("gold/mixture", passage, column="passage_ids"):
            self._end("mixture_source", "used")
        self._visit("gold/mixture_unused", "id", passage)

    # -- backward ---------------------------------------------------------------------------------------------------

    def backward(self, row_id: str) -> None:
        """A released example or distilled item: back through its members to every raw row."""
        if row_id.startswith("rel_"):
            examples = self._visit("gold/training_set", "id", row_id)
            members = [member for example in examples for member in example["member_ids"]]
            for example in examples:
                self._end("distilled_released" if example["origin"] == "distilled" else "released", example["origin"])
                self._visit("gold/distilled", "id", example["origin_id"])
        else:
            members = [member for item in self._visit("gold/distilled", "id", row_id) for member in item["member_ids"]]
            for example in self._visit("gold/training_set", "origin_id", row_id):
                self._end("distilled_released", example["origin"])
            self._exit_of(row_id)
        self._origins(members)

    def group(self, row_id: str) -> None:
        """A group: its members, what became of it, and its raw rows."""
        members = [row["id"] for row in self._visit("silver/groups", "group_id", row_id)]
        if self._visit("gold/distilled", "group_id", row_id):
            self._end("distilled", None)
        for rejected in self._visit("gold/distilled_refused", "group_id", row_id):
            self._end("rejected", rejected["reason"])
        self._origins(members)

    def mixture(self, row_id: str) -> None:
        """A MIXTURE item: the passages it was built from, or the record that is its target."""
        items = self._visit("gold/mixture", "id", row_id)
        self._origins([record for item in items for record in item["record_ids"]])
        for passage in [passage for item in items for passage in item["passage_ids"]]:
            self._visit("bronze/passages", "id", rekind("raw", passage))
            self.raw_ids.append(rekind("raw", passage))

    def _origins(self, members: Sequence[str]) -> None:
        for member in members:
            self._visit("bronze/instructions", "id", rekind("raw", member))
            self.raw_ids.append(rekind("raw", member))

    # -- tables -----------------------------------------------------------------------------------------------------

    def _visit(self, key: str, column: str, value: str) -> list[dict[str, Any]]:
        return self._rows(key, column, ds.field(column) == value)

    def _members(self, key: str, member: str, column: str = "member_ids") -> list[dict[str, Any]]:
        """Rows whose list column holds `member`; Arrow cannot filter on list contents, so batches are looked through."""
        return self._rows(key, column, None, member)

    def _rows(self, key: str, column: str, condition: Any, member: str | None = None) -> list[dict[str, Any]]:
        version = self.lake.version(key)
        if version is None:
            return []
        rows = _short_rows(self.lake, key, version, condition)
        # null where the table was published before it had the column
        found = [row for row in rows if member is None or member in (row[column] or ())]
        self.path += [{"table": key, "version": version} | row for row in found]
        for row in found:
            if row.get("outcome") and row["outcome"] != "not_grouped" and key != "gold/training_set_exits":
                self._end(row["outcome"], row["reason"])
        return found

    def _end(self, outcome: str, reason: str | None) -> None:
        self.outcome, self.reason = outcome, reason


def _short_rows(lake: Lake, key: str, version: int, condition: Any) -> Iterator[dict[str, Any]]:
    dataset = lake.dataset(key, version)
    columns = [name for name in dataset.schema.names if name not in _WIDE]
    for batch in dataset.to_batches(columns=columns, filter=condition):
        yield from batch.to_pylist()
