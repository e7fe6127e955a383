"""The soak notices what it is there for: correct tables pass, and each single planted fault breaks a promise."""

import doctest
import importlib
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.soaking import rules
from benchmarks.soaking.commands import STAGES, TABLES, Ended, Mixlake
from benchmarks.soaking.records import Record, exchange, faulty
from benchmarks.soaking.site import BrokenPromise, Site
from benchmarks.soaking.world import RawFile, World

Rows = list[dict[str, Any]]
Lake = dict[str, Rows]

TAR = exchange("How is tar made of pine?", "Burn the roots slowly under turf, and tar runs out below.")
ROPE = exchange("How long is a rope of 12 fathoms?  ", "A rope of 12 fathoms is 72 feet long.")
LOUD = exchange("HOW IS TAR MADE OF PINE?", "Burn the roots slowly under turf, and tar runs out below.")
MUTE = exchange("Why is the sea salt?", "")
SALT = exchange("Who pans salt?", "")
TORN = faulty("{", "malformed_json")


class Told:
    """A lake that is told what readers see, in place of one that runs."""

    def __init__(self, tables: Lake) -> None:
        self._tables, self.published = tables, 0

    def __call__(self, *arguments: str) -> Ended:
        return Ended(0, "", "")

    def version(self, key: str) -> int:
        return self.published

    def tables(self) -> Lake:
        return self._tables


def lake() -> tuple[World, Lake]:
    """A world and the tables that it must become: tar is kept, its loud copy goes, the rope is alone, the others leave.

    The torn line is withdrawn: its file no longer has it. Two files of another source are held: one gave a row before, one is new.
    """
    world = World()
    tables: Lake = {table: [] for table in TABLES}
    told = RawFile(Path("/raw/a.jsonl"), "guild", "CC0-1.0", "jsonl", (TAR, ROPE, LOUD, MUTE, TORN))
    gave = RawFile(Path("/raw/b.jsonl.gz"), "pantry", "CC0-1.0", "gzip", (SALT,))
    doubtful = RawFile(Path("/raw/c.jsonl"), "pantry", None, "two_answers", (ROPE,))
    for files in ((told, gave), (replace(told, records=told.records[:4]), replace(gave, broken=True), doubtful)):
        for file in files:
            world.register(file)
        world.has_read(world.after_reading())
    tables["bronze/instructions_withdrawn"] = [{"id": "raw_5"}]
    tables["bronze/instructions_pending"] = [
        {
            "source": "pantry",
            "uri": str(file.path),
            "sha256": sha256(file.content).hexdigest(),
            "reason": reason,
            "rows": 1,
        }
        for file, reason in ((replace(gave, broken=True), "fewer_rows"), (doubtful, "two_readings"))
    ]
    tables["bronze/instructions"] = [
        {
            "id": "raw_6",
            "source": "pantry",
            "licence": "CC0-1.0",
            "uri": "/raw/b.jsonl.gz",
            "position": 1,
            "messages": turns(SALT.turns),
        }
    ]
    for number, record in enumerate((TAR, ROPE, LOUD, MUTE), start=1):
        place = {"source": "guild", "licence": "CC0-1.0", "uri": "/raw/a.jsonl", "position": number}
        tables["bronze/instructions"].append({"id": f"raw_{number}", **place, "messages": turns(record.turns)})
    tables["bronze/instructions_quarantine"].append({**place, "id": "raw_5", "position": 5, "reason": "malformed_json"})
    tables["silver/instructions"] = [clean(number, record) for number, record in enumerate((TAR, ROPE, LOUD), start=1)]
    tables["silver/instructions_rejected"] = [
        {"id": raw_id, "source": source, "outcome": "rejected", "reason": "empty_answer"}
        for raw_id, source in (("raw_4", "guild"), ("raw_6", "pantry"))
    ]
    tables["silver/instructions_changed"] = [{"id": "raw_2", "source": "guild", "kinds": ["white_space"]}]
    tables["silver/unique_instructions"] = [dict(row) for row in tables["silver/instructions"][:2]]
    tables["silver/duplicates"] = [
        {"removed_id": "rec_3", "kept_id": "rec_1", "rule": "exact_record", "similarity": 1.0}
    ]
    tables["silver/embeddings"] = [{"text_hash": row["text_hash"]} for row in tables["silver/unique_instructions"]]
    tables["silver/signatures"] = [{"id": "rec_1"}, {"id": "rec_2"}]
    tables["silver/ratings"] = [{"id": "rec_1", "overall": 8}, {"id": "rec_2", "overall": 3}]
    tables["silver/quality"] = [{"id": "rec_1", "high": True}, {"id": "rec_2", "high": False}]
    tables["silver/singletons"] = [{"id": "rec_2"}]
    return world, tables


def turns(said: tuple[tuple[str, str], ...]) -> Rows:
    return [{"role": role, "content": text} for role, text in said]


