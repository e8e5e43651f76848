"""What goes wrong with an engine."""

from __future__ import annotations

from obs_dagster.errors import ObsError


class EngineError(ObsError):
    """The engine that a monitor names cannot be started."""
