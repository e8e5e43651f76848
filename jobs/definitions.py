"""The composition root: every monitor's assets, jobs, schedules and sensors."""

from __future__ import annotations

import dagster as dg

from assets import graph
from assets.resources import Platform
from jobs import nightly, schedules, sensors
from jobs.run_process import models_of_run
from obs_dagster.catalogue import monitors_of
from obs_dagster.monitor import Monitor
from obs_dagster.permissions import keep_private
from obs_dagster.settings import Settings
from obs_dagster.telemetry.logging import hide_secrets


def compose(monitors: dict[str, Monitor]) -> dg.Definitions:
    """Everything that Dagster needs to know about the given monitors."""
    every = list(monitors.values())
    return dg.Definitions(
        assets=[asset for monitor in every for asset in graph.build(monitor)],
        jobs=[nightly.build(monitor) for monitor in every],
        schedules=[schedules.build(monitor) for monitor in every],
        sensors=sensors.build(every),
        resources={"platform": Platform()},
        # the stages share one interpreter: starting one per step costs more than most stages
        executor=dg.in_process_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """The definitions of the monitors in the folder that the environment names; for a run, of its own."""
    settings = Settings()
    # every process of Dagster that runs our code begins here
    hide_secrets()
    keep_private(settings)
    return compose(monitors_of(settings.monitors, models=models_of_run()))
