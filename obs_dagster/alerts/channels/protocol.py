"""What a channel can do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message


class Channel(Protocol):
    """Takes messages to places that URLs of its schemes name. URLs have their secrets filled in.

    Attributes:
        name: what tells it from other channels.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def schemes(self) -> Collection[str]:
        """What its URLs begin with, in lower case, before `://`."""

    def send(self, url: str, message: Message) -> None:
        """Send a message.

        Raises:
            ChannelError: the channel didn't take it; the error may quote the URL, for it is scrubbed.
        """

    def problem(self, url: str) -> str:
        """Why nothing can be sent to a URL of its schemes, without sending; empty if nothing is wrong.

        It must not quote the URL.
        """

    def host(self, url: str) -> tuple[str, int] | None:
        """The host and port that a URL names; None if it names none, or that is no matter of the URL."""


@runtime_checkable
class Threaded(Protocol):
    """A channel that keeps what belongs together in one place: it is asked to talk instead of to send."""

    def talk(self, url: str, message: Message, thread: Thread) -> Taken:
        """Send a message of a thread.

        Raises:
            ChannelError: the channel didn't take it; the error may quote the URL, for it is scrubbed.
        """
