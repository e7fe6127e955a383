"""What must hold of checkpoints before they are published: integrity. How good a model is only warns; the champion decides.

Not yet: loading a checkpoint; the gate compares its files with the digest that the trainer took after writing them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow.dataset as ds

from expectations.frames import field, pc, records, table
from expectations.gate import Batch
from expectations.rules import Metric, at_least, at_most, between, filled, metrics, none, one_of, unique
from lake.ids import sha256_folder
from texts.audit import LEAST_SHARE
from texts.embed.embedder import Embedder

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frames


class Audited(Protocol):
    """What the suite must know of a recipe for GRPO."""

    @property
    def audit(self) -> str: ...


FINITE = 1e30
LEAST_CHANGE = 1e-12  # relative: below it, training did nothing
EXPECTED_FORMAT_RATE = 0.5
EXPECTED_KL = 1.0
ENGINES = ["rules", "vllm", "openai_api"]
NOT_WORSE = ("grounding", "recovered", "reference")
ROUNDING = 1e-9
MOST_DROPPED = 0.1  # of a training's rows, for length
EXPECTED_SHARE = 0.8  # of the teacher's neighbour cosine
CHECKPOINT_FILES = ("config.json", "tokenizer*", "*.safetensors")
STATIC_FILES = ("modules.json", "tokenizer.json", "*.safetensors")


def student_embedder(frames: Frames) -> Iterable[Batch]:
    """The suite of models/student_embedder: whole files and measured fidelity of a student; a poor one only warns."""
    rows = frames["models/student_embedder"]
    ranges = [between(name, 0, 1) for name in ("overlap", "recall", "teacher_recall")]
    poor = between("share", EXPECTED_SHARE, None, warning=True)
    yield Batch("models/student_embedder", rows, [filled("decision"), *ranges, poor], key="decision")
    trained = [row for row in records(rows, ("uri", "digest", "train_rows", "share")) if row["uri"]]
    yield metrics(
        none("students_without_files", sum(bool(_missing(row["uri"], STATIC_FILES)) for row in trained)),
        none("students_that_changed", sum(Embedder("", Path(row["uri"])).digest != row["digest"] for row in trained)),
        none("students_never_measured", sum(row["share"] is None or not row["train_rows"] for row in trained)),
    )


def distiller_sft(frames: Frames) -> Iterable[Batch]:
    """The suite of models/distiller_sft."""
    rows = frames["models/distiller_sft"]
    yield Batch("models/distiller_sft", rows, [*_trained(), *_finite("loss"), _format_rate()], key="recipe")
    yield _files(rows)
    yield metrics(_few_dropped(rows))


def distiller_grpo(frames: Frames, *, recipe: Audited) -> Iterable[Batch]:
    """The suite of models/distiller_grpo: weights that moved, if any rollout had a signal; the lack of one, reward and KL only warn.

    recipe: its `audit` says whether a reward that fails its audit rejects the checkpoint or is told.
    """
    rows = frames["models/distiller_grpo"]
    numbers = [*_finite("reward"), *_finite("weight_change")]
    trends = [
        filled("kl", warning=True),
        between("kl", None, EXPECTED_KL, warning=True),
        between("frac_reward_zero_std", 0, 0.999, warning=True),
        _format_rate(),
        filled("audit_high", warning=True),
    ]
    audited = between("audit_high", LEAST_SHARE, 1, warning=recipe.audit == "recorded")
    yield Batch("models/distiller_grpo", rows, [*_trained(), *numbers, audited, *trends], key="recipe")
    yield _files(rows)
    worse = rows.count_rows(filter=field("reward") < field("reward_before"))
    # completions that all earn the same, as when none is well formed yet, give no gradient: then adapters stay where they are
    signal = pc.coalesce(field("frac_reward_zero_std") < 1, pc.scalar(True))
    unmoved = rows.count_rows(filter=(field("weight_change") < LEAST_CHANGE) & signal)
    early = rows.count_rows(filter=field("stopped").is_valid())
    trends_told = none("reward_fell", worse, warning=True), none("stopped_by_a_rule", early, warning=True)
    yield metrics(none("weights_that_did_not_move", unmoved), *trends_told, _few_dropped(rows))


def champion(frames: Frames, *, error_rate: float, margin: float) -> Iterable[Batch]:
    """The suite of models/champion: one distiller serves, and a challenger was promoted only on proof, within the chance that it had."""
    rows, serving = frames["models/champion"], frames["models/in_service"]
    rules = [*map(filled, ("model", "engine", "decision", "promoted", "pinned", "number"))]
    acts = one_of("act", ["first", "challenge", "pin", "unpin", "rollback"])
    engines = one_of("engine", ENGINES)
    yield Batch("models/champion", rows, [filled("id"), unique("id"), *rules, acts, engines], key="id")
    yield Batch("models/in_service", serving, [filled("model"), filled("engine"), engines], key="model")
    promoted = field("promoted")
    proven = pc.coalesce(field("low") > 0, pc.scalar(False))  # a bound that is not known proves nothing
    sound = pc.coalesce(field("audit_high") >= LEAST_SHARE, pc.scalar(False))
    worse = [pc.coalesce(field(f"{name}_low") < -margin, pc.scalar(True)) for name in NOT_WORSE]
    spent = field("alpha") * field("test") * (field("test") + 1)  # trainers.comparison: rate / (k (k + 1))
    afforded = pc.coalesce(spent <= error_rate + ROUNDING, pc.scalar(False))
    yield metrics(
        at_least("distillers_in_service", serving.count_rows(), 1),
        at_most("more_than_one_in_service", serving.count_rows(), 1),
        none("promoted_by_a_score_that_fails_its_audit", rows.count_rows(filter=promoted & ~sound)),
        none("promoted_without_proof", rows.count_rows(filter=promoted & ~proven)),
        none("promoted_though_worse", rows.count_rows(filter=promoted & reduce(or_, worse))),
        none("promoted_with_more_chance_than_is_left", rows.count_rows(filter=promoted & ~afforded)),
        none("promoted_against_a_pin", rows.count_rows(filter=promoted & field("pinned"))),
    )


def _trained() -> list[Expectation]:
    rows = [between("train_rows", 1, None), between("steps", 1, None)]
    return [filled("digest"), unique("digest"), filled("recipe"), filled("uri"), *rows]


def _finite(name: str) -> list[Expectation]:
    return [filled(name), between(name, -FINITE, FINITE)]


def _few_dropped(rows: ds.Dataset) -> Metric:
    """How much of what there was to learn is too long for the recipe."""
    counted = list(records(rows, ("train_rows", "dropped_rows")))
    dropped, kept = (sum(row[name] or 0 for row in counted) for name in ("dropped_rows", "train_rows"))
    return at_most("share_of_rows_dropped_for_length", dropped / max(dropped + kept, 1), MOST_DROPPED, warning=True)


def _format_rate() -> Expectation:
    return between("format_rate", EXPECTED_FORMAT_RATE, 1, warning=True)


def _files(rows: ds.Dataset) -> Batch:
    """One row a checkpoint: what is missing of it, and whether its files are those the digest was taken of."""
    listed = records(rows, ("uri", "digest"))
    found = [(row["uri"], _missing(row["uri"]), _changed(row["uri"], row["digest"])) for row in listed]
    files = table(found, ["uri", "missing_files", "changed"])
    return Batch("files", files, [between("missing_files", 0, 0), between("changed", 0, 0)], key="uri")


def _missing(uri: str | None, wanted: Sequence[str] = CHECKPOINT_FILES) -> int:
    folder = Path(uri or "")
    return sum(not (uri and any(folder.glob(pattern))) for pattern in wanted)


def _changed(uri: str | None, digest: str | None) -> int:
    return int(not uri or not Path(uri).is_dir() or sha256_folder(Path(uri)) != digest)
