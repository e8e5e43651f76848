"""Finds the channel of a URL by its scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from obs_dagster.alerts.channels import apprise, log
from obs_dagster.alerts.message import Message

Channel = Callable[[str, Message], None]
"""Sends a message to a URL whose secrets are filled in; raises if it wasn't taken."""

CHANNELS: Mapping[str, Channel] = {"log": log.send}
"""By scheme; Apprise speaks all others."""


def send(url: str, message: Message) -> None:
    """Send a message to a URL.

    Raises:
        ChannelError: the channel didn't take it.
    """
    scheme = url.partition("://")[0].lower()
    CHANNELS.get(scheme, apprise.send)(url, message)
