"""What must hold of raw records before they are published.

The number of raw records is known to nobody but the reader, so the books are kept by file: that registered files left neither a row
nor a quarantined one, and do not wait, is a warning (an empty list is a file without records, too). A file that waits is one by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import KeyValues, field, keys, pc
from expectations.membership import membership
from expectations.rules import (
    Batch,
    Rule,
    at_most,
    between,
    exits,
    figures,
    filled,
    foreign,
    identified,
    none,
    one_of,
    sized,
    told,
    vital,
)
from expectations.suites.since_last import since_last
from lake.engines.keys import Column
from lake.landing.addresses import MEMBER
from lake.tables.reasons import PENDING, UNREADABLE

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Ingested


def instructions(frames: Frames, *, gate: Ingested) -> Iterable[Batch]:
    """The suite of bronze/instructions."""
    rules = [filled("shape")]
    yield from _ingested(frames, "bronze/instructions", ["instructions"], ["raw", "messages"], rules, gate)


def passages(frames: Frames, *, gate: Ingested) -> Iterable[Batch]:
    """The suite of bronze/passages."""
    yield from _ingested(frames, "bronze/passages", ["passages"], ["raw", "text"], [], gate)


def references(frames: Frames, *, gate: Ingested) -> Iterable[Batch]:
    """The suite of bronze/references."""
    rules = [filled("role"), one_of("role", ["benchmark", "truth"]), filled("name")]
    yield from _ingested(frames, "bronze/references", ["benchmark", "reference"], ["text"], rules, gate)


def _ingested(
    frames: Frames,
    table: str,
    kinds: Sequence[str],
    long_columns: Sequence[str],
    rules: Sequence[Rule],
    gate: Ingested,
) -> Iterable[Batch]:
    rows, quarantined = frames[table], frames[f"{table}_quarantine"]
    origin = [filled("source"), filled("uri"), filled("position"), between("position", 1, None)]
    texts = [rule for name in long_columns for rule in sized(name)]
    yield Batch(table, rows, [*identified("id", "raw"), *origin, *rules, *texts], key="id")
    yield exits(f"{table}_quarantine", quarantined, ["quarantined"], UNREADABLE)
    named = [filled("uri"), filled("source"), filled("reason"), one_of("reason", PENDING), filled("detail")]
    held = told("detail", "No file waits: each that does is told here.")
    rules = [*identified("id", "wait"), *named, between("rows", 0, None), held]
    yield Batch(f"{table}_pending", frames[f"{table}_pending"], rules, key="source")
    rules = [*identified("id", "raw"), filled("source"), filled("uri")]
    yield Batch(f"{table}_withdrawn", frames[f"{table}_withdrawn"], rules, key="id")
    yield _books(frames, table, field("kind").isin(list(kinds)), gate)
    yield from since_last(frames, table, gate, categories=["source"])


def _books(frames: Frames, table: str, kinds: ds.Expression, gate: Ingested) -> Batch:
    """Ids and addresses across the table, its quarantine and the registered files; of rows published before, their keys alone."""
    places = (table, f"{table}_quarantine")
    before = {f"old{number}": frames.before[key] for number, key in enumerate(places) if key in frames.before}
    # a file that could not be had is read in a later run, in which it is not among the new registrations
    registered = {"earlier": frames.before["landing/files"]} if "landing/files" in frames.before else {}
    return figures(
        *_ids(frames, table, before, gate),
        *_addresses(frames, table, kinds, before, registered),
        _sources(frames, table, kinds, registered),
    )


def _ids(frames: Frames, table: str, before: Mapping[str, ds.Dataset], gate: Ingested) -> Iterable[Rule]:
    """Every record is read once, and quarantined or not."""
    ids = membership(
        rows=keys(frames[table], "id"),
        quarantined=keys(frames[f"{table}_quarantine"], "id"),
        withdrawn=keys(frames[f"{table}_withdrawn"], "id"),
        lookup={name: keys(old, "id") for name, old in before.items()},
    )
    known = "".join(f" + {name}" for name in before)

    def quarantined_share() -> float:
        read, unreadable = ids.count("rows == 1"), ids.count("quarantined == 1")
        return unreadable / max(read + unreadable, 1)

    yield vital(
        none(
            "ids_in_table_and_quarantine",
            lambda: ids.count("rows + quarantined > 1"),
            "No record is both in the table and in its quarantine.",
        )
    )
    yield vital(
        none(
            "ids_published_before",
            lambda: ids.count(f"rows + quarantined > 0 and 0{known} > 0") if before else None,
            "No new record was published before.",
        )
    )
    yield foreign(
        "withdrawn_but_never_read",
        lambda: ids.count(f"withdrawn > rows + quarantined{known}"),
        "Every withdrawn id is one of a record that was read.",
    )
    few = "Few of the records are quarantined."
    yield at_most("quarantined_share", quarantined_share, gate.expected_quarantined, few, warning=True)


def _addresses(
    frames: Frames,
    table: str,
    kinds: ds.Expression,
    before: Mapping[str, ds.Dataset],
    registered: Mapping[str, ds.Dataset],
) -> Iterable[Rule]:
    """Every record is of a registered file, and every such file left one or waits."""
    uris = membership(
        registered=keys(frames["landing/files"], "uri", kinds),
        rows=_files(frames[table]),
        quarantined=_files(frames[f"{table}_quarantine"]),
        pending=keys(frames[f"{table}_pending"], "uri"),
        lookup={name: _files(old) for name, old in before.items()}
        | {name: keys(old, "uri", kinds) for name, old in registered.items()},
    )
    known = "".join(f" + {name}" for name in before)
    place = " + ".join(["registered", *registered])
    yield foreign(
        "files_never_registered",
        lambda: uris.count(f"rows + quarantined + pending > 0 and {place} == 0"),
        "Every record is of a registered file.",
    )
    # a file that was registered again and has nothing new leaves no row now
    yield none(
        "files_without_a_row",
        lambda: uris.count(f"registered > rows + quarantined + pending{known}"),
        "Every registered file left a record, a quarantined one, or waits.",
        warning=True,
    )


def _sources(frames: Frames, table: str, kinds: ds.Expression, registered: Mapping[str, ds.Dataset]) -> Rule:
    sources = membership(
        registered=keys(frames["landing/files"], "source", kinds),
        rows=keys(frames[table], "source"),
        lookup={name: keys(old, "source", kinds) for name, old in registered.items()},
    )
    place = " + ".join(["registered", *registered])
    return foreign(
        "sources_never_registered", lambda: sources.count(f"rows > {place}"), "Every record is of a registered source."
    )


def _files(rows: ds.Dataset) -> KeyValues:
    """The addresses of the rows' registered files: an archive's, where a row's own names a file inside one."""

    def read() -> Iterator[pa.Array]:
        for addresses in Column(rows, "uri"):
            # a file has many rows
            yield pc.replace_substring_regex(pc.unique(addresses), MEMBER, r"\1")

    return KeyValues(read)
