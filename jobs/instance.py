"""The Dagster instance in the home folder: what runs on the command line shows in the UI."""

from __future__ import annotations

import os

import dagster as dg

from obs_dagster.lake.lake import replacing
from obs_dagster.settings import Settings

_CONFIGURATION = "telemetry:\n  enabled: false\n"


def prepare_home(settings: Settings) -> None:
    """Make the instance's folder, with a `dagster.yaml` unless it has one; set `DAGSTER_HOME`."""
    file = settings.dagster_home / "dagster.yaml"
    if not file.exists():
        with replacing(file) as aside:
            aside.write_text(_CONFIGURATION, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The persistent instance, to be used as a context manager."""
    prepare_home(settings)
    return dg.DagsterInstance.from_config(str(settings.dagster_home))
