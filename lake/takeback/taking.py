"""One order, from what is asked to the proof: written down, found, erased, searched for.

    write down   the source or the ids; from here on no stage runs                  an order
    find         the rows, their copies, what was made with them                    tombstones, in one commit
    erase        tables, landed copies, caches, pages, Dagster's runs
    prove        words of the rows are looked for in every file
    write down   that it is done; stages run again

Killed anywhere, it is gone on with by the next `mixlake forget`, `withdraw` or `run`.
"""

import re
from collections.abc import Sequence
from functools import partial

import pyarrow as pa
from pydantic import BaseModel

from lake.errors import StageFailed, UserError
from lake.harness.progress import waits
from lake.ids import content_id, rekind
from lake.landing.register import registered
from lake.settings import local_path, settings
from lake.stages import STAGES
from lake.storage.erasure import Mask
from lake.storage.lease_records import LeaseRecords
from lake.storage.leases import lease
from lake.storage.migration import check_formats
from lake.storage.publication import now
from lake.storage.store import Lake
from lake.storage.tombstones import TOMBSTONES, Order, found_rows, keys, tombstones, unfinished_orders, write_tombstones
from lake.takeback import discovery, hashes
from lake.takeback.erasing import erase_order
from lake.takeback.landed import copies_to_remove, file_of, landed
from lake.takeback.references import mentions
from lake.takeback.searching import places_of

_RAW_ID = re.compile(r"(raw|rec|psg)_[0-9a-f]{24}")
_PROBES, _PROBE = 20, re.compile(r"[^\W_][\w ,;.-]{18,78}[^\W_]")


class TakenBack(BaseModel):
    """What an order took back: rows by source, and how many of them are copies that were not asked for.

    tables: the rows that left each table, over all its versions. made_anew: stages. outside: files, and a home of Dagster, that are the user's own.
    removed_files: landed copies. searched: how many of the rows were told by words of their own, looked for in every file in the end.
    """

    order: Order
    rows: dict[str, int]
    copies: int
    tables: dict[str, int]
    models: list[str]
    releases: list[str]
    made_anew: list[str]
    outside: list[str]
    removed_files: list[str]
    searched: int


def withdraw(lake: Lake, source: str, reason: str) -> TakenBack:
    """Takes back all that a source gave. Raises UserError where it gave nothing, StageFailed where words of it are still found."""
    why, found = _reason(reason), discovery.raw_rows(lake, discovery.of_source(source))
    if not found.num_rows and not any(file["source"] == source for file in registered(lake)):
        raise UserError(
            f"The source {source!r} gave no row and no file to this lake: `mixlake ledger` lists its sources"
        )
    return _carry_out(lake, _written_down(lake, "withdraw", why, source))


def forget(lake: Lake, ids: Sequence[str], reason: str) -> TakenBack:
    """Takes back single raw rows and all with the same bytes or texts. Raises UserError for what is no id of a raw row in this lake."""
    why = _reason(reason)
    for row_id in ids:
        if not _RAW_ID.fullmatch(row_id):
            raise UserError(
                f"{row_id!r} is no id of a raw row, as raw_ and 24 digits is: `mixlake explain` names the raw rows of any other id"
            )
    known = {found.split("_")[1] for found in discovery.raw_rows(lake, discovery.with_ids(ids))["id"].to_pylist()}
    unknown = [row_id for row_id in ids if row_id.split("_")[1] not in known]
    if unknown:
        raise UserError(f"There is no raw row {unknown[0]!r} in this lake: nothing was taken back")
    return _carry_out(lake, _written_down(lake, "forget", why, None, [rekind("raw", row_id) for row_id in ids]))


def finish(lake: Lake) -> list[TakenBack]:
    """Goes on with the orders whose command was killed, the oldest first; what each of them took back."""
    return [_carry_out(lake, order) for order in unfinished_orders(lake)]


def asks_for(lake: Lake, order: Order, act: str, source: str | None, ids: Sequence[str]) -> bool:
    """Whether the order asks for these raw rows, by whichever of their ids, or for this source."""
    asked = {row["id"].split("_")[-1] for row in tombstones(lake, "asked", order=order.id)}
    return (order.act, order.source) == (act, source) and asked == {row_id.split("_")[-1] for row_id in ids}


def _reason(given: str) -> str:
    """The reason as it is kept, in one line. Raises UserError where there is none."""
    if not given.strip():
        raise UserError("Taking back needs a reason, which is kept for good: --reason 'why'")
    return " ".join(given.split())


