"""What each section of the report shows, as plain values: read once from the view, bounded, in a fixed order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.dataset as ds

from lake.books.ledger import Ledger, SourceLedger
from lake.harness.progress import describe
from lake.stages import STAGES
from lake.storage.report import StageReport
from reports.view import SAMPLE, View, one_of


@dataclass(frozen=True)
class Group:
    """Some members of one group."""

    label: str
    size: int
    cohesion: float
    members: list[str]


@dataclass(frozen=True)
class Books:
    """The ledger as a table: outcomes that occur, a row of counts for each source, and the sums by reason."""

    outcomes: list[str]
    sources: list[SourceLedger]
    totals: Mapping[str, int]
    reasons: list[tuple[str, str, int]]
    raw: int
    lost: int
    balanced: bool


@dataclass(frozen=True)
class Change:
    """One place that cleaning changed."""

    source: str
    kinds: list[str]
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """What cleaning changed: how many of all cleaned records, by kind, and some of the places."""

    records: int
    changed: int
    kinds: list[tuple[str, int]]
    sample: list[Change]


@dataclass(frozen=True)
class Gate:
    """What the newest attempt of a stage came to."""

    stage: str
    verdict: str  # passed | warned | accepted | rejected
    checks: int
    remarks: list[str]
    rows: int
    seconds: float
    page: str | None


@dataclass(frozen=True)
class Made:
    """One published table: which version, when, by which run, params and code."""

    table: str
    version: int
    rows: int
    published: str
    run_id: str
    params_hash: str
    code_hash: str


def books(told: Ledger) -> Books:
    """The ledger with its sums over all sources."""
    totals, reasons = Counter[str](), Counter[tuple[str, str]]()
    for source in told.sources:
        totals.update(source.outcomes)
        reasons.update({(outcome, why): n for outcome, found in source.reasons.items() for why, n in found.items()})
    occurring = [outcome for outcome in totals if totals[outcome]]
    by_reason = [
        (outcome, why, reasons[outcome, why])
        for outcome, why in sorted(reasons, key=lambda k: (k[0], -reasons[k], k[1]))
    ]
    lost = sum(source.unaccounted + source.doubled for source in told.sources)
    raw = sum(source.raw for source in told.sources)
    return Books(occurring, told.sources, totals, by_reason, raw, lost, told.balanced)


def groups(view: View, members: int = 4) -> list[Group]:
    """The tightest and the loosest group, each with its first members."""
    rows = view.sample("silver/groups", ["group_id", "id", "size", "cohesion"])
    ends = sorted({(row["cohesion"], row["group_id"], row["size"]) for row in rows})
    shown = list(zip(("The tightest group", "The loosest group"), (ends[-1], ends[0]), strict=True)) if ends else []
    ids = {group: sorted(row["id"] for row in rows if row["group_id"] == group)[:members] for _, (_, group, _) in shown}
    texts = view.texts({one for found in ids.values() for one in found})
    return [
        Group(label, size, cohesion, [texts[one] for one in ids[group] if one in texts])
        for label, (cohesion, group, size) in shown[: len(ids)]
    ]


def changes(view: View, shown: int = 8) -> Changes | None:
    """What cleaning changed in the records of the lake, with the places of the smallest ids; None where nothing was cleaned yet."""
    key = "silver/instructions_changed"
    if not view.has(key):
        return None
    records = view.count("silver/instructions") + view.count("silver/instructions_rejected")
    rows = sorted(view.sample(key, ["id", "source", "kinds", "before", "after"]), key=lambda row: row["id"])
    kinds = Counter(kind for row in rows for kind in row["kinds"])
    places = [row for row in rows if row["before"] is not None][:shown]
    sample = [Change(row["source"], row["kinds"], row["before"], row["after"]) for row in places]
    return Changes(records, view.count(key), sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0])), sample)


def mixture_items(view: View) -> list[dict[str, Any]]:
    """One MIXTURE item of each type, the one with the smallest id: target and degraded members with their operators."""
    columns = ["id", "item_type", "split"]
    first: dict[str, str] = {}
    for row in view.sample("gold/mixture", columns):
        first[row["item_type"]] = min(first.get(row["item_type"], row["id"]), row["id"])
    wanted = [*columns, "title", "members", "operators", "target", "target_score", "builder"]
    rows = view.sample("gold/mixture", wanted, one_of("id", first.values()))
    return sorted(rows, key=lambda row: row["item_type"])


def rejections(view: View) -> list[tuple[str, int, dict[str, Any]]]:
    """Each reason for which groups were rejected, how many there were, and the one with the smallest id."""
    rows = sorted(
        view.sample("gold/distilled_refused", ["group_id", "reason", "detail", "text"]), key=lambda row: row["group_id"]
    )
    counts = Counter(row["reason"] for row in rows)
    return [(reason, n, next(row for row in rows if row["reason"] == reason)) for reason, n in counts.most_common()]


def losses(view: View, side: str, limit: int = SAMPLE) -> list[tuple[str, int]]:
    """Reasons of a side table with their counts, most frequent first."""
    return Counter(row["reason"] for row in view.sample(side, ["reason"], limit=limit)).most_common()


def personal(view: View) -> list[tuple[str, int]]:
    """Kinds of personal data, and how many candidates were blocked for each; one with several kinds counts for each."""
    rows = view.sample("gold/training_set_exits", ["detail"], ds.field("reason") == "personal_data")
    return Counter(kind for row in rows for kind in (row["detail"] or "not named").split(", ")).most_common()


def gates(view: View) -> list[Gate]:
    """The gate of every stage that was ever tried, in pipeline order."""
    return [
        Gate(
            key,
            _verdict(told),
            len(told.checks),
            [*([str(told.accepted)] if told.accepted else []), *map(describe, (*told.failed, *told.warned))],
            told.rows.get(key, 0),
            told.seconds,
            told.audit_page,
        )
        for key, told in view.attempts.items()
    ]


def _verdict(told: StageReport) -> str:
    if told.accepted:
        return "accepted"
    return "rejected" if told.status == "rejected" else "warned" if told.warned else "passed"


def made(view: View) -> list[Made]:
    """Every published stage table, in pipeline order."""
    found = ((key, view.lake.publication(key)) for key in STAGES)
    return [
        Made(
            key, at[0], view.count(key), f"{at[1].published_at:%Y-%m-%d %H:%M:%S} UTC", at[1].run_id,
            at[1].params_hash, at[1].code_hash,
        )
        for key, at in found if at
    ]  # fmt: skip


def missing(view: View) -> Sequence[str]:
    """The stages that were never published, in pipeline order."""
    return [key for key in STAGES if not view.has(key)]
