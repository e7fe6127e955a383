"""Corpora for the deduplication benchmarks, composed from a folder of real instruction files; seeded, nothing is copied into here.

`real` is some 22,000 records of GSM8K, GPTeacher and LLM-Adapters, each with a copy in which every word is replaced with a
probability of 0.1 by a word of the pool. `composed` is any number of records, made of recombined real sentences; three in ten are
edited copies (0 to 30 % of the words) of an earlier one.
"""

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from lake.ids import sha256_text
from lake.tables import TABLES

FILES = (
    ("gsm8k_train_alpaca.json.gz", "gsm8k"), ("gpteacher_codegen.json.gz", "gpteacher"),
    ("gpteacher_roleplay.json.gz", "gpteacher"), ("llm_adapters/ft_math_data.json.gz", "llm_adapters"),
    ("llm_adapters/openbookqa__train.json.gz", "llm_adapters"),
)  # fmt: skip
NOISE = (0.0, 0.01, 0.02, 0.05, 0.1, 0.3)
COPIES = 0.3
HELD = 10_000  # earlier records that a copy may be made of

Record = tuple[str, str, str]  # source, prompt, answer


def real(folder: Path, seed: int = 7) -> list[Record]:
    """The real records with one edited copy each, shuffled."""
    records = originals(folder)
    draw = random.Random(seed)
    pool = [word for _, prompt, answer in records for word in f"{prompt} {answer}".split()]
    copies = [(source, *(edited(side, draw, 0.1, pool) for side in sides)) for source, *sides in records]
    mixed = [*records, *((source, prompt, answer) for source, prompt, answer in copies)]
    draw.shuffle(mixed)
    return mixed


def composed(folder: Path, rows: int, seed: int = 7) -> Iterator[Record]:
    """`rows` records, one after the other: only the sentences and HELD earlier records are held."""
    records = originals(folder)
    asked, told = ([part for record in records for part in re.split(r"(?<=[.?!])\s+", record[side])] for side in (1, 2))
    pool = [word for sentence in told[::7] for word in sentence.split()]
    draw, recent = random.Random(seed), list[Record]()
    for row in range(rows):
        if recent and draw.random() < COPIES:
            source, *sides = draw.choice(recent)
            noise = draw.choice(NOISE)
            prompt, answer = (edited(side, draw, noise, pool) for side in sides)
            yield source, prompt, answer
            continue
        sides = [" ".join(draw.choices(part, k=draw.randint(1, 4))) for part in (asked, told)]
        made = (f"made_{row % 5}", sides[0], sides[1])
        if len(recent) < HELD:
            recent.append(made)
        else:
            recent[row % HELD] = made
        yield made


def table(records: Iterator[Record] | list[Record], start: int = 0) -> pa.Table:
    """Rows of silver/instructions."""
    rows = [_row(start + number, *record) for number, record in enumerate(records)]
    return pa.Table.from_pylist(rows, schema=TABLES["silver/instructions"].schema)


def originals(folder: Path) -> list[Record]:
    """Every record of FILES."""
    found: list[Record] = []
    for name, source in FILES:
        with gzip.open(folder / "instruct" / name) as file:
            for record in json.load(file):
                prompt = "\n".join(str(record[key]) for key in ("instruction", "input") if record.get(key))
                answer = record.get("output") or record.get("response") or record.get("answer") or ""
                found.append((source, prompt, str(answer)))
    return found


def edited(text: str, draw: random.Random, share: float, pool: list[str]) -> str:
    """The text with each word replaced with this probability."""
    return " ".join(draw.choice(pool) if draw.random() < share else word for word in text.split(" "))


def _row(number: int, source: str, prompt: str, answer: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"{number}".encode()).hexdigest()[:24]
    text = f"{prompt}\n{answer}"
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    ids = {"id": f"rec_{digest}", "raw_id": f"raw_{digest}", "source": source, "language": "en", "item_type": "qa"}
    return {**ids, "messages": turns, "prompt": prompt, "answer": answer, "text": text, "text_hash": sha256_text(text)}
