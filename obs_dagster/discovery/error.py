"""What a sample does not tell."""

from __future__ import annotations

from obs_dagster.errors import ObsError


class DiscoveryError(ObsError):
    """A monitor cannot be written from what there is; the remedy names the option that says the rest."""
