"""The error of a channel that didn't take a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from obs_dagster.errors import ObsError


class ChannelError(ObsError):
    """A channel is unknown, cannot be reached, or refused a message. It may name secrets: scrub it.

    Attributes:
        retry_after: how long the service asks to be left alone; None if it asks for nothing.
        status: what it answered (HTTP); 0 if it answered nothing.
        names: what to remember for the next attempt, if a part was taken; None if nothing was.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        retry_after: dt.timedelta | None = None,
        status: int = 0,
        names: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after
        self.status = status
        self.names = names
