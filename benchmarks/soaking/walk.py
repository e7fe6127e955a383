"""A walk: steps drawn by a seed, each checked, to the end of which nothing waits; and its log."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from benchmarks.soaking.commands import STAGES, Mixlake, prepare
from benchmarks.soaking.site import BRONZE, BrokenPromise, Site
from benchmarks.soaking.steps import DECK, Step, deliver, must_be_equal, settle


@dataclass(frozen=True)
class Taken:
    """A step that was taken: its number from 1, what it was, what it did, how long it took with its check, rows by table after it."""

    number: int
    step: str
    did: str
    seconds: float
    rows: dict[str, int]

    def __str__(self) -> str:
        return f"{self.number:3}  {self.step}: {self.did}"


def walk(work: Path, seed: str, steps: int, tell: Callable[[Taken], None]) -> list[Taken]:
    """The steps that the seed draws, and a last run of all that is accepted then, in an empty folder; each is told when it was checked.

    Raises BrokenPromise with the seed and the steps that led there.
    """
    prepare(work)
    site = Site(work, Mixlake(work / "lake"))
    taken: list[Taken] = []
    for number, step in enumerate((*islice(_drawn(seed), steps), settle), start=1):
        begun, did = time.monotonic(), "it failed"
        try:
            # a generator a step: what one draws does not hang on how many numbers those before it took
            did = step(site, random.Random(f"{seed}/{number}"))
            rows = site.check()
        except Exception as error:
            path = "\n".join(map(str, taken))
            raise BrokenPromise(
                f"seed {seed}, step {number} of {steps}:\n{path}\n{number:3}  {step.__name__}: {did}\n{error}"
            ) from error
        taken.append(Taken(number, step.__name__, did, round(time.monotonic() - begun, 1), rows))
        tell(taken[-1])
    return taken


def _drawn(seed: str) -> Iterator[Step]:
    """Decks one after the other, each in an order of its own; the first begins with a delivery, for there is nothing to change yet."""
    for number in count():
        deck = list(DECK)
        random.Random(f"{seed}/deck {number}").shuffle(deck)
        if number == 0:
            deck.remove(deliver)
            deck.insert(0, deliver)
        yield from deck


def in_any_order(work: Path, seed: str, deliveries: int, tell: Callable[[Taken], None]) -> list[Taken]:
    """Two lakes with the same deliveries: one runs fully after each, the other in parts that read the raw rows; both end alike.

    Raises BrokenPromise with the seed where a row differs once both have run to the end.
    """
    prepare(work)
    full, parts = Site(work, Mixlake(work / "full")), Site(work, Mixlake(work / "parts"))
    taken: list[Taken] = []
    for number in range(1, deliveries + 1):
        begun, rng = time.monotonic(), random.Random(f"{seed}/{number}")
        did = deliver(full, rng)
        (path,) = full.world.unread
        parts.take_up(full.world.files[path])
        full.run(STAGES)
        chosen = parts.runnable([BRONZE, *rng.sample(STAGES[1:], rng.randint(0, 5))])
        parts.run(chosen)
        taken.append(
            Taken(number, "deliver", f"{did}; {', '.join(chosen)}", round(time.monotonic() - begun, 1), parts.check())
        )
        tell(taken[-1])
    parts.run(STAGES)
    try:
        must_be_equal(full, parts)
    except BrokenPromise as error:
        raise BrokenPromise("\n".join((f"seed {seed}", *map(str, taken), str(error)))) from None
    return taken
