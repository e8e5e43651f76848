"""What reacts: notifications go out, failed and lost runs are told of, the page of all models is renewed."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg
from dagster._core.execution.stats import StepEventStatus

from jobs import delivery_sensors, export_sensor
from jobs.judged_anyway import judge_anyway
from jobs.lost_runs import fail_lost_runs
from jobs.nightly import job_name
from jobs.run_days import days_of_run, last_day_of_run
from jobs.stage_failure import stage_failure, stage_name
from obs_dagster.alerts import report_failure, report_missed, report_unusable
from obs_dagster.fleet import read_fleet
from obs_dagster.history import History
from obs_dagster.links import FLEET_PAGE
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.loading import Faulty
from obs_dagster.reports.fleet import write_page
from obs_dagster.settings import Settings

_SECONDS = 30
_PAGE_SECONDS = 300
_MISSED_SECONDS = 600


def build(monitors: Sequence[Monitor], faulty: Sequence[Faulty] = ()) -> list[dg.SensorDefinition]:
    """The sensors of all monitors together.

    Args:
        monitors: the monitors.
        faulty: monitor files that are wrong, of which people are told.
    """
    models = {job_name(monitor): monitor for monitor in monitors}

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
        run, settings = context.dagster_run, Settings()
        judge_anyway(monitor, _succeeded(context, monitor), last_day_of_run(run.tags), run.run_id, settings)
        with History.open(settings.history_url) as history:
            report_failure(
                history,
                model=monitor.model,
                run_id=run.run_id,
                partition=days_of_run(run.tags),
                error=_cause(context, monitor),
                owner=monitor.owner,
                now=dt.datetime.now(dt.UTC),
            )

    @dg.sensor(
        name="lost_runs",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fails runs whose process is gone, which would hold up later nights, and tells of it.",
    )
    def lost_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = fail_lost_runs(context.instance, Settings(), {each.model: each for each in monitors})
        for lost in found:
            context.log.warning("run %s of %s, %s, has lost its process", lost.run_id, lost.model, lost.days)
        return dg.SkipReason(f"{len(found)} runs had lost their process")

    @dg.sensor(
        name="missed_nights",
        minimum_interval_seconds=_MISSED_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of nights that the schedule has and that did not run, of monitors that cannot be "
        "used, and that both are over.",
    )
    def missed_nights(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = dt.datetime.now(dt.UTC)
        with History.open(Settings().history_url) as history:
            new = [monitor.model for monitor in monitors if report_missed(history, monitor, now)]
            new += report_unusable(history, faulty, [monitor.model for monitor in monitors], now)
        return dg.SkipReason(f"news of {', '.join(new)}" if new else "no news of nights that did not run")

    @dg.sensor(
        name="fleet_page",
        minimum_interval_seconds=_PAGE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Renews the page of all models, where OBS_REPORTS_URL says that pages are served.",
    )
    def fleet_page(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
        settings = Settings()
        if not settings.reports_url:
            return dg.SkipReason("OBS_REPORTS_URL is not set: nobody is led to the page")
        now = dt.datetime.now(dt.UTC)
        with History.open(settings.history_url) as history:
            fleet = read_fleet(history, monitors, now, faulty=faulty)
        place = settings.reports / FLEET_PAGE
        write_page(fleet, place, settings.reports, links=settings.links, now=now)
        return dg.SkipReason(f"{len(fleet)} models are on {place}")

    return [
        *delivery_sensors.build(monitors, faulty),
        export_sensor.build(),
        failed_nights,
        lost_runs,
        missed_nights,
        fleet_page,
    ]


def _succeeded(context: dg.RunFailureSensorContext, monitor: Monitor) -> set[str]:
    """The stages of a run that did not fail."""
    steps = context.instance.get_run_step_stats(context.dagster_run.run_id)
    done = [each for each in steps if each.status is StepEventStatus.SUCCESS]
    return {stage_name(monitor, each.step_key) for each in done}


def _cause(context: dg.RunFailureSensorContext, monitor: Monitor) -> str:
    """What the failed stages said; the run's own message only names them."""
    failures = [stage_failure(monitor, event) for event in context.get_step_failure_events()]
    return (
        "; ".join(f"{each.stage}: {each.reason}" for each in failures) or context.failure_event.message or ""
    )
