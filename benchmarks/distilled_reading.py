"""Draws accepted items for a reader: `python benchmarks/distilled_reading.py --root LAKE --out reading.md`.

The items whose ids have the smallest hashes with the seed, each with its members and the criteria of docs/distillation.md to be answered
yes or no. No measure of acceptance is shown, so that it cannot sway the reader. Same lake and seed, same items.
"""

import argparse
from collections.abc import Iterator, Mapping
from hashlib import sha256
from heapq import nsmallest
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from lake.storage.store import Lake

CRITERIA = (
    "One question, which names its subject",
    "Everything it asks is answered, and nothing else",
    "It can be understood without its members",
    "It says more than any one member, and nothing twice",
    "Nothing is invented, and nothing that changes the meaning is left out",
    "It reads as written by one person",
)


def drawn(lake: Lake, count: int, seed: int) -> list[dict[str, Any]]:
    """Items of gold/distilled, in the order of their hashes."""
    columns = ["id", "prompt", "answer", "member_ids"]
    rows = (row for batch in lake.dataset("gold/distilled").to_batches(columns=columns) for row in batch.to_pylist())
    return nsmallest(count, rows, key=lambda row: sha256(f"{seed} {row['id']}".encode()).hexdigest())


def page(items: list[dict[str, Any]], texts: Mapping[str, str]) -> Iterator[str]:
    """The lines of the page."""
    yield "An item is called distilled where every criterion is answered yes.\n"
    for number, item in enumerate(items, start=1):
        yield f"## {number}. {item['id']}\n"
        for member in item["member_ids"]:
            yield f"- {_quoted(texts.get(member, 'no longer there'), '  ')}"
        yield f"\n> {_quoted(_pair(item), '> ')}\n"
        yield from (f"- [ ] {criterion}" for criterion in CRITERIA)
        yield ""


def _pair(row: Mapping[str, Any]) -> str:
    return f"**{row['prompt']}**\n\n{row['answer']}"


def _quoted(text: str, indent: str) -> str:
    return text.replace("\n", f"\n{indent}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the lake")
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    lake = Lake(options.root)
    items = drawn(lake, options.items, options.seed)
    wanted = ds.field("id").isin([member for item in items for member in item["member_ids"]])
    records = lake.dataset("silver/unique_instructions").to_table(columns=["id", "prompt", "answer"], filter=wanted)
    texts = {row["id"]: _pair(row) for row in records.to_pylist()}
    options.out.write_text("\n".join(page(items, texts)), encoding="utf-8")
    print(f"{len(items)} items: {options.out}")


if __name__ == "__main__":
    main()
