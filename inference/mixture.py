"""gold/mixture: high-quality targets built from passages, each with a group of degraded variants (method, section 2.1).

The chosen passages are in memory (about 1 kB each); items are made and written in batches. It does not yet write
reasoning traces, and the number of variants follows a clipped normal distribution because the method's is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from inference.apart import HELDOUT, NEAR_HELDOUT, Apart
from inference.batch import in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.mixture_items import Maker, Target, build_request, item_type
from inference.mixture_params import MixtureParams
from inference.overlap import COMMON
from inference.pairing import Text, chosen, drafts, placed, texts
from inference.prompts import degrade
from inference.text_engines import open_engine
from inference.text_engines.metered import billed
from lake.harness.job import ArrowInputs, ArrowRows, JobContext
from lake.ids import sha256_text
from lake.tables import TABLES
from texts.formats import FORMATS

MIXTURE = "gold/mixture"
UNUSED = "gold/mixture_unused"


def mixture(inputs: ArrowInputs, params: MixtureParams, context: JobContext) -> ArrowRows:
    """gold/mixture and gold/mixture_unused in batches: each passage is in one item, or unused with its reason."""
    passages = inputs["silver/passages"]
    wanted = chosen(passages, params.limit, params.seed)
    yield from _over_limit(passages, wanted)
    used, boilerplate = placed(texts(passages, wanted), params.splits, params.seed)
    detail = f"half of its word 3-grams are each in more than {COMMON} passages"
    yield UNUSED, _table([(one.id, one.source, "boilerplate", detail) for one in boilerplate])
    counts = Counter(boilerplate=len(boilerplate))
    # a target that is the example which the prompt shows is none of the passage's
    examples = {sha256_text(form.example) for form in FORMATS.values()}
    with open_engine(params.engine) as engine:
        foretell(engine, params.engine, _asked(used, params), context.lake, MIXTURE)
        maker, apart = Maker(engine, params, context.lake, examples), Apart()
        for batch in _batches(used, params.batch_size):
            rows, failures = maker.items(list(drafts(batch, params.cross_topic, params.seed)))
            rows, near = apart.kept(rows)
            yield MIXTURE, pa.Table.from_pylist(rows, schema=TABLES[MIXTURE].schema)
            sources = {text.id: text.source for text in batch}
            unused = [(one, f.reason, f.detail) for f in failures for one in f.draft.passage_ids]
            unused += [(one, "near_heldout", NEAR_HELDOUT) for row in near for one in row["passage_ids"]]
            yield UNUSED, _table([(one, sources[one], reason, detail) for one, reason, detail in unused])
            counts.update(_counted(batch, rows, [*(f.reason for f in failures), *("near_heldout" for _ in near)]))
            context.progress(counts["passages"], len(used))
    context.metrics.update(_metrics(counts) | billed(engine, counts["items"]))


def _batches(used: Sequence[Text], size: int) -> Iterator[list[Text]]:
    """The texts in batches of one split each; those held out come first, since no target may be near one of theirs."""
    for split in sorted({text.split for text in used}, key=lambda split: (split != HELDOUT, split)):
        yield from in_batches((text for text in used if text.split == split), size)


def _asked(used: Sequence[Text], params: MixtureParams) -> list[Asked]:
    """A target for each passage, and variants of it: their prompts are about as long as with the passage in the target's place."""
    typed = [
        Target(draft, item_type(draft, 0, params)) for draft in islice(drafts(used[:SAMPLE], 0.0, params.seed), SAMPLE)
    ]
    weak = [degrade(one.draft.passage_ids[0], one.item_type, one.draft.text, 0, **params.sampling) for one in typed]
    variants = round(len(used) * params.mean_variants)
    return [Asked(len(used), [build_request(one, params) for one in typed]), Asked(variants, weak)]


def _over_limit(passages: ds.Dataset, wanted: frozenset[str]) -> ArrowRows:
    """The passages that were not chosen, in batches."""
    for batch in passages.to_batches(columns=["id", "source"]):
        rest = [row for row in batch.to_pylist() if row["id"] not in wanted]
        detail = f"{len(wanted)} passages were chosen"
        yield UNUSED, _table([(row["id"], row["source"], "over_limit", detail) for row in rest])


def _table(rows: Sequence[tuple[str, str, str, str]]) -> pa.Table:
    columns = ("id", "source", "reason", "detail")
    named = [dict(zip(columns, row, strict=True)) | {"outcome": "mixture_unused"} for row in rows]
    return pa.Table.from_pylist(named, schema=TABLES[UNUSED].schema)


def _counted(batch: Sequence[Text], rows: Sequence[Mapping[str, Any]], unused: Sequence[str]) -> Counter[str]:
    counts = Counter([*unused, *(row["split"] for row in rows)])
    crossed = sum(len(row["passage_ids"]) > 1 for row in rows)
    variants = sum(len(row["members"]) for row in rows)
    return counts + Counter(passages=len(batch), items=len(rows), variants=variants, cross_topic=crossed)


def _metrics(counts: Counter[str]) -> dict[str, float]:
    """What the run made, in items, and the mean number of variants of an item."""
    mean = counts["variants"] / counts["items"] if counts["items"] else 0.0
    return {name: float(count) for name, count in counts.items() if name != "variants"} | {"mean_variants": mean}
