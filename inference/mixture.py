"""gold/mixture: high-quality targets built from passages, each with a group of degraded variants (method, section 2.1).

The chosen passages are in memory (about 1 kB each); items are made and written in batches. It does not yet write
reasoning traces, and the number of variants follows a clipped normal distribution because the method's is not published.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from inference.baseline.degrade import OPERATORS, operator_of
from inference.batch import answered, in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.mixture_params import MixtureParams
from inference.pairing import CROSSABLE, Draft, Text, chosen, drafts, share, texts
from inference.prompts import build, degrade
from inference.text_engines import Completion, Generator, Request, open_engine
from inference.text_engines.metered import billed
from lake.harness.job import ArrowInputs, ArrowRows, JobContext
from lake.ids import content_id, sha256_text
from lake.tables import TABLES
from texts.formats import FORMATS
from texts.formats.distillation import answer_of, item_in
from texts.rubric import HIGH, score, scores

MIXTURE = "gold/mixture"
UNUSED = "gold/mixture_unused"


@dataclass(frozen=True)
class _Target:
    """A draft with the type of its item and, once it is built, the item and its score."""

    draft: Draft
    item_type: str
    text: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class _Failure:
    """Why a draft carries no item."""

    draft: Draft
    reason: str
    detail: str


def mixture(inputs: ArrowInputs, params: MixtureParams, context: JobContext) -> ArrowRows:
    """gold/mixture and gold/mixture_unused in batches: each passage is in one item, or unused with its reason."""
    passages = inputs["silver/passages"]
    wanted = chosen(passages, params.limit, params.seed)
    yield from _over_limit(passages, wanted)
    counts: Counter[str] = Counter()
    # of targets: no two items may share one, and none is the example that the prompt shows
    seen = {sha256_text(form.example) for form in FORMATS.values()}
    used = texts(passages, wanted, params.seed)
    with open_engine(params.engine) as engine:
        foretell(engine, params.engine, _asked(used, params), context.lake, MIXTURE)
        for batch in in_batches(used, params.batch_size):
            targets, failures = _targets(batch, seen, engine, params, context)
            rows, weak = _rows(targets, engine, params, context)
            yield MIXTURE, pa.Table.from_pylist(rows, schema=TABLES[MIXTURE].schema)
            sources = {text.id: text.source for text in batch}
            unused = [
                (one, sources[one], f.reason, f.detail) for f in (*failures, *weak) for one in f.draft.passage_ids
            ]
            yield UNUSED, _table(unused)
            counts.update(_counted(batch, rows, [*failures, *weak]))
            context.progress(counts["passages"], len(wanted))
    context.metrics.update(_metrics(counts) | billed(engine, counts["items"]))


def _asked(used: Sequence[Text], params: MixtureParams) -> list[Asked]:
    """A target for each passage, and variants of it: their prompts are about as long as with the passage in the target's place."""
    made = drafts(used[: params.batch_size], params.splits, params.cross_topic, params.seed)
    typed = [_Target(draft, _item_type(draft, 0, params)) for draft in islice(made, SAMPLE)]
    weak = [degrade(one.draft.passage_ids[0], one.item_type, one.draft.text, 0, **params.sampling) for one in typed]
    variants = round(len(used) * params.mean_variants)
    return [Asked(len(used), [_build_request(one, params) for one in typed]), Asked(variants, weak)]


def _targets(
    batch: Sequence[Text], seen: set[str], engine: Generator, params: MixtureParams, context: JobContext
) -> tuple[list[_Target], list[_Failure]]:
    """One good target for each draft, of the first item type of its turn that gives one, and the drafts without."""
    todo = list(drafts(batch, params.splits, params.cross_topic, params.seed))
    ready, failures = list[_Target](), list[_Failure]()
    for attempt in range(params.attempts):  # each with the next item type, for the drafts that none has suited so far
        typed = [_Target(draft, _item_type(draft, attempt, params)) for draft in todo]
        completions = answered(typed, lambda one: _build_request(one, params), engine, context.lake, params.batch_size)
        judged = [_judged(one, completion, seen, params) for one, completion in completions]
        ready += [one for one in judged if isinstance(one, _Target)]
        failures = [one for one in judged if isinstance(one, _Failure)]
        todo = [failure.draft for failure in failures]
    return ready, failures


def _item_type(draft: Draft, attempt: int, params: MixtureParams) -> str:
    """The item type whose turn it is; two passages together fit only some types."""
    types = [one for one in params.item_types if len(draft.passage_ids) == 1 or one in CROSSABLE] or params.item_types
    return types[(int(share(params.seed, "type", draft.passage_ids[0]) * len(types)) + attempt) % len(types)]


