"""What tables declare of themselves."""

from pathlib import Path

import pyarrow as pa
import pytest
from copied_columns import strays
from lakes import ROWS, publish, small_lake

from lake.stages import producer
from lake.tables import TABLES


def test_every_column_says_what_it_holds() -> None:
    undescribed = [
        f"{key}.{name}" for key, table in TABLES.items() for name, (_, said) in table.columns.items() if len(said) < 5
    ]
    assert undescribed == []


def test_the_schema_carries_names_and_types_alone() -> None:
    # a better description must not be a change of the table
    assert all(field.metadata is None and field.nullable for table in TABLES.values() for field in table.schema)


def test_the_column_that_identifies_a_row_is_declared() -> None:
    assert [key for key, table in TABLES.items() if table.id not in table.columns] == []


COPIED = [
    (key, column, place, name)
    for key, table in TABLES.items()
    for column in table.columns
    for place, name in table.origins(column)
]


def element(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_list(kind) else kind


@pytest.mark.parametrize(("key", "column", "place", "name"), COPIED)
def test_a_copied_column_is_of_a_table_that_its_stage_reads_and_of_the_same_type(
    key: str, column: str, place: str, name: str
) -> None:
    stage = producer(key)
    assert stage and place in (*stage.inputs, *stage.optional)
    assert element(TABLES[key].schema.field(column).type) == element(TABLES[place].schema.field(name).type)


def test_only_columns_there_are_can_be_copied() -> None:
    named = {(key, column) for key, table in TABLES.items() for origin in table.carried for column in origin.columns}
    assert {(key, column) for key, column in named if column not in TABLES[key].columns} == set()


def test_a_value_that_stands_nowhere_in_the_column_it_is_said_to_come_from_is_found(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="silver/unique_instructions")
    before = strays(lake)
    rows = [dict(row) for row in ROWS["silver/unique_instructions"]]
    publish(lake, "silver/unique_instructions", [rows[0] | {"licence": "invented"}, *rows[1:]], run_id="faulty")
    assert {name: count for name, count in strays(lake).items() if name not in before} == {
        "silver/unique_instructions.licence": 1
    }
