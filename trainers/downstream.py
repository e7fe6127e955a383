"""What a released set is worth: the same model trained on it and on its controls, and the facts that distilling recovered.

Arms of equal size and equal token budgets: `released`, `random` (from all unique records), `high_only` (from the high-rated).
The model is a small one from scratch, which takes seconds, or one that is named, such as the one in the box. Either can show whether one set
predicts held-out targets better than another under the same budget. Neither shows how instructions are followed afterwards: none is
followed here. The interval over three seeds is wide.
Not yet: benchmarks. At most `examples` rows of an arm and `distilled_items` groups are measured, chosen by hash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import chain
from statistics import fmean
from typing import Any, Self

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import Field, model_validator

from lake.errors import StageFailed
from lake.harness.environment import prepare
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import sha256_text
from lake.models.embedded import ALIAS, NAME
from lake.models.named import model_folder
from lake.tables import TABLES
from texts.coverage import facts_recovered
from texts.formats import FORMATS
from trainers.recipes import Lora

_TABLE = "reports/evaluation"
SCRATCH = "scratch"  # the base of arms that begin from a small model without training
_FACTS = ("facts_best_member", "facts_distilled", "facts_concatenation", "facts_full")
Figure = dict[str, Any]


class Architecture(Params):
    """A small Qwen2-shaped model to be initialised from scratch, with its own tokenizer."""

    hidden_size: int = Field(ge=64, description="width; head dimension is hidden_size / heads and must be >= 32")
    layers: int = Field(ge=1, description="transformer blocks")
    heads: int = Field(ge=1, description="of attention")
    vocabulary: int = Field(
        ge=300, le=65_536, description="tokens of the byte-level BPE tokenizer trained on the lake's texts"
    )
    positions: int = Field(ge=128, description="longest sequence the model can read")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % self.heads or self.hidden_size // self.heads < 32:
            raise ValueError(f"hidden_size {self.hidden_size} / heads {self.heads} must be a whole number >= 32")
        return self


class EvaluationParams(Params):
    """Which model is trained, how long, and on how much."""

    base: str | Architecture = Field(
        default=Architecture(hidden_size=128, layers=2, heads=4, vocabulary=2048, positions=256),
        description="what every arm starts from: embedded, a folder or a hub name, or a small architecture from scratch",
    )
    lora: Lora | None = Field(default=None, description="train adapters of a model that is named; null: all weights")
    seeds: tuple[int, ...] = Field(default=(0, 1, 2), min_length=1, description="each trains every arm once")
    examples: int = Field(
        default=1_000, ge=1, description="rows of each arm at most; fewer if the released set is smaller"
    )
    steps: int = Field(default=40, ge=1, description="updates, the same for every arm")
    batch: int = Field(default=8, ge=1, description="blocks an update")
    block: int = Field(
        default=128, ge=16, description="tokens a block: steps x batch x block is the budget of every arm"
    )
    learning_rate: float = Field(default=3e-3, gt=0, description="of AdamW, the same for every arm")
    heldout_items: int = Field(default=200, ge=1, description="MIXTURE targets the loss is measured on")
    distilled_items: int = Field(default=1_000, ge=1, description="groups whose facts are counted at most")
    seed: int = Field(default=7, description="of the choice of what is measured, and of a small model's tokenizer")


def evaluation(inputs: ArrowInputs, params: EvaluationParams, context: JobContext) -> ArrowRows:
    """Rows of reports/evaluation: held-out losses of each arm and seed, then the facts recovered."""
    base = params.base if isinstance(params.base, str) else SCRATCH
    base = NAME if base == ALIAS else base
    trained: list[Figure] = [figure | {"base": base} for figure in _arms(inputs, params, context)]
    figures: list[Figure] = [*trained, *facts(inputs, params)]
    for name in sorted({(figure["arm"], figure["metric"]) for figure in figures}):
        values = [figure["value"] for figure in figures if (figure["arm"], figure["metric"]) == name]
        context.metrics[".".join(name)] = fmean(values)
    yield _TABLE, pa.Table.from_pylist(figures, schema=TABLES[_TABLE].schema)


def _arms(inputs: ArrowInputs, params: EvaluationParams, context: JobContext) -> Iterator[Figure]:
    if isinstance(params.base, str):  # found before this process stops asking hubs
        params = params.model_copy(update={"base": str(model_folder(params.base))})
    prepare(offline=True)
    from trainers.language_modelling import loss_per_token, train
    from trainers.starting_points import starting_point

    heldout = _heldout(inputs["gold/mixture"], params)
    size = min(
        params.examples, inputs["gold/training_set"].count_rows()
    )  # of every arm: more rows would be an advantage
    if not size or not heldout["heldout_loss"]:
        raise StageFailed("nothing to evaluate: the training set or MIXTURE's held-out split is empty")
    records = inputs["silver/unique_instructions"]
    fresh, tokenizer = starting_point(params, lambda: _texts(records, _chosen(records, params.examples, params.seed)))
    runs = [(arm, seed) for seed in params.seeds for arm in ("released", "random", "high_only")]
    for done, (arm, seed) in enumerate(runs):
        texts = _arm(arm, inputs, size, seed)
        if not texts:
            continue
        model = train(fresh(seed), tokenizer, texts, params, seed)
        for metric, targets in heldout.items():
            value = loss_per_token(model, tokenizer, targets, params.block)
            yield {"arm": arm, "seed": seed, "metric": metric, "value": value, "items": len(targets)}
        yield {"arm": arm, "seed": seed, "metric": "train_examples", "value": float(len(texts)), "items": len(texts)}
        context.progress(done + 1, len(runs))


def _arm(arm: str, inputs: ArrowInputs, size: int, seed: int) -> list[str]:
    if arm == "released":
        released = inputs["gold/training_set"]
        return _texts(released, _chosen(released, size, seed))
    records, quality = inputs["silver/unique_instructions"], inputs["silver/quality"]
    if arm == "random":
        return _texts(records, _chosen(records, size, seed))
    return _texts(records, _chosen(quality, size, seed, ds.field("high")))


def _chosen(
    dataset: ds.Dataset, count: int, seed: int, where: ds.Expression | None = None, name: str = "id"
) -> list[str]:
    """The `count` ids whose hash with the seed is smallest: a random sample that does not depend on order."""
    batches = dataset.to_batches(columns=[name], filter=where)
    return _smallest((value for batch in batches for value in batch[name].to_pylist()), count, seed)


def _smallest(ids: Iterable[str], count: int, seed: int) -> list[str]:
    return nsmallest(count, ids, key=lambda value: sha256_text(f"{seed} {value}"))


def _texts(dataset: ds.Dataset, ids: Sequence[str]) -> list[str]:
    """Prompt and answer of the rows with these ids, in id order."""
    table = dataset.to_table(columns=["id", "prompt", "answer"], filter=ds.field("id").isin(ids)).sort_by("id")
    return [f"{row['prompt']}\n{row['answer']}" for row in table.to_pylist()]


def _heldout(mixture: ds.Dataset, params: EvaluationParams) -> dict[str, list[str]]:
    """The held-out targets as written, and the words of their fields alone, which no item type's markers can help to predict."""
    table = mixture.to_table(columns=["id", "item_type", "target"], filter=ds.field("split") == "heldout").sort_by("id")
    rows = table.slice(0, params.heldout_items).to_pylist()
    bare = ["\n".join((FORMATS[row["item_type"]].parse(row["target"]) or {"": row["target"]}).values()) for row in rows]
    return {"heldout_loss": [row["target"] for row in rows], "heldout_loss_without_form": bare}


