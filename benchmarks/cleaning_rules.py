"""Precision and recall of each cleaning rule on planted records: at least 200 that it must find and 400 that only look so.

`python benchmarks/cleaning_rules.py --out benchmarks/results/cleaning_rules.json` prints the table of docs/cleaning.md; no network,
about a minute. The records are made by benchmarks/cleaning_planted/, seeded, and go through the cleaning of a whole batch.

A rule that changes or names (markup, language) has found a record only if what it gives is what was expected; a record that it must
leave alone and does not counts against its precision.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from cleaning_planted import RULES, Planted, records

from lake.tables import TABLES
from spark_jobs.clean.job import CleanParams, clean_records

KINDS = ("card", "email", "ip", "key", "phone")
_OFF = dict.fromkeys(
    ("empty_prompt", "empty_answer", "boilerplate_refusal", "truncated", "placeholder", "repetition"), False
)


def found(rule: str, planted: Sequence[Planted]) -> list[bool]:
    """What the rule says of each record, the other rules off."""
    alone = CleanParams.model_validate({**_OFF, **({rule: True} if rule in _OFF else {})})
    rows = clean_records(_batch(planted), alone).to_pylist()
    return [_says(rule, row, one) for row, one in zip(rows, planted, strict=True)]


def _says(rule: str, row: dict[str, Any], one: Planted) -> bool:
    if rule in KINDS:
        return rule in row["personal"]
    if rule == "language":
        return row["language"] == one.expected if one.expected else row["language"] != "en"
    if rule == "markup":
        return (
            row["answer"] == one.expected
            if one.expected
            else (row["prompt"], row["answer"]) != (one.prompt.strip(), one.answer.strip())
        )
    return row["reason"] == rule


def _batch(planted: Sequence[Planted]) -> pa.RecordBatch:
    schema = TABLES["bronze/instructions"].schema
    rows = [
        {
            "id": f"raw_{number}", "source": "planted", "licence": None, "original_id": None,
            "messages": [{"role": "user", "content": one.prompt}, {"role": "assistant", "content": one.answer}],
        }
        for number, one in enumerate(planted)
    ]  # fmt: skip
    names = ("id", "source", "licence", "original_id", "messages")
    return (
        pa.Table.from_pylist(rows, pa.schema([schema.field(name) for name in names])).combine_chunks().to_batches()[0]
    )


def measured(rule: str) -> dict[str, Any]:
    """Counts, precision and recall of one rule, with the first records that it got wrong."""
    wanted, spared = records(rule, True), records(rule, False)
    hits, alarms = found(rule, wanted), found(rule, spared)
    missed = [one.answer for one, hit in zip(wanted, hits, strict=True) if not hit]
    false = [one.answer for one, alarm in zip(spared, alarms, strict=True) if alarm]
    return {
        "rule": rule, "positives": len(wanted), "look_alikes": len(spared), "found": sum(hits), "false_alarms": sum(alarms),
        "precision": round(sum(hits) / max(sum(hits) + sum(alarms), 1), 4), "recall": round(sum(hits) / len(wanted), 4),
        "missed": missed[:5], "wrong": false[:5],
    }  # fmt: skip


def table(figures: Sequence[dict[str, Any]]) -> str:
    """The figures as a Markdown table."""
    head = (
        "| rule | positives | look-alikes | found | false alarms | precision | recall |\n|---|---|---|---|---|---|---|"
    )
    rows = (
        f"| {one['rule']} | {one['positives']} | {one['look_alikes']} | {one['found']} | {one['false_alarms']} "
        f"| {one['precision']:.3f} | {one['recall']:.3f} |"
        for one in figures
    )
    return "\n".join((head, *rows))


def main() -> None:
    """Parses the arguments, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="where the figures go")
    parser.add_argument("--show", action="store_true", help="print records that a rule got wrong")
    given = parser.parse_args()
    figures = [measured(rule) for rule in RULES]
    print(table(figures))
    for one in figures if given.show else ():
        print(one["rule"], json.dumps({"missed": one["missed"], "wrong": one["wrong"]}, ensure_ascii=False, indent=1))
    if given.out:
        given.out.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
