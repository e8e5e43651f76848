"""What Dagster needs to know of monitors: assets, jobs, schedules and sensors."""

from __future__ import annotations

import dagster as dg

from assets import graph
from assets.resources import Platform
from jobs import nightly, schedules, sensors
from jobs.traced_executor import traced_in_process
from obs_dagster.monitor import Monitor


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
        executor=traced_in_process,
    )
