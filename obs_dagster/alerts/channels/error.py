"""The error of a channel that didn't take a message."""

from __future__ import annotations

import datetime as dt

from obs_dagster.errors import ObsError


class ChannelError(ObsError):
    """A channel is unknown, cannot be reached, or refused a message. It may name secrets: scrub it.

    Attributes:
        retry_after: how long the service asks to be left alone; None if it asks for nothing.
    """

    def __init__(self, message: str, *, remedy: str = "", retry_after: dt.timedelta | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after
