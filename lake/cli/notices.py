"""What commands say beside their result, on the error stream: which files wait, were left out, or took rows back."""

from collections.abc import Iterable
from difflib import get_close_matches

from lake.harness import progress
from lake.harness.plan import UNCHANGED, PlannedStage
from lake.harness.profiles import resolve
from lake.landing.landed import SETTLED_AFTER, outside_sources, refusals, unsettled
from lake.landing.listing import left_out_links
from lake.landing.pending import waiting
from lake.landing.published import rows_of_file
from lake.landing.register import Registered
from lake.storage.store import Lake
from lake.tables.reasons import HELD
from lake.takeback.taking import TakenBack


def still_written(lake: Lake) -> None:
    """Names what lies in the landing folder and is not registered yet, or never will be."""
    for item in outside_sources(lake):
        _say(
            f"never read: {item} is no folder of a source, which has up to 64 lower-case letters, digits, '_', '.' and '-'"
        )
    for refusal in refusals(lake):
        _say(f"waits: {refusal}")
    for file in unsettled(lake):
        _say(f"waits: {file} was written to less than {SETTLED_AFTER:.0f} s ago; the next run registers it")


def kept(planned: Iterable[PlannedStage]) -> None:
    """Names the stages that have nothing to do though inputs of theirs changed, each with why."""
    for entry in planned:
        if entry.action == "nothing_to_do" and entry.reason != UNCHANGED:
            _say(f"{entry.stage}: {entry.reason}")


def unpublished(lake: Lake) -> None:
    """Names the registered files that wait, each with why and what releases it."""
    for file in waiting(lake):
        _say(f"{'held' if file.reason in HELD else 'waits'}: {file.detail}")


def left_out(path: str) -> None:
    """Names the links below a folder that lead nowhere where files are registered."""
    for link, target in left_out_links(path):
        _say(f"left out: the link {link} leads to {target}, outside of the folder or to nothing")


def licence(stated: str | None, files: Iterable[Registered]) -> None:
    """Says what a licence that is missing, or that nobody knows here, costs: a slip in it would be seen on the card of the release alone."""
    known = resolve("texts.licences:CLASSES")
    if stated is None and any(file.kind == "instructions" for file in files):
        _say(
            "no licence was stated: rows of these files are never released; ingest them again with --licence ID, such as CC-BY-4.0"
        )
    elif stated is not None and stated not in known:
        meant = {name.casefold(): name for name in known}
        near = get_close_matches(stated.casefold(), meant, n=1, cutoff=0.8)
        hint = f"; if {meant[near[0]]} is meant, ingest again with --licence {meant[near[0]]}" if near else ""
        _say(
            f"the licence {stated} is none whose terms are known here: its texts are fused with their like alone{hint}"
        )


def changed(lake: Lake, files: Iterable[Registered]) -> None:
    """Names the files that were registered with other content, and how many rows are at stake: which of them stay, reading tells."""
    for file in files:
        if file.changed and (rows := rows_of_file(lake, file.uri)):
            _say(
                f"changed: {file.uri} gave {rows:,} rows before; those it no longer has are withdrawn by the next run, which counts "
                "them: they can no longer be released, and their bytes stay in the lake"
            )


def finished(done: Iterable[TakenBack]) -> None:
    """Names the orders to take something back whose command was killed, and which are carried out now."""
    for order in (one.order for one in done):
        _say(
            f"finished: the order of {order.taken_at:%Y-%m-%d %H:%M} UTC to {order.act} {order.source or 'rows'} ({order.reason})"
        )


def _say(sentence: str) -> None:
    progress.console().print(sentence)
