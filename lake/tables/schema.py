"""What a table is, and the column types that Arrow, Spark and deltalake agree on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

# grow: rows are appended when the stage ran on new rows only, and replace the table when it ran on all of them
# state: rows replace the table whenever they are others, by id, than it has; only of a side table
# history: rows are appended, and their stage is always given all rows of its inputs; they stay when a column is added
WriteMode = Literal["overwrite", "append", "grow", "state", "history"]

# The name of a column, its type and what it holds. Descriptions are for people (Dagster's UI): they are no part of
# the Arrow schema, so that a better sentence is no change of a table.
Columns = Mapping[str, tuple[pa.DataType, str]]

TEXT = pa.string()
TEXTS = pa.list_(pa.field("element", pa.string()))
COUNT = pa.int64()
NUMBER = pa.float64()
FLAG = pa.bool_()
BYTES = pa.binary()
MESSAGES = pa.list_(pa.field("element", pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])))
VECTOR = pa.binary()  # texts.embed.vector_bytes: float32 components, little-endian
CURVE = pa.list_(
    pa.field(
        "element", pa.struct([pa.field("step", pa.int64()), pa.field("name", TEXT), pa.field("value", pa.float64())])
    )
)
EVIDENCE = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("statement", TEXT),
                pa.field("member_id", TEXT),
                pa.field(
                    "start", pa.int64()
                ),  # in the member as the distiller reads it: `Q: prompt`, a line break, `A: answer`
                pa.field("end", pa.int64()),
            ]
        ),
    )
)
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Carried:
    """Columns of which every value stands in a column of `table`, an input of the stage: name here -> name there."""

    table: str
    columns: Mapping[str, str]


def carried(table: str, *same: str, **renamed: str) -> Carried:
    """Columns that are carried over from `table`, under the same name or, as in `raw_id="id"`, under another."""
    return Carried(table, {name: name for name in same} | renamed)


@dataclass(frozen=True)
class Table:
    """A table: what one row is (`grain`), its columns, the column that identifies a row, and how it is published.

    `side_of` names the table whose stage writes this one too (quarantine, evidence); such a table has no stage of its own.
    `carried`: where columns come from that are copied, in lists too; all others are made by the stage.
    """

    key: str
    grain: str
    columns: Columns
    id: str
    mode: WriteMode = "overwrite"
    side_of: str | None = None
    carried: tuple[Carried, ...] = ()

    @property
    def layer(self) -> str:
        """`bronze` of `bronze/instructions`."""
        return self.key.split("/")[0]

    @property
    def of_a_stage(self) -> bool:
        """Whether a stage publishes it: to landing and cache tables, whoever has a row appends."""
        return self.layer not in ("landing", "cache")

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns in order, all nullable."""
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])

    def origins(self, column: str) -> list[tuple[str, str]]:
        """The (table, column) pairs that a column's values are copied from; empty for one that the stage makes."""
        return [(origin.table, origin.columns[column]) for origin in self.carried if column in origin.columns]


# A row that left the pipeline.
EXIT: Columns = {
    "id": (TEXT, "the row that left, by the id it has in the stage's input"),
    "source": (TEXT, "the source it came from"),
    "outcome": (TEXT, "where it ended: one of lake.books.ledger.OUTCOMES, or `not_grouped`, which is no end"),
    "reason": (TEXT, "why, as a code of lake.tables.reasons"),
    "detail": (TEXT, "why, as a sentence"),
}


def nullable(schema: pa.Schema) -> pa.Schema:
    """The same names and types with every field nullable: Spark marks a column it knows to be filled as required."""
    return pa.schema([_nullable(field) for field in schema])


def _nullable(field: pa.Field) -> pa.Field:
    kind = field.type
    if pa.types.is_list(kind):
        kind = pa.list_(_nullable(kind.value_field))
    elif pa.types.is_struct(kind):
        kind = pa.struct([_nullable(kind.field(number)) for number in range(kind.num_fields)])
    return pa.field(field.name, kind)
