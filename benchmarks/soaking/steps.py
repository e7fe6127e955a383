"""What may happen to a lake: each step does one thing and says what; all that is drawn by lot comes from its random generator."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.soaking.commands import STAGES, Mixlake, wait_for
from benchmarks.soaking.corpus import Corpus
from benchmarks.soaking.shapes import SHAPES, SUSPECT
from benchmarks.soaking.site import BRONZE, BrokenPromise, Site
from benchmarks.soaking.world import RawFile
from lake.stages import STAGES as DECLARED
from lake.storage.store import Lake
from lake.tables import TABLES
from scripts.compare_lakes import compare, rows

Step = Callable[[Site, random.Random], str]

SOURCES = ("almanac", "guild", "pantry")
LICENCES = ("CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", None)
_CUTTABLE = ("gzip", "zip", "parquet")  # what cannot be read at all where its end is missing
_MANY = 10  # records, of which one is too few
_OVERTAKEN = ("another run published", "is held")


def deliver(site: Site, rng: random.Random) -> str:
    """A new file of one to two dozen records."""
    file = _new_file(site, rng, rng.choice(list(SHAPES)))
    site.register(file)
    return f"{file.path.name} of {file.source} with {len(file.records)} records"


def change(site: Site, rng: random.Random) -> str:
    """A known file, registered again with some of its records gone, some new, in another order perhaps."""
    file = rng.choice([file for file in site.world.files.values() if not file.broken])
    kept = [record for record in file.records if rng.random() < 0.8] or list(file.records)
    if rng.random() < 0.3:
        rng.shuffle(kept)
    kept += Corpus(rng, site.world.records()).draw(rng.randint(1, 5), SHAPES[file.shape].chats)
    site.register(replace(file, records=tuple(kept)))
    return f"{file.path.name}: {len(file.records)} records, now {len(kept)}"


def restate(site: Site, rng: random.Random) -> str:
    """A known file, registered under another licence or source."""
    file = rng.choice(list(site.world.files.values()))
    if rng.random() < 0.3:
        file = replace(file, source=rng.choice([source for source in SOURCES if source != file.source]))
    else:
        file = replace(file, licence=rng.choice([licence for licence in LICENCES if licence != file.licence]))
    site.register(file)
    return f"{file.path.name} is of {file.source} under {file.licence}"


def hold_back(site: Site, rng: random.Random) -> str:
    """A known file of which next to nothing is left, or a new one that is doubtful in itself, and a run that holds it."""
    large = [path for path, read in site.world.bronze.last.items() if len(read) > _MANY]
    if large and rng.random() < 0.6:
        file = site.world.files[rng.choice(large)]
        file = replace(file, records=(Corpus(rng).draw(1, chats=False)[0],), broken=False)
    else:
        file = _new_file(site, rng, rng.choice(SUSPECT))
    site.register(file)
    site.run(STAGES[: rng.choice((1, 1, 2, 3))])
    return f"{file.path.name}: {len(file.records)} records, {'held' if file.path in site.world.bronze.held else 'published'}"


def accept(site: Site, rng: random.Random) -> str:
    """What is held of one source or of several, accepted; where nothing is held, something is first."""
    while not (held := site.world.held()):
        hold_back(site, rng)
    chosen, stages = rng.sample(held, rng.randint(1, len(held))), STAGES[: rng.choice((1, 1, 2, 3))]
    files = [path.name for path, hold in site.world.bronze.held.items() if hold.file.source in chosen]
    site.accept(chosen, stages)
    return f"{', '.join(files)} of {', '.join(chosen)}, and a run up to {stages[-1]}"


def run_some(site: Site, rng: random.Random) -> str:
    """A run of a random selection of stages, or of all up to one."""
    chosen = rng.sample(STAGES, rng.randint(1, 5)) if rng.random() < 0.5 else STAGES[: rng.randint(1, 7)]
    selection = site.runnable(chosen) or [BRONZE]
    site.run(selection)
    return ", ".join(selection)


def run_all(site: Site, rng: random.Random) -> str:
    """A run of all stages, and another that must find nothing to do."""
    site.run(STAGES)
    again = site.must("run", *STAGES).err
    if "Nothing to do" not in again:
        raise BrokenPromise(f"a run straight after another found something to do: {again[-1500:]}")
    return "all stages"


def settle(site: Site, rng: random.Random) -> str:
    """Whatever is held accepted, and a run of all stages."""
    site.accept_all()
    return run_all(site, rng)


def rebuild_one(site: Site, rng: random.Random) -> str:
    """A stage made anew."""
    (stage,) = site.runnable([rng.choice(STAGES)]) or [BRONZE]
    site.run([stage], rebuild=True)
    return stage


def rebuild_all(site: Site, rng: random.Random) -> str:
    """Whatever is held accepted, all stages made anew, and compared with a lake made from nothing."""
    site.accept_all()
    site.run(STAGES, rebuild=True)
    anew = Site(site.work, Mixlake(site.work / "anew"))
    for file in site.world.files.values():
        anew.take_up(file)
    anew.accept_all()
    # what was accepted came as a delivery of its own
    anew.run(STAGES, rebuild=bool(anew.world.accepted))
    must_be_equal(site, anew)
    shutil.rmtree(anew.mixlake.root)
    return "all stages, equal to a lake made from nothing"


def must_be_equal(one: Site, other: Site) -> None:
    """Raises BrokenPromise where two lakes differ in a row of a stage's tables; of vectors the first may hold more."""
    lakes = Lake(str(one.mixlake.root)), Lake(str(other.mixlake.root))
    tables = [key for stage in STAGES for key in DECLARED[stage].outputs]
    verdicts = {key: compare(key, *lakes, by_count=False) for key in tables if TABLES[key].mode != "append"}
    wrong = [f"{key} {verdict}" for key, verdict in verdicts.items() if verdict.startswith("DIFFERS")]
    vectors = [set(rows(lake, "silver/embeddings")) for lake in lakes]
    if vectors[1] - vectors[0]:
        wrong.append(f"silver/embeddings DIFFERS: {len(vectors[1] - vectors[0])} vectors are missing or others")
    if wrong:
        raise BrokenPromise("\n".join(wrong))


