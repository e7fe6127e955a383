"""The release: the examples in two forms, dataset card and manifest, written into the run's artifacts.

All that it says is said of the lake as of the tables it read, so that `reports.rebuild` gives the same bytes later.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import Field

from lake.books.as_of import LakeAsOf, as_of
from lake.errors import StageFailed
from lake.harness.code_hash import code_hash, code_parts
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import sha256_file
from lake.stages import STAGES
from lake.storage.publication import hash_json
from lake.storage.store import Lake
from lake.storage.tombstones import tombstones
from lake.tables import TABLES
from reports.attribution import Author, author, licence_text
from reports.card import Released, card, json_lines_card
from reports.licences import released_texts
from reports.release_files import JSON_LINES, SPLITS, write_split

TABLE = "releases/current"


class ReleaseParams(Params):
    """What the release is called."""

    name: str = Field(default="mixlake", pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", description="name of the data set")


def release(inputs: ArrowInputs, params: ReleaseParams, context: JobContext) -> ArrowRows:
    """One row for each file of the release, in the order written; the same inputs give the same bytes."""
    _check_not_taken_back(context.lake, params.name)
    files = write_release(as_of(context.lake, context.read), inputs, params, context.artifacts)
    for split in SPLITS:
        context.metrics[f"rows/{split}"] = float(
            max((file["rows"] for file in files if f"/{split}-" in file["path"]), default=0)
        )
    rows = [file | {"path": context.named(Path(file["path"]))} for file in files]
    yield TABLE, pa.Table.from_pylist(rows, schema=TABLES[TABLE].schema)


def write_release(lake: LakeAsOf, inputs: ArrowInputs, params: ReleaseParams, folder: Path) -> list[dict[str, Any]]:
    """The files of a release as rows of releases/current, written into the folder from the lake as of what the release read."""
    examples = inputs["gold/training_set"]
    sizes = _sizes(examples)
    data = [(path, sizes[split]) for split in sizes for path in write_split(examples, split, folder)]
    files = [_described(params.name, folder, path, rows) for path, rows in data]
    writer = author(lake)
    told = Released(params.name, sizes, files, writer)
    for path, text in _texts(lake, inputs, told):
        _write(folder / path, text)
        files.append(_described(params.name, folder, path))
    manifest = _manifest(lake, folder, params, files, writer)
    _write(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return [*files, _described(params.name, folder, "manifest.json")]


def _sizes(examples: ds.Dataset) -> dict[str, int]:
    """The examples of each split that has any."""
    sizes = {name: examples.count_rows(filter=ds.field("split") == name) for name in SPLITS}
    if sum(sizes.values()) != examples.count_rows():
        raise StageFailed(f"gold/training_set has rows of a split other than {', '.join(SPLITS)}")
    return {name: rows for name, rows in sizes.items() if rows}


def _texts(lake: LakeAsOf, inputs: ArrowInputs, told: Released) -> Iterator[tuple[str, str]]:
    """Card, the card of the JSON Lines, and the licences: of examples, and of the model whose words are among them; each with its path."""
    yield "README.md", card(lake, inputs, told)
    yield f"{JSON_LINES}/README.md", json_lines_card(told)
    for licence, text in released_texts(inputs["gold/training_set"]).items():
        yield f"licences/{licence}.txt", text
    if told.writer and (licence := licence_text(told.writer)):
        yield f"licences/{told.writer.name}.txt", licence


def _check_not_taken_back(lake: Lake, name: str) -> None:
    """Raises StageFailed where a release of this name held rows that were taken back: whoever has it must not take another for it."""
    held = next((row for row in tombstones(lake, "release") if row["id"] == name), None)
    if held is not None:
        raise StageFailed(
            f"the release {name} held rows that were taken back on {held['taken_at']:%Y-%m-%d} ({held['reason']}): it is not made again "
            f"under this name; a profile with `params: {{{TABLE}: {{name: {name}-2}}}}` makes one without them"
        )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _described(name: str, folder: Path, path: str, rows: int = 0) -> dict[str, Any]:
    file = folder / path
    return {"release": name, "path": str(file), "sha256": sha256_file(file), "size": file.stat().st_size, "rows": rows}


def _manifest(
    lake: LakeAsOf, folder: Path, params: ReleaseParams, files: list[dict[str, Any]], writer: Author | None
) -> dict[str, Any]:
    """Checksums of the files; for each stage before the release the version, inputs, params and code that made its table; and its own code.

    `model`, where there is one: whose words are in the distilled examples. `landing`: the versions of what no stage made.
    """
    made = {key: lake.publication(key) for key in takewhile(lambda key: key != TABLE, STAGES)}
    kept = {"inputs", "sides", "params", "params_hash", "code_hash", "suite", "warnings", "accepted"}
    tables = {
        key: {"version": at[0], "rows": lake.rows_of(key, *at), **at[1].model_dump(mode="json", include=kept)}
        for key, at in made.items()
        if at
    }
    listed = [
        {"path": os.path.relpath(file["path"], folder), **{name: file[name] for name in ("sha256", "size", "rows")}}
        for file in files
    ]
    own = {
        "params": params.model_dump(mode="json"),
        "params_hash": hash_json(params.fingerprint()),
        "code_hash": code_hash(STAGES[TABLE]),
        "code": code_parts(STAGES[TABLE]),
    }
    landing = {key: version for key, version in lake.versions.items() if key not in STAGES}
    model = {"model": asdict(writer)} if writer else {}
    return {"release": params.name, **model, "files": listed, "tables": tables, "landing": landing, "made_by": own}
