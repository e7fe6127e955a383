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
from expectations.rules import Batch, Rule, at_least, at_most, between, figures, filled, none, one_of, unique, vital
from expectations.suites.since_last import since_last
from lake.ids import sha256_folder
from texts.audit import LEAST_SHARE
from texts.embed.embedder import Embedder

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Limits, Reinforced, Student, Trained


class Audited(Protocol):
    """What the suite must know of a recipe for GRPO."""

    @property
    def audit(self) -> str: ...

    @property
    def evaluation_items(self) -> int: ...


FINITE = 1e30
LEAST_CHANGE = 1e-12  # relative: below it, training did nothing
ENGINES = ["rules", "vllm", "openai_api"]
NOT_WORSE = ("grounding", "recovered", "reference")
ROUNDING = 1e-9
CHECKPOINT_FILES = ("config.json", "tokenizer*", "*.safetensors")
STATIC_FILES = ("modules.json", "tokenizer.json", "*.safetensors")


def student_embedder(frames: Frames, *, gate: Student) -> Iterable[Batch]:
    """The suite of models/student_embedder: whole files and measured fidelity of a student; a poor one only warns."""
    rows = frames["models/student_embedder"]
    ranges = [between(name, 0, 1) for name in ("overlap", "recall", "teacher_recall")]
    says = "The student finds neighbours nearly as similar as the teacher does."
    poor = between("share", gate.expected_share, None, warning=True, says=says)
    yield Batch("models/student_embedder", rows, [filled("decision"), *ranges, poor], key="decision")
    trained = [row for row in records(rows, ("uri", "digest", "train_rows", "share")) if row["uri"]]
    yield figures(
        vital(
            none(
                "students_without_files",
                lambda: sum(bool(_missing(frames.at_hand(row["uri"]), STATIC_FILES)) for row in trained),
                "Every file of the student is there.",
            )
        ),
        vital(
            none(
                "students_that_changed",
                lambda: sum(Embedder("", Path(frames.at_hand(row["uri"]))).digest != row["digest"] for row in trained),
                "The student's files are those that were measured.",
            )
        ),
        none(
            "students_never_measured",
            lambda: sum(row["share"] is None or not row["train_rows"] for row in trained),
            "The student was measured on texts that it did not learn from.",
        ),
    )
    yield from since_last(frames, "models/student_embedder", gate)


def distiller_sft(frames: Frames, *, gate: Trained) -> Iterable[Batch]:
    """The suite of models/distiller_sft."""
    rows = frames["models/distiller_sft"]
    yield Batch("models/distiller_sft", rows, [*_trained(), *_finite("loss"), _format_rate(gate)], key="recipe")
    yield _files(frames, rows)
    yield figures(_few_dropped(rows, gate))
    yield from since_last(frames, "models/distiller_sft", gate)


def distiller_grpo(frames: Frames, *, gate: Reinforced, recipe: Audited) -> Iterable[Batch]:
    """The suite of models/distiller_grpo: weights that moved, if any rollout had a signal; the lack of one, reward and KL only warn.

    recipe: its `audit` says whether a reward that fails its audit rejects the checkpoint or is told, its `evaluation_items` whether
    there is a reward on held-out items.
    """
    rows = frames["models/distiller_grpo"]
    reward = between("reward", -FINITE, FINITE, says="The reward is a finite number.")
    numbers = [reward, *_finite("weight_change")]
    trends = [
        filled("kl", warning=True),
        between("kl", None, gate.expected_kl, warning=True),
        between("frac_reward_zero_std", 0, gate.expected_without_signal, warning=True),
        _format_rate(gate),
        filled("audit_high", warning=True),
    ]
    says = "The reward puts honest answers above worsened ones about as often as the audit asks."
    audited = between("audit_high", LEAST_SHARE, 1, warning=recipe.audit == "recorded", says=says)
    yield Batch("models/distiller_grpo", rows, [*_trained(), *numbers, audited, *trends], key="recipe")
    yield _files(frames, rows)
    # completions that all earn the same, as when none is well formed yet, give no gradient: then adapters stay where they are
    signal = pc.coalesce(field("frac_reward_zero_std") < 1, pc.scalar(True))

    def without_reward() -> int:
        missing = field("reward").is_null(nan_is_null=True) if recipe.evaluation_items else pc.is_nan(field("reward"))
        return rows.count_rows(filter=missing)

    yield figures(
        none(
            "held_out_rewards_missing",
            without_reward,
            "There is a reward on held-out items, where the recipe asks for any.",
        ),
        none(
            "weights_that_did_not_move",
            lambda: rows.count_rows(filter=(field("weight_change") < LEAST_CHANGE) & signal),
            "Training moved the weights, where completions earned different rewards.",
        ),
        none(
            "reward_fell",
            lambda: rows.count_rows(filter=field("reward") < field("reward_before")),
            "The reward is no lower than before the training.",
            warning=True,
        ),
        none(
            "stopped_by_a_rule",
            lambda: rows.count_rows(filter=field("stopped").is_valid()),
            "No rule stopped the training early.",
            warning=True,
        ),
        _few_dropped(rows, gate),
    )
    yield from since_last(frames, "models/distiller_grpo", gate)