def clean(number: int, record: Record) -> dict[str, Any]:
    text = f"{record.prompt}\n{record.answer}"
    return {
        "id": f"rec_{number}", "raw_id": f"raw_{number}", "source": "guild", "licence": "CC0-1.0", "language": "en",
        "item_type": "qa", "messages": turns(record.cleaned), "prompt": record.prompt, "answer": record.answer, "text": text,
        "text_hash": sha256(text.encode()).hexdigest(), "personal": [],
        "subjects": [],
    }  # fmt: skip


def check(world: World, tables: Lake) -> None:
    site_of(world, Told(tables), fresh=set(STAGES)).check()


def site_of(world: World, told: Told, fresh: set[str]) -> Site:
    return Site(Path("/nowhere"), cast(Mixlake, told), world, fresh, checked=0, cleaned_of=[world.bronze.rows])


def without(table: str, place: int = 0) -> Callable[[Lake], None]:
    return lambda tables: cast(None, tables[table].pop(place))


def with_more(table: str, **row: Any) -> Callable[[Lake], None]:
    return lambda tables: tables[table].append({**(tables[table] or [{}])[0], **row})


def with_other(table: str, place: int = 0, **values: Any) -> Callable[[Lake], None]:
    return lambda tables: tables[table][place].update(values)


def grouped(size: int, *members: str) -> Callable[[Lake], None]:
    def group(tables: Lake) -> None:
        tables["silver/singletons"].clear()
        tables["silver/groups"] = [{"group_id": "grp_1", "id": member, "size": size} for member in members]

    return group


def published(uri: str, licence: str | None, record: Record) -> Callable[[Lake], None]:
    row = {"source": "pantry", "licence": licence, "uri": uri, "position": 1, "messages": turns(record.turns)}
    return with_more("bronze/instructions", id="raw_9", **row)


def keeping_the_copy(tables: Lake) -> None:
    tables["silver/duplicates"].clear()
    tables["silver/unique_instructions"].append(dict(tables["silver/instructions"][2]))
    for table, row in (
        ("silver/ratings", {"overall": 8}),
        ("silver/quality", {"high": True}),
        ("silver/signatures", {}),
    ):
        tables[table].append({"id": "rec_3", **row})
    tables["silver/embeddings"].append({"text_hash": tables["silver/instructions"][2]["text_hash"]})


def grouping_two_subjects(tables: Lake) -> None:
    for table in ("silver/instructions", "silver/unique_instructions"):
        for row, name in zip(tables[table], ("tar", "rope"), strict=False):
            row["subjects"] = [name]
    tables["silver/quality"][0]["high"] = False
    grouped(2, "rec_1", "rec_2")(tables)


FAULTS: dict[str, tuple[Callable[[Lake], None], str]] = {
    "a hold is lost": (without("bronze/instructions_pending"), "bronze/instructions_pending lacks"),
    "a hold of nothing": (
        with_more("bronze/instructions_pending", uri="/raw/a.jsonl"),
        "instructions_pending has 1 times too",
    ),
    "another reason to hold": (with_other("bronze/instructions_pending", reason="two_readings"), "pending lacks"),
    "other bytes are held": (with_other("bronze/instructions_pending", sha256="0"), "pending lacks"),
    "more rows wait": (with_other("bronze/instructions_pending", 1, rows=2), "pending lacks"),
    "a held file is published": (published("/raw/c.jsonl", None, ROPE), "too often .'pantry', None, '/raw/c.jsonl'"),
    "what a held file gave is lost": (without("bronze/instructions"), "bronze/instructions lacks"),
    "what a held file gave is withdrawn": (with_more("bronze/instructions_withdrawn", id="raw_6"), "withdrawn has"),
    "what a file has no longer is not withdrawn": (without("bronze/instructions_withdrawn"), "withdrawn lacks"),
    "a raw row is lost": (without("bronze/instructions", 1), "bronze/instructions lacks"),
    "a raw row is there twice": (with_more("bronze/instructions", id="raw_9"), "too often"),
    "a quarantined row is lost": (without("bronze/instructions_quarantine"), "bronze/instructions lacks"),
    "another reason": (with_other("bronze/instructions_quarantine", reason="unknown_shape"), "lacks"),
    "another licence": (with_other("bronze/instructions", licence=None), "lacks"),
    "another number": (with_other("bronze/instructions", position=7), "lacks"),
    "an id in two places": (with_more("silver/instructions_rejected", id="raw_1"), "silver/instructions"),
    "a clean row is lost": (without("silver/instructions", 2), "silver/instructions lacks"),
    "an answer was changed": (with_other("silver/instructions", answer="Buy it."), "lacks"),
    "a subject that is not asked about": (with_other("silver/instructions", subjects=["brass"]), "names brass"),
    "a change is not told": (without("silver/instructions_changed"), "lacks"),
    "a wrong rule rejected it": (with_other("silver/instructions_rejected", reason="too_short"), "lacks"),
    "a removal is lost": (without("silver/duplicates"), "silver/unique_instructions lost 1"),
    "removed for another record": (with_other("silver/duplicates", kept_id="rec_2"), "was removed as"),
    "removed for one that is gone": (with_other("silver/duplicates", kept_id="rec_3"), "which is not kept"),
    "another similarity": (with_other("silver/duplicates", rule="near", similarity=0.5), "has similarity 1.0"),
    "a copy was kept": (keeping_the_copy, "2 copies of"),
    "a kept record is another": (with_other("silver/unique_instructions", prompt="How?"), "is another row"),
    "a record is not rated": (without("silver/ratings"), "silver/ratings lost 1"),
    "a record has no signature": (without("silver/signatures"), "silver/signatures is of other records"),
    "a rating is none": (with_other("silver/ratings", overall=None), "has the rating None"),
    "a record is rated twice": (with_more("silver/ratings", id="rec_1"), "rec_1 is 2 times"),
    "a record has no score": (without("silver/quality"), "silver/quality lost 1"),
    "a text has no vector": (without("silver/embeddings"), "no vector for 1"),
    "a low record is nowhere": (without("silver/singletons"), "silver/groups lost 1"),
    "a low record is in two places": (with_more("silver/groups", id="rec_2", group_id="grp_1", size=1), "2 times"),
    "a group lacks a member": (grouped(2, "rec_2"), "has 1 members"),
    "a group of two subjects": (grouping_two_subjects, "mixes subjects"),
    "a high record is in a group": (grouped(2, "rec_1", "rec_2"), "that nobody gave it"),
}


