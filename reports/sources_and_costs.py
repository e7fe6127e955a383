"""Cards of sources, examples of near-duplicates, and what the answers of models took: sections of the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import pyarrow.dataset as ds

from lake.books.ledger import Ledger
from lake.landing.register import registered
from lake.stages import STAGES
from reports.view import View, one_of


@dataclass(frozen=True)
class SourceCard:
    """One source: its files, licences and kinds, and where its raw rows went."""

    name: str
    licences: Sequence[str]
    kinds: Sequence[str]
    files: Sequence[tuple[str, int, str]]  # address, bytes, SHA-256
    raw: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True)
class Copies:
    """A record that was removed, and the one that stays for it."""

    similarity: float
    removed: str
    kept: str


@dataclass(frozen=True)
class Cost:
    """What a stage's last run asked of a model, beside what was foretold; figures that are not known are 0."""

    stage: str
    requests: float
    tokens: float
    money: float
    seconds: float
    foretold_requests: float
    foretold_tokens: float
    foretold_money: float
    foretold_seconds: float


def source_cards(view: View, books: Ledger) -> list[SourceCard]:
    """A card for each source that a file is registered of, by name."""
    ends, files = {source.source: source for source in books.sources}, registered(view.lake)
    return [
        SourceCard(
            name,
            sorted({file["licence"] or "not stated" for file in own}),
            sorted({file["kind"] for file in own}),
            [(file["uri"].rpartition("/")[2], file["size"] or 0, file["sha256"] or "") for file in own],
            ends[name].raw if name in ends else 0,
            {outcome: rows for outcome, rows in ends[name].outcomes.items() if rows} if name in ends else {},
        )
        for name, own in ((name, [file for file in files if file["source"] == name]) for name in _names(files))
    ]


def _names(files: Sequence[Mapping[str, str]]) -> list[str]:
    return sorted({file["source"] for file in files})


def near_duplicates(view: View, shown: int = 3) -> list[Copies]:
    """The near-duplicates that are least alike, where a rule errs first; ties in the order of ids."""
    columns = ["removed_id", "kept_id", "similarity"]
    rows = view.rows("silver/duplicates", columns, ds.field("rule") == "near")
    chosen = nsmallest(shown, rows, key=lambda row: (row["similarity"], row["removed_id"]))
    ids = {row[side] for row in chosen for side in ("removed_id", "kept_id")}
    found = view.sample("silver/instructions", ["id", "text"], one_of("id", ids), len(ids) or 1)
    texts = {row["id"]: row["text"] for row in found}
    return [
        Copies(row["similarity"], texts[row["removed_id"]], texts[row["kept_id"]])
        for row in chosen
        if row["removed_id"] in texts and row["kept_id"] in texts
    ]


def costs(view: View) -> list[Cost]:
    """What each stage's last published run asked, in pipeline order; stages that asked nothing are left out."""
    made = ((key, view.lake.publication(key)) for key in STAGES)
    told = ((key, at[1].metrics) for key, at in made if at)
    return [_cost(key, metrics) for key, metrics in told if metrics.get("requests")]


def _cost(key: str, metrics: Mapping[str, float]) -> Cost:
    tokens = metrics.get("prompt_tokens", 0.0) + metrics.get("completion_tokens", 0.0)
    own = (metrics["requests"], tokens, metrics.get("money", 0.0), metrics.get("seconds_asking", 0.0))
    foretold = (metrics.get(f"forecast_{name}", 0.0) for name in ("requests", "tokens", "money", "seconds"))
    return Cost(key, *own, *foretold)
