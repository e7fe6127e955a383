"""What commands say beside their result, on the error stream: which files wait, were left out, or took rows back."""

from collections.abc import Iterable

from lake.harness import progress
from lake.harness.plan import UNCHANGED, PlannedStage
from lake.landing.landed import SETTLED_AFTER, unsettled
from lake.landing.listing import left_out_links
from lake.landing.pending import waiting
from lake.landing.published import rows_of_file
from lake.landing.register import Registered
from lake.storage.store import Lake
from lake.tables.reasons import HELD
from lake.takeback.taking import TakenBack


def still_written(lake: Lake) -> None:
    """Names the files of the landing folder that are not registered yet."""
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
    progress.console().print(sentence, markup=False)
