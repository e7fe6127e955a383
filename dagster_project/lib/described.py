"""What the UI shows of a table before any run: owners, columns and where they come from, where it lies, the code behind it. All of it is
read off the table's and its stage's declaration."""

import warnings
from typing import Any

import dagster as dg

from lake.settings import project_folder, settings
from lake.stages import producer
from lake.storage.store import Lake
from lake.tables import TABLES


def asset_of(key: str) -> dg.AssetKey:
    """The asset of a table."""
    return dg.AssetKey(key.split("/"))


def described(key: str, *code: str) -> dict[str, Any]:
    """Group, tags, owners and metadata of a table's asset; `code`: the dotted functions it is made by, by default its stage's job and suite."""
    table, stage = TABLES[key], producer(key)
    behind = code or ((stage.job, stage.suite) if stage else ())
    here = settings()
    return {
        "group_name": table.layer,
        "tags": {"layer": table.layer, "mode": table.mode} | ({"engine": stage.engine} if stage else {}),
        "owners": list(here.owners.get(table.layer, here.owners.get("", ()))),
        "metadata": {
            "dagster/column_schema": column_schema(key),
            "dagster/table_name": key,
            "dagster/uri": Lake(here.root).uri(key),
            "dagster/code_references": _code(*behind),
        },
    }


def column_schema(key: str) -> dg.TableSchema:
    """The declared columns of a table: what they hold, and where their values are copied from."""
    columns = TABLES[key].columns.items()
    return dg.TableSchema(
        [dg.TableColumn(name, str(kind), f"{says}{_copied(key, name)}") for name, (kind, says) in columns]
    )


def _copied(key: str, column: str) -> str:
    """Said in words, too: the open-source UI shows no column lineage."""
    places = [f"{table}.{name}" for table, name in TABLES[key].origins(column)]
    return f" (copied from {' and '.join(places)})" if places else ""


def column_lineage(key: str) -> dict[str, Any]:
    """Metadata that names the columns from which columns of a table are copied; empty where none are."""
    found = {
        name: [dg.TableColumnDep(asset_of(table), column) for table, column in origins]
        for name in TABLES[key].columns
        if (origins := TABLES[key].origins(name))
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(found)} if found else {}


def _code(*dotted: str) -> dg.CodeReferencesMetadataValue:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # links to code are beta in the pinned version
        return dg.CodeReferencesMetadataValue(code_references=[_place(one) for one in dotted])


def _place(dotted: str) -> dg.LocalFileCodeReference:
    """The file and line of a dotted function, found without importing it."""
    module, _, name = dotted.partition(":")
    file = project_folder().joinpath(*module.split(".")).with_suffix(".py")
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next((number for number, text in enumerate(lines, 1) if text.startswith(f"def {name}(")), 1)
    return dg.LocalFileCodeReference(file_path=str(file), line_number=line, label=f"{file.parent.name}/{file.name}")
