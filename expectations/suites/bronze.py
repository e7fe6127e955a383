"""What must hold of raw records before they are published.

The number of raw records is known to nobody but the reader, so the books are kept by file: a registered file that left
neither a row nor a quarantined one is named in a warning (an empty list is a file without records, too).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from expectations.frames import keys, measured
from expectations.gate import Batch
from expectations.members import count, membership, met
from expectations.rules import at_most, between, exits, figures, filled, identified, none, one_of, sized
from lake.landing.addresses import MEMBER

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frame, Frames

UNREADABLE = (
    "malformed_json", "malformed_csv", "malformed_yaml", "malformed_xml", "malformed_parquet", "malformed_arrow", "invalid_utf8",
    "unknown_shape", "broken_thread", "unreadable_file",
)  # fmt: skip
EXPECTED_QUARANTINE = 0.2  # share of all records


def instructions(frames: Frames, params: Any) -> Iterable[Batch]:
    """The suite of bronze/instructions."""
    yield from _ingested(frames, "bronze/instructions", ("instructions",), ["raw", "messages"], [filled("shape")])


def passages(frames: Frames, params: Any) -> Iterable[Batch]:
    """The suite of bronze/passages."""
    yield from _ingested(frames, "bronze/passages", ("passages",), ["raw", "text"], [])


def references(frames: Frames, params: Any) -> Iterable[Batch]:
    """The suite of bronze/references."""
    rules = [filled("role"), one_of("role", ["benchmark", "truth"]), filled("name")]
    yield from _ingested(frames, "bronze/references", ("benchmark", "reference"), ["text"], rules)


def _ingested(
    frames: Frames, table: str, kinds: Sequence[str], lengthy: Sequence[str], rules: Sequence[Expectation]
) -> Iterable[Batch]:
    rows, quarantined = frames[table], frames[f"{table}_quarantine"]
    common = [
        *identified("id", "raw"),
        filled("source"),
        filled("uri"),
        filled("position"),
        between("position", 1, None),
    ]
    texts = [rule for name in lengthy for rule in sized(name)]
    named = [rule.configuration.kwargs["column"] for rule in (*common, *rules)]
    yield Batch(table, measured(rows, lengthy, sorted({*named})), [*common, *rules, *texts], key="id")
    yield exits(f"{table}_quarantine", quarantined, ["quarantined"], UNREADABLE)
    yield _books(frames, table, " or ".join(f"kind == '{kind}'" for kind in kinds))


def _books(frames: Frames, table: str, kinds: str) -> Batch:
    """Ids and addresses across the table, its quarantine and the registered files; of rows published before, their keys alone."""
    side = f"{table}_quarantine"
    rows, quarantined, files = frames[table], frames[side], frames["landing/files"]
    before = frames.before
    old = [before[key] for key in (table, side) if key in before]
    new = {"rows": keys(rows, "id"), "quarantined": keys(quarantined, "id")}
    ids = membership(**new, **_numbered(met(keys(one, "id"), *new.values()) for one in old))
    uris = membership(
        registered=keys(files, "uri", kinds),
        rows=_files(rows),
        quarantined=_files(quarantined),
        **_numbered(map(_files, old)),
    )
    sources = membership(registered=keys(files, "source", kinds), rows=keys(rows, "source"))
    read, refused = count(ids, "rows == 1"), count(ids, "quarantined == 1")
    known = "".join(f" + old{number}" for number in range(len(old)))
    again = [none("ids_published_before", count(ids, f"rows + quarantined > 0 and 0{known} > 0"))] if old else []
    return figures(
        none("ids_in_table_and_quarantine", count(ids, "rows + quarantined > 1")),
        *again,
        none("files_never_registered", count(uris, "rows + quarantined > 0 and registered == 0")),
        none("sources_never_registered", count(sources, "rows > registered")),
        # a file that was registered again and has nothing new leaves no row now
        none("files_without_a_row", count(uris, f"registered > rows + quarantined{known}"), warning=True),
        at_most("quarantined_share", refused / max(read + refused, 1), EXPECTED_QUARANTINE, warning=True),
    )


def _numbered(old: Iterable[Frame]) -> dict[str, Frame]:
    return {f"old{number}": one for number, one in enumerate(old)}


def _files(frame: Frame) -> Frame:
    """The addresses of the rows' registered files: an archive's, where a row's own names a file inside one."""
    found: Any = keys(frame, "uri")
    if isinstance(found, pd.DataFrame):
        return found.assign(key=found["key"].astype(str).str.replace(MEMBER, lambda match: match[1], regex=True))
    from pyspark.sql import functions as F

    return found.distinct().select(F.regexp_replace("key", MEMBER, "$1").alias("key"))
