"""Checkpoints, decisions, measurements, releases and their upkeep."""

import pyarrow as pa

from lake.tables.schema import COUNT, CURVE, FLAG, NUMBER, TEXT, TEXTS, VECTOR, Columns, Table, carried

_PARTS = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("part", TEXT),  # source | language
                pa.field("value", TEXT),
                pa.field("rows", pa.int64()),
                pa.field("share", pa.float64()),
                pa.field("overlap", pa.float64()),
            ]
        ),
    )
)
_AUDIT = pa.list_(
    pa.field(
        "element",
        pa.struct([pa.field("kind", TEXT), pa.field("pairs", pa.int64()), pa.field("below", pa.int64())]),
    )
)
_AUDITED: Columns = {
    "audit_kind": (TEXT, "the kind of probe that the score ranks worst"),
    "audit_share": (NUMBER, "of these probes the share it puts below the honest answer, 0..1"),
    "audit_high": (NUMBER, "upper end of the interval of this share at 95 %"),
    "audit": (
        _AUDIT,
        "of each kind of probe how many pairs were compared, and in how many it is below the honest answer",
    ),
}
_CHECKPOINT: Columns = {
    "digest": (TEXT, "over weights, configuration and tokenizer"),
    "recipe": (TEXT, "the recipe that was followed"),
    "uri": (TEXT, "the folder of the checkpoint"),
    "base": (TEXT, "the model it started from"),
    "steps": (COUNT, "optimiser steps"),
    "train_rows": (COUNT, "items trained on"),
    "dropped_rows": (COUNT, "items left out because they are too long"),
    "max_tokens": (COUNT, "tokens an answer may take, in training, evaluation and serving"),
    "frequency_penalty": (NUMBER, "on tokens an answer holds already, in GRPO, evaluation and serving"),
}
_CURVE: Columns = {"curve": (CURVE, "what was logged during training: step, name, value")}
_SERVING: Columns = {
    "model": (TEXT, "digest of the distiller that serves"),
    "engine": (TEXT, "the kind of engine it runs in"),
    "uri": (TEXT, "what that engine loads: a checkpoint's folder or a model's name; null for the rules"),
}

