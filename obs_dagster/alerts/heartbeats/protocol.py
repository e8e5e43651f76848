"""What a heartbeat can do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from obs_dagster.alerts.heartbeats.night import Night


class Heartbeat(Protocol):
    """Tells a service that a night ran. URLs have their secrets filled in.

    Attributes:
        name: what tells it from other heartbeats.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def schemes(self) -> Collection[str]:
        """What its URLs begin with, in lower case, before `://`."""

    def tell(self, url: str, night: Night) -> None:
        """Tell the service of a night.

        Raises:
            ChannelError: it was not told; the error may quote the URL, for it is scrubbed.
        """

    def problem(self, url: str) -> str:
        """Why a URL of its schemes cannot be used, without calling or quoting it; empty if it can."""
