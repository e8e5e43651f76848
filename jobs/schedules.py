"""When nights run."""

import dagster as dg

from jobs.due import day_before, why_no_night
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
        day = day_before(monitor, context.scheduled_execution_time)
        if why := why_no_night(monitor, day):
            return dg.SkipReason(why)
        return dg.RunRequest(run_key=f"{monitor.model}:{day}", partition_key=day.isoformat())

    return nightly
