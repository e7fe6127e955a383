"""A lake under test beside its model: what was done to it, and what therefore must be in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.soaking import promises
from benchmarks.soaking.commands import STAGES, Ended, Mixlake, Tables
from benchmarks.soaking.world import Bronze, Key, RawFile, State, World
from lake.stages import STAGES as DECLARED

BRONZE, SILVER, UNIQUE = STAGES[:3]
_BEHIND: Mapping[str, tuple[str, ...]] = {
    stage: tuple(table for table in DECLARED[stage].inputs if table in STAGES and table != BRONZE) for stage in STAGES
}
_MOST, _SHOWN = 10, 400  # sentences, and characters of each


class BrokenPromise(AssertionError):
    """Something that the lake promises does not hold."""


@dataclass
class Site:
    """A lake and its model.

    fresh: the stages that have read all that their inputs hold. unsure: whether a run was ended that may or may not have read raw
    files; it has where the version of bronze is another than that of the last check (`checked`). cleaned_of: the states of bronze that
    silver may be made of, the newest last.
    """

    work: Path
    mixlake: Mixlake
    world: World = field(default_factory=World)
    fresh: set[str] = field(default_factory=set)
    unsure: bool = False
    checked: int | None = None
    cleaned_of: list[State] = field(default_factory=list)
    ids: dict[str, Key] = field(default_factory=dict)

    def register(self, file: RawFile) -> None:
        """Writes a file and registers it."""
        file.write()
        self.take_up(file)

    def take_up(self, file: RawFile) -> None:
        """Registers a file that lies there."""
        licence = ["--licence", file.licence] if file.licence else []
        self.must("ingest", str(file.path), "--source", file.source, *licence, "--kind", "instructions")
        self.world.register(file)

    def run(self, stages: Sequence[str], rebuild: bool = False) -> None:
        """Runs stages in this process; they must succeed."""
        self.must("run", *stages, *(["--rebuild"] if rebuild else []))
        self.has_run(stages, rebuild)

    def accept(self, sources: Sequence[str], stages: Sequence[str] = (BRONZE,)) -> None:
        """Has the held files of these sources published as they are, in a run of stages that must succeed."""
        self.must("run", *stages, *(word for source in sources for word in ("--accept", source)))
        self.world.accept(sources)
        self.has_run(stages)
        for source in set(sources).difference(self.world.held()):
            again = self.mixlake("run", BRONZE, "--accept", source)
            if again.code != 2 or "is held" not in again.err:
                raise BrokenPromise(f"{source} was accepted, and accepted again with {again.code}: {again.err[-1500:]}")

    def accept_all(self) -> None:
        """Reads what is registered, and has all that is held published."""
        self.run([BRONZE])
        if held := self.world.held():
            self.accept(held)

    def must(self, *arguments: str) -> Ended:
        """Runs a command that must end with code 0."""
        ended = self.mixlake(*arguments)
        if ended.code != 0:
            raise BrokenPromise(f"mixlake {' '.join(arguments)} ended with {ended.code}: {ended.err[-1500:]}")
        return ended

    def has_run(self, stages: Sequence[str], rebuild: bool = False) -> None:
        """Takes up that a run of the stages went well."""
        if BRONZE in stages:
            self._has_read(self.world.after_reading(rebuild), rebuild or self.world.restated)
        for stage in (stage for stage in STAGES if stage in stages):
            if rebuild:
                self._outdate(stage)
            if self.fresh.issuperset(_BEHIND[stage]):
                self.fresh.add(stage)

    def was_ended(self, stages: Sequence[str]) -> None:
        """Takes up that a run of the stages ended somewhere."""
        self.unsure |= BRONZE in stages
        for stage in stages:
            self._outdate(stage)
            self.fresh.discard(stage)

    def runnable(self, chosen: Sequence[str]) -> list[str]:
        """Of the chosen stages those whose inputs were published, or are by one that is chosen, too; in their order."""
        there: set[str] = {stage for stage in STAGES if self.mixlake.version(stage) is not None}
        found: list[str] = []
        for stage in (stage for stage in STAGES if stage in chosen):
            if there.issuperset(table for table in DECLARED[stage].inputs if table in STAGES):
                found.append(stage)
                there.add(stage)
        return found

    def check(self) -> dict[str, int]:
        """The number of rows of each table, after all that is promised was asked of them. Raises BrokenPromise, naming what is broken."""
        tables = self.mixlake.tables()
        broken = [*self._bronze(tables), *self._silver(tables), *promises.one_place(tables)]
        broken += promises.nothing_waits(tables, self.fresh)
        if not broken:  # with rows that nobody delivered the rest cannot be asked
            broken += promises.duplicates_are_copies(tables, self.ids)
            broken += [*promises.kept_are_distinct(tables, self.ids), *promises.kept_are_rated(tables)]
            # a record may be registered under no licence while the groups of before still stand
            broken += promises.groups_are_whole(tables) if STAGES[-1] in self.fresh else []
            broken += promises.kept_as_they_were(tables) if UNIQUE in self.fresh else []
        if not broken and tables[BRONZE]:
            self.must("ledger")
        if broken:
            raise BrokenPromise("\n".join(sentence[:_SHOWN] for sentence in broken[:_MOST]))
        return {table: len(rows) for table, rows in tables.items()}

    def _has_read(self, bronze: Bronze, rewritten: bool) -> None:
        if rewritten or bronze.rows != self.world.bronze.rows:
            self.fresh.clear()
            self.cleaned_of.append(bronze.rows)
        self.world.has_read(bronze)
        self.unsure = False

    def _outdate(self, stage: str) -> None:
        """Every stage that reads from this one, or from such a one, has something to read."""
        for later in STAGES:
            if stage in DECLARED[later].inputs:
                self.fresh.discard(later)
                self._outdate(later)

    def _bronze(self, tables: Tables) -> Iterator[str]:
        """What is wrong with bronze. Of a run that was ended it is found out here whether it had read raw files."""
        version = self.mixlake.version(BRONZE)
        if self.unsure and version != self.checked:
            self._has_read(self.world.after_reading(), self.world.restated)
        self.unsure, self.checked = False, version
        yield from promises.raw_rows(tables, self.world.bronze.rows)
        found = promises.ids_of(tables, self.world.bronze.rows)
        yield from promises.held_and_withdrawn(tables, self.world.bronze, found)
        for raw_id, key in found.items():
            if self.ids.setdefault(raw_id, key) != key:
                yield f"{raw_id} was {self.ids[raw_id]}, and is {key}"

    def _silver(self, tables: Tables) -> list[str]:
        """What is wrong with silver: it is made of the newest bronze if it is up to date, else of that or a former one."""
        if self.mixlake.version(SILVER) is None:
            return []
        if SILVER in self.fresh:
            self.cleaned_of = self.cleaned_of[-1:]
        broken: list[str] = []
        for place, state in enumerate(self.cleaned_of):
            broken = list(promises.clean_rows(tables, state, self.ids))
            if not broken:
                self.cleaned_of = self.cleaned_of[place:]
                break
        return broken
