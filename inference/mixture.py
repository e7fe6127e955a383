"""gold/mixture: high-quality targets, each with a group of degraded variants (method, section 2.1).

Targets are built from segments of passages, and the lake's own best records are targets as they are. The chosen texts lie in a file and in
memory is where each belongs; items are made and written in batches, by the rules in as many processes as there are cores. The number of
variants follows a clipped normal distribution because the method's is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from inference.apart import HELDOUT, Apart
from inference.batch import in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.likeness import drafts
from inference.mixture_items import Maker
from inference.mixture_params import MixtureParams
from inference.overlap import COMMON
from inference.pairing import Draft, Placed, Text, chosen, passages, placed, records
from inference.prompts import degrade
from inference.stored_texts import StoredTexts
from inference.targets import Target, build_request
from inference.text_engines import open_engine
from inference.text_engines.metered import billed
from inference.turns import Turns
from lake.engines.parallel import in_processes, usable_cores
from lake.errors import UserError
from lake.harness.job import ArrowInputs, ArrowRows, JobContext
from lake.settings import settings
from lake.tables import TABLES
from texts.embed.embedder import STATIC, open_embedder

MIXTURE = "gold/mixture"
UNUSED = "gold/mixture_unused"
MANY = 2_000  # texts: about as long to make items of as processes take to start
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
    wanted = {name: chosen(rows, limit, params.seed) for name, rows, limit, _ in kinds}
    for name, rows, _, _ in kinds:
        yield from _over_limit(rows, wanted[name], f"{len(wanted[name])} {name} were chosen")
    found = chain.from_iterable(read(rows, wanted[name]) for name, rows, _, read in kinds)
    with TemporaryDirectory() as folder, closing(StoredTexts(Path(folder) / "texts", found)) as texts:
        if not texts:
            raise UserError(NOTHING)
        used, boilerplate = placed(texts, params.splits, params.seed)
        kept = {text.id for text in used}
        detail = f"half of its word 3-grams are each in more than {COMMON} texts"
        alone = {one.id: (one.id, one.source, "boilerplate", detail) for one in boilerplate if one.id not in kept}
        yield UNUSED, _table([*alone.values()])
        yield from _made(texts, used, params, context)


def _made(texts: Sequence[Text], used: Sequence[Placed], params: MixtureParams, context: JobContext) -> ArrowRows:
    """Items and unused texts, batch by batch."""
    counts, refused = Counter[str](), Counter[str]()
    apart = Apart()
    with open_engine(params.engine) as engine:
        foretell(engine, params.engine, _asked(texts, used, params), context.lake, MIXTURE)
        maker = Maker(engine, params, context.lake if engine.cached else None)
        processes = usable_cores() if params.loads_no_model and len(used) >= MANY else 1
        work = _Work(maker, open_embedder(STATIC, settings().cache).name)
        wholes = ([one.whole(texts) for one in batch] for batch in _batches(used, params.batch_size))
        made = in_processes(work, wholes, processes)
        for batch, one in zip(_batches(used, params.batch_size), made, strict=True):
            rows, left = apart.kept(one.rows)
            yield MIXTURE, pa.Table.from_pylist(rows, schema=TABLES[MIXTURE].schema)
            reasons = {text: (reason, detail) for row, reason, detail in left for text in _texts(row)}
            unused = _unused(batch, rows, one.reasons | reasons)
            yield UNUSED, _table(unused)
            counts.update(_counted(batch, rows, [reason for _, _, reason, _ in unused]))
            refused.update(one.refused)
            context.progress(counts["texts"], len(used))
        context.metrics.update(_metrics(counts, refused) | billed(engine, counts["items"]))


@dataclass(frozen=True)
class _Done:
    """What came of a batch: rows of gold/mixture, why which text is in none, and how often a target was refused by which rule."""

    rows: list[dict[str, Any]]
    reasons: dict[str, tuple[str, str]]
    refused: Counter[str]


@dataclass(frozen=True)
class _Work:
    """Makes the items of a batch of texts; it is copied into other processes, so it has the embedder's name alone."""

    maker: Maker
    embedder: str

    def __call__(self, batch: Sequence[Text]) -> _Done:
        params, encode = self.maker.params, open_embedder(self.embedder).encode
        made = self.maker.items(list(drafts(batch, params.cross_topic, params.seed, encode, params.least_content)))
        reasons = {text: (one.reason, one.detail) for one in made.failures for text in one.draft.ids}
        return _Done(made.rows, reasons, made.refused)


