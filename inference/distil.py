"""gold/distilled: the champion fuses each group into one item, which is accepted or rejected with a reason.

What an item must reach is in inference.acceptance; the words of the request are in texts.formats.distillation. Of several answers to
one group the one that is worth most of those that pass is its item (texts.worth).
Given only what is new, new groups alone are fused, by the same champion. The texts of their members are in memory at once (about 1 kB a record).
Does not do yet: other forms than the one of `item_type`, splitting a group that is too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from statistics import fmean
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pydantic import Field, model_validator

from inference.acceptance import Acceptance, AcceptanceParams, Assessment, Refusal
from inference.batch import answered, in_batches
from inference.forecast import SAMPLE, Asked, foretell
from inference.prompts import distil
from inference.text_engines import Completion, EngineParams, Request, open_engine
from inference.text_engines.metered import billed
from lake.errors import StageFailed
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.harness.new_rows import NewRows
from lake.ids import content_id
from lake.storage.artifacts import at_hand
from lake.storage.store import Lake
from lake.tables import TABLES
from texts.coverage import copied, member_coverage
from texts.formats import FORMATS
from texts.formats.distillation import answer_of, item_in
from texts.rubric import score

DISTILLED = "gold/distilled"
REJECTED = "gold/distilled_refused"
_RECORDS = "silver/unique_instructions"

# the reason code for an engine's error, by the word that the error begins with; of any other error it is engine_error
_REASONS = {"prompt_too_long": "too_long", "not_possible": "malformed"}


class DistilParams(Params):
    """How the champion is asked, and what it must achieve."""

    engine: EngineParams = Field(
        default=EngineParams(), description="how the champion is opened; models/in_service names it"
    )
    item_type: str = Field(default="qa", pattern="^(qa|paragraph)$", description="the form of a distilled item")
    limits: AcceptanceParams = Field(default=AcceptanceParams(), description="what a distilled item must reach")
    batch_size: int = Field(default=256, ge=1, le=100_000, description="groups in one shard: what a kill may repeat")
    samples: int = Field(
        default=1,
        ge=1,
        le=64,
        description="answers to each group, of which the best that passes is kept; the rules give one",
    )
    max_tokens: int = Field(default=512, ge=32, le=32_768, description="of an item")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="of sampling an item; 0: greedy")
    frequency_penalty: float = Field(
        default=0.0,
        ge=0.0,
        le=2.0,
        description="on tokens an item holds already, so that a small model does not repeat itself",
    )
    seed: int = Field(
        default=7, description="of sampling, and part of each request's id; a group's next sample has the next one"
    )

    def opens_no_model(self, lake: Lake, new: NewRows | None) -> bool:
        """Whether the rules serve, which are no model."""
        return _champion(lake.dataset("models/in_service"))["engine"] == "rules"

    @model_validator(mode="after")
    def _samples_differ(self) -> DistilParams:
        if self.samples > 1 and not self.temperature:
            raise ValueError(f"{self.samples} samples at temperature 0 would all be the same: set temperature above 0")
        return self


@dataclass(frozen=True)
class Group:
    """Similar records to be fused: parallel tuples over its members, in id order."""

    id: str
    member_ids: tuple[str, ...]
    texts: tuple[str, ...]
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    language: str


def distilled(inputs: ArrowInputs, params: DistilParams, context: JobContext) -> ArrowRows:
    """gold/distilled and gold/distilled_refused in batches: each group ends in exactly one of them."""
    champion = _champion(inputs["models/in_service"])
    # the profile says how an engine is opened, models/in_service which one and with what weights
    serving = params.engine.model_copy(
        update={"kind": champion["engine"], "model": at_hand(context.lake, champion["uri"] or "")}
    )
    samples = 1 if serving.kind == "rules" else params.samples  # the rules know one answer
    members = _members(inputs["silver/groups"], [inputs[_RECORDS], *_older(context)])
    total = len(members["group_id"].unique())
    accepted = done = 0
    with open_engine(serving) as engine:
        # groups come in the order of their ids, which are hashes: the first are a random sample
        sample = [_request(one, params) for one in islice(_samples(_groups(members), samples), SAMPLE)]
        foretell(engine, params.engine, [Asked(total * samples, sample)], context.lake, DISTILLED)
        asked, shard = _samples(_groups(members), samples), params.batch_size * samples
        completions = answered(asked, lambda one: _request(one, params), engine, context.lake, shard)
        for batch in in_batches(completions, shard):
            rows = [
                _row(group, [completion for _, completion in answers], champion["model"], params)
                for group, answers in groupby(batch, key=lambda answer: answer[0].group)
            ]
            good = [row for row in rows if "reason" not in row]
            bad = [row for row in rows if "reason" in row]
            yield DISTILLED, pa.Table.from_pylist(good, schema=TABLES[DISTILLED].schema)
            yield REJECTED, pa.Table.from_pylist(bad, schema=TABLES[REJECTED].schema)
            accepted, done = accepted + len(good), done + len(rows)
            context.progress(done, total)
        context.metrics.update(billed(engine, accepted))
    context.metrics.update(groups=done, accepted=accepted)


def _champion(models: ds.Dataset) -> dict[str, Any]:
    rows = models.to_table(columns=["model", "engine", "uri"]).to_pylist()
    if len(rows) != 1:
        raise StageFailed(f"models/in_service names {len(rows)} distillers: exactly one serves")
    return rows[0]


def _older(context: JobContext) -> list[ds.Dataset]:
    """The records of before: a new group may have members that were alone until now."""
    return [context.before[_RECORDS]] if context.before else []


def _members(groups: ds.Dataset, records: Sequence[ds.Dataset]) -> pa.Table:
    """The members of all groups with their prompts and answers, sorted by group and id."""
    grouped = groups.to_table(columns=["group_id", "id", "source", "licence", "language"])
    wanted = pc.field("id").isin(grouped["id"].combine_chunks())
    texts = pa.concat_tables(part.to_table(columns=["id", "prompt", "answer"], filter=wanted) for part in records)
    joined = grouped.join(texts, "id", join_type="inner")
    if joined.num_rows != grouped.num_rows:
        raise StageFailed(
            f"{grouped.num_rows - joined.num_rows} members of silver/groups are not in silver/unique_instructions"
        )
    return joined.sort_by([("group_id", "ascending"), ("id", "ascending")])


def _groups(members: pa.Table) -> Iterator[Group]:
    rows = chain.from_iterable(batch.to_pylist() for batch in members.to_batches(max_chunksize=4_096))
    for group_id, members_of_one in groupby(rows, key=lambda row: cast(str, row["group_id"])):
        group = list(members_of_one)
        yield Group(
            group_id,
            tuple(row["id"] for row in group),
            # the form of MIXTURE's members, on which the distiller was trained
            tuple(f"Q: {row['prompt']}\nA: {row['answer']}" for row in group),
            tuple(sorted({row["source"] for row in group})),
            tuple(sorted({row["licence"] for row in group})),
            group[0]["language"],
        )


@dataclass(frozen=True)
class Sample:
    """One of the answers that a group is to get, counted from 0."""

    group: Group
    number: int


def _samples(groups: Iterable[Group], samples: int) -> Iterator[Sample]:
    return (Sample(group, number) for group in groups for number in range(samples))


def _request(sample: Sample, params: DistilParams) -> Request:
    return distil(
        f"{sample.group.id}/{sample.number}",
        params.item_type,
        sample.group.texts,
        max_tokens=params.max_tokens,
        temperature=params.temperature,
        frequency_penalty=params.frequency_penalty,
        seed=params.seed + sample.number,
    )


def _row(group: Group, completions: Iterable[Completion], model: str, params: DistilParams) -> dict[str, Any]:
    """A row of gold/distilled made of the best answer, or one of gold/distilled_refused (it alone has a `reason`)."""
    acceptance = Acceptance(group.texts, params.limits)
    found = [(completion, *_assessed(completion, acceptance, params.item_type)) for completion in completions]
    # accepted before refused, then what is worth most; of equals the first
    completion, item, refusal = max(found, key=lambda one: (one[2] is None, one[1].worth.score if one[1] else 0.0))
    if item and refusal is None:
        return _accepted(group, item, model, params.item_type)
    reason, detail = cast("Refusal", refusal)
    ids = {"group_id": group.id, "member_ids": group.member_ids}
    return ids | {"text": completion.text, "reason": reason, "detail": detail}


def _assessed(
    completion: Completion, acceptance: Acceptance, item_type: str
) -> tuple[Assessment | None, Refusal | None]:
    """The item of an answer, if it holds one, and why it is refused, if it is."""
    written = completion.text or ""
    text = item_in(written, item_type) or answer_of(written)
    if completion.error is not None:
        return None, (_REASONS.get(completion.code, "engine_error"), completion.error)
    if completion.truncated:
        return None, ("truncated", f"cut off after {completion.completion_tokens} tokens")
    if text is None:
        return None, ("malformed", "the completion is not exactly one answer block")
    item = acceptance.assessed(text, item_type)
    return item, item.refusal


def _accepted(group: Group, item: Assessment, model: str, item_type: str) -> dict[str, Any]:
    """A row of gold/distilled."""
    form = FORMATS[item_type]
    prompt, answer = form.pair(cast("dict[str, str]", form.parse(item.text)))
    return {
        "id": content_id("dst", group.id, model, item.text),
        "group_id": group.id,
        "member_ids": group.member_ids,
        "sources": group.sources,
        "licences": group.licences,
        "language": group.language,
        "item_type": item_type,
        "prompt": prompt,
        "answer": answer,
        "model": model,
        "coverage": fmean(member_coverage(group.texts, item.text)),
        "faithful": item.grounded.score,
        "recovered": item.worth.recovered,
        "worth": item.worth.score,
        "gain": item.gain,
        "novelty": 1.0 - copied(group.texts, item.text),
        "rating": score(item.text),
        "evidence": [
            {"statement": one.statement, "member_id": group.member_ids[one.member], "start": one.start, "end": one.end}
            for one in item.grounded.evidence
            if one.member is not None
        ],
    }
