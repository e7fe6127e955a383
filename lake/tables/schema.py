"""What a table is, and the column types that Arrow, Spark and deltalake agree on."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

# grow: rows are appended when the stage ran on new rows only, and replace the table when it ran on all of them
WriteMode = Literal["overwrite", "append", "grow"]

TEXT = pa.string()
TEXTS = pa.list_(pa.field("element", pa.string()))
MESSAGES = pa.list_(pa.field("element", pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])))
VECTOR = pa.binary()  # texts.embed.vector_bytes: float32 components, little-endian
CURVE = pa.list_(
    pa.field(
        "element", pa.struct([pa.field("step", pa.int64()), pa.field("name", TEXT), pa.field("value", pa.float64())])
    )
)
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Table:
    """A table: what one row is (`grain`), its columns, the column that identifies a row, and how it is published.

    `side_of` names the table whose stage writes this one too (quarantine, evidence); such a table has no stage of its own.
    """

    key: str
    grain: str
    schema: pa.Schema
    id: str
    mode: WriteMode = "overwrite"
    side_of: str | None = None

    @property
    def layer(self) -> str:
        return self.key.split("/")[0]


def columns(**kinds: pa.DataType) -> pa.Schema:
    """The schema with these columns, all nullable, in this order."""
    return pa.schema([pa.field(name, kind) for name, kind in kinds.items()])


# Where a row left the pipeline: `outcome` is one of lake.books.ledger.OUTCOMES, `reason` a code, `detail` a sentence.
EXIT = columns(id=TEXT, source=TEXT, outcome=TEXT, reason=TEXT, detail=TEXT)


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
