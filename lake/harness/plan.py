"""What a run would do and why, decided from the last commits alone: no JVM, no model, milliseconds."""

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lake.errors import UserError, shown
from lake.harness.code_hash import code_hash
from lake.harness.input_versions import input_versions, waits_for
from lake.harness.new_rows import last_read, new_rows
from lake.harness.profiles import Profile
from lake.landing.landed import unregistered
from lake.landing.pending import tried_again
from lake.landing.register import FILES, registered
from lake.stages import STAGES, Stage, producer
from lake.storage.attempts import unpublished_attempt
from lake.storage.publication import Fingerprint, hash_json
from lake.storage.store import Lake
from lake.storage.tombstones import to_be_made_anew

Action = Literal["run", "nothing_to_do", "wait"]
Scope = Literal["everything", "new_rows"]
UNCHANGED = "inputs, params and code are unchanged"
_TRAINS = "models/distiller_sft"
_BEST = "silver/best_records"


class PlannedStage(BaseModel):
    """What a run would do about one stage. `wait`: it would run after the stages named in `reason` have; `scope`: on which
    rows, where that can be told already; `asks`: what it would then ask of models or make, "" where only the run can tell."""

    model_config = ConfigDict(frozen=True)

    stage: str
    action: Action
    reason: str
    scope: Scope | None = None
    asks: str = ""
    inputs: dict[str, int | None]
    version: int | None


def select_stages(names: Sequence[str] = (), first: str | None = None, last: str | None = None) -> list[Stage]:
    """The stages named, or all from `first` to `last`, in pipeline order. Raises UserError for an unknown stage."""
    ends = [name for name in (first, last) if name is not None]
    for name in (*names, *ends):
        if name not in STAGES:
            raise UserError(f"There is no stage {shown(name)}: there are {', '.join(STAGES)}")
    if names and ends:
        raise UserError("Name stages, or give --from and --to, not both")
    keys = list(STAGES)
    low, high = keys.index(first) if first else 0, keys.index(last) if last else len(keys) - 1
    if low > high:
        raise UserError(f"--from {first} comes after --to {last} in the pipeline: {', '.join(keys)}")
    return [STAGES[key] for key in keys if (key in names if names else low <= keys.index(key) <= high)]


def check_passages(lake: Lake, stages: Sequence[Stage]) -> None:
    """Raises UserError where a distiller is to be trained and MIXTURE has nothing to be built from: no file of passages is registered, and
    no record was good enough when they were last looked at.

    Said before anything starts: the stages before it would take minutes, only for training to find no item.
    """
    trains = next((stage.key for stage in stages if stage.key == _TRAINS), None)
    best = lake.version(_BEST)
    none_good = best is not None and not lake.row_count(_BEST, best)
    if trains and none_good and not any(row["kind"] == "passages" for row in registered(lake)):
        raise UserError(
            f"{trains} learns from MIXTURE, which is built from passages and the best records; no passage is registered, and no record is "
            "rated high: `mixlake ingest PATH --source NAME --licence ID --kind passages` brings passages; `mixlake run --to "
            "silver/groups` runs what needs neither"
        )


def fingerprint(lake: Lake, stage: Stage, profile: Profile, rebuild: bool = False) -> Fingerprint | None:
    """What the stage's rows would depend on after its next run; None when an input was never published."""
    last, params = last_read(lake, stage), hash_json(profile.params_of(stage).fingerprint())
    code = code_hash(stage)
    changed = last is not None and (last.params_hash, last.code_hash) != (params, code)
    everything = rebuild or changed or to_be_made_anew(lake, stage.key)
    versions = input_versions(lake, stage, last, everything)
    return None if versions is None else Fingerprint(inputs=versions, params_hash=params, code_hash=code)


def reasons_to_run(lake: Lake, stage: Stage, profile: Profile, rebuild: bool = False) -> list[str]:
    """Why the stage's table is not what its inputs, params and code would give; empty when there is nothing to do."""
    last = last_read(lake, stage)
    if last is None:
        return ["never run"]
    if rebuild:
        return ["a rebuild was asked for"]
    attempt = unpublished_attempt(lake, stage.key)
    if attempt and attempt.status == "rejected":
        return ["the newest attempt was rejected"]
    if to_be_made_anew(lake, stage.key):
        return ["rows that were made with what was taken back are gone"]
    wanted = fingerprint(lake, stage, profile)
    again = len(tried_again(lake, stage.key))
    tries = [f"{again} {'file' if again == 1 else 'files'} could not be read: tried again"] if again else []
    if wanted and not tries and _stands(lake, stage, profile, wanted, last):
        return []
    return [*wanted.differences(last), *tries] if wanted else ["an input is missing"]


