"""What an order takes back: raw rows and their copies, what was made with them, and the models and releases that held them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from lake.ids import sha256_text
from lake.landing.pending import STAGES as READING
from lake.stages import STAGES, producer
from lake.storage.erasure import Mask, scan
from lake.storage.log import versions
from lake.storage.store import Lake
from lake.storage.tombstones import key_of
from lake.tables import TABLES
from lake.takeback import hashes
from lake.takeback.references import ABOUT, MADE_OF, mentions

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

_RAW = ("id", "source", "uri")
_ROW = pa.schema([(name, pa.string()) for name in (*_RAW, "content", "said")])
# of what is made of rows: such an id in a row that goes is taken back, too
_OWN_ID = r"^(grp|dst|mix|rel|ans)_"
_RECORDS = "silver/instructions"  # whose texts all vectors are of

Chosen = Callable[[pa.RecordBatch], Mask]


def of_source(source: str) -> Chosen:
    """Chooses the raw rows of a source."""
    return lambda batch: pc.equal(batch["source"], source).to_numpy(zero_copy_only=False)


def with_ids(ids: Sequence[str]) -> Chosen:
    """Chooses the raw rows of these ids, of whatever kind."""
    keys = key_of(pa.array(list(ids), pa.string()))
    return lambda batch: mentions(batch, keys, ["id"])


def copies_of(rows: pa.Table) -> Chosen:
    """Chooses these raw rows, and all with the bytes of one of them, or that say the same."""
    themselves = with_ids(rows["id"].to_pylist())
    known = {value for name in ("content", "said") for value in rows[name].to_pylist() if value}

    def chosen(batch: pa.RecordBatch) -> Mask:
        pairs = zip(hashes.contents(batch), hashes.sayings(batch), strict=True)
        return themselves(batch) | np.fromiter((not known.isdisjoint(pair) for pair in pairs), bool, batch.num_rows)

    return chosen


def raw_rows(lake: Lake, chosen: Chosen) -> pa.Table:
    """id, source, uri, content and said of the chosen raw rows of every version, read or quarantined; each id once."""
    parts = [_described(batch.filter(pa.array(mask))) for batch, mask in raw_batches(lake, chosen) if mask.any()]
    if not parts:
        return _ROW.empty_table()
    others = [(name, "first") for name in _ROW.names[1:]]
    return pa.concat_tables(parts).group_by("id", use_threads=False).aggregate(others).rename_columns(_ROW.names)


def without_shared(lake: Lake, rows: pa.Table) -> pa.Table:
    """The raw rows, each without a hash that a row that stays has, too: that one must not be taken for it, in a rebuild of another source."""
    themselves, shared = with_ids(rows["id"].to_pylist()), set[str | None]()
    for batch, mask in raw_batches(lake, copies_of(rows)):
        others = batch.filter(pa.array(mask & ~themselves(batch)))
        shared.update((*hashes.contents(others), *hashes.sayings(others)))
    for name in ("content", "said"):
        own = [None if value in shared else value for value in rows[name].to_pylist()]
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(own, pa.string()))
    return rows


def raw_batches(lake: Lake, chosen: Chosen) -> Iterator[tuple[pa.RecordBatch, Mask]]:
    """All raw rows of all versions, in batches, and which of them are chosen."""
    for table in (f"{stage}{side}" for stage in READING for side in ("", "_quarantine")):
        for _, batch in scan(lake, table, (*_RAW, *hashes.COLUMNS)):
            yield batch, chosen(batch)


def _described(batch: pa.RecordBatch) -> pa.Table:
    own = [batch[name] for name in _RAW]
    return pa.table(
        [*own, pa.array(hashes.contents(batch), pa.string()), pa.array(hashes.sayings(batch), pa.string())], schema=_ROW
    )


@dataclass
class Made:
    """What was made with taken rows: its ids, the SHA-256 of texts whose vectors go, and for each table the files that hold any of it.

    lost: the stages whose rows of now lose some that were made of other rows, too.
    """

    keys: pa.Array
    ids: set[str] = field(default_factory=set[str])
    texts: set[str] = field(default_factory=set[str])
    files: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    lost: set[str] = field(default_factory=set[str])


def made_with(lake: Lake, rows: pa.Table) -> Made:
    """All that was made with these raw rows, table by table as they were made, in every version."""
    made = Made(key_of(rows["id"].combine_chunks()))
    for table in (table for stage in STAGES.values() for table in stage.outputs):
        if table == _RECORDS:
            _add_texts(lake, made)
        while _add_ids(lake, table, made):  # again: a group's other members are known by the group's id alone
            pass
    return made


def _add_ids(lake: Lake, table: str, made: Made) -> bool:
    """Whether rows of the table named ids that were not known yet to be made with what is taken back; they are now."""
    found, held_others = set[str](), set[str]()
    for name, batch in scan(lake, table, (*ABOUT, *MADE_OF)):
        goes = mentions(batch, made.keys, (*ABOUT, *MADE_OF))
        if goes.any():
            made.files[table].add(name)
            found.update(_own_ids(batch.filter(pa.array(goes))))
            if mentions(batch, made.keys, MADE_OF).any():
                held_others.add(name)
    version = lake.version(table) if held_others else None
    if version is not None and not held_others.isdisjoint(lake.file_paths(table, version)):
        made.lost.add(TABLES[table].side_of or table)
    fresh = found - made.ids
    made.ids |= fresh
    made.keys = pa.concat_arrays([made.keys, key_of(pa.array(sorted(fresh), pa.string()))])
    return bool(fresh)


def _own_ids(rows: pa.RecordBatch) -> Iterator[str]:
    for name in ("id", "group_id"):
        if name in rows.schema.names:
            yield from rows[name].filter(pc.match_substring_regex(rows[name], _OWN_ID)).to_pylist()


def _add_texts(lake: Lake, made: Made) -> None:
    """Adds the hashes of the texts of taken records; not of a whole text that a record that stays has, too: it needs the vector."""
    whole, parts, stays = set[str](), set[str](), set[str]()
    for _, batch in scan(lake, _RECORDS, ("id", "prompt", "answer", "text_hash")):
        goes = mentions(batch, made.keys, ["id"])
        taken = batch.filter(pa.array(goes))
        whole.update(taken["text_hash"].to_pylist())
        parts.update(sha256_text(text) for name in ("prompt", "answer") for text in taken[name].to_pylist())
    for _, batch in scan(lake, _RECORDS, ("id", "text_hash")) if whole else ():
        others = batch.filter(pa.array(~mentions(batch, made.keys, ["id"])))
        stays.update(whole.intersection(others["text_hash"].to_pylist()))
    fresh = (whole | parts) - stays - made.texts
    made.texts |= fresh
    made.keys = pa.concat_arrays([made.keys, key_of(pa.array(sorted(fresh), pa.string()))])


def marked(lake: Lake, made: Made) -> pa.Table:
    """A tombstone for each model that read a version with such rows, each release that held one, and each stage to be made anew."""
    held = {
        table: {version.number for version in versions(lake, table) if not version.files.isdisjoint(files)}
        for table, files in made.files.items()
    }
    releases = [("release", name, version) for version, name in _releases(lake, held)]
    lost = made.lost | (
        {"releases/current"} if any(at == lake.version("releases/current") for *_, at in releases) else set()
    )
    marks = [
        *(("model", digest, None) for digest in _models(lake, held)),
        *releases,
        *(("stage", stage, lake.version(stage)) for stage in sorted(lost)),
    ]
    schema = pa.schema([("kind", pa.string()), ("id", pa.string()), ("version", pa.int64())])
    return pa.Table.from_pylist([dict(zip(schema.names, mark, strict=True)) for mark in marks], schema)


def _models(lake: Lake, held: Mapping[str, set[int]]) -> list[str]:
    """Digests of the models whose stage read a version that held such a row, or a model that did."""
    tainted = {table: set(versions) for table, versions in held.items()}
    digests = dict[str, None]()
    for table in (key for key, table in TABLES.items() if {"digest", "uri"} <= set(table.columns)):
        stage = producer(table)
        for version, publication in lake.publications(stage.key) if stage and lake.exists(stage.key) else ():
            if any(at in tainted.get(read, ()) for read, at in publication.inputs.items()):
                own = publication.sides.get(table, version)
                tainted.setdefault(table, set()).add(own)
                digests |= dict.fromkeys(
                    digest for digest in lake.dataset(table, own).to_table(["digest"])["digest"].to_pylist() if digest
                )
    return list(digests)


def _releases(lake: Lake, held: Mapping[str, set[int]]) -> Iterator[tuple[int, str]]:
    key = "releases/current"
    for version, publication in lake.publications(key) if lake.exists(key) else ():
        if publication.inputs["gold/training_set"] in held.get("gold/training_set", ()):
            for name in lake.dataset(key, version).to_table(["release"])["release"].unique().to_pylist():
                yield version, name
