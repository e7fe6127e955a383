"""What tables declare of themselves."""

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
