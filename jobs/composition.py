"""What Dagster needs to know of monitors: assets, jobs, schedules and sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from assets import graph, unusable
from assets.resources import Platform
from jobs import changed_sensor, nightly, schedules, sensors
from jobs.traced_executor import traced_in_process
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.loading import Faulty


def compose(monitors: Mapping[str, Monitor], faulty: Sequence[Faulty] = ()) -> dg.Definitions:
    """Everything that Dagster needs to know about the given monitors.

    Args:
        monitors: by model.
        faulty: monitor files that are wrong: their models are shown with what is wrong, and have no nights.
    """
    every = list(monitors.values())
    nights = [nightly.build(monitor) for monitor in every]
    return dg.Definitions(
        assets=[
            *(asset for monitor in every for asset in graph.build(monitor)),
            *map(unusable.build, faulty),
        ],
        jobs=nights,
        schedules=[schedules.build(monitor) for monitor in every],
        sensors=[*sensors.build(every, faulty), *changed_sensor.build(every, nights)],
        resources={"platform": Platform()},
        # the stages share one interpreter: starting one per step costs more than most stages
        executor=traced_in_process,
    )
