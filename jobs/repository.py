"""What Dagster calls this program's definitions."""

from __future__ import annotations

from dagster._core.definitions.repository_definition.valid_definitions import SINGLETON_REPOSITORY_NAME

LOCATION = "obs-dagster"
"""The name of the code location, under which Dagster keeps what schedules and sensors are switched to."""

REPOSITORY = f"{SINGLETON_REPOSITORY_NAME}@{LOCATION}"
"""The definitions in it, as Dagster marks the runs that belong to them."""
