"""What a part of a night takes of the machine, and which programs it runs with."""

from obs_dagster.telemetry.resources.meter import Meter, metered
from obs_dagster.telemetry.resources.programs import programs
from obs_dagster.telemetry.resources.usage import Usage

__all__ = ["Meter", "Usage", "metered", "programs"]