def why_idle(lake: Lake, stage: Stage, profile: Profile) -> str:
    """Why a stage that has nothing to do has nothing to do."""
    if waiting := waits_for(lake, stage):
        return f"new rows of {stage.records} wait for {', '.join(waiting)}"
    last, wanted = last_read(lake, stage), fingerprint(lake, stage, profile)
    return (_stands(lake, stage, profile, wanted, last) if last and wanted else "") or UNCHANGED


def _stands(lake: Lake, stage: Stage, profile: Profile, wanted: Fingerprint, last: Fingerprint) -> str:
    """Why what the stage published still holds though its inputs changed, and they alone; "" where it does not, or they did not."""
    same_job = (wanted.params_hash, wanted.code_hash) == (last.params_hash, last.code_hash)
    if not same_job or wanted.inputs == last.inputs or set(wanted.inputs) != set(last.inputs):
        return ""
    return profile.params_of(stage).stands(lake, last.inputs, wanted.inputs)


def rejected_inputs(lake: Lake, stage: Stage) -> list[str]:
    """The upstream stages whose newest attempt was rejected: while there is one, `stage` must not run."""
    owners = {owner.key for table in stage.inputs if (owner := producer(table))}
    attempts = {key: unpublished_attempt(lake, key) for key in sorted(owners)}
    return [key for key, attempt in attempts.items() if attempt and attempt.status == "rejected"]


def plan(lake: Lake, stages: Sequence[Stage], profile: Profile, rebuild: bool = False) -> list[PlannedStage]:
    """What running `stages` in order would do, one entry a stage."""
    lake = lake.pinned()
    for stage in reversed(
        stages
    ):  # the last first: what it was made from bounds what has to be listed of the tables before it
        lake.publication(stage.key)
    planned: list[PlannedStage] = []
    moving: set[str] = set()
    landed = len(unregistered(lake))
    for stage in stages:
        upstream = sorted({owner.key for table in stage.inputs if (owner := producer(table)) and owner.key in moving})
        reasons = reasons_to_run(lake, stage, profile, rebuild)
        if landed and FILES in stage.inputs:
            reasons.append(f"{landed} landed {'file waits' if landed == 1 else 'files wait'} to be registered")
        planned.append(_planned(lake, stage, profile, upstream, reasons, rebuild))
        if planned[-1].action != "nothing_to_do":
            moving.add(stage.key)
    return planned


def _planned(
    lake: Lake, stage: Stage, profile: Profile, upstream: Sequence[str], reasons: Sequence[str], rebuild: bool
) -> PlannedStage:
    scope: Scope | None = None
    asks = ""
    if upstream:
        action, reason = "wait", f"after {', '.join(upstream)}" + (f"; {', '.join(reasons)}" if reasons else "")
    elif reasons:
        action, reason = "run", ", ".join(reasons)
        scope, rows = _scope(lake, stage, profile, rebuild)
        asks = profile.params_of(stage).asks(rows)
    else:
        action, reason = "nothing_to_do", why_idle(lake, stage, profile)
    inputs = {table: lake.version(table) for table in stage.inputs}
    version = lake.version(stage.key)
    return PlannedStage(
        stage=stage.key, action=action, reason=reason, scope=scope, asks=asks, inputs=inputs, version=version
    )


def _scope(lake: Lake, stage: Stage, profile: Profile, rebuild: bool) -> tuple[Scope, Callable[[str], int]]:
    """On which rows the stage would run, and what tells how many they are of an input: none where one was never published."""
    wanted = fingerprint(lake, stage, profile, rebuild)
    if wanted is None:
        return "everything", lambda table: 0
    new = None if rebuild else new_rows(lake, stage, wanted)
    files = new.files if new else {}
    return ("new_rows" if new else "everything"), lambda table: lake.row_count(
        table, wanted.inputs[table], files.get(table)
    )
