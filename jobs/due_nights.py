"""The job that evaluates all nights that are due at an hour, so that what nights import is paid once."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from jobs.due import JOB, Due, nights_due
from jobs.interruption import cancel_runs
from jobs.lost_runs import EVERY_MODEL
from jobs.night_workers import Evaluated, Recording, evaluate_nights
from jobs.untold import tell_untold
from obs_dagster.catalogue import monitors_of
from obs_dagster.file_lock import hold
from obs_dagster.monitor import Monitor, MonitorError
from obs_dagster.settings import Settings

STARTED_BY = "obs/due_run"
"""The tag of a night's run that names the run which started it."""


class Nights(dg.Config):
    """The nights to evaluate."""

    nights: dict[str, str] = Field(description="By model, the day: YYYY-MM-DD.")


def build(monitors: Sequence[Monitor]) -> dg.Definitions:
    """The job and its schedule."""
    return dg.Definitions(jobs=[job()], schedules=[schedule(monitors)])


def job() -> dg.JobDefinition:
    """Evaluates the nights that its configuration names."""

    @dg.op(description="Evaluates each night as a run of its model's own job, one on each core at a time.")
    def evaluate(context: dg.OpExecutionContext, config: Nights) -> None:
        hold(Settings().run_lock(context.run_id), EVERY_MODEL)
        due = [Due(model, dt.date.fromisoformat(day)) for model, day in config.nights.items()]
        failed: list[Evaluated] = []
        # in the instance of this run, which need not be the home's
        ref = context.instance.get_ref() if context.instance.is_persistent else None
        recording = Recording({STARTED_BY: context.run_id}, ref)
        try:
            for number, done in enumerate(evaluate_nights(due, recording=recording), start=1):
                told = f"{number} of {len(due)}: {done}"
                if done.success:
                    context.log.info(told)
                else:
                    context.log.error(told)
                    failed.append(done)
        except dg.DagsterExecutionInterruptedError:
            cancel_nights(context.instance, context.run_id)
            raise
        tell_untold(failed, context.instance, _readable([each.due.model for each in failed]))
        if failed:
            raise dg.Failure(
                f"{len(failed)} of {len(due)} nights failed: {', '.join(each.due.model for each in failed)}. "
                "The others are done.",
                metadata={each.due.model: f"{each.why} (run {each.run_id})" for each in failed},
                allow_retries=False,
            )

    @dg.job(
        name=JOB,
        executor_def=dg.in_process_executor,
        description="Nights of many models at once: each is a run of its model's own job, with its own "
        "assets, checks and alerts, but they share few processes. Switch on its schedule instead of theirs.",
    )
    def due_nights() -> None:
        evaluate()

    return due_nights


def cancel_nights(instance: dg.DagsterInstance, run_id: str) -> None:
    """Cancel the nights that a run has begun, whose processes are ended, if somebody has asked that it ends.

    Else they are lost runs, which people are told of.
    """
    run = instance.get_run_by_id(run_id)
    if run is not None and run.status is dg.DagsterRunStatus.CANCELING:
        nights = instance.get_runs(dg.RunsFilter(tags={STARTED_BY: run_id}))
        cancel_runs(instance, [night.run_id for night in nights])


def _readable(models: Sequence[str]) -> dict[str, Monitor]:
    """The monitors of models, for what is only good to know of them; none if one of their files is wrong."""
    try:
        return monitors_of(Settings().monitors, models=models)
    except MonitorError:
        return {}


def schedule(monitors: Sequence[Monitor]) -> dg.ScheduleDefinition:
    """Every hour: all nights whose time has come since the last one."""

    @dg.schedule(
        name="due_nights_schedule",
        job_name=JOB,
        cron_schedule="0 * * * *",
        execution_timezone="UTC",
        description="Every hour, the nights of all models whose own time came within it, in one run. "
        "It takes the place of the models' own schedules, and of those of models to come.",
    )
    def hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        at = context.scheduled_execution_time.astimezone(dt.UTC)
        due = nights_due(monitors, at)
        if not due:
            return dg.SkipReason(f"No night came due within the hour to {at:%Y-%m-%d %H:%M} UTC.")
        config = Nights(nights={each.model: each.day.isoformat() for each in due})
        return dg.RunRequest(
            run_key=f"due:{at:%Y-%m-%dT%H:%M}", run_config=dg.RunConfig(ops={"evaluate": config})
        )

    return hourly
