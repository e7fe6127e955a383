"""Raw files for the cluster: questions about harbours whose answers tell two facts each, so that there is something to fuse, and the soak's."""

import json
import random
from pathlib import Path
from typing import Any

from benchmarks.soaking.corpus import Corpus

_PLACES = (
    "Arlen",
    "Bremmer",
    "Castor",
    "Dunmore",
    "Elvas",
    "Fenwick",
    "Gorley",
    "Hexham",
    "Iverley",
    "Jarrow",
    "Kelso",
    "Lorne",
)
_ASKED = (
    "What is known about the harbour of {0}?", "Tell me about the harbour of {0}.", "What can you say about {0} harbour?",
    "What should a visitor know about the harbour of {0}?", "Describe the harbour of {0}.",
)  # fmt: skip


def raw_files(folder: Path) -> list[Path]:
    """JSON Lines of two sources: 60 records about twelve harbours, and 240 of the soak, copies and faults among them."""
    rng = random.Random(4711)
    folder.mkdir(parents=True, exist_ok=True)
    harbours = [_record(rng, place, asked) for place in _PLACES for asked in _ASKED]
    corpus = Corpus(rng).draw(240, chats=False)
    drawn = [{"prompt": one.turns[0][1], "response": one.turns[1][1]} for one in corpus if one.turns]
    files = [folder / "harbours.jsonl", folder / "drawn.jsonl"]
    for file, records in zip(files, (harbours, drawn), strict=True):
        file.write_text("".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records), encoding="utf-8")
    return files


def _record(rng: random.Random, place: str, asked: str) -> dict[str, Any]:
    told = random.Random(place)  # the facts of a place are the same whoever asks
    facts = [
        f"The harbour of {place} was dug in {told.randint(1600, 1890)} by {told.choice(('monks', 'soldiers', 'miners'))}.",
        f"The harbour of {place} is {told.randint(3, 19)} metres deep at low tide.",
        f"Ships that enter the harbour of {place} pay {told.randint(20, 90)} crowns to the pilot.",
        f"The harbour of {place} freezes over in {told.choice(('January', 'February', 'December'))}.",
    ]
    return {"prompt": asked.format(place), "response": " ".join(rng.sample(facts, 2))}
