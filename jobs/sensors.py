"""What reacts: notifications are delivered, failed runs are told of."""

import datetime as dt
import os
from collections.abc import Sequence

import dagster as dg

from jobs.nightly import job_name
from obs_dagster.alerts import deliver, report_failure
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings

_SECONDS = 30


def build(monitors: Sequence[Monitor]) -> list[dg.SensorDefinition]:
    """The sensors of all monitors together."""
    routes = {monitor.model: monitor.routes for monitor in monitors}
    models = {job_name(monitor): monitor for monitor in monitors}

    @dg.sensor(
        name="alert_notifications",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends what waits in the outbox through each monitor's routes, until it was taken.",
    )
    def alert_notifications(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        with History.open(Settings().history_url) as history:
            done = deliver(history, routes, environ=os.environ)
        for failure in done.failures:
            context.log.warning("%s did not take %s: %s", failure.label, failure.key, failure.error)
        return dg.SkipReason(
            f"{done.delivered} delivered, {len(done.failures)} channels failed, {done.waiting} waiting to retry"
        )

    @dg.run_failure_sensor(
        name="failed_nights",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A night that failed is an alert too: it goes to the outbox and out through the routes.",
    )
    def failed_nights(context: dg.RunFailureSensorContext) -> None:
        monitor = models.get(context.dagster_run.job_name)
        if monitor is None:
            return
        with History.open(Settings().history_url) as history:
            report_failure(
                history,
                model=monitor.model,
                run_id=context.dagster_run.run_id,
                partition=context.partition_key or context.dagster_run.tags.get("dagster/partition", ""),
                error=context.failure_event.message or "",
                owner=monitor.owner,
                now=dt.datetime.now(dt.UTC),
            )

    return [alert_notifications, failed_nights]
