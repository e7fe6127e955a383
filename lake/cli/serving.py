"""`mixlake champion`: what was decided about the distiller in service, and the orders of a user."""

from lake.cli import render
from lake.cli.in_dagster import show_published
from lake.cli.output import console
from lake.errors import StageFailed
from lake.harness.profiles import Profile
from lake.harness.run import run_stage
from lake.landing.orders import DECISIONS, decisions, order
from lake.stages import STAGES
from lake.storage.store import Lake


def obey(lake: Lake, profile: Profile, act: str, model: str | None) -> None:
    """Registers an order and runs the stage that obeys it. Raises UserError for an order that cannot be obeyed, StageFailed where the
    stage's gate rejected it."""
    order(lake, act, model)
    report = run_stage(STAGES[DECISIONS], profile, lake)
    if report.status == "rejected":
        raise StageFailed(
            f"The gate of {DECISIONS} rejected this order, and nothing changed: `mixlake rejected` shows why"
        )
    show_published(report)


def show_decisions(lake: Lake, as_json: bool) -> None:
    """Prints who serves and every decision, the newest last. Raises UserError before the first."""
    made = decisions(lake)
    if as_json:
        return render.rows(made, as_json)
    newest = made[-1]
    pinned = ", pinned: no challenger is tried" if newest["pinned"] else ""
    console().print(f"In service: {newest['model']} ({newest['engine']}){pinned}")
    return render.decisions(made)
