"""What must hold of unique rows and of the evidence for every removal.

Stops what looks like a mistake of scale: a source that loses most of its rows as near-duplicates, or one row that stands for
thousands. Exact copies are counted by the stage and never stop it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from expectations.frames import first, keys, loss, rows_in, summary
from expectations.gate import Batch
from expectations.members import count, membership, met
from expectations.rules import Figure, between, figures, filled, identified, none, one_of, unique

if TYPE_CHECKING:
    from expectations.frames import Frame, Frames
    from expectations.limits import DedupeLimits

UNIQUE = "silver/unique_instructions"
NEAR = "rule == 'near'"
RULES = ("exact_record", "exact_prompt_answer", "near")
REASONS = ("numbers_or_short_side", "whole_record", "prompt", "answer")
NEGLIGIBLE_SOURCE = 10  # rows: one bad row of so few is a large share
EXPECTED_NEAR = 0.3
EXAMPLES = 4  # removals that a failed check shows


def unique_instructions(frames: Frames, params: DedupeLimits) -> Iterable[Batch]:
    """The suite of silver/unique_instructions: no shared key, every removal proven, no source or star out of bounds."""
    rows, removed = frames[UNIQUE], frames["silver/duplicates"]
    yield Batch(UNIQUE, rows, [*identified("id", "rec"), unique("text_hash")], key="id")
    evidence = [filled("removed_id"), unique("removed_id"), filled("kept_id"), filled("similarity"), filled("rule")]
    rules = [*evidence, one_of("rule", RULES), between("similarity", 0, 1)]
    yield Batch("silver/duplicates", removed, rules, key="removed_id")
    measured = [filled("right"), filled("similarity"), between("similarity", 0, 1)]
    reasons = [filled("reason"), one_of("reason", REASONS)]
    yield Batch(
        "silver/rejected_pairs", frames["silver/rejected_pairs"], [filled("left"), *measured, *reasons], key="left"
    )
    yield Batch("silver/signatures", frames["silver/signatures"], identified("id", "rec"), key="id")
    below = rows_in(removed, f"{NEAR} and similarity < {params.threshold}")
    yield figures(*_ids(frames, frames.before), none("near_below_threshold", below))
    yield _sources(frames["silver/instructions"], removed, params)
    yield _stars(removed, params.max_star)


def _ids(frames: Frames, before: Mapping[str, Frame]) -> Iterable[Figure]:
    """Where ids are. A kept row may have been published before; those rows are joined by key and not audited again."""
    rows, removed = frames[UNIQUE], frames["silver/duplicates"]
    places = {"kept": keys(rows, "id"), "removed": keys(removed, "removed_id"), "named": keys(removed, "kept_id")}
    places["signed"] = keys(frames["silver/signatures"], "id")
    if before:
        places["published"] = met(keys(before[UNIQUE], "id"), *places.values())
    ids = membership(**places)
    yield none("removed_but_kept", count(ids, "kept + removed > 1"))
    yield none("removed_for_a_row_that_is_gone", count(ids, "named > kept" + (" + published" if before else "")))
    yield none("kept_without_a_signature", count(ids, "kept != signed"))
    if before:
        yield none("ids_published_before", count(ids, "published + kept > 1 or published + removed > 1"))
        kept = keys(rows, "text_hash")
        texts = membership(kept=kept, published=met(keys(before[UNIQUE], "text_hash"), kept))
        yield none("texts_published_before", count(texts, "kept + published > 1"))


def _sources(records: Frame, removed: Frame, params: DedupeLimits) -> Batch:
    """One row a source: `over_limit` is by how much its near-duplicates exceed what it may lose; small sources only warn."""
    shares = loss(keys(records, "source"), keys(removed, "source", NEAR), "key")
    known = {source: expected.share for source, expected in params.expected_loss.items()}
    limits = pd.Series([known.get(source, params.max_loss) for source in shares["key"]], dtype=float)
    near = 1 - shares["lost"]
    over = (near - limits).where(shares["before"] >= NEGLIGIBLE_SOURCE, -1.0)
    examples = [
        f"{source}: {_shown(removed, 'source', source)}" if excess > 0 else source
        for source, excess in zip(shares["key"], over, strict=True)
    ]
    held = pd.DataFrame({"over_limit": over, "near_share": near, "source": examples})
    rules = [between("over_limit", None, 0), between("near_share", None, EXPECTED_NEAR, warning=True)]
    return Batch("sources", held, rules, key="source")


def _stars(removed: Frame, most: int) -> Batch:
    """The rows that stand for the most near-duplicates."""
    stars = first(summary(keys(removed, "kept_id", NEAR), "key", []), ["-rows", "key"], EXAMPLES)
    examples = [
        f"{kept}: {_shown(removed, 'kept_id', kept)}" if rows > most else kept
        for kept, rows in zip(stars["key"], stars["rows"], strict=True)
    ]
    held = pd.DataFrame({"near_removals": stars["rows"], "kept_id": examples})
    return Batch("stars", held, [between("near_removals", None, most)], key="kept_id")


def _shown(removed: Frame, column: str, value: Any) -> str:
    """A few near removals with the row kept and the similarity."""
    found = first(removed, ["removed_id"], EXAMPLES, **{"rule": "near", column: value})
    listed = zip(found["removed_id"], found["kept_id"], found["similarity"], strict=True)
    return "; ".join(f"{removed_id} for {kept_id} at {similarity:.3f}" for removed_id, kept_id, similarity in listed)
