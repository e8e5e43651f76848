"""What goes wrong between this program and an object store."""

from __future__ import annotations

from obs_dagster.errors import ObsError


class StoreError(ObsError):
    """An object store cannot be reached, refuses, or does not answer; nothing is known of what is in it.

    It is no `OSError`: what nobody could read must not pass for what is damaged or absent.
    """


class LostRaceError(StoreError):
    """Another process wrote an object between its reading and its writing here; what that one wrote stays."""
