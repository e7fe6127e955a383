"""What must hold of unique rows and of the evidence for every removal.

Stops what looks like a mistake of scale: a source that loses most of its rows as near-duplicates, or one row that stands for
thousands. Exact copies are counted by the stage and never stop it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds

from expectations.frames import field, first, keys, rows_by, table
from expectations.membership import membership
from expectations.rules import (
    Batch,
    Rule,
    between,
    figures,
    filled,
    foreign,
    identified,
    none,
    one_of,
    unique,
    vital,
)
from expectations.suites.since_last import since_last
from expectations.summaries import summary
from lake.engines.batches import read_batches
from lake.tables.reasons import DUPLICATE_RULES, NOT_NEAR

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Deduplicated

UNIQUE = "silver/unique_instructions"
NEAR = field("rule") == "near"
EXAMPLES = 4  # removals that a failed check shows


def unique_instructions(
    frames: Frames,
    *,
    gate: Deduplicated,
    threshold: float,
    max_loss: float,
    expected_loss: Mapping[str, Any],
    max_star: int,
) -> Iterable[Batch]:
    """The suite of silver/unique_instructions: no shared key, every removal proven, no source or star out of bounds."""
    rows, removed = frames[UNIQUE], frames["silver/duplicates"]
    yield Batch(UNIQUE, rows, [*identified("id", "rec"), unique("text_hash")], key="id")
    evidence = [filled("removed_id"), unique("removed_id"), filled("kept_id"), filled("similarity"), filled("rule")]
    rules = [*evidence, one_of("rule", DUPLICATE_RULES), between("similarity", 0, 1)]
    yield Batch("silver/duplicates", removed, rules, key="removed_id")
    pair = [filled("left"), filled("right"), filled("similarity"), between("similarity", 0, 1)]
    reasons = [filled("reason"), one_of("reason", NOT_NEAR)]
    yield Batch("silver/rejected_pairs", frames["silver/rejected_pairs"], [*pair, *reasons], key="left")
    yield Batch("silver/signatures", frames["silver/signatures"], identified("id", "rec"), key="id")
    proven = none(
        "near_below_threshold",
        lambda: removed.count_rows(filter=NEAR & (field("similarity") < threshold)),
        "Every near-duplicate is at least as similar as the threshold to the row kept in its place.",
    )
    yield figures(*_ids(frames), proven)
    yield _sources(frames["silver/instructions"], removed, lambda source: _most(source, max_loss, expected_loss), gate)
    yield _stars(removed, max_star)
    yield from since_last(frames, UNIQUE, gate, categories=["language", "item_type"])


def _most(source: str, max_loss: float, expected_loss: Mapping[str, Any]) -> float:
    """The share of its rows that a source may lose."""
    return expected_loss[source].share if source in expected_loss else max_loss


def _ids(frames: Frames) -> Iterable[Rule]:
    """Where ids are. A kept row may have been published before; those rows are looked up by key and not audited again."""
    rows, removed, before = frames[UNIQUE], frames["silver/duplicates"], frames.before
    ids = membership(
        kept=keys(rows, "id"),
        removed=keys(removed, "removed_id"),
        named=keys(removed, "kept_id"),
        signed=keys(frames["silver/signatures"], "id"),
        lookup={"published": keys(before[UNIQUE], "id")} if before else {},
    )
    published = {"published": keys(before[UNIQUE], "text_hash")} if before else {}
    texts = membership(kept=keys(rows, "text_hash"), lookup=published)
    again = "published + kept > 1 or published + removed > 1"
    yield vital(none("removed_but_kept", lambda: ids.count("kept + removed > 1"), "No removed record is kept as well."))
    yield foreign(
        "removed_for_a_row_that_is_gone",
        lambda: ids.count("named > kept + published" if before else "named > kept"),
        "Every removal names a record that is kept.",
    )
    yield none(
        "kept_without_a_signature",
        lambda: ids.count("kept != signed"),
        "Every kept record, and no other, has a signature.",
    )
    yield vital(
        none(
            "ids_published_before",
            lambda: ids.count(again) if before else None,
            "No new record, kept or removed, was published before.",
        )
    )
    yield none(
        "texts_published_before",
        lambda: texts.count("kept + published > 1") if before else None,
        "No new record has the text of one published before.",
    )


def _sources(records: ds.Dataset, removed: ds.Dataset, most: Callable[[str], float], gate: Deduplicated) -> Batch:
    """One row a source: `over_limit` is by how much its near-duplicates exceed what it may lose; small sources only warn."""
    before, lost = rows_by(records, "source"), rows_by(removed, "source", NEAR)
    sources: list[tuple[float, float, str]] = []
    for source, count in sorted(before.items(), key=str):
        share = lost[source] / count
        over = share - most(source) if count >= gate.small_source else -1.0
        shown = f"{source}: {_examples(removed, 'source', source)}" if over > 0 else source
        sources.append((over, share, shown))
    lost_too_much = "No source loses a larger share of its rows as near-duplicates than it may (by how much it does)."
    repetitive = "No source loses a large share of its rows as near-duplicates."
    rules = [
        between("over_limit", None, 0, says=lost_too_much),
        between("near_share", None, gate.expected_near, warning=True, says=repetitive),
    ]
    return Batch("sources", table(sources, ["over_limit", "near_share", "source"]), rules, key="source")


def _stars(removed: ds.Dataset, most: int) -> Batch:
    """The rows that stand for the most near-duplicates."""
    stars = summary(removed, "kept_id", where=NEAR).read()
    largest = first(stars, [("rows", "descending"), ("kept_id", "ascending")], EXAMPLES)
    rows = [
        (star["rows"], f"{kept}: {_examples(removed, 'kept_id', kept)}" if star["rows"] > most else kept)
        for star in largest
        for kept in [star["kept_id"]]
    ]
    says = "No record stands for more near-duplicates than it may."
    rules = [between("near_removals", None, most, says=says)]
    return Batch("stars", table(rows, ["near_removals", "kept_id"]), rules, "kept_id")


def _examples(removed: ds.Dataset, column: str, value: str) -> str:
    """A few near removals with the row kept and the similarity."""
    batches = read_batches(removed, ["removed_id", "kept_id", "similarity"], NEAR & (field(column) == value))
    shown = first(batches, [("removed_id", "ascending")], EXAMPLES)
    return "; ".join(f"{row['removed_id']} for {row['kept_id']} at {row['similarity']:.3f}" for row in shown)
