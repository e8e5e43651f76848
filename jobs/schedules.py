"""When nights run."""

import datetime as dt

import dagster as dg

from jobs.nightly import job_name
from obs_dagster.monitor import Monitor


def build(monitor: Monitor) -> dg.ScheduleDefinition:
    """Evaluates yesterday, in the monitor's time zone, at the time that the monitor asks for."""

    @dg.schedule(
        name=f"{monitor.model}_schedule",
        job_name=job_name(monitor),
        cron_schedule=monitor.schedule,
        execution_timezone=monitor.time_zone,
        description=f"Runs the night of {monitor.model} for the day that has just ended.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(monitor.zone).date() - dt.timedelta(days=1)
        if day < monitor.start:
            return dg.SkipReason(f"{day} lies before {monitor.start}, the monitor's first day.")
        if monitor.end is not None and day > monitor.end:
            return dg.SkipReason(f"{day} lies after {monitor.end}, the monitor's last day.")
        return dg.RunRequest(run_key=f"{monitor.model}:{day}", partition_key=day.isoformat())

    return nightly
