"""Finds the channel of a URL by its scheme."""

from __future__ import annotations

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.protocol import Channel, Threaded
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message
from obs_dagster.kinds import Kinds, Place

CHANNELS: Kinds[Channel] = Kinds(
    "channel", "obs_dagster.channels", [Place("obs_dagster.alerts.channels", "CHANNEL")]
)


def channel_of(url: str) -> Channel | None:
    """The channel that takes a URL; None if there is none. Third parties' come before ours."""
    scheme = scheme_of(url)
    channels = reversed(list(CHANNELS.all().values()))
    return next((each for each in channels if scheme in each.schemes()), None)


def scheme_of(url: str) -> str:
    """What a URL begins with, in lower case; empty if it is no URL."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator else ""


NEW = Thread()
"""A thread of which nothing was sent yet."""


def send(url: str, message: Message, thread: Thread = NEW) -> Taken:
    """Send a message to a URL.

    Args:
        url: where to, with its secrets filled in.
        message: the message.
        thread: what the channel said of the thread before.

    Returns:
        What it says now.

    Raises:
        ChannelError: there is no channel for the URL, or it didn't take the message.
    """
    channel = channel_of(url)
    if channel is None:
        raise ChannelError(
            "No channel takes the URL of the route: its scheme is not known.",
            remedy="See https://appriseit.com/services/ for the form of each service's URL; "
            "`obs check` names the scheme.",
        )
    if isinstance(channel, Threaded):
        return channel.talk(url, message, thread)
    channel.send(url, message)
    return Taken()
