"""A release made again from the lake's tables at the versions that it was made from: the same bytes, or a sentence that says why not.

Releases of one name are told apart by the version of releases/current: `mixlake` is the newest, `mixlake@3` the one of version 3.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lake.books.as_of import LakeAsOf, as_of
from lake.errors import UserError
from lake.harness.code_hash import code_hash, code_parts
from lake.harness.profiles import GATE
from lake.stages import STAGES
from lake.storage.publication import Publication
from lake.storage.store import Lake
from lake.storage.tombstones import tombstones
from reports.exported import TABLE, described, files_at, folder_of, new_folder, taken_from, why_gone
from reports.release import ReleaseParams, write_release

_NAMED = re.compile(r"(?P<name>[a-z0-9][a-z0-9_.-]{0,63})(?:@(?P<version>\d+))?")


def rebuild(lake: Lake, named: str, out: Path, renamed: str | None = None) -> list[dict[str, Any]]:
    """The files of a release made again in `out`, each with path, sha256, size and rows; `renamed`: under a new name, of the rows that are left.

    Raises UserError where there is no such release, a version of its tables is not kept, its code was another, rows of it were taken back
    (renamed, it is made without them), or the bytes differ.
    """
    version, publication = _found(lake, named)
    params = _params(publication)
    past = as_of(lake, publication.inputs)
    if renamed is None:
        _check_whole(lake, version, named)
        _check_code(lake, version, publication, named)
    else:
        params = ReleaseParams(name=_free(lake, renamed))
    _check_kept(past, named)
    inputs = {key: past.dataset(key, at) for key, at in publication.inputs.items()}
    with new_folder(out) as partial:
        files = [described(file, partial) for file in write_release(past, inputs, params, partial)]
        if renamed is None:
            _check_equal(lake, version, publication, named, files)
    return sorted(files, key=lambda file: file["path"])


def _releases(lake: Lake) -> Iterator[tuple[str, int, Publication]]:
    """Name, version and commit of every release, the newest first."""
    for version, publication in lake.publications(TABLE) if lake.exists(TABLE) else ():
        yield _params(publication).name, version, publication


def _params(publication: Publication) -> ReleaseParams:
    """The params of a release, without the limits of its gate, which stand beside them in a commit."""
    return ReleaseParams.model_validate({name: value for name, value in publication.params.items() if name != GATE})


def _found(lake: Lake, named: str) -> tuple[int, Publication]:
    wanted = _NAMED.fullmatch(named)
    known = list(_releases(lake))
    for name, version, publication in known:
        if wanted and name == wanted["name"] and wanted["version"] in (None, str(version)):
            return version, publication
    there = ", ".join(f"{name}@{version}" for name, version, _ in known) or "none"
    raise UserError(f"There is no release {named!r} in this lake: there {'is' if len(known) < 2 else 'are'} {there}")


def _free(lake: Lake, name: str) -> str:
    """The name, if a release may be called so that is none of the lake's."""
    wanted = _NAMED.fullmatch(name)
    if not wanted or wanted["version"] is not None:
        raise UserError(
            f"The name {name!r} is not allowed: up to 64 lower-case letters, digits, '_', '.' and '-', starting with a letter or digit"
        )
    if any(name == known for known, *_ in _releases(lake)) or any(
        row["id"] == name for row in tombstones(lake, "release")
    ):
        raise UserError(f"The name {name!r} is that of another release of this lake: name a new one")
    return name


def _check_whole(lake: Lake, version: int, named: str) -> None:
    held = taken_from(lake, version)
    if held is not None:
        raise UserError(
            f"The release {named} {why_gone(held)}: it is not made again; `mixlake release --rebuild {named} --as NEW` makes one without them"
        )


def _check_code(lake: Lake, version: int, publication: Publication, named: str) -> None:
    """Raises UserError where the code is not that of the release, with the parts that differ where its manifest is still there."""
    if code_hash(STAGES[TABLE]) == publication.code_hash:
        return
    then, now = _code_of(lake, version), code_parts(STAGES[TABLE])
    parts = [
        f"{name} ({then.get(name, 'absent')} then, {now.get(name, 'absent')} now)"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]
    differs = f"in {', '.join(parts)}" if then else "its manifest does not tell the parts"
    raise UserError(f"The release {named} was made by other code than this, and would not be the same bytes: {differs}")


def _code_of(lake: Lake, version: int) -> Mapping[str, str]:
    """The parts of the code that made a release, from its manifest; none where that is gone."""
    manifest = next(
        (Path(file["path"]) for file in files_at(lake, version) if Path(file["path"]).name == "manifest.json"), None
    )
    if manifest is None or not manifest.exists():
        return {}
    return json.loads(manifest.read_text(encoding="utf-8")).get("made_by", {}).get("code", {})


def _check_kept(past: LakeAsOf, named: str) -> None:
    """Raises UserError where a file of a version that is to be read is gone: it expired, as a profile may say of old versions."""
    for key in past.versions:
        sides = STAGES[key].sides if key in STAGES else ()
        for table in (*sides, key):
            version = past.version(table)
            paths = (
                [past.path(f"{table}/{path}") for path in past.file_paths(table, version)]
                if version is not None
                else []
            )
            if any(not info.is_file for info in past.files.get_file_info(paths)):
                raise UserError(
                    f"The release {named} cannot be made again: version {version} of {table} is not kept any more"
                )


def _check_equal(lake: Lake, version: int, publication: Publication, named: str, files: list[dict[str, Any]]) -> None:
    released = files_at(lake, version)
    base = folder_of(released)
    then = {told["path"]: told["sha256"] for told in (described(file, base) for file in released)}
    made = {file["path"]: file["sha256"] for file in files}
    differ = sorted(path for path in then.keys() | made.keys() if then.get(path) != made.get(path))
    if differ:
        later = any(row["taken_at"] > publication.published_at for row in tombstones(lake, "order"))
        why = ": rows that it counts were taken back since" if later else ""
        raise UserError(
            f"The release {named} would not be the same bytes, in {', '.join(differ)}{why}; `mixlake release --rebuild {named} --as NEW` makes "
            "one under a new name"
        )
