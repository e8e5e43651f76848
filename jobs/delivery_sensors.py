"""What sends: notifications, and the heartbeats of nights."""

import datetime as dt
import os
from collections.abc import Sequence

import dagster as dg

from jobs.sender_watch import sender_failed, sender_ran
from obs_dagster.alerts import beat, deliver, report_dead_channels, report_mended
from obs_dagster.alerts.examples import examples_in
from obs_dagster.alerts.incidents.likely import Likely
from obs_dagster.alerts.life.tell import settle
from obs_dagster.alerts.moved import from_lake
from obs_dagster.causes.model_nights import across
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.mlflow_reach.experiment import links_to_traces
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.loading import Faulty
from obs_dagster.monitor.task import outputs
from obs_dagster.settings import Settings

_SECONDS = 30


def build(monitors: Sequence[Monitor], faulty: Sequence[Faulty] = ()) -> list[dg.SensorDefinition]:
    """The sensors of all monitors together that send.

    Args:
        monitors: the monitors.
        faulty: monitor files that are wrong, whose own routes nobody knows.
    """
    return [_notifications(monitors, faulty), _heartbeats(monitors)]


def _notifications(monitors: Sequence[Monitor], faulty: Sequence[Faulty]) -> dg.SensorDefinition:
    routes = {monitor.model: monitor.routes for monitor in monitors}
    # of a model whose routes nobody can read, those are told who are told of any other
    every = tuple({route.url: route for monitor in monitors for route in monitor.channels}.values())
    routes |= {each.model: every for each in faulty}
    zones = {monitor.model: monitor.zone for monitor in monitors}
    put_out = {monitor.model: [each.column for each in outputs(monitor)] for monitor in monitors}

    @dg.sensor(
        name="alert_notifications",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends what waits in the outbox through each monitor's routes, until it was taken.",
    )
    def alert_notifications(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        settings, now = Settings(), dt.datetime.now(dt.UTC)
        try:
            with History.open(settings.history_url) as history:
                # what a silence that has ended kept back
                moved = from_lake(Lake(settings.lake_root))
                settle(
                    history, now, moved, Likely(moved, lambda model: put_out.get(model, ()), across(monitors))
                )
                report_mended(history, now)
                done = deliver(
                    history,
                    routes,
                    environ=os.environ,
                    links=links_to_traces(settings),
                    examples=examples_in(monitors, Lake(settings.lake_root)),
                    zones=zones,
                )
                report_dead_channels(history, now)
        except Exception as error:
            sender_failed(settings, monitors, error, environ=os.environ, now=now)
            raise
        sender_ran(settings, now)
        for failure in done.failures:
            context.log.warning("%s did not take %s: %s", failure.label, failure.key, failure.error)
        failed = len(done.failures)
        return dg.SkipReason(
            f"{done.delivered} delivered, {failed} channels failed, {done.waiting} waiting to retry"
        )

    return alert_notifications


def _heartbeats(monitors: Sequence[Monitor]) -> dg.SensorDefinition:
    @dg.sensor(
        name="heartbeats",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Calls the heartbeat of each monitor after its night, so that others notice if none ran.",
    )
    def heartbeats(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        with History.open(Settings().history_url) as history:
            told = beat(history, monitors, environ=os.environ, now=dt.datetime.now(dt.UTC))
        failed = [each for each in told if each.error]
        for each in failed:
            context.log.warning("%s was not told of %s: %s", each.label, each.model, each.error)
        return dg.SkipReason(f"{len(told) - len(failed)} nights told, {len(failed)} not")

    return heartbeats