def kill(site: Site, rng: random.Random) -> str:
    """A run that is killed, its JVM with it, a moment after some stage began."""
    if rng.random() < 0.7:
        deliver(site, rng)
    stages, moment = STAGES[: rng.randint(1, len(STAGES))], rng.uniform(0, 5)
    stage, log = rng.choice(stages), site.work / "killed.log"
    process = site.mixlake.start(log, "run", *stages)
    wait_for(process, log, f"... {stage}")
    time.sleep(moment)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    _must_not_trace(log)
    site.was_ended(stages)
    return f"a run up to {stages[-1]} in {stage}: {'it had ended' if code == 0 else 'killed'}"


def two_writers(site: Site, rng: random.Random) -> str:
    """The same run twice at once: of each stage one publishes, and the other says so."""
    deliver(site, rng)
    stages = STAGES[: rng.choice((1, 2, 2, 3, len(STAGES)))]
    logs = [site.work / f"writer-{number}.log" for number in range(2)]
    running = [site.mixlake.start(log, "run", *stages) for log in logs]
    codes = [process.wait(600) for process in running]
    for code, log in zip(codes, logs, strict=True):
        _must_not_trace(log)
        told = log.read_text(encoding="utf-8")
        if code not in (0, 1) or (code == 1 and not any(sign in told for sign in _OVERTAKEN)):
            raise BrokenPromise(f"one of two writers ended with {code}: {told[-1500:]}")
    if 0 in codes:
        site.has_run(stages)
    else:
        site.was_ended(stages)
    return f"two runs up to {stages[-1]} ended with {codes}"


def lose_sight(site: Site, rng: random.Random) -> str:
    """A delivered file that is not there while it is to be read, and is again for the next run."""
    file = _new_file(site, rng, rng.choice(list(SHAPES)))
    site.register(file)
    if rng.random() < 0.5:
        deliver(site, rng)
    hidden = file.path.with_name(f".{file.path.name}")
    file.path.rename(hidden)
    ended = site.mixlake("run", BRONZE)
    hidden.rename(file.path)
    if ended.code not in (0, 1) or "Traceback" in ended.err:
        raise BrokenPromise(f"with {file.path.name} away the run ended with {ended.code}: {ended.err[-1500:]}")
    site.run([BRONZE])
    return f"{file.path.name} was away for a run, which ended with {ended.code}"


def break_file(site: Site, rng: random.Random) -> str:
    """A file, new or known, whose end is missing, and a run that reads it."""
    known = [file for file in site.world.files.values() if file.shape in _CUTTABLE]
    file = rng.choice(known) if known and rng.random() < 0.4 else _new_file(site, rng, rng.choice(_CUTTABLE))
    site.register(replace(file, broken=True))
    site.run([BRONZE])
    return file.path.name


def heal_file(site: Site, rng: random.Random) -> str:
    """Every broken file, whole again, and a run that reads them; where there is none, one breaks first."""
    if not any(file.broken for file in site.world.files.values()):
        break_file(site, rng)
    broken = [file for file in site.world.files.values() if file.broken]
    for file in broken:
        site.register(replace(file, broken=False))
    site.run([BRONZE])
    return ", ".join(file.path.name for file in broken)


def _new_file(site: Site, rng: random.Random, shape: str) -> RawFile:
    kind, source = SHAPES[shape], rng.choice(SOURCES)
    records = Corpus(rng, site.world.records()).draw(rng.randint(1, 24), kind.chats)
    for fault in rng.sample(kind.faults, rng.randint(0, min(2, len(kind.faults)))):
        records.insert(rng.randint(1, len(records)), fault)
    name = Path(source) / f"{len(site.world.files):03}-{shape}{kind.suffix}"
    licence = rng.choice((*LICENCES[:3], *LICENCES))
    return RawFile(site.work / "raw" / name, source, licence, shape, tuple(records))


def _must_not_trace(log: Path) -> None:
    told = log.read_text(encoding="utf-8", errors="replace")
    if "Traceback" in told:
        raise BrokenPromise(f"a run printed a stack trace: {told[-2000:]}")


# how often each is drawn of fifteen steps
DECK: tuple[Step, ...] = (
    deliver, deliver, hold_back, lose_sight, change, restate, run_some, accept, run_all, rebuild_one,
    rebuild_all, kill, two_writers, break_file, heal_file,
)  # fmt: skip
