"""What must hold of raw records before they are published.

The number of raw records is known to nobody but the reader, so the books are kept by file: a registered file that left
neither a row nor a quarantined one is named in a warning (an empty list is a file without records, too).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from expectations.frames import count, keys, measured, membership
from expectations.gate import Batch
from expectations.rules import at_most, between, exits, figures, filled, identified, none, one_of, sized

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frame, Frames

UNREADABLE = (
    "malformed_json", "malformed_csv", "malformed_yaml", "malformed_parquet", "invalid_utf8", "unknown_shape",
    "unreadable_file",
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
    rows, quarantined, files = frames[table], frames[f"{table}_quarantine"], frames["landing/files"]
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
    yield _books(rows, quarantined, files, " or ".join(f"kind == '{kind}'" for kind in kinds))


def _books(rows: Frame, quarantined: Frame, files: Frame, kinds: str) -> Batch:
    ids = membership(rows=keys(rows, "id"), quarantined=keys(quarantined, "id"))
    uris = membership(
        registered=keys(files, "uri", kinds), rows=keys(rows, "uri"), quarantined=keys(quarantined, "uri")
    )
    sources = membership(registered=keys(files, "source", kinds), rows=keys(rows, "source"))
    read, refused = count(ids, "rows == 1"), count(ids, "quarantined == 1")
    return figures(
        none("ids_in_table_and_quarantine", count(ids, "rows + quarantined > 1")),
        none("files_never_registered", count(uris, "rows + quarantined > 0 and registered == 0")),
        none("sources_never_registered", count(sources, "rows > registered")),
        none("files_without_a_row", count(uris, "registered > rows + quarantined"), warning=True),
        at_most("quarantined_share", refused / max(read + refused, 1), EXPECTED_QUARANTINE, warning=True),
    )
