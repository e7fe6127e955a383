"""The levels of the books: which stages rows pass or leave, on the way of instructions and on that of passages, as SQL."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """A stage of the books. `carries` selects the raw ids that go on, `leaves` (id, outcome, reason) of those that end here."""

    stage: str
    reads: str  # the input table whose rows are carried
    read_ids: str  # selects raw ids from that table, named {input}
    leaves: tuple[str, ...]
    carries: str = "SELECT '' AS id WHERE false"  # nothing goes on below the last level


def _raw(column: str) -> str:
    """The raw id that a record id or passage id was made from: the same hash under another kind."""
    return f"concat('raw_', substr({column}, 5))"


# Names in braces are tables at the version readers use; {input} is the version that the stage itself read.
_INSTRUCTIONS = (
    Level(
        "silver/instructions", "bronze/instructions", "SELECT id FROM {input}",
        carries="SELECT raw_id AS id FROM {silver/instructions}",
        leaves=("SELECT id, outcome, reason FROM {silver/instructions_rejected}",),
    ),
    Level(
        "silver/unique_instructions", "silver/instructions", "SELECT raw_id AS id FROM {input}",
        carries="SELECT raw_id AS id FROM {silver/unique_instructions}",
        leaves=(f"SELECT {_raw('removed_id')} AS id, 'duplicate' AS outcome, rule AS reason FROM {{silver/duplicates}}",),
    ),
    Level(
        "silver/quality", "silver/unique_instructions", "SELECT raw_id AS id FROM {input}",
        carries=f"SELECT {_raw('id')} AS id FROM {{silver/quality}}",
        leaves=(f"SELECT {_raw('id')} AS id, outcome, reason FROM {{silver/unrated}}",),
    ),
    Level(
        "gold/training_set", "silver/quality", f"SELECT {_raw('id')} AS id FROM {{input}}",
        leaves=(
            f"SELECT {_raw('member')} AS id, outcome, origin AS reason FROM (SELECT unnest(member_ids) AS member, origin, "
            "CASE WHEN origin = 'distilled' THEN 'distilled_released' ELSE 'released' END AS outcome FROM {gold/training_set})",
            f"SELECT {_raw('id')} AS id, outcome, reason FROM {{gold/training_set_exits}} WHERE starts_with(id, 'rec_')",
            f"SELECT {_raw('member')} AS id, CASE WHEN e.outcome = 'not_selected' THEN 'distilled_not_selected' ELSE e.outcome END AS outcome, "
            "e.reason FROM {gold/training_set_exits} e JOIN (SELECT id, unnest(member_ids) AS member FROM {gold/distilled}) d ON d.id = e.id",
        ),
    ),
)  # fmt: skip
_PASSAGES = (
    Level(
        "silver/passages", "bronze/passages", "SELECT id FROM {input}",
        carries="SELECT raw_id AS id FROM {silver/passages}",
        leaves=("SELECT id, outcome, reason FROM {silver/passages_rejected}",),
    ),
    Level(
        "gold/mixture", "silver/passages", "SELECT raw_id AS id FROM {input}",
        leaves=(
            f"SELECT DISTINCT {_raw('passage')} AS id, 'mixture_source' AS outcome, 'used' AS reason FROM "
            "(SELECT unnest(passage_ids) AS passage FROM {gold/mixture})",
            f"SELECT {_raw('id')} AS id, outcome, reason FROM {{gold/mixture_unused}}",
        ),
    ),
)  # fmt: skip


LEVELS = {"bronze/instructions": _INSTRUCTIONS, "bronze/passages": _PASSAGES}
# raw ids of what the last level has a word on, whatever became of its file since: it has not run since, knows that the record only moved
# to another file, or runs on everything alone
USED = {
    "bronze/instructions": (
        "gold/training_set",
        f"SELECT {_raw('member')} AS id FROM (SELECT unnest(member_ids) AS member FROM {{gold/training_set}}) UNION ALL "
        f"SELECT {_raw('id')} AS id FROM {{gold/training_set_exits}} WHERE starts_with(id, 'rec_') AND outcome <> 'withdrawn'",
    ),
    "bronze/passages": (
        "gold/mixture",
        f"SELECT {_raw('passage')} AS id FROM (SELECT unnest(passage_ids) AS passage FROM {{gold/mixture}})",
    ),
}
