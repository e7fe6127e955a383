"""Checkpoints, decisions, measurements and releases."""

import pyarrow as pa

from lake.tables.schema import CURVE, TEXT, VECTOR, Table, columns

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

TABLES = (
    Table(
        "models/student_embedder",
        "the static embedder trained on this lake's texts, or that none was asked for",
        # Measured on held-out records: mean cosine, by the teacher, of a text's five nearest others as the student and as the
        # teacher find them, share: the first over the second, overlap of the two fives, R@1 from a prompt to its answer.
        columns(
            digest=TEXT,
            uri=TEXT,
            teacher=TEXT,  # digest
            decision=TEXT,
            seed=pa.int64(),
            train_rows=pa.int64(),
            heldout_rows=pa.int64(),
            train_texts=pa.int64(),
            loss=pa.float64(),
            neighbour_cosine=pa.float64(),
            teacher_cosine=pa.float64(),
            share=pa.float64(),
            overlap=pa.float64(),
            recall=pa.float64(),
            teacher_recall=pa.float64(),
            parts=_PARTS,
        ),
        id="decision",
        mode="grow",
    ),
    Table(
        "models/student_sample",
        "the teacher's vector of one text that a student learned from or was measured on",
        columns(text_hash=TEXT, embedder=TEXT, vector=VECTOR),
        id="text_hash",
        mode="append",
        side_of="models/student_embedder",
    ),
    Table(
        "models/distiller_sft",
        "one checkpoint after supervised fine-tuning",
        columns(
            digest=TEXT,
            recipe=TEXT,
            uri=TEXT,
            base=TEXT,
            steps=pa.int64(),
            train_rows=pa.int64(),
            dropped_rows=pa.int64(),
            loss=pa.float64(),
            format_rate=pa.float64(),
            curve=CURVE,
        ),
        id="digest",
    ),
    Table(
        "models/distiller_grpo",
        "one checkpoint after GRPO",
        columns(
            digest=TEXT,
            recipe=TEXT,
            uri=TEXT,
            base=TEXT,
            steps=pa.int64(),
            train_rows=pa.int64(),
            reward=pa.float64(),
            reward_before=pa.float64(),
            kl=pa.float64(),
            frac_reward_zero_std=pa.float64(),
            format_rate=pa.float64(),
            weight_change=pa.float64(),
            curve=CURVE,
        ),
        id="digest",
    ),
    Table(
        "models/champion",
        "the distiller in service, and why",
        columns(
            model=TEXT,
            engine=TEXT,
            uri=TEXT,
            champion_score=pa.float64(),
            challenger=TEXT,
            challenger_score=pa.float64(),
            difference=pa.float64(),
            low=pa.float64(),
            high=pa.float64(),
            items=pa.int64(),
            promoted=pa.bool_(),
            decision=TEXT,
        ),
        id="model",
    ),
    Table(
        "reports/evaluation",
        "one metric of one arm and seed",
        columns(arm=TEXT, seed=pa.int64(), metric=TEXT, value=pa.float64(), items=pa.int64()),
        id="metric",
    ),
    Table(
        "releases/current",
        "one file of the newest release",
        columns(release=TEXT, path=TEXT, sha256=TEXT, size=pa.int64(), rows=pa.int64()),
        id="path",
    ),
)
