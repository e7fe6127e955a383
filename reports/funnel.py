"""The funnel from raw rows to the release in figures, and a few examples that show what happened to texts on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from statistics import fmean
from typing import Any

import pyarrow.dataset as ds

from lake.landing.register import registered
from lake.storage.store import Lake
from reports.support import Marked, as_read, supported
from reports.view import View, one_of
from texts.coverage import member_coverage

_SHORTLIST = 60  # distilled items that are compared for the examples
_READABLE = 8  # members that a before/after shows at most


@dataclass(frozen=True)
class FunnelStep:
    """One step: how many rows are there. `leaves`: these rows go no further, a reason is recorded for each."""

    name: str
    rows: int
    note: str = ""
    leaves: bool = False


@dataclass(frozen=True)
class Pair:
    """Member texts and the item they were distilled into; gain: coverage of the group beyond its best single member.

    Marked are the item's statements and, under the same numbers, what supports each in a member.
    """

    before: list[Marked]
    after: Marked
    sources: tuple[str, ...]
    coverage: float
    gain: float


@dataclass(frozen=True)
class Rejection:
    """A distilled text that was not accepted, and why."""

    reason: str
    detail: str
    text: str


@dataclass(frozen=True)
class Examples:
    """What a reader is shown first."""

    pairs: list[Pair]
    rejection: Rejection | None


def funnel(lake: Lake) -> list[FunnelStep]:
    """The steps of every stage that was published, in order; none for an empty lake."""
    return list(steps(View(lake)))


def steps(view: View) -> Iterator[FunnelStep]:
    """The steps of the funnel, from tables as the view has them."""
    if view.has("bronze/instructions"):
        yield from _raw(view)
    if view.has("silver/instructions"):
        yield FunnelStep("rejected", view.count("silver/instructions_rejected"), "empty, broken or boilerplate", True)
    if view.has("silver/unique_instructions"):
        yield FunnelStep("duplicates", view.count("silver/duplicates"), "each names the record kept in its place", True)
        yield FunnelStep("unique records", view.count("silver/unique_instructions"))
    if view.has("silver/quality"):
        unrated = view.count("silver/unrated")
        yield FunnelStep("rated high", view.count("silver/quality", ds.field("high")))
        note = f"{unrated:,} could not be rated" if unrated else ""
        yield FunnelStep("rated low", view.count("silver/quality", ~ds.field("high")), note)
    if view.has("silver/groups"):
        members, alone = view.count("silver/groups"), view.count("silver/singletons")
        note = f"of {members:,} similar low-rated records; {alone:,} stay alone"
        yield FunnelStep("groups", group_count(view), note)
    if view.has("gold/distilled"):
        rejected = view.count("gold/distilled_refused")
        kept = view.count("gold/distilled")
        yield FunnelStep("distilled items", kept, f"{rejected:,} of {kept + rejected:,} groups rejected with a reason")
    if view.has("gold/training_set"):
        origins = view.tally("gold/training_set", "origin")
        note = f"{origins['distilled']:,} distilled, {origins['original']:,} original"
        name = "released examples" if view.has("releases/current") else "selected examples"
        yield FunnelStep(name, origins.total(), note)


def _raw(view: View) -> Iterator[FunnelStep]:
    table, quarantine, withdrawn = (f"bronze/instructions{side}" for side in ("", "_quarantine", "_withdrawn"))
    files = [file for file in registered(view.lake) if file["kind"] == "instructions"]
    note = f"{len(files):,} files of {len({file['source'] for file in files}):,} sources" if files else ""
    yield FunnelStep("raw records", view.count(table) + view.count(quarantine), note)
    current = view.count_without(quarantine, withdrawn)
    yield FunnelStep("quarantined", current, "could not be read; bytes and reason are kept", True)
    if gone := view.count(withdrawn):
        yield FunnelStep("withdrawn", gone, "no longer in their changed files; never released again", True)
    if pending := view.count("bronze/instructions_pending"):
        yield FunnelStep("files that wait", pending, "held, or could not be read; the books say why", True)


def group_count(view: View) -> int:
    """How many groups there are: a group of n members has n rows that say n."""
    return sum(rows // size for size, rows in view.tally("silver/groups", "size").items() if size)


def examples(lake: Lake, n: int) -> Examples:
    """At most `n` before/afters, those that gained most over several sources first, and one rejection; the same for the same tables."""
    view = View(lake)
    return Examples(pairs(view, n), rejection(view))


def pairs(view: View, n: int) -> list[Pair]:
    """At most `n` before/afters. Items from several sources come first: they say the same thing in several people's words."""
    columns = ["id", "member_ids", "sources", "coverage"]
    short = nlargest(_SHORTLIST, view.sample("gold/distilled", columns), key=_promise)
    wanted = [*columns, "prompt", "answer", "evidence"]
    items = view.sample("gold/distilled", wanted, one_of("id", (row["id"] for row in short)))
    texts = _as_read(view, {member for row in items for member in row["member_ids"]})
    found = [(row["id"], _pair(row, texts)) for row in items if all(member in texts for member in row["member_ids"])]
    found.sort(key=lambda entry: (-min(2, len(entry[1].sources)), -entry[1].gain, entry[0]))
    return [pair for _, pair in found[:n]]


def _promise(row: dict[str, Any]) -> tuple[Any, ...]:
    return len(row["member_ids"]) <= _READABLE, min(2, len(row["sources"])), row["coverage"], row["id"]


def _as_read(view: View, ids: set[str]) -> dict[str, str]:
    rows = view.sample("silver/unique_instructions", ["id", "prompt", "answer"], one_of("id", ids), len(ids) or 1)
    return {row["id"]: as_read(row) for row in rows}


def _pair(row: dict[str, Any], texts: dict[str, str]) -> Pair:
    members = [texts[member] for member in row["member_ids"]]
    best = max(fmean(member_coverage(members, text)) for text in members)
    covered = fmean(member_coverage(members, as_read(row)))
    after, before = supported(row, members)
    return Pair(before, after, tuple(row["sources"]), covered, covered - best)


def rejection(view: View) -> Rejection | None:
    """The rejected item that a reader learns most from: one with a text, judged on its content before its form."""
    wanted = ["unfaithful", "unanswered", "thin", "copied", "repetition", "no_gain"]
    rows = view.sample("gold/distilled_refused", ["group_id", "text", "reason", "detail"], ds.field("text").is_valid())
    if not rows:
        return None
    row = min(rows, key=lambda row: ([*wanted, row["reason"]].index(row["reason"]), row["group_id"]))
    return Rejection(row["reason"], row["detail"] or "", row["text"])
