"""The composition root: every monitor's assets, jobs, schedules and sensors, and the job of all nights."""

from __future__ import annotations

import dagster as dg

from jobs import due_nights
from jobs.composition import compose
from jobs.dagster_log import lead_dagster
from jobs.run_process import models_of_run
from obs_dagster.catalogue import monitors_of, readable_monitors
from obs_dagster.permissions import keep_private
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.logs import configure_unless_done, hide_secrets

_UNUSABLE = Event(
    "obs_dagster.jobs",
    "monitor cannot be used",
    "error",
    "A monitor file is wrong: its model has no nights until it is mended. The others go on.",
    {"model": "whose monitor it is, or the file's name", "why": "the first mistake, and where it is"},
)


@dg.definitions
def definitions() -> dg.Definitions:
    """The definitions of the monitors in the folder that the environment names; for a run, of its own.

    A file that is wrong keeps no other model from its nights; a run of its own model says what is wrong.
    """
    settings = Settings()
    # every process of Dagster that runs our code begins here
    hide_secrets()
    if configure_unless_done():
        lead_dagster()
    keep_private(settings)
    models = models_of_run()
    if models is not None:
        own = monitors_of(settings.monitors, models=models)
        return dg.Definitions.merge(compose(own), due_nights.build(list(own.values())))
    found = readable_monitors(settings.monitors)
    for each in found.faulty:
        _UNUSABLE(model=each.model, why=each.why)
    usable = list(found.monitors.values())
    return dg.Definitions.merge(compose(found.monitors, found.faulty), due_nights.build(usable))
