"""gold/mixture: high-quality targets, each with a group of degraded variants (method, section 2.1).

Targets are built from passages, and the lake's own best records are targets as they are. The chosen texts are in memory (about 1 kB
each); items are made and written in batches. It does not yet write reasoning traces, and the number of variants follows a
clipped normal distribution because the method's is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from inference.apart import HELDOUT, NEAR_HELDOUT, Apart
from inference.batch import in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.mixture_items import Maker, Target, build_request, item_type
from inference.mixture_params import MixtureParams
from inference.overlap import COMMON
from inference.pairing import Text, chosen, drafts, passages, placed, records
from inference.prompts import degrade
from inference.text_engines import open_engine
from inference.text_engines.metered import billed
from lake.errors import UserError
from lake.harness.job import ArrowInputs, ArrowRows, JobContext
from lake.ids import sha256_text
from lake.tables import TABLES
from texts.formats import FORMATS

MIXTURE = "gold/mixture"
UNUSED = "gold/mixture_unused"
NOTHING = (
    "MIXTURE has nothing to be made from: no passage is in the lake, and no record is rated high enough. `mixlake ingest PATH --source "
    "NAME --licence ID --kind passages` brings titled texts; `mixlake run --to silver/groups` runs what needs neither"
)


def mixture(inputs: ArrowInputs, params: MixtureParams, context: JobContext) -> ArrowRows:
    """gold/mixture and gold/mixture_unused in batches: each passage and best record is in one item, or unused with its reason.

    Raises UserError where there is neither.
    """
    kinds = (
        ("passages", inputs["silver/passages"], params.limit, passages),
        ("records", inputs["silver/best_records"], params.originals, records),
    )
    found: list[Text] = []
    for name, rows, limit, read in kinds:
        wanted = chosen(rows, limit, params.seed)
        yield from _over_limit(rows, wanted, f"{len(wanted)} {name} were chosen")
        found += read(rows, wanted)
    if not found:
        raise UserError(NOTHING)
    used, boilerplate = placed(found, params.splits, params.seed)
    detail = f"half of its word 3-grams are each in more than {COMMON} texts"
    yield UNUSED, _table([(one.id, one.source, "boilerplate", detail) for one in boilerplate])
    yield from _made(used, params, context)


def _made(used: Sequence[Text], params: MixtureParams, context: JobContext) -> ArrowRows:
    """Items and unused texts, batch by batch."""
    counts: Counter[str] = Counter()
    # a target that is the example which the prompt shows is none of the passage's
    examples = {sha256_text(form.example) for form in FORMATS.values()}
    with open_engine(params.engine) as engine:
        foretell(engine, params.engine, _asked(used, params), context.lake, MIXTURE)
        maker, apart = Maker(engine, params, context.lake, examples), Apart()
        for batch in _batches(used, params.batch_size):
            rows, failures = maker.items(list(drafts(batch, params.cross_topic, params.seed)))
            rows, near = apart.kept(rows)
            yield MIXTURE, pa.Table.from_pylist(rows, schema=TABLES[MIXTURE].schema)
            unused = [(one, f.reason, f.detail) for f in failures for one in f.draft.ids]
            unused += [
                (one, "near_heldout", NEAR_HELDOUT) for row in near for one in (*row["passage_ids"], *row["record_ids"])
            ]
            sources = {text.id: text.source for text in batch}
            yield UNUSED, _table([(one, sources[one], reason, detail) for one, reason, detail in unused])
            counts.update(_counted(batch, rows, [reason for _, reason, _ in unused]))
            context.progress(counts["texts"], len(used))
    context.metrics.update(_metrics(counts) | billed(engine, counts["items"]))


def _batches(used: Sequence[Text], size: int) -> Iterator[list[Text]]:
    """The texts in batches of one split each; those held out come first, since no target may be near one of theirs."""
    for split in sorted({text.split for text in used}, key=lambda split: (split != HELDOUT, split)):
        yield from in_batches((text for text in used if text.split == split), size)


def _asked(used: Sequence[Text], params: MixtureParams) -> list[Asked]:
    """A target for each passage, and variants of it: their prompts are about as long as with the passage in the target's place."""
    built = [text for text in used if not text.question]
    typed = [Target(draft, item_type(draft, 0, params)) for draft in drafts(built[:SAMPLE], 0.0, params.seed)]
    weak = [degrade(text.id, "qa", text.text, 0, **params.sampling) for text in used[:SAMPLE]]
    variants = round(len(used) * params.mean_variants)
    return [Asked(len(built), [build_request(one, params) for one in typed]), Asked(variants, weak)]


def _over_limit(rows: ds.Dataset, wanted: frozenset[str], detail: str) -> ArrowRows:
    """The rows that were not chosen, in batches."""
    for batch in rows.to_batches(columns=["id", "source"]):
        rest = [row for row in batch.to_pylist() if row["id"] not in wanted]
        yield UNUSED, _table([(row["id"], row["source"], "over_limit", detail) for row in rest])


def _table(rows: Sequence[tuple[str, str, str, str]]) -> pa.Table:
    columns = ("id", "source", "reason", "detail")
    named = [dict(zip(columns, row, strict=True)) | {"outcome": "mixture_unused"} for row in rows]
    return pa.Table.from_pylist(named, schema=TABLES[UNUSED].schema)


def _counted(batch: Sequence[Text], rows: Sequence[Mapping[str, Any]], unused: Sequence[str]) -> Counter[str]:
    counts = Counter([*unused, *(row["split"] for row in rows)])
    crossed = sum(len(row["passage_ids"]) > 1 for row in rows)
    variants = sum(len(row["members"]) for row in rows)
    originals = sum(len(row["record_ids"]) for row in rows)
    return counts + Counter(
        texts=len(batch), originals=originals, items=len(rows), variants=variants, cross_topic=crossed
    )


def _metrics(counts: Counter[str]) -> dict[str, float]:
    """What the run made, in items, and the mean number of variants of an item."""
    mean = counts["variants"] / counts["items"] if counts["items"] else 0.0
    return {name: float(count) for name, count in counts.items() if name != "variants"} | {"mean_variants": mean}
