"""gold/mixture: high-quality targets built from passages, each with a group of degraded variants (method, section 2.1).

The chosen passages are in memory (about 1 kB each); items are made and written in batches. It does not yet write
reasoning traces, and the number of variants follows a clipped normal distribution because the method's is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from inference.batch import in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.mixture_items import Failure, Maker, Target, build_request, item_type
from inference.mixture_params import MixtureParams
from inference.pairing import Text, chosen, drafts, texts
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
    counts: Counter[str] = Counter()
    # a target that is the example which the prompt shows is none of the passage's
    examples = {sha256_text(form.example) for form in FORMATS.values()}
    used = texts(passages, wanted, params.seed)
    with open_engine(params.engine) as engine:
        foretell(engine, params.engine, _asked(used, params), context.lake, MIXTURE)
        maker = Maker(engine, params, context.lake, examples)
        for batch in in_batches(used, params.batch_size):
            rows, failures = maker.items(list(drafts(batch, params.splits, params.cross_topic, params.seed)))
            yield MIXTURE, pa.Table.from_pylist(rows, schema=TABLES[MIXTURE].schema)
            sources = {text.id: text.source for text in batch}
            unused = [(one, sources[one], f.reason, f.detail) for f in failures for one in f.draft.passage_ids]
            yield UNUSED, _table(unused)
            counts.update(_counted(batch, rows, failures))
            context.progress(counts["passages"], len(wanted))
    context.metrics.update(_metrics(counts) | billed(engine, counts["items"]))


def _asked(used: Sequence[Text], params: MixtureParams) -> list[Asked]:
    """A target for each passage, and variants of it: their prompts are about as long as with the passage in the target's place."""
    made = drafts(used[: params.batch_size], params.splits, params.cross_topic, params.seed)
    typed = [Target(draft, item_type(draft, 0, params)) for draft in islice(made, SAMPLE)]
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


def _counted(batch: Sequence[Text], rows: Sequence[Mapping[str, Any]], failures: Sequence[Failure]) -> Counter[str]:
    counts = Counter([*(failure.reason for failure in failures), *(row["split"] for row in rows)])
    crossed = sum(len(row["passage_ids"]) > 1 for row in rows)
    variants = sum(len(row["members"]) for row in rows)
    return counts + Counter(passages=len(batch), items=len(rows), variants=variants, cross_topic=crossed)


def _metrics(counts: Counter[str]) -> dict[str, float]:
    """What the run made, in items, and the mean number of variants of an item."""
    mean = counts["variants"] / counts["items"] if counts["items"] else 0.0
    return {name: float(count) for name, count in counts.items() if name != "variants"} | {"mean_variants": mean}