def _batches(used: Sequence[Placed], size: int) -> Iterator[list[Placed]]:
    """The texts in batches of one split and so many passages each; those held out come first, since no target may be near one of theirs."""
    for split in sorted({text.split for text in used}, key=lambda split: (split != HELDOUT, split)):
        whole = groupby((text for text in used if text.split == split), key=attrgetter("id"))
        # the segments of a passage stay together: whether it is used is known when its batch is done
        for some in in_batches((list(segments) for _, segments in whole), size):
            yield list(chain.from_iterable(some))


def _asked(texts: Sequence[Text], used: Sequence[Placed], params: MixtureParams) -> list[Asked]:
    """A target for each passage, and variants of it: their prompts are about as long as with the passage in the target's place."""
    built = [one for one in used if not one.is_record]
    single = [Draft((text,), text.title, text.text) for text in (one.whole(texts) for one in built[:SAMPLE])]
    typed = [Target(draft, kind) for draft, kind in Turns(params.quotas, params.seed).typed(single, ())]
    weak = [degrade(one.id, "qa", texts[one.number].text, 0, **params.sampling) for one in used[:SAMPLE]]
    variants = round(len(used) * params.mean_variants)
    return [Asked(len(built), [build_request(one, params) for one in typed]), Asked(variants, weak)]


def _texts(row: Mapping[str, Any]) -> list[str]:
    """The ids of the passages or the record that an item is made of."""
    return [*row["passage_ids"], *row["record_ids"]]


def _unused(
    batch: Sequence[Placed], rows: Sequence[Mapping[str, Any]], reasons: Mapping[str, tuple[str, str]]
) -> list[tuple[str, str, str, str]]:
    """Id, source, reason and detail of each passage and record of the batch of which nothing is in an item."""
    used = {text for row in rows for text in _texts(row)}
    sources = {text.id: text.source for text in batch if text.id not in used}
    return [(text, source, *reasons[text]) for text, source in sources.items()]


def _over_limit(rows: ds.Dataset, wanted: frozenset[str], detail: str) -> ArrowRows:
    """The rows that were not chosen, in batches."""
    for batch in rows.to_batches(columns=["id", "source"]):
        rest = [row for row in batch.to_pylist() if row["id"] not in wanted]
        yield UNUSED, _table([(row["id"], row["source"], "over_limit", detail) for row in rest])


def _table(rows: Sequence[tuple[str, str, str, str]]) -> pa.Table:
    columns = ("id", "source", "reason", "detail")
    named = [dict(zip(columns, row, strict=True)) | {"outcome": "mixture_unused"} for row in rows]
    return pa.Table.from_pylist(named, schema=TABLES[UNUSED].schema)


def _counted(batch: Sequence[Placed], rows: Sequence[Mapping[str, Any]], unused: Sequence[str]) -> Counter[str]:
    counts = Counter([*unused, *(row["split"] for row in rows), *(row["item_type"] for row in rows)])
    crossed = sum(len(row["passage_ids"]) > 1 for row in rows)
    variants = sum(len(row["members"]) for row in rows)
    originals = sum(len(row["record_ids"]) for row in rows)
    return counts + Counter(
        texts=len(batch), originals=originals, items=len(rows), variants=variants, cross_topic=crossed
    )


def _metrics(counts: Counter[str], refused: Counter[str]) -> dict[str, float]:
    """What the run made, in items, the mean number of variants of an item, and how often which rule refused a target."""
    mean = counts["variants"] / counts["items"] if counts["items"] else 0.0
    made = {name: float(count) for name, count in counts.items() if name != "variants"}
    return made | {"mean_variants": mean} | {f"refused_{rule}": float(count) for rule, count in refused.items()}
