"""The error of a channel that didn't take a message."""

from __future__ import annotations

from obs_dagster.errors import ObsError


class ChannelError(ObsError):
    """A channel is unknown, cannot be reached, or refused a message. It may name secrets: scrub it."""