def test_correct_tables_keep_every_promise() -> None:
    check(*lake())


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_breaks_a_promise(name: str) -> None:
    plant, told = FAULTS[name]
    world, tables = lake()
    plant(tables)
    with pytest.raises(BrokenPromise, match=told):
        check(world, tables)


def test_a_run_that_was_killed_may_have_read_or_not() -> None:
    world, tables = lake()
    late, told = RawFile(Path("/raw/d.jsonl"), "guild", None, "jsonl", (MUTE,)), Told(tables)
    world.register(late)
    site = site_of(world, told, set())
    site.was_ended(STAGES)
    site.check()
    assert world.unread == {late.path}
    read = {"source": "guild", "licence": None, "uri": "/raw/d.jsonl", "position": 1, "messages": turns(MUTE.turns)}
    tables["bronze/instructions"].append({"id": "raw_7", **read})
    told.published += 1
    site.was_ended(STAGES)
    site.check()
    assert world.unread == set()


def test_what_is_held_waits_for_the_word_of_its_owner() -> None:
    world, _ = lake()
    held, rows = world.bronze.held, world.bronze.rows
    world.accept(["guild"])
    assert (world.after_reading().held, world.after_reading(everything=True).held) == (held, held)
    # under other terms what was published of it goes, and it is held all the same
    world.register(replace(world.files[Path("/raw/b.jsonl.gz")], licence="CC-BY-4.0"))
    world.has_read(world.after_reading())
    assert any(key.source == "pantry" for key in rows) and not any(key.source == "pantry" for key in world.bronze.rows)
    assert world.bronze.held.keys() == held.keys()
    assert world.after_reading(everything=True).held.keys() == held.keys()
    # what became of a file since is not what was accepted
    world.register(replace(world.files[Path("/raw/c.jsonl")], records=(TAR,)))
    world.accept(["pantry"])
    released = world.after_reading()
    assert (released.held.keys(), released.rows.keys() - world.bronze.rows.keys()) == (
        {Path("/raw/c.jsonl")},
        set(world.files[Path("/raw/b.jsonl.gz")].rows()),
    )


def test_whoever_was_accepted_has_nothing_more_to_accept() -> None:
    world, tables = lake()
    with pytest.raises(BrokenPromise, match="pantry was accepted, and accepted again with 0"):
        site_of(world, Told(tables), set()).accept(["pantry"])


@pytest.mark.parametrize(
    ("one", "other", "exact", "near"),
    [
        (TAR, LOUD, True, True),
        (TAR, exchange("Ｈow is  tar made of pine? ", TAR.answer), True, True),
        (TAR, exchange("How is tar made of pine", TAR.answer), False, True),
        (ROPE, exchange(ROPE.prompt, "A rope of 12 fathoms is not 72 feet long."), False, False),
        (exchange("Add 2 + 3 for me.", "So be it now."), exchange("Add 2 - 3 for me.", "So be it now."), False, False),
        (exchange("Is 2 of 3 much?", "It is."), exchange("Is 3 of 2 much?", "It is."), False, False),
    ],
)
def test_what_a_copy_is(one: Record, other: Record, exact: bool, near: bool) -> None:
    assert (rules.exact_key(one) == rules.exact_key(other)) is exact
    assert rules.are_near(one, other) is near


@pytest.mark.parametrize("name", ["records", "shapes", "rules"])
def test_an_example_is_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"benchmarks.soaking.{name}"), extraglobs={"exchange": exchange})
    assert found.attempted > 0 and found.failed == 0
