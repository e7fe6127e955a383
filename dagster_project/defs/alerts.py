"""Alerts: a failed run, a rejected stage or an overdue table, told to where MIXLAKE_ALERTS says (a webhook, e-mail, a chat).

They are on where something is set, and absent where nothing is.
"""

from collections.abc import Sequence

import dagster as dg

from dagster_project.lib.failures import failures
from lake.errors import UserError
from lake.settings import settings
from lake.stages import STAGES


def tell(title: str, text: str) -> None:
    """Sends a message to every place of MIXLAKE_ALERTS. Raises UserError where one did not take it, by number: an address may hold a password."""
    from apprise import Apprise

    places = settings().alerts
    missed: list[str] = []
    for number, place in enumerate(places, 1):
        sender = Apprise()
        if not (sender.add(place) and sender.notify(body=text, title=title)):
            missed.append(str(number))
    if missed:
        raise UserError(
            f"MIXLAKE_ALERTS: of {len(places)} places, number {', '.join(missed)} did not take {title!r}: each is to be an Apprise URL that answers"
        )


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    """Tells of a run that failed or whose stage was rejected: which stages, and why."""
    run = context.dagster_run
    causes = [f"{stage}: {sentence}" for stage, sentence in failures(context.get_step_failure_events())]
    tell(
        f"mixlake: run {run.run_id[:8]} failed",
        "\n".join(causes) or context.failure_event.message or "It ended without a word.",
    )


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING, target=dg.AssetSelection.all())
def alert_on_overdue(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tells once of each table that has become overdue by its freshness policy."""
    states = context.instance.get_freshness_state_records([dg.AssetKey(key.split("/")) for key in STAGES])
    overdue = sorted(key.to_user_string() for key, record in states.items() if record.freshness_state.value == "FAIL")
    fresh = [name for name in overdue if name not in (context.cursor or "").split()]
    if fresh:
        tell(
            f"mixlake: {', '.join(fresh)} overdue",
            "Not brought up to date for longer than the freshness policy allows.",
        )
    context.update_cursor(" ".join(overdue))
    return dg.SkipReason(f"Overdue: {', '.join(overdue) or 'nothing'}.")


def sensors() -> Sequence[dg.SensorDefinition]:
    """The alerts, where there is somebody to tell."""
    return (alert_on_failure, alert_on_overdue) if settings().alerts else ()
