"""What channels have in common whose URLs are of one form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message


class Formed(ABC):
    """A channel whose URLs are of one form."""

    form: ClassVar[Form]

    @property
    def name(self) -> str:
        """What its URLs begin with, as names are written."""
        return self.form.kind.replace("-", "_")

    def schemes(self) -> frozenset[str]:
        """Those of its form."""
        return self.form.schemes

    def talk(self, url: str, message: Message, thread: Thread) -> Taken:
        """Send a message of a thread.

        Raises:
            ChannelError: the URL is of another form, or the service did not take the message.
        """
        address = self.form.read(url)
        wrong = self.wrong(address)
        if wrong:
            raise ChannelError(wrong)
        return self.say(address, message, thread)

    @abstractmethod
    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Send a message to an address that is right."""

    def send(self, url: str, message: Message) -> None:
        """Send a message that begins a thread."""
        self.talk(url, message, Thread())

    def problem(self, url: str) -> str:
        """What is wrong with the form of a URL."""
        try:
            return self.wrong(self.form.read(url))
        except ChannelError as error:
            return str(error)

    def wrong(self, address: Address) -> str:
        """What else is wrong with an address; empty if nothing is."""
        del address
        return ""

    def host(self, url: str) -> tuple[str, int] | None:
        """The host that the URL names; a service of the world may be reachable through a proxy only."""
        address = self.form.read(url)
        return None if self.form.api and address.options["api"] == self.form.api else address.host
