"""gold/heldout_answers: the serving extractive baseline and the newest checkpoint answer the same held-out MIXTURE items.

Both are scored alike, against the target and against the members, so that the champion can be decided on paired figures.
Does not do yet: a champion that is itself an older checkpoint, several answers an item, a judge other than the rubric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pydantic import Field

from inference.batch import answered, in_batches
from inference.prompts import distil
from inference.text_engines import Completion, EngineParams, Request, open_engine
from lake.errors import StageFailed, as_user_error
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import content_id
from lake.settings import settings
from lake.storage.student import embedder_name
from lake.tables import TABLES
from texts.coverage import member_coverage
from texts.embed.embedder import DEFAULT, Embedder, open_embedder
from texts.errors import EmbedderError
from texts.formats.distillation import answer_of, format_score
from texts.rubric import score

ANSWERS = "gold/heldout_answers"
Item = Mapping[str, Any]

# The method's weights (section 4.2), fixed: scores of different runs stay comparable whatever a recipe trains for. The weights of
# the training reward stand in recipes/grpo/*.yaml.
_QUALITY, _ALIGNMENT, _FORMAT = 0.5, 0.4, 0.1
_BEST_SCORE = 5.0  # of texts.rubric, so that quality is 0..1


class HeldoutParams(Params):
    """Who answers the held-out items, and how much it may write."""

    challenger: EngineParams = Field(
        default=EngineParams(kind="vllm"),
        description="loads the checkpoint of models/distiller_grpo, whatever `model` says",
    )
    champion: EngineParams = Field(default=EngineParams(), description="what serves until a challenger wins")
    embedder: str = Field(default=DEFAULT, description="measures the alignment of an answer with its target")
    batch_size: int = Field(default=256, ge=1, le=100_000, description="items in one shard: what a kill may repeat")
    max_tokens: int = Field(default=256, ge=16, le=32_768, description="of an answer")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="of sampling an answer; 0: greedy")
    frequency_penalty: float = Field(
        default=0.0,
        ge=0.0,
        le=2.0,
        description="on tokens an answer holds already, so that a small model does not repeat itself",
    )
    seed: int = Field(default=7, description="of sampling, and part of each request's id")


def answers(inputs: ArrowInputs, params: HeldoutParams, context: JobContext) -> ArrowRows:
    """gold/heldout_answers in batches: one row for each held-out item and model, scored 0..1; an unanswered item scores 0."""
    checkpoint = _checkpoint(inputs["models/distiller_grpo"])
    challenger = params.challenger.model_copy(update={"model": checkpoint["uri"]})
    total = 2 * inputs["gold/mixture"].count_rows(filter=pc.field("split") == "heldout")
    done = 0
    # the challenger first: vllm's settings must stand before the embedder loads torch
    for role, engine, model in (("challenger", challenger, checkpoint["digest"]), ("champion", params.champion, None)):
        scores: list[float] = []
        for table in _answer_all(_heldout(inputs["gold/mixture"]), engine, model, params, context):
            scores += table["score"].to_pylist()
            done += table.num_rows
            context.progress(done, total)
            yield ANSWERS, table
        context.metrics[f"{role}_score"] = fmean(scores) if scores else 0.0


def _checkpoint(models: ds.Dataset) -> Mapping[str, Any]:
    rows = models.to_table(columns=["digest", "uri"]).to_pylist()
    if len(rows) != 1:
        raise StageFailed(
            f"models/distiller_grpo holds {len(rows)} checkpoints: the held-out items are answered by exactly one"
        )
    return rows[0]


def _heldout(mixture: ds.Dataset) -> Iterator[Item]:
    columns = ["id", "item_type", "members", "target"]
    for batch in mixture.to_batches(columns=columns, filter=pc.field("split") == "heldout"):
        yield from batch.to_pylist()


def _answer_all(
    items: Iterator[Item], engine_params: EngineParams, model: str | None, params: HeldoutParams, context: JobContext
) -> Iterator[pa.Table]:
    """Scored answers of one model in batches; `model` names it where the engine's own digest should not."""

    def request(item: Item) -> Request:
        return distil(
            item["id"], item["item_type"], item["members"],
            max_tokens=params.max_tokens, temperature=params.temperature, frequency_penalty=params.frequency_penalty,
            seed=params.seed,
        )  # fmt: skip

    with as_user_error(EmbedderError):
        measure = open_embedder(embedder_name(params.embedder, context.lake), settings().cache)
    with open_engine(engine_params) as engine:
        name = model or engine.model
        for batch in in_batches(answered(items, request, engine, context.lake, params.batch_size), params.batch_size):
            rows = [{"model": name, "engine": engine_params.kind, **row} for row in score_answers(batch, measure)]
            for row in rows:
                row["id"] = content_id("ans", row["item_id"], name)
            yield pa.Table.from_pylist(rows, schema=TABLES[ANSWERS].schema)


def score_answers(batch: Sequence[tuple[Item, Completion]], measure: Embedder) -> list[dict[str, Any]]:
    """A row for each answer: well_formed, and quality, alignment, coverage and score in 0..1, all 0 unless it is well formed.

    score = 0.5 quality + 0.4 alignment + 0.1 for the form; alignment: cosine with the target, negative ones counted as 0.
    """
    formed = [_well_formed(item, completion) for item, completion in batch]
    aligned = iter(
        _alignment([(text, item["target"]) for (item, _), text in zip(batch, formed, strict=True) if text], measure)
    )
    rows: list[dict[str, Any]] = []
    for (item, completion), text in zip(batch, formed, strict=True):
        row = {
            "item_id": item["id"],
            "item_type": item["item_type"],
            "text": completion.text,
            "error": completion.error,
        }
        rows.append(row | _figures(text, item["members"], next(aligned) if text else 0.0))
    return rows


def _well_formed(item: Item, completion: Completion) -> str | None:
    """The answer itself where it is one well-formed item of its type."""
    text = completion.text or ""
    return answer_of(text) if format_score(text, item["item_type"]) == 1.0 else None


def _figures(text: str | None, members: Sequence[str], alignment: float) -> dict[str, Any]:
    if text is None:
        return {"well_formed": False, "quality": 0.0, "alignment": 0.0, "coverage": 0.0, "score": 0.0}
    quality = score(text) / _BEST_SCORE
    total = _QUALITY * quality + _ALIGNMENT * alignment + _FORMAT
    coverage = fmean(member_coverage(members, text))
    return {"well_formed": True, "quality": quality, "alignment": alignment, "coverage": coverage, "score": total}


def _alignment(pairs: Sequence[tuple[str, str]], measure: Embedder) -> list[float]:
    """Cosines of the pairs, in one call of the embedder, negative ones as 0."""
    if not pairs:
        return []
    vectors = measure.encode([text for pair in pairs for text in pair])
    return (vectors[::2] * vectors[1::2]).sum(axis=1).clip(0.0, 1.0).tolist()
