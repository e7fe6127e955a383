"""What must hold of unique rows and of the evidence for every removal.

Stops what looks like a mistake of scale: a source that loses most of its rows as near-duplicates, or one row that stands for
thousands. Exact copies are counted by the stage and never stop it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds

from expectations.frames import field, first, keys, rows_by, table
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import Metric, between, filled, identified, metrics, none, one_of, unique
from expectations.summaries import summary
from lake.engines.batches import read_batches
from lake.tables.reasons import DUPLICATE_RULES, NOT_NEAR

if TYPE_CHECKING:
    from expectations.frames import Frames

UNIQUE = "silver/unique_instructions"
NEAR = field("rule") == "near"
NEGLIGIBLE_SOURCE = 10  # rows: one bad row of so few is a large share
EXPECTED_NEAR = 0.3
EXAMPLES = 4  # removals that a failed check shows


def unique_instructions(
    frames: Frames, *, threshold: float, max_loss: float, expected_loss: Mapping[str, Any], max_star: int
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
    below = removed.count_rows(filter=NEAR & (field("similarity") < threshold))
    yield metrics(*_ids(frames), none("near_below_threshold", below))
    limits = {source: expected.share for source, expected in expected_loss.items()}
    yield _sources(frames["silver/instructions"], removed, max_loss, limits)
    yield _stars(removed, max_star)


def _ids(frames: Frames) -> Iterable[Metric]:
    """Where ids are. A kept row may have been published before; those rows are looked up by key and not audited again."""
    rows, removed, before = frames[UNIQUE], frames["silver/duplicates"], frames.before
    ids = membership(
        kept=keys(rows, "id"),
        removed=keys(removed, "removed_id"),
        named=keys(removed, "kept_id"),
        signed=keys(frames["silver/signatures"], "id"),
        lookup={"published": keys(before[UNIQUE], "id")} if before else {},
    )
    yield none("removed_but_kept", ids.count("kept + removed > 1"))
    gone = "named > kept + published" if before else "named > kept"
    yield none("removed_for_a_row_that_is_gone", ids.count(gone))
    yield none("kept_without_a_signature", ids.count("kept != signed"))
    if before:
        yield none("ids_published_before", ids.count("published + kept > 1 or published + removed > 1"))
        published = {"published": keys(before[UNIQUE], "text_hash")}
        texts = membership(kept=keys(rows, "text_hash"), lookup=published)
        yield none("texts_published_before", texts.count("kept + published > 1"))


def _sources(records: ds.Dataset, removed: ds.Dataset, most: float, limits: Mapping[str, float]) -> Batch:
    """One row a source: `over_limit` is by how much its near-duplicates exceed what it may lose; small sources only warn."""
    before, lost = rows_by(records, "source"), rows_by(removed, "source", NEAR)
    sources: list[tuple[float, float, str]] = []
    for source, count in sorted(before.items(), key=str):
        share = lost[source] / count
        over = share - limits.get(source, most) if count >= NEGLIGIBLE_SOURCE else -1.0
        shown = f"{source}: {_examples(removed, 'source', source)}" if over > 0 else source
        sources.append((over, share, shown))
    rules = [between("over_limit", None, 0), between("near_share", None, EXPECTED_NEAR, warning=True)]
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
    return Batch("stars", table(rows, ["near_removals", "kept_id"]), [between("near_removals", None, most)], "kept_id")


def _examples(removed: ds.Dataset, column: str, value: str) -> str:
    """A few near removals with the row kept and the similarity."""
    batches = read_batches(removed, ["removed_id", "kept_id", "similarity"], NEAR & (field(column) == value))
    shown = first(batches, [("removed_id", "ascending")], EXAMPLES)
    return "; ".join(f"{row['removed_id']} for {row['kept_id']} at {row['similarity']:.3f}" for row in shown)