def champion(frames: Frames, *, gate: Limits, error_rate: float, margin: float) -> Iterable[Batch]:
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
    spent = field("alpha") * field("test") * (field("test") + 1)  # trainers.comparison: rate / (k (k + 1))

    def though_worse() -> int:
        worse = [pc.coalesce(field(f"{name}_low") < -margin, pc.scalar(True)) for name in NOT_WORSE]
        return rows.count_rows(filter=promoted & reduce(or_, worse))

    def with_more_chance() -> int:
        afforded = pc.coalesce(spent <= error_rate + ROUNDING, pc.scalar(False))
        return rows.count_rows(filter=promoted & ~afforded)

    yield figures(
        vital(at_least("distillers_in_service", serving.count_rows, 1, "A distiller is in service.")),
        vital(at_most("more_than_one_in_service", serving.count_rows, 1, "One distiller at most is in service.")),
        none(
            "promoted_by_a_score_that_fails_its_audit",
            lambda: rows.count_rows(filter=promoted & ~sound),
            "No challenger was promoted by a score that failed its audit.",
        ),
        none(
            "promoted_without_proof",
            lambda: rows.count_rows(filter=promoted & ~proven),
            "Every promoted challenger is better by an interval that excludes 0.",
        ),
        none(
            "promoted_though_worse",
            though_worse,
            "No promoted challenger loses grounding, facts or agreement by more than the margin.",
        ),
        none(
            "promoted_with_more_chance_than_is_left",
            with_more_chance,
            "No challenger was promoted with more chance of error than its try had.",
        ),
        none(
            "promoted_against_a_pin",
            lambda: rows.count_rows(filter=promoted & field("pinned")),
            "No challenger was promoted while a distiller was pinned.",
        ),
    )
    yield from since_last(frames, "models/champion", gate)


def _trained() -> list[Rule]:
    rows = [between("train_rows", 1, None), between("steps", 1, None)]
    return [filled("digest"), unique("digest"), filled("recipe"), filled("uri"), *rows]


def _finite(name: str) -> list[Rule]:
    return [filled(name), between(name, -FINITE, FINITE, says=f"The {name} is a finite number.")]


def _few_dropped(rows: ds.Dataset, gate: Trained) -> Rule:
    """How much of what there was to learn is too long for the recipe."""

    def share() -> float:
        counted = list(records(rows, ("train_rows", "dropped_rows")))
        dropped, kept = (sum(row[name] or 0 for row in counted) for name in ("dropped_rows", "train_rows"))
        return dropped / max(dropped + kept, 1)

    says = "Few of the rows are too long for the recipe."
    return at_most("share_of_rows_dropped_for_length", share, gate.expected_dropped, says, warning=True)


def _format_rate(gate: Trained) -> Rule:
    says = "Most completions of held-out items are well formed."
    return between("format_rate", gate.expected_format_rate, 1, warning=True, says=says)


def _files(frames: Frames, rows: ds.Dataset) -> Batch:
    """One row a checkpoint: what is missing of it, and whether its files are those the digest was taken of."""
    listed = [(row, frames.at_hand(row["uri"] or "")) for row in records(rows, ("uri", "digest"))]
    found = [(row["uri"], _missing(place), _changed(place, row["digest"])) for row, place in listed]
    files = table(found, ["uri", "missing_files", "changed"])
    whole = [
        vital(between("missing_files", 0, 0, says="Every file of the checkpoint is there.")),
        vital(between("changed", 0, 0, says="The checkpoint's files are those that its digest was taken of.")),
    ]
    return Batch("files", files, whole, key="uri")


def _missing(uri: str | None, wanted: Sequence[str] = CHECKPOINT_FILES) -> int:
    folder = Path(uri or "")
    return sum(not (uri and any(folder.glob(pattern))) for pattern in wanted)


def _changed(uri: str | None, digest: str | None) -> int:
    return int(not uri or not Path(uri).is_dir() or sha256_folder(Path(uri)) != digest)