def _build_request(one: _Target, params: MixtureParams) -> Request:
    draft = one.draft
    return build(draft.passage_ids[0], one.item_type, draft.title, draft.text, draft.others, **params.sampling)


def _judged(one: _Target, completion: Completion, seen: set[str], params: MixtureParams) -> _Target | _Failure:
    """The target, if the completion holds a well-formed, good one that is not there yet."""
    text = item_in(completion.text or "", one.item_type)
    if text is None:
        detail = completion.error or f"{'cut off: ' * completion.truncated}not one well-formed {one.item_type} item"
        return _Failure(one.draft, "not_buildable", detail)
    if (rating := score(text)) < params.target_score:
        detail = f"{one.item_type} rated {rating:.2f}, at least {params.target_score:.2f}"
        return _Failure(one.draft, "below_target_quality", detail)
    if (digest := sha256_text(text)) in seen:
        return _Failure(one.draft, "not_buildable", "its target repeats another one, or the prompt's example")
    seen.add(digest)
    return replace(one, text=text, score=rating)


def _rows(
    targets: Sequence[_Target], engine: Generator, params: MixtureParams, context: JobContext
) -> tuple[list[dict[str, Any]], list[_Failure]]:
    """A row for each target with enough weak, distinct variants, and the targets without."""
    completions = answered(_variants(targets, params), lambda one: one[1], engine, context.lake, params.batch_size)
    variants_of: dict[str, dict[str, str]] = {target.text: {} for target in targets}  # target -> variant -> operator
    for (target, request), completion in completions:
        # a variant may have lost parts of its form
        text = item_in(completion.text or "", target.item_type) or answer_of(completion.text or "")
        if text is not None and text != target.text:
            variants_of[target.text].setdefault(text, operator_of(request.payload["variant"]))
    rows: list[dict[str, Any]] = []
    failures: list[_Failure] = []
    for target in targets:
        variants = _weak(variants_of[target.text])
        if len(variants) >= params.min_variants:
            rows.append(_row(target, variants, engine.model))
        else:
            failures.append(_Failure(target.draft, "no_variants", f"{len(variants)} weak, distinct variants"))
    return rows, failures


def _weak(variants: Mapping[str, str]) -> dict[str, str]:
    """The variants that do not rate high: others would be no low-quality input (method, section 2.1, step 3)."""
    rated = zip(variants.items(), scores([*variants]), strict=True)
    return {text: operator for (text, operator), rating in rated if rating < HIGH}


def _variants(targets: Sequence[_Target], params: MixtureParams) -> Iterator[tuple[_Target, Request]]:
    """A request for each variant of each target; how many and which operators follow from the target's hash."""
    for target in targets:
        rng = random.Random(f"{params.seed} {target.text}")
        wanted = round(rng.gauss(params.mean_variants, params.mean_variants / 3))
        count = min(params.max_variants, max(params.min_variants, wanted))
        # consecutive operators, so that the variants of one item differ in what is wrong with them
        first = rng.randrange(len(OPERATORS))
        for variant in range(first, first + count):
            passage, kind = target.draft.passage_ids[0], target.item_type
            yield target, degrade(passage, kind, target.text, variant, variants=count, **params.sampling)


def _row(target: _Target, variants: Mapping[str, str], builder: str) -> dict[str, Any]:
    return {
        "id": content_id("mix", target.item_type, target.text, *target.draft.passage_ids),
        "item_type": target.item_type,
        "split": target.draft.split,
        "title": target.draft.title,
        "passage_ids": list(target.draft.passage_ids),
        "members": list(variants),
        "operators": list(variants.values()),
        "target": target.text,
        "target_score": target.score,
        "builder": builder,
    }


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


def _counted(batch: Sequence[Text], rows: Sequence[Mapping[str, Any]], failures: Sequence[_Failure]) -> Counter[str]:
    counts = Counter([*(failure.reason for failure in failures), *(row["split"] for row in rows)])
    crossed = sum(len(row["passage_ids"]) > 1 for row in rows)
    variants = sum(len(row["members"]) for row in rows)
    return counts + Counter(passages=len(batch), items=len(rows), variants=variants, cross_topic=crossed)


def _metrics(counts: Counter[str]) -> dict[str, float]:
    """What the run made, in items, and the mean number of variants of an item."""
    mean = counts["variants"] / counts["items"] if counts["items"] else 0.0
    return {name: float(count) for name, count in counts.items() if name != "variants"} | {"mean_variants": mean}
