"""What must hold of raw records before they are published.

The number of raw records is known to nobody but the reader, so the books are kept by file: a registered file that left
neither a row nor a quarantined one is named in a warning (an empty list is a file without records, too).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import KeyValues, field, keys, pc
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import at_most, between, exits, filled, identified, metrics, none, one_of, sized
from lake.engines.keys import Column
from lake.landing.addresses import MEMBER
from lake.tables.reasons import UNREADABLE

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frames

EXPECTED_QUARANTINE = 0.2  # share of all records


def instructions(frames: Frames) -> Iterable[Batch]:
    """The suite of bronze/instructions."""
    yield from _ingested(frames, "bronze/instructions", ["instructions"], ["raw", "messages"], [filled("shape")])


def passages(frames: Frames) -> Iterable[Batch]:
    """The suite of bronze/passages."""
    yield from _ingested(frames, "bronze/passages", ["passages"], ["raw", "text"], [])


def references(frames: Frames) -> Iterable[Batch]:
    """The suite of bronze/references."""
    rules = [filled("role"), one_of("role", ["benchmark", "truth"]), filled("name")]
    yield from _ingested(frames, "bronze/references", ["benchmark", "reference"], ["text"], rules)


def _ingested(
    frames: Frames, table: str, kinds: Sequence[str], long_columns: Sequence[str], rules: Sequence[Expectation]
) -> Iterable[Batch]:
    rows, quarantined = frames[table], frames[f"{table}_quarantine"]
    origin = [filled("source"), filled("uri"), filled("position"), between("position", 1, None)]
    texts = [rule for name in long_columns for rule in sized(name)]
    yield Batch(table, rows, [*identified("id", "raw"), *origin, *rules, *texts], key="id")
    yield exits(f"{table}_quarantine", quarantined, ["quarantined"], UNREADABLE)
    yield _books(frames, table, field("kind").isin(list(kinds)))


def _books(frames: Frames, table: str, kinds: ds.Expression) -> Batch:
    """Ids and addresses across the table, its quarantine and the registered files; of rows published before, their keys alone."""
    side = f"{table}_quarantine"
    rows, quarantined, files = frames[table], frames[side], frames["landing/files"]
    before = {f"old{number}": frames.before[key] for number, key in enumerate((table, side)) if key in frames.before}
    ids = membership(
        rows=keys(rows, "id"),
        quarantined=keys(quarantined, "id"),
        lookup={name: keys(old, "id") for name, old in before.items()},
    )
    uris = membership(
        registered=keys(files, "uri", kinds),
        rows=_files(rows),
        quarantined=_files(quarantined),
        lookup={name: _files(old) for name, old in before.items()},
    )
    sources = membership(registered=keys(files, "source", kinds), rows=keys(rows, "source"))
    read, unreadable = ids.count("rows == 1"), ids.count("quarantined == 1")
    known = "".join(f" + {name}" for name in before)
    again = [none("ids_published_before", ids.count(f"rows + quarantined > 0 and 0{known} > 0"))] if before else []
    return metrics(
        none("ids_in_table_and_quarantine", ids.count("rows + quarantined > 1")),
        *again,
        none("files_never_registered", uris.count("rows + quarantined > 0 and registered == 0")),
        none("sources_never_registered", sources.count("rows > registered")),
        # a file that was registered again and has nothing new leaves no row now
        none("files_without_a_row", uris.count(f"registered > rows + quarantined{known}"), warning=True),
        at_most("quarantined_share", unreadable / max(read + unreadable, 1), EXPECTED_QUARANTINE, warning=True),
    )


def _files(rows: ds.Dataset) -> KeyValues:
    """The addresses of the rows' registered files: an archive's, where a row's own names a file inside one."""

    def read() -> Iterator[pa.Array]:
        for addresses in Column(rows, "uri"):
            # a file has many rows
            yield pc.replace_substring_regex(pc.unique(addresses), MEMBER, r"\1")

    return KeyValues(read)
