"""Which distiller serves: a challenger only if it beats the one in service, in spite of all that was tried before.

What a challenger needs, all of it (trainers.comparison says how bounds are made):
- a score that passed its audit on MIXTURE (trainers.audits);
- a mean score above that of the one in service by more than chance, over clusters of held-out items. The chance is spent over the tries of the
  whole history, so that in a lake's life a challenger that is no better is promoted with at most `error_rate`;
- grounding, facts recovered and agreement with the target that are not worse by more than `margin`. The last of these is
  known to no reward, so that it cannot have been trained for.

A challenger is compared once on the same answers, and one that was rolled back is not tried again. While a distiller is pinned nobody
is tried. Every decision is one row of models/champion; models/in_service changes only where another distiller serves, which is then all that
makes gold/distilled run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import Field

from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import content_id
from lake.models.serving import IN_SERVICE, Serving
from lake.tables import TABLES
from texts.audit import Audited, weakest
from trainers.audits import audited, promotion, told
from trainers.comparison import spent
from trainers.contest import GUARDS, Contest

CHAMPION = "models/champion"
ORDERS = "landing/service_orders"
_AUDITED = 60  # honest answers that the score is audited on
_GUARD_CHANCE = 0.05

Row = dict[str, Any]


class ChampionParams(Params):
    """What a challenger has to show."""

    error_rate: float = Field(
        default=0.05, gt=0, lt=0.5, description="chance that a lake ever promotes a challenger that is no better"
    )
    margin: float = Field(
        default=0.05, ge=0, le=1, description="by how much grounding, recovered facts and agreement may be worse"
    )
    minimum_clusters: int = Field(
        default=20,
        ge=2,
        description="groups of held-out items with no text in common, nor a near-duplicate of one; with fewer nobody is tried",
    )
    resamples: int = Field(default=2_000, ge=100, description="bootstrap resamples")
    seed: int = Field(default=7, description="of the resamples")


def champion(inputs: ArrowInputs, params: ChampionParams, context: JobContext) -> ArrowRows:
    """The decisions that are due as rows of models/champion, none where nothing is new; and who serves after them."""
    history = _sorted(inputs, CHAMPION, "number")
    contest = Contest.of(inputs["gold/heldout_answers"], inputs["gold/mixture"])
    made = [*(history or [first(contest.champion)])]
    for order in _sorted(inputs, ORDERS, "ordered_at"):
        if content_id("dec", order["id"]) not in {row["id"] for row in made}:
            made.append(obeyed(order, made))
    decision = challenged(contest, made, inputs["gold/mixture"], params)
    made += [decision] if decision else []
    new = made[len(history) :]
    if decision:
        names = ("champion_score", "challenger_score", "difference", "low", "high", "items", "alpha")
        context.metrics.update({name: float(decision[name]) for name in names if decision.get(name) is not None})
    yield CHAMPION, pa.Table.from_pylist(new, schema=TABLES[CHAMPION].schema)
    yield IN_SERVICE, pa.Table.from_pylist([asdict(_serving(made[-1]))], schema=TABLES[IN_SERVICE].schema)


def first(serving: Serving) -> Row:
    """The decision before all others: who serves until a challenger wins."""
    said = {"number": 1, "act": "first", "pinned": False, "promoted": False}
    decision = f"In service: {named(serving)}, until a challenger wins."
    return {"id": content_id("dec", "first"), **said, **asdict(serving), "decision": decision}


def obeyed(order: Mapping[str, Any], made: Sequence[Row]) -> Row:
    """The decision that a user's order is; `made`: the decisions before it."""
    now, act = made[-1], order["act"]
    serving = _serving(now)
    if act == "pin":
        serving = _serving(order)
    elif act == "rollback":
        serving = before(made) or serving
    pinned = act == "pin" or (act == "rollback" and now["pinned"])
    said = {
        "pin": "A user pinned it",
        "unpin": "A user unpinned it: challengers are tried again",
        "rollback": "A user put it back",
    }
    return {
        "id": content_id("dec", order["id"]), "number": len(made) + 1, "act": act, **asdict(serving), "pinned": pinned,
        "champion": now["model"], "promoted": False, "decision": f"In service: {named(serving)}. {said[act]}.",
    }  # fmt: skip


def before(made: Sequence[Row]) -> Serving | None:
    """The distiller that served before the present one; None where there was no other."""
    return next((_serving(row) for row in reversed(made) if not _serving(row).is_same(_serving(made[-1]))), None)


