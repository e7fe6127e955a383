"""What is trained on, answered and released."""

import pyarrow as pa

from lake.tables.schema import EXIT, MESSAGES, TEXT, TEXTS, Table, columns

TABLES = (
    Table(
        "gold/mixture",
        "one (group of degraded variants, high-quality target) pair",
        columns(
            id=TEXT,
            item_type=TEXT,  # one of texts.formats.FORMATS
            split=TEXT,  # sft | grpo | heldout
            title=TEXT,
            passage_ids=TEXTS,
            members=TEXTS,
            operators=TEXTS,  # operators: how each member was degraded
            target=TEXT,
            target_score=pa.float64(),
            builder=TEXT,
        ),
        id="id",
    ),
    Table("gold/mixture_unused", "one passage that MIXTURE did not use", EXIT, "id", side_of="gold/mixture"),
    Table(
        "gold/heldout_answers",
        "one answer of one model to one held-out MIXTURE item",
        columns(
            id=TEXT,
            item_id=TEXT,
            model=TEXT,
            engine=TEXT,
            item_type=TEXT,
            text=TEXT,
            error=TEXT,
            well_formed=pa.bool_(),
            quality=pa.float64(),
            alignment=pa.float64(),
            coverage=pa.float64(),
            score=pa.float64(),
        ),
        id="id",
    ),
    Table(
        "gold/distilled",
        "one distilled item with the records it was made from",
        columns(
            id=TEXT,
            group_id=TEXT,
            member_ids=TEXTS,
            sources=TEXTS,
            licences=TEXTS,
            language=TEXT,
            item_type=TEXT,
            prompt=TEXT,
            answer=TEXT,
            model=TEXT,
            coverage=pa.float64(),
            faithful=pa.float64(),
            novelty=pa.float64(),
            rating=pa.float64(),
        ),
        id="id",
    ),
    Table(
        "gold/distilled_refused",
        "one group whose distilled item was refused; its members stay originals",
        columns(group_id=TEXT, member_ids=TEXTS, text=TEXT, reason=TEXT, detail=TEXT),
        id="group_id",
        side_of="gold/distilled",
    ),
    Table(
        "gold/training_set",
        "one training example",
        columns(
            id=TEXT,
            origin=TEXT,  # original | distilled
            origin_id=TEXT,
            member_ids=TEXTS,  # rec_ ids it carries: itself, or the members of its group
            sources=TEXTS,
            licences=TEXTS,
            language=TEXT,
            messages=MESSAGES,
            prompt=TEXT,
            answer=TEXT,
            score=pa.float64(),
            split=TEXT,  # train | validation
        ),
        id="id",
    ),
    Table(
        "gold/training_set_exits",
        "one record or distilled item that was not selected",
        EXIT,
        "id",
        side_of="gold/training_set",
    ),
)
