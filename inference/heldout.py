"""gold/heldout_answers: the serving extractive baseline and the newest checkpoint answer the same held-out MIXTURE items.

Both are scored alike, by what the answer is worth to the members, so that the champion can be decided on paired figures.
Does not do yet: a champion that is itself an older checkpoint, several answers an item, a judge other than the rubric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
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
from texts.embed.embedder import DEFAULT, Embedder, open_embedder
from texts.errors import EmbedderError
from texts.rubric import score
from texts.worth import Group, promotion_score

ANSWERS = "gold/heldout_answers"
Item = Mapping[str, Any]
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
    """A row for each answer: well_formed, and figures in 0..1, all 0 unless it is well formed.

    score = grounding x recovered x conciseness (texts.worth), which passes its audit; quality (the rubric) and alignment (cosine with the
    target, negative ones as 0) are shown beside it and decide nothing.
    """
    judged = [promotion_score(item["item_type"], Group(item["members"]), answer.text or "") for item, answer in batch]
    pairs = [(text, item["target"]) for (item, _), (text, _) in zip(batch, judged, strict=True) if text]
    aligned = iter(_alignment(pairs, measure))
    return [
        {
            "item_id": item["id"],
            "item_type": item["item_type"],
            "text": completion.text,
            "error": completion.error,
            "well_formed": text is not None,
            "quality": score(text) / _BEST_SCORE if text else 0.0,
            "alignment": next(aligned) if text else 0.0,
            **asdict(worth),
            "score": worth.score,
        }
        for (item, completion), (text, worth) in zip(batch, judged, strict=True)
    ]


def _alignment(pairs: Sequence[tuple[str, str]], measure: Embedder) -> list[float]:
    """Cosines of the pairs, in one call of the embedder, negative ones as 0."""
    if not pairs:
        return []
    vectors = measure.encode([text for pair in pairs for text in pair])
    return (vectors[::2] * vectors[1::2]).sum(axis=1).clip(0.0, 1.0).tolist()
