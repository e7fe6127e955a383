"""The charts of rows: where they come from, why they leave, how they score, group and are released."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from reports.charts import Bars, Chart, Histogram
from reports.figures import counted, titled, valued
from reports.funnel import steps
from reports.view import View
from texts.embed.vector_bytes import FLOAT

_EMBEDDED = 1_000  # vectors compared with one another


def by_source(stage: str, what: str) -> Callable[[View], Chart]:
    """What draws the rows of `stage` and of its quarantine by source."""

    def made(view: View) -> Chart:
        read, unread = view.tally(stage, "source"), view.tally(f"{stage}_quarantine", "source")
        return Bars(f"{what} by source", "rows", {"read": read} | ({"quarantined": unread} if unread else {}))

    return made


def by_reason(side: str, title: str) -> Callable[[View], Chart | None]:
    """What draws the rows of a side table by reason."""

    def made(view: View) -> Chart | None:
        rows = view.sample(side, ["outcome", "reason"])
        return Bars(titled(title, rows), "rows", counted(rows, "outcome", "reason")) if rows else None

    return made


def references(view: View) -> Chart:
    """Held-out texts by role."""
    return Bars("Held-out texts by role", "rows", {"texts": view.tally("bronze/references", "role")})


def duplicates(view: View) -> Chart | None:
    """Measured similarity of removed records to the kept ones, by rule."""
    rows = view.sample("silver/duplicates", ["rule", "similarity"])
    if not rows:
        return None
    low = min(0.7, *(row["similarity"] for row in rows))
    title = titled("Removed records: similarity to the kept one", rows)
    return Histogram(
        title, "word 3-gram Jaccard similarity", "removed records", valued(rows, "rule", "similarity"), (low, 1.0)
    )


def embeddings(view: View) -> Chart | None:
    """Cosine similarity of each text to its nearest and to some other one: how far apart the embedder holds them."""
    rows = view.sample("silver/embeddings", ["vector"], limit=_EMBEDDED)
    if len(rows) < 2:
        return None
    vectors = np.stack([np.frombuffer(row["vector"], FLOAT) for row in rows])
    cosines = vectors @ vectors.T
    others = cosines[~np.eye(len(rows), dtype=bool)].reshape(len(rows), -1)
    groups = {"with its nearest": others.max(axis=1).tolist(), "with some other": others[:, 0].tolist()}
    title = f"Cosine similarity among the first {len(rows):,} texts"
    return Histogram(title, "cosine similarity", "texts", groups, (min(0.0, float(others.min())), 1.0), outlines=True)


def ratings(view: View) -> Chart | None:
    """The judges' overall ratings."""
    rows = view.sample("silver/ratings", ["judge", "overall"])
    groups = valued(rows, "judge", "overall")
    if not groups:
        return None
    shown = {judge.split("/")[-1][:24]: values for judge, values in groups.items()}
    return Histogram(
        titled("Overall rating by the judge", rows), "overall rating, 1 to 10", "records", shown, (0.5, 10.5), bins=10
    )


def quality(view: View) -> Chart:
    """Curated scores, high and low."""
    rows = view.sample("silver/quality", ["curated", "high"])
    groups = valued(
        [{"side": "high" if row["high"] else "low", "score": row["curated"]} for row in rows], "side", "score"
    )
    return Histogram(titled("Curated quality score", rows), "score, 0 to 5", "records", groups, (0.0, 5.0))


def groups(view: View) -> Chart:
    """How many groups there are of each size."""
    rows = view.sample("silver/groups", ["size", "cohesion"])
    sizes = Counter(row["size"] for row in rows)
    counts = {f"{size} members": sizes[size] / size for size in sorted(sizes)}
    cohesion = float(np.median([row["cohesion"] for row in rows]))
    return Bars(
        titled(f"Groups by size; median cohesion {cohesion:.2f}", rows), "groups", {"groups": counts}, in_order=True
    )


def best_records(view: View) -> Chart:
    """The records kept for MIXTURE by source."""
    return Bars("The best records, kept for MIXTURE", "records", {"kept": view.tally("silver/best_records", "source")})


def mixture(view: View) -> Chart:
    """MIXTURE items by type and split."""
    rows = view.sample("gold/mixture", ["item_type", "split"])
    return Bars(titled("MIXTURE items by type and split", rows), "items", counted(rows, "split", "item_type"))


def distilled(view: View) -> Chart:
    """How much distilled items cover of their members, how much of them is supported, how much is new."""
    measures = ("coverage", "faithful", "novelty")
    rows = view.sample("gold/distilled", list(measures))
    groups = {name: [row[name] for row in rows if row[name] is not None] for name in measures}
    return Histogram(
        titled("Distilled items against their members", rows),
        "share, 0 to 1",
        "items",
        groups,
        (0.0, 1.0),
        outlines=True,
    )


def training_set(view: View) -> Chart:
    """Released examples by source and origin."""
    rows = view.sample("gold/training_set", ["origin", "sources"])
    title = titled("Examples by source; one of several counts for each", rows)
    flat = [{"origin": row["origin"], "source": source} for row in rows for source in sorted(set(row["sources"]))]
    return Bars(title, "examples", counted(flat, "origin", "source"))


def funnel(view: View) -> Chart:
    """The steps from raw rows to the release."""
    return Bars(
        "From raw rows to the release", "rows", {"rows": {step.name: step.rows for step in steps(view)}}, in_order=True
    )