def facts(inputs: ArrowInputs, params: EvaluationParams) -> Iterator[Figure]:
    """facts_best_member, _distilled, _concatenation, _full: mean shares (0..1) of the truths' facts, over groups whose truths are known.

    Over accepted and refused groups alike, of each what the distiller wrote: acceptance must not choose what is measured. A member's
    original_id is the truth's name, `#`, and the aspect it answers. Nothing where no group has a truth.
    """
    groups = _written(inputs, params)
    member_ids = sorted({member for group in groups for member in group["members"]})
    wanted = ds.field("id").isin(member_ids)
    members = _by_key(inputs["silver/unique_instructions"], "id", ["id", "original_id", "text"], wanted)
    names = sorted({_truth_name(member) for member in members.values()})
    truths = _by_key(
        inputs["bronze/references"], "name", ["name", "text", "facts"],
        (ds.field("role") == "truth") & ds.field("name").isin(names),
    )  # fmt: skip
    shares = [share for group in groups if (share := _recovered(group, members, truths))]
    for metric in _FACTS if shares else ():
        value = fmean(share[metric] for share in shares)
        yield {"arm": "distilled", "seed": 0, "metric": metric, "value": value, "items": len(shares)}


def _written(inputs: ArrowInputs, params: EvaluationParams) -> list[Figure]:
    """The members of the chosen groups and what the distiller wrote of them, in the order of their ids."""
    tables = {"gold/distilled": ["prompt", "answer"], "gold/distilled_refused": ["text"]}
    ids = chain.from_iterable(
        _chosen(inputs[key], params.distilled_items, params.seed, name="group_id") for key in tables
    )
    chosen = _smallest(ids, params.distilled_items, params.seed)
    found: list[Figure] = []
    for key, columns in tables.items():
        rows = inputs[key].to_table(
            columns=["group_id", "member_ids", *columns], filter=ds.field("group_id").isin(chosen)
        )
        for row in rows.to_pylist():
            text = "\n".join(row[name] or "" for name in columns)
            found.append({"id": row["group_id"], "members": row["member_ids"], "text": text})
    return sorted(found, key=lambda row: row["id"])


def _by_key(dataset: ds.Dataset, key: str, columns: list[str], where: ds.Expression) -> dict[str, Figure]:
    return {row[key]: row for row in dataset.to_table(columns=columns, filter=where).to_pylist()}


def _truth_name(member: Mapping[str, Any]) -> str:
    return (member["original_id"] or "").partition("#")[0]


def _recovered(
    group: Mapping[str, Any], members: Mapping[str, Figure], truths: Mapping[str, Figure]
) -> dict[str, float] | None:
    known_members = [members[name] for name in group["members"] if name in members]
    known_truths = [
        truths[name] for name in sorted({_truth_name(member) for member in known_members}) if name in truths
    ]
    wanted = [fact for truth in known_truths for fact in truth["facts"] or ()]
    if not wanted:
        return None
    return {
        "facts_best_member": max(facts_recovered(wanted, member["text"]) for member in known_members),
        "facts_distilled": facts_recovered(wanted, group["text"]),
        "facts_concatenation": facts_recovered(wanted, "\n".join(member["text"] for member in known_members)),
        "facts_full": facts_recovered(wanted, "\n".join(truth["text"] for truth in known_truths)),
    }
