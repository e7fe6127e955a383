"""gold/heldout_answers: the distiller in service and its challenger answer the same held-out MIXTURE items.

Both are scored alike, by what the answer is worth to the members, so that the champion can be decided on paired figures. A challenger of
kind vllm is the newest checkpoint; of any other kind what its params say. Who serves is read from the last decision, not an
input: a promotion must not make these answers stale. Does not do yet: several answers an item, a score by a model that judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pydantic import Field

from inference.batch import answered, in_batches
from inference.prompts import distil
from inference.text_engines import Completion, EngineParams, Kind, Request, open_engine
from lake.errors import StageFailed, as_user_error
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import content_id
from lake.models.serving import Serving, in_service
from lake.settings import settings
from lake.storage.artifacts import at_hand
from lake.storage.store import Lake
from lake.storage.student import embedder_name
from lake.tables import TABLES
from texts.embed.embedder import DEFAULT, Embedder, open_embedder
from texts.errors import EmbedderError
from texts.reference import agreement
from texts.rubric import score
from texts.worth import Group, promotion_score

ANSWERS = "gold/heldout_answers"
Item = Mapping[str, Any]
_BEST_SCORE = 5.0  # of texts.rubric, so that quality is 0..1


class HeldoutParams(Params):
    """Who answers the held-out items, and how much it may write."""

    challenger: EngineParams = Field(
        default=EngineParams(kind="vllm"),
        description="of kind vllm it loads the checkpoint of models/distiller_grpo, whatever `model` says",
    )
    champion: EngineParams = Field(
        default=EngineParams(),
        description="what serves before the first decision, and how one of its kind is opened after",
    )
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
    """gold/heldout_answers in batches: one row for each held-out item and model, scored 0..1; an unanswered item scores 0.

    A challenger that is the one in service answers once, as that.
    """
    lake = context.lake
    contestants = _contestants(lake, _checkpoint(inputs["models/distiller_grpo"]), in_service(lake), params)
    total = len(contestants) * inputs["gold/mixture"].count_rows(filter=pc.field("split") == "heldout")
    done = 0
    for one in contestants:
        scores: list[float] = []
        for table in _answer_all(_heldout(inputs["gold/mixture"]), one, params, context):
            scores += table["score"].to_pylist()
            done += table.num_rows
            context.progress(done, total)
            yield ANSWERS, table
        context.metrics[f"{one.role}_score"] = fmean(scores) if scores else 0.0


@dataclass(frozen=True)
class Contestant:
    """A model in its role; `digest` names it where the engine's own digest should not; `uri` as rows name it, None for the rules."""

    role: str
    engine: EngineParams
    digest: str | None
    uri: str | None


def _contestants(
    lake: Lake, checkpoint: Mapping[str, Any], serving: Serving | None, params: HeldoutParams
) -> list[Contestant]:
    """Those who answer. vLLM's settings must stand before the embedder loads torch: a contestant that loads a model comes first."""
    challenger = _contestant(lake, "challenger", params.challenger, params.challenger.model)
    if params.challenger.kind in ("vllm", "scripted"):
        challenger = _contestant(lake, "challenger", params.challenger, checkpoint["uri"], checkpoint["digest"])
    champion = _contestant(lake, "champion", params.champion, params.champion.model)
    if serving is not None:
        kinds = (params.champion, params.challenger)
        how = next(
            (one for one in kinds if one.kind == serving.engine), EngineParams(kind=cast("Kind", serving.engine))
        )
        champion = _contestant(lake, "champion", how, serving.uri or "", serving.model if serving.uri else None)
    if (champion.engine.kind, champion.uri) == (challenger.engine.kind, challenger.uri):
        return [champion]
    return sorted([challenger, champion], key=lambda one: one.engine.kind == "rules")


def _contestant(lake: Lake, role: str, engine: EngineParams, uri: str, digest: str | None = None) -> Contestant:
    return Contestant(role, engine.model_copy(update={"model": at_hand(lake, uri)}), digest, uri or None)


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
    items: Iterator[Item], one: Contestant, params: HeldoutParams, context: JobContext
) -> Iterator[pa.Table]:
    """Scored answers of one contestant in batches."""

    def request(item: Item) -> Request:
        return distil(
            item["id"], item["item_type"], item["members"],
            max_tokens=params.max_tokens, temperature=params.temperature, frequency_penalty=params.frequency_penalty,
            seed=params.seed,
        )  # fmt: skip

    with as_user_error(EmbedderError):
        measure = open_embedder(embedder_name(params.embedder, context.lake), settings().cache)
    with open_engine(one.engine) as engine:
        name = one.digest or engine.model
        said: dict[str, Any] = {"model": name, "engine": one.engine.kind, "uri": one.uri, "role": one.role}
        for batch in in_batches(answered(items, request, engine, context.lake, params.batch_size), params.batch_size):
            rows = [said | row for row in score_answers(batch, measure)]
            for row in rows:
                row["id"] = content_id("ans", row["item_id"], name)
            yield pa.Table.from_pylist(rows, schema=TABLES[ANSWERS].schema)


def score_answers(batch: Sequence[tuple[Item, Completion]], measure: Embedder) -> list[dict[str, Any]]:
    """A row for each answer: well_formed, and figures in 0..1, all 0 unless it is well formed.

    score = grounding x recovered x conciseness (texts.worth), which passes its audit; quality (the rubric) and alignment (cosine with the
    target, negative ones as 0) are shown beside it and decide nothing; reference is what a challenger may not get worse in.
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
            "reference": agreement(text, item["target"]) if text else 0.0,
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
