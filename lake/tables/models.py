"""Checkpoints, decisions, measurements and releases."""

import pyarrow as pa

from lake.schema import CURVE, TEXT, Table, columns

TABLES = (
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