def challenged(contest: Contest, made: Sequence[Row], mixture: ds.Dataset, params: ChampionParams) -> Row | None:
    """The decision on the challenger; None where there is none, where it was made before, or where one is pinned."""
    known, now = {row["id"] for row in made}, made[-1]
    if contest.challenger is None or now["pinned"] or contest.id in known:
        return None
    clusters = len(set(contest.clusters.tolist()))
    serving = _serving(now)
    row: Row = {
        "id": contest.id, "number": len(made) + 1, "act": "challenge", **asdict(serving), "pinned": False, "champion": serving.model,
        "challenger": contest.challenger.model, "items": len(contest.items), "clusters": clusters, "promoted": False,
    }  # fmt: skip
    reason = _not_tried(contest.challenger, contest, made, clusters, params)
    if reason is None:
        found = audited(promotion, mixture, _AUDITED)
        row |= told(found)
        reason = _unsound(weakest(found))
    if reason is None:
        row |= tested(contest, 1 + sum(one.get("test") is not None for one in made), params)
        winner = contest.challenger if row["promoted"] else contest.champion
        return row | asdict(winner) | {"decision": _told(row, winner, params)}
    # tried once the reason is gone: it is part of the id, that of the contest stays free
    untried = row | {
        "id": content_id("dec", contest.id, reason),
        "decision": f"In service: {named(serving)}. {reason}.",
    }
    return None if untried["id"] in known else untried


def tested(contest: Contest, number: int, params: ChampionParams) -> Row:
    """The figures of test `number` of a lake, and whether the challenger has shown all that it must."""
    alpha, score = spent(params.error_rate, number), contest.difference("score", params.resamples, params.seed)
    guards = {
        f"{name}_low": contest.difference(name, params.resamples, params.seed).least(_GUARD_CHANCE) for name in GUARDS
    }
    return {
        "champion_score": float(contest.old["score"].mean()), "challenger_score": float(contest.new["score"].mean()),
        "difference": score.mean, "low": score.least(alpha), "high": score.most(alpha), "test": number, "alpha": alpha,
        **guards, "promoted": score.least(alpha) > 0 and min(guards.values()) >= -params.margin,
    }  # fmt: skip


def named(serving: Serving) -> str:
    """The distiller inside a sentence."""
    return (
        "the extractive rules"
        if serving.engine == "rules"
        else f"the distiller {serving.model[:12]} ({serving.engine})"
    )


def _not_tried(
    challenger: Serving, contest: Contest, made: Sequence[Row], clusters: int, params: ChampionParams
) -> str | None:
    """Why nothing can be compared, as a sentence without its end."""
    if challenger.model in {row["champion"] for row in made if row["act"] == "rollback"}:
        return "The challenger was rolled back before: only a pin puts it in service again"
    if not _serving(made[-1]).is_same(contest.champion):
        return (
            f"The challenger was compared with {named(contest.champion)}, no longer in service: "
            "`mixlake run gold/heldout_answers models/champion --rebuild` compares it with the one that is"
        )
    if clusters < params.minimum_clusters:
        return (
            f"Only {clusters} groups of held-out items were answered by both, and {params.minimum_clusters} are needed"
        )
    return None


def _unsound(worst: Audited | None) -> str | None:
    if worst is not None and not worst.failed:
        return None
    failed = worst.told if worst else "MIXTURE gives too few probes to tell"
    return f"The score does not pass its audit: {failed}"


def _told(row: Row, winner: Serving, params: ChampionParams) -> str:
    figures = (
        f"over {row['items']} held-out items in {row['clusters']} groups the challenger scores {row['challenger_score']:.3f} against "
        f"{row['champion_score']:.3f}, a difference of {row['difference']:+.3f}, at least {row['low']:+.3f} but for a chance of "
        f"{row['alpha']:.2g} (test {row['test']} of this lake)"
    )
    worse = [name for name in GUARDS if row[f"{name}_low"] < -params.margin]
    if row["promoted"]:
        verdict = "It was promoted"
    elif row["low"] > 0:
        verdict = f"It was not promoted, since it may be worse in {' and '.join(worse)} by more than {params.margin:g}"
    else:
        verdict = "It was not promoted, since that may be chance" if row["difference"] > 0 else "It was not promoted"
    return f"In service: {named(winner)}. {verdict}: {figures}."


def _serving(row: Mapping[str, Any]) -> Serving:
    return Serving(row["model"], row["engine"], row["uri"])


def _sorted(inputs: ArrowInputs, key: str, by: str) -> list[Row]:
    """All rows of a table that may not exist yet: one a decision or an order, so few."""
    return sorted(inputs[key].to_table().to_pylist(), key=lambda row: row[by]) if key in inputs else []
