"""What must hold of the tables, whatever happened to them: each function gives the broken promises as sentences.

Tables without memory are compared row by row with the model; of the others, what a reader may rely on is asked by the rules of
benchmarks.soaking.rules. They take plain rows, so that a test can break each promise in turn.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

from benchmarks.soaking.commands import Row, Tables
from benchmarks.soaking.records import Record
from benchmarks.soaking.rules import are_near, exact_key, similarity
from benchmarks.soaking.world import Bronze, Key, State, cleaned

Ids = Mapping[str, Key]  # raw ids, as told by where their rows lie

BRONZE, QUARANTINE = "bronze/instructions", "bronze/instructions_quarantine"
PENDING, WITHDRAWN = "bronze/instructions_pending", "bronze/instructions_withdrawn"
SILVER, REJECTED, CHANGED = "silver/instructions", "silver/instructions_rejected", "silver/instructions_changed"
UNIQUE, DUPLICATES, SIGNATURES = "silver/unique_instructions", "silver/duplicates", "silver/signatures"
QUALITY, UNRATED, RATINGS = "silver/quality", "silver/unrated", "silver/ratings"
GROUPS, SINGLETONS, EMBEDDINGS = "silver/groups", "silver/singletons", "silver/embeddings"

# the places of a level, each with the column of its ids: an id is in one of them at most
LEVELS = (
    ((BRONZE, "id"), (QUARANTINE, "id")),
    ((SILVER, "raw_id"), (REJECTED, "id")),
    ((UNIQUE, "id"), (DUPLICATES, "removed_id")),
    ((RATINGS, "id"),),
    ((QUALITY, "id"), (UNRATED, "id")),
    ((GROUPS, "id"), (SINGLETONS, "id")),
)


def ids_of(tables: Tables, state: State) -> dict[str, Key]:
    """The key of the model, whichever copy it is, for each raw id in bronze and its quarantine: found by what the row says and where."""
    places = {_raw(key, row.licence, row.position): key._replace(copy=0) for key, row in state.items()}
    rows = ((row["id"], places.get(_as_read(row))) for row in _both(tables, BRONZE, QUARANTINE))
    return {raw_id: key for raw_id, key in rows if key is not None}


def raw_rows(tables: Tables, state: State) -> Iterator[str]:
    """Bronze and its quarantine hold exactly the rows of `state`."""
    expected = Counter(_raw(key, row.licence, row.position) for key, row in state.items())
    actual = Counter(map(_as_read, _both(tables, BRONZE, QUARANTINE)))
    yield from _differences(BRONZE, expected - actual, actual - expected)


def held_and_withdrawn(tables: Tables, bronze: Bronze, ids: Ids) -> Iterator[str]:
    """What is held waits with its reason and the number of its rows, nothing else waits, and only what a file no longer has is withdrawn."""
    expected = Counter(hold.entry for hold in bronze.held.values())
    names = ("source", "uri", "sha256", "reason", "rows")
    actual = Counter(tuple(row[name] for name in names) for row in tables[PENDING])
    yield from _differences(PENDING, expected - actual, actual - expected)
    gone = Counter[Key | None](key._replace(copy=0) for key in bronze.withdrawn)
    told = Counter(ids.get(row["id"]) for row in tables[WITHDRAWN])
    yield from _differences(WITHDRAWN, gone - told, told - gone)


def _raw(key: Key, licence: str | None, position: int) -> tuple[Any, ...]:
    return key.source, licence, key.uri, position, key.record.fault or key.record.turns


def _as_read(row: Row) -> tuple[Any, ...]:
    told = row["reason"] if "reason" in row else _turns(row)
    return row["source"], row["licence"], row["uri"], row["position"], told


def _turns(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple((turn["role"], turn["content"]) for turn in row["messages"])


def clean_rows(tables: Tables, state: State, ids: Ids) -> Iterator[str]:
    """Silver and its side tables are what cleaning the rows of `state` gives, row by row."""
    expected = Counter(entry for key, row in cleaned(state).items() for entry in _clean_entries(key, row.licence))
    actual: Counter[tuple[Any, ...]] = Counter()
    for row in tables[SILVER]:
        texts = (row["prompt"], row["answer"], row["text"], row["text_hash"])
        kind = (row["item_type"], tuple(row["personal"]), row["id"] == row["raw_id"].replace("raw_", "rec_"))
        yield from (
            f"{row['id']} names {name}, which it does not say" for name in row["subjects"] if not _says(row, name)
        )
        actual[SILVER, ids.get(row["raw_id"]), row["source"], row["licence"], _turns(row), *texts, *kind] += 1
    for row in tables[REJECTED]:
        actual[REJECTED, ids.get(row["id"]), row["source"], row["outcome"], row["reason"]] += 1
    for row in tables[CHANGED]:
        actual[CHANGED, ids.get(row["id"]), row["source"], tuple(row["kinds"])] += 1
    yield from _differences(SILVER, expected - actual, actual - expected)


def _says(row: Row, name: str) -> bool:
    """Whether the prompt says a name, be it in other case or spacing."""
    said, named = ("".join(text.casefold().split()) for text in (row["prompt"], name))
    return named in said


def _clean_entries(key: Key, licence: str | None) -> Iterator[tuple[Any, ...]]:
    record, key = key.record, key._replace(copy=0)
    if record.changed:
        yield CHANGED, key, key.source, ("white_space",)
    if record.rejected:
        yield REJECTED, key, key.source, "rejected", record.rejected
        return
    text = f"{record.prompt}\n{record.answer}"
    texts = (record.prompt, record.answer, text, sha256(text.encode()).hexdigest())
    kind = ("chat" if record.is_chat else "qa", tuple(record.personal), True)
    yield SILVER, key, key.source, licence, record.cleaned, *texts, *kind


def one_place(tables: Tables) -> Iterator[str]:
    """No id is in two places of a level, or twice in one, at any time."""
    for level in LEVELS:
        found = Counter(row[column] for table, column in level for row in tables[table])
        for row_id, count in found.items():
            if count > 1:
                yield f"{row_id} is {count} times in {' and '.join(table for table, _ in level)}"


def nothing_waits(tables: Tables, fresh: Collection[str]) -> Iterator[str]:
    """What a stage that is up to date was given is all in its places, and nothing else is."""
    low = {row["id"] for row in tables[QUALITY] if not row["high"]}
    unique = _ids(tables, UNIQUE)
    given = {
        SILVER: (_ids(tables, BRONZE), LEVELS[1]),
        UNIQUE: (_ids(tables, SILVER), LEVELS[2]),
        RATINGS: (unique, LEVELS[3]),
        QUALITY: (unique, LEVELS[4]),
        GROUPS: (low, LEVELS[5]),
    }
    for stage, (entered, level) in given.items():
        left = {row[column] for table, column in level for row in tables[table]}
        if stage in fresh and entered != left:
            lost, strange = sorted(entered - left), sorted(left - entered)
            yield f"{stage} lost {len(lost)} rows {lost[:3]}, and has {len(strange)} that nobody gave it {strange[:3]}"
    if UNIQUE in fresh and _ids(tables, SIGNATURES) != unique:
        yield f"{SIGNATURES} is of other records than {UNIQUE}"
    if EMBEDDINGS in fresh:
        missing = {row["text_hash"] for row in tables[UNIQUE]} - {row["text_hash"] for row in tables[EMBEDDINGS]}
        if missing:
            yield f"{EMBEDDINGS} has no vector for {len(missing)} texts"


def duplicates_are_copies(tables: Tables, ids: Ids) -> Iterator[str]:
    """Every removed record is by the rules a copy of the kept one that it names, with the similarity that it states."""
    kept = _ids(tables, UNIQUE)
    records = _records(ids)
    for row in tables[DUPLICATES]:
        removed, survivor = (records[row[name].replace("rec_", "raw_")] for name in ("removed_id", "kept_id"))
        if row["kept_id"] not in kept:
            yield f"{row['removed_id']} was removed for {row['kept_id']}, which is not kept"
        if not (exact_key(removed) == exact_key(survivor) or are_near(removed, survivor)):
            yield f"{removed.cleaned} was removed as {row['rule']} of {survivor.cleaned}"
        if row["rule"] == "near" and abs(similarity(removed, survivor) - row["similarity"]) > 1e-9:
            yield f"{row['removed_id']} has similarity {similarity(removed, survivor)}, not {row['similarity']}"


def kept_are_distinct(tables: Tables, ids: Ids) -> Iterator[str]:
    """No two kept records are exact copies."""
    records = _records(ids)
    found = Counter(exact_key(records[row["raw_id"]]) for row in tables[UNIQUE])
    yield from (f"{count} copies of {key} were kept" for key, count in found.items() if count > 1)


def kept_are_rated(tables: Tables) -> Iterator[str]:
    """Every rating is one: the rules that judge here have an opinion on any text."""
    yield from (
        f"{row['id']} has the rating {row['overall']}" for row in tables[RATINGS] if row["overall"] not in range(1, 11)
    )


def groups_are_whole(tables: Tables) -> Iterator[str]:
    """A group has the members that it states, all low, of one language, kind and subject, without personal data, under a licence."""
    records = {row["id"]: row for row in tables[UNIQUE]}
    high = {row["id"] for row in tables[QUALITY] if row["high"]}
    groups: dict[str, list[Row]] = {}
    for row in tables[GROUPS]:
        groups.setdefault(row["group_id"], []).append(row)
    for group_id, members in groups.items():
        if {row["size"] for row in members} != {len(members)}:
            yield f"{group_id} has {len(members)} members and states {sorted({row['size'] for row in members})}"
        if any(row["id"] in high for row in members):
            yield f"{group_id} has a member that is rated high"
        known = [records[row["id"]] for row in members if row["id"] in records]
        if len({(row["language"], row["item_type"]) for row in known}) > 1:
            yield f"{group_id} mixes languages or kinds"
        named = sorted((set(row["subjects"]) for row in known), key=len)
        if not all(fewer <= more for fewer, more in pairwise(named)):
            yield f"{group_id} mixes subjects: {named}"
        if any(row["personal"] or row["licence"] is None for row in known):
            yield f"{group_id} has a member that may not be in a group"


def kept_as_they_were(tables: Tables) -> Iterator[str]:
    """A kept record is word for word the clean one; only asked where the stage is up to date."""
    clean = {row["id"]: row for row in tables[SILVER]}
    for row in tables[UNIQUE]:
        if row != clean.get(row["id"]):
            yield f"{row['id']} is another row in {UNIQUE} than in {SILVER}"


def _records(ids: Ids) -> dict[str, Record]:
    return {raw_id: key.record for raw_id, key in ids.items()}


def _ids(tables: Tables, table: str) -> set[str]:
    return {row["id"] for row in tables[table]}


def _both(tables: Tables, *names: str) -> Iterable[Row]:
    return (row for name in names for row in tables[name])


def _differences(table: str, lost: Counter[Any], strange: Counter[Any]) -> Iterator[str]:
    yield from (f"{table} lacks {count} times {entry}" for entry, count in lost.items())
    yield from (f"{table} has {count} times too often {entry}" for entry, count in strange.items())