TABLES = (
    Table(
        "models/student_embedder",
        "the static embedder trained on this lake's texts, or that none was asked for",
        {
            "digest": (TEXT, "of the student, or null"),
            "uri": (TEXT, "its folder, or null"),
            "teacher": (TEXT, "digest of the teacher"),
            "decision": (TEXT, "what was done and why, as a sentence"),
            "seed": (COUNT, "of sample and training"),
            "train_rows": (COUNT, "records learned from"),
            "heldout_rows": (COUNT, "records measured on"),
            "train_texts": (COUNT, "texts learned from: a record's prompt, answer and whole"),
            "loss": (NUMBER, "at the end of training"),
            "neighbour_cosine": (
                NUMBER,
                "mean cosine, by the teacher, of a text's five nearest as the student finds them",
            ),
            "teacher_cosine": (NUMBER, "the same of the five that the teacher finds"),
            "share": (NUMBER, "neighbour_cosine over teacher_cosine"),
            "overlap": (NUMBER, "share of the student's five that are the teacher's too"),
            "recall": (NUMBER, "R@1 from a prompt to its answer, by the student"),
            "teacher_recall": (NUMBER, "the same by the teacher"),
            "parts": (_PARTS, "share and overlap by source and by language"),
        },
        id="decision",
        mode="grow",
    ),
    Table(
        "models/student_sample",
        "the teacher's vector of one text that a student learned from or was measured on",
        {
            "text_hash": (TEXT, "SHA-256 of the text"),
            "embedder": (TEXT, "digest of the teacher"),
            "vector": (VECTOR, "float32 components of a unit vector, little-endian"),
        },
        id="text_hash",
        mode="append",
        side_of="models/student_embedder",
    ),
    Table(
        "models/distiller_sft",
        "one checkpoint after supervised fine-tuning",
        {
            **_CHECKPOINT,
            "loss": (NUMBER, "mean training loss"),
            "format_rate": (
                NUMBER,
                "share of held-out answers that are well formed, 0..1; null if the recipe asks for none",
            ),
            **_CURVE,
        },
        id="digest",
    ),
    Table(
        "models/distiller_grpo",
        "one checkpoint after GRPO",
        {
            **_CHECKPOINT,
            "reward": (NUMBER, "mean reward of answers to held-out items at the end; null if the recipe asks for none"),
            "reward_before": (NUMBER, "the same of the checkpoint it started from"),
            "kl": (NUMBER, "mean KL divergence from the reference policy, in nats"),
            "entropy": (NUMBER, "mean entropy of the policy at the tokens it wrote, in nats"),
            "clipped_ratio": (NUMBER, "share of completions that were cut off at max_tokens"),
            "stopped": (TEXT, "why training ended before its last step, or null"),
            "frac_reward_zero_std": (NUMBER, "share of prompts whose completions all had the same reward"),
            "format_rate": (
                NUMBER,
                "share of held-out answers that are well formed, 0..1; null if the recipe asks for none",
            ),
            "quality_judge": (TEXT, "the judge behind the reward quality, null without that reward"),
            "quality_skill": (NUMBER, "its Brier skill on held-out ratings: 1 is perfect, 0 a constant"),
            "quality_low": (NUMBER, "lower end of the interval of this skill at 95 %"),
            **_AUDITED,
            "weight_change": (NUMBER, "how far the weights moved, relative to their norm"),
            **_CURVE,
        },
        id="digest",
    ),
    Table(
        "models/champion",
        "one decision about which distiller serves: the first, a challenge, or a user's order",
        {
            "id": (TEXT, "dec_ and a hash of the act and what it was decided on"),
            "number": (COUNT, "of the decision, from 1"),
            "act": (TEXT, "first, challenge, pin, unpin or rollback"),
            **_SERVING,
            "pinned": (FLAG, "whether no challenger is tried until the user unpins it"),
            "champion": (TEXT, "digest of the distiller that served before, null of the first"),
            "champion_score": (NUMBER, "its mean score"),
            "challenger": (TEXT, "digest of the challenger; null where there was none"),
            "challenger_score": (NUMBER, "its mean score"),
            "difference": (NUMBER, "challenger less champion, mean over the items both answered"),
            "low": (NUMBER, "what the difference exceeds but for a chance of alpha"),
            "high": (NUMBER, "what it stays below but for the same chance"),
            "items": (COUNT, "held-out items that both answered"),
            "clusters": (COUNT, "groups of these items by the clusters of gold/mixture: what was resampled"),
            "test": (COUNT, "the how-manyth test of this lake; null where none was made"),
            "alpha": (NUMBER, "chance that this test promotes a challenger that is no better"),
            "grounding_low": (NUMBER, "what the difference in grounding exceeds but for a chance of 0.05"),
            "recovered_low": (NUMBER, "the same in facts recovered"),
            "reference_low": (NUMBER, "the same in agreement with the target, which no reward knows"),
            **_AUDITED,
            "promoted": (FLAG, "whether the challenger serves now"),
            "decision": (TEXT, "the decision as a sentence"),
        },
        id="id",
        mode="history",
    ),
    Table(
        "models/in_service", "the distiller in service", _SERVING, id="model", mode="state", side_of="models/champion"
    ),
    Table(
        "reports/evaluation",
        "one metric of one arm and seed",
        {
            "arm": (TEXT, "the set that was trained on; `none`: the base untrained"),
            "seed": (COUNT, "of the training"),
            "benchmark": (TEXT, "where the items are from; null of what tells of the training, and of facts"),
            "metric": (TEXT, "what was measured"),
            "value": (NUMBER, "the figure"),
            "chance": (NUMBER, "what guessing gives, of right answers: blindly, or always the most frequent one"),
            "items": (COUNT, "how many items it is over"),
            "base": (
                TEXT,
                "what the arm's model started from: a model's name, or `scratch`; null where none was trained",
            ),
        },
        id="metric",
    ),
    Table(
        "reports/evaluation_items",
        "one metric of one item, arm and seed",
        {
            "arm": (TEXT, "the set that was trained on; `none`: the base untrained"),
            "seed": (COUNT, "of the training"),
            "benchmark": (TEXT, "where the item is from"),
            "metric": (TEXT, "what was measured"),
            "item_id": (TEXT, "the reference or MIXTURE item"),
            "cluster": (COUNT, "of near-duplicate items: what is resampled"),
            "value": (NUMBER, "the figure"),
        },
        id="item_id",
        side_of="reports/evaluation",
        carried=(carried("gold/mixture", item_id="id"), carried("bronze/references", item_id="id")),
    ),
    Table(
        "reports/evaluation_comparisons",
        "the released set against one other arm in one metric",
        {
            "control": (TEXT, "the other arm"),
            "metric": (TEXT, "what is compared"),
            "benchmarks": (TEXTS, "whose items are compared; of right answers those on which the base beats guessing"),
            "difference": (
                NUMBER,
                "released less the other, mean over items and seeds; null where nothing could be compared",
            ),
            "low": (NUMBER, "lower end of its interval, corrected for the number of comparisons"),
            "high": (NUMBER, "upper end"),
            "chance": (NUMBER, "of such a difference where there is none, corrected for the number of comparisons"),
            "comparisons": (COUNT, "how many were made"),
            "items": (COUNT, "that both arms were measured on"),
            "clusters": (COUNT, "of near-duplicates among these"),
            "seeds": (COUNT, "that both arms were trained with"),
            "seeds_planned": (COUNT, "that they were to be trained with"),
            "headline": (FLAG, "whether it is the one that the report begins with"),
            "sentence": (TEXT, "the result as a sentence"),
        },
        id="control",
        side_of="reports/evaluation",
    ),
    Table(
        "releases/current",
        "one file of the newest release",
        {
            "release": (TEXT, "id of the release"),
            "path": (TEXT, "the file"),
            "sha256": (TEXT, "of its bytes"),
            "size": (COUNT, "bytes"),
            "rows": (COUNT, "rows, where it holds rows"),
        },
        id="path",
    ),
    Table(
        "upkeep/removals",
        "one file that the last upkeep removed from the lake",
        {
            "path": (TEXT, "the file, or the folder of artifacts, relative to the lake"),
            "why": (TEXT, "one of lake.tables.reasons.REMOVALS"),
            "bytes": (COUNT, "its size"),
        },
        id="path",
    ),
)
