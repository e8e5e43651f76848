"""The places that samples are sent to, as `OBS_EXPORTS` names them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from obs_dagster.exports.address import Address, label_of
from obs_dagster.monitor.secret_url import resolved
from obs_dagster.secrets import remember
from obs_dagster.settings import Settings


@dataclass(frozen=True, slots=True)
class Destination:
    """A place, as it is written.

    Attributes:
        written: the URL, with `${NAME}` where its secrets are filled in.
        label: what may be shown of it.
    """

    written: str
    label: str

    @property
    def key(self) -> str:
        """What it is known by: another URL is another place."""
        return hashlib.sha256(self.written.encode()).hexdigest()[:16]

    @property
    def url(self) -> str:
        """The URL with its secrets filled in.

        Raises:
            ObsError: a variable is not set.
        """
        return resolved(self.written)


def destinations(settings: Settings) -> list[Destination]:
    """The places that the setting names, each once: its URLs stand between commas or blanks."""
    urls = dict.fromkeys(filter(None, re.split(r"[,\s]+", settings.exports)))
    for url in urls:
        # the secrets of a list of URLs are not found by themselves
        remember(url, *_token(url))
    return [Destination(url, label_of(url)) for url in urls]


def _token(url: str) -> list[str]:
    """What stands before a host by itself: of some places it is no user's name but a token."""
    try:
        found = Address.of(url)
    except ValueError:
        return []
    return [found.user] if found.user and not found.password and "$" not in found.user else []