def _written_down(lake: Lake, act: str, reason: str, source: str | None, ids: Sequence[str] = ()) -> Order:
    check_formats(lake, STAGES)
    moment = now()
    order_id = content_id("ord", act, moment.isoformat(), source or "", *ids)
    order = Order(id=order_id, act=act, reason=reason, taken_at=moment, source=source)
    asked = pa.table({"id": [order_id], "kind": ["order"], "source": pa.array([source], pa.string())})
    write_tombstones(lake, order, asked, _tombstones("asked", ids))
    return order


def _carry_out(lake: Lake, order: Order) -> TakenBack:
    patience, run_id = settings().lease_wait, f"{order.act} {order.id}"
    records = LeaseRecords.of(lake.root)
    with lease(records, TOMBSTONES, run_id, patience, partial(waits, TOMBSTONES, seconds=patience)):
        # whoever works on a stage now ends; whoever comes later finds the order, and does not begin
        for stage in STAGES:
            with lease(records, stage, run_id, patience, partial(waits, stage, seconds=patience)):
                pass
        if not tombstones(lake, "found", order=order.id):
            _find(lake, order)
        words = _words_of_their_own(lake, order)
        gone = erase_order(lake, order)
        found = [f"{place} still holds the words {text!r}" for text, place in places_of(lake, words)] if words else []
        if found:
            raise StageFailed(f"{len(found)} files still hold words that were taken back: {found[0]}")
        write_tombstones(lake, order, _tombstones("done", [order.id]))
    return _told(lake, order, gone, len(words))


def _find(lake: Lake, order: Order) -> None:
    asked = [row["id"] for row in tombstones(lake, "asked", order=order.id)]
    if order.source is not None:
        rows = discovery.raw_rows(lake, discovery.of_source(order.source))
    else:
        rows = discovery.raw_rows(lake, discovery.copies_of(discovery.raw_rows(lake, discovery.with_ids(asked))))
    made = discovery.made_with(lake, rows)
    write_tombstones(
        lake,
        order,
        _tombstones("found", [order.id]),
        discovery.without_shared(lake, rows).append_column("kind", pa.array(["row"] * rows.num_rows, pa.string())),
        _tombstones("made", sorted(made.ids)),
        _tombstones("text", sorted(made.texts)),
        _tombstones("file", copies_to_remove(lake, rows)),
        discovery.marked(lake, made),
    )


def _told(lake: Lake, order: Order, tables: dict[str, int], searched: int) -> TakenBack:
    rows = found_rows(lake, order)
    marks = tombstones(lake, "asked", "model", "release", "stage", "file", order=order.id)
    named = {
        kind: sorted({row["id"] for row in marks if row["kind"] == kind})
        for kind in ("asked", "model", "release", "stage", "file")
    }
    return TakenBack(
        order=order,
        rows=dict(sorted((row["values"], row["counts"]) for row in rows["source"].value_counts().to_pylist())),
        copies=rows.num_rows - len(named["asked"]) if named["asked"] else 0,
        tables=tables,
        models=named["model"],
        releases=named["release"],
        made_anew=named["stage"],
        outside=sorted(
            {file_of(uri) for uri in rows["uri"].unique().to_pylist() if not landed(lake, uri)} | _own_home(lake)
        ),
        removed_files=named["file"],
        searched=searched,
    )


def _own_home(lake: Lake) -> set[str]:
    """A Dagster home that is the user's own, whose runs may quote rows: it may serve other projects, too."""
    home = settings().dagster_home
    return {str(home)} if home and not home.is_relative_to(local_path(lake.root)) else set()


def _tombstones(kind: str, ids: Sequence[str]) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.string()), "kind": pa.array([kind] * len(ids), pa.string())})


def _words_of_their_own(lake: Lake, order: Order) -> list[str]:
    """Words of some of the rows, of each the longest run without a sign that a file might write otherwise, that no row that stays has."""
    taken, probes = keys(lake, order), set[str]()

    def goes(batch: pa.RecordBatch) -> Mask:
        return mentions(batch, taken, ["id"])

    for batch, mask in discovery.raw_batches(lake, goes):
        for said in hashes.texts(batch.filter(pa.array(mask))) if len(probes) < _PROBES else ():
            runs = [run for text in said or () for run in _PROBE.findall(text)]
            probes |= {max(runs, key=len)} if runs else set()
    for batch, mask in discovery.raw_batches(lake, goes) if probes else ():
        stays = "\0".join(text for said in hashes.texts(batch.filter(pa.array(~mask))) for text in said or ())
        probes = {probe for probe in probes if probe not in stays}
    return sorted(probes)[:_PROBES]
