"""The release: Parquet, dataset card and manifest, written into the run's artifacts; and taking it out of the lake again.

Does not yet: push to a hub, release several names side by side.
"""

import json
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pydantic import Field

from lake.errors import StageFailed, UserError
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import sha256_file
from lake.stages import STAGES
from lake.storage.artifacts import at_hand
from lake.storage.store import Lake
from lake.storage.tombstones import tombstones
from lake.tables import TABLES
from reports.attribution import Author, author, licence_text
from reports.card import card

TABLE = "releases/current"
SPLITS = ("train", "validation")
COLUMNS = tuple(name for name in TABLES["gold/training_set"].schema.names if name != "split")
_SORTED_AT_ONCE = 50_000


class ReleaseParams(Params):
    """What the release is called."""

    name: str = Field(default="mixlake", pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", description="name of the data set")


def release(inputs: ArrowInputs, params: ReleaseParams, context: JobContext) -> ArrowRows:
    """One row for each file of the release, in the order written; the same inputs give the same bytes."""
    _check_not_taken_back(context.lake, params.name)
    folder, examples = context.artifacts, inputs["gold/training_set"]
    sizes = {name: examples.count_rows(filter=ds.field("split") == name) for name in SPLITS}
    if sum(sizes.values()) != examples.count_rows():
        raise StageFailed(f"gold/training_set has rows of a split other than {', '.join(SPLITS)}")
    counts = {split_path(name): rows for name, rows in sizes.items() if rows}
    for name in (name for name in SPLITS if sizes[name]):
        write_sorted(examples, name, folder / split_path(name))
    files = [_described(params.name, context, path, rows) for path, rows in counts.items()]
    writer = author(context.lake)
    texts = {"README.md": card(context.lake, params.name, inputs, {k: v for k, v in sizes.items() if v}, writer)}
    if writer and (licence := licence_text(writer)):
        texts[f"licences/{writer.name}.txt"] = licence
    for name, text in texts.items():
        _write(folder / name, text)
        files.append(_described(params.name, context, name, 0))
    manifest = _manifest(context.lake, context.named(folder), params, files, writer)
    _write(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    files.append(_described(params.name, context, "manifest.json", 0))
    context.metrics.update({f"rows/{name}": float(rows) for name, rows in sizes.items()})
    yield TABLE, pa.Table.from_pylist(files, schema=TABLES[TABLE].schema)


def _check_not_taken_back(lake: Lake, name: str) -> None:
    """Raises StageFailed where a release of this name held rows that were taken back: whoever has it must not take another for it."""
    held = next((row for row in tombstones(lake, "release") if row["id"] == name), None)
    if held is not None:
        raise StageFailed(
            f"the release {name} held rows that were taken back on {held['taken_at']:%Y-%m-%d} ({held['reason']}): it is not made again "
            f"under this name; a profile with `params: {{{TABLE}: {{name: {name}-2}}}}` makes one without them"
        )


def split_path(split: str) -> str:
    """Where a split lies in a release."""
    return f"data/{split}-00000.parquet"


def write_sorted(examples: ds.Dataset, split: str, path: Path) -> None:
    """Writes a split in id order, one pass over the set for each 50,000 rows: ids are hashes, so equal ranges hold about equally many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([TABLES["gold/training_set"].schema.field(name) for name in COLUMNS])
    wanted = ds.field("split") == split
    passes = math.ceil(examples.count_rows(filter=wanted) / _SORTED_AT_ONCE)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in _ranges(passes):
            rows = examples.to_table(columns=list(COLUMNS), filter=wanted & part)
            writer.write_table(rows.sort_by("id").cast(schema))


def _ranges(count: int) -> Iterator[ds.Expression]:
    """`count` conditions on an id that together hold for each id exactly once, in the order of ids."""
    bounds = [f"rel_{number * 0x10000 // count:04x}" for number in range(1, count)]
    for low, high in zip(["", *bounds], [*bounds, None], strict=True):
        above = ds.field("id") >= low
        yield above if high is None else above & (ds.field("id") < high)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _described(name: str, context: JobContext, file: str, rows: int) -> dict[str, Any]:
    path = context.artifacts / file
    size, sha256 = path.stat().st_size, sha256_file(path)
    return {"release": name, "path": context.named(path), "sha256": sha256, "size": size, "rows": rows}


def _manifest(
    lake: Lake, folder: str, params: ReleaseParams, files: list[dict[str, Any]], writer: Author | None
) -> dict[str, Any]:
    """Checksums of the files, and for each stage before the release the version, inputs, params and code that made its table.

    `model`, where there is one: whose words are in the distilled examples.
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
    model = {"model": asdict(writer)} if writer else {}
    return {"release": params.name, **model, "files": listed, "tables": tables}


def folder(lake: Lake) -> Path:
    """The folder of the newest release, on this machine. Raises UserError when nothing was released."""
    return Path(at_hand(lake, _folder(_listed(lake))))


def _listed(lake: Lake) -> list[dict[str, Any]]:
    _check_held(lake)
    rows = lake.dataset(TABLE).to_table().to_pylist() if lake.version(TABLE) is not None else []
    if not rows:
        raise UserError("Nothing was released yet: `mixlake run` makes the release")
    return sorted(rows, key=lambda row: row["path"])


def _check_held(lake: Lake) -> None:
    """Raises UserError where the newest release held rows that were taken back: its files are gone."""
    version = lake.version(TABLE)
    held = next((row for row in tombstones(lake, "release") if row["version"] == version), None)
    if held is not None:
        raise UserError(
            f"The release {held['id']} held rows that were taken back on {held['taken_at']:%Y-%m-%d} ({held['reason']}), and is gone: "
            f"`mixlake run` with another name for {TABLE} in the profile makes one without them"
        )


def _folder(files: list[dict[str, Any]]) -> str:
    """The release's folder, as rows name what is in it."""
    return os.path.commonpath([Path(file["path"]).parent for file in files])


def export(lake: Lake, out: Path) -> list[dict[str, Any]]:
    """The files copied to `out`, each with path, sha256, size and rows; the copies are verified before `out` appears.

    Raises UserError when nothing was released, `out` is not an empty or new folder, or a file is not the one that was released.
    """
    files, target = _listed(lake), out.resolve()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{out} is not empty: name an empty or new folder")
    base, partial = _folder(files), target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        copied = [_copy(lake, file, base, partial) for file in files]
        if target.exists():
            target.rmdir()
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return copied


def _copy(lake: Lake, file: dict[str, Any], base: str, out: Path) -> dict[str, Any]:
    path = Path(file["path"]).relative_to(base)
    copy = out / path
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(at_hand(lake, file["path"]), copy)
    except FileNotFoundError:
        raise UserError(f"The released file {path} is gone: run the stage {TABLE} again") from None
    if sha256_file(copy) != file["sha256"]:
        raise UserError(
            f"The released file {path} is not the one that was released (its SHA-256 differs): run the stage {TABLE} again"
        )
    return {"path": str(path), **{name: file[name] for name in ("sha256", "size", "rows")}}
