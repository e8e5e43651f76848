"""A way out: takes samples to a place that a URL names. One file in `ways/` each, or an entry point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

from obs_dagster.errors import ObsError
from obs_dagster.exports.sample import Sample
from obs_dagster.kinds import Kinds, Place

SECONDS = 5.0
"""How long a place may be silent."""


class ExportError(ObsError):
    """A place did not take samples, or is written in no known way."""


class Way(Protocol):
    """Takes the present samples to places that URLs of its schemes name. URLs have their secrets filled in.

    Attributes:
        name: what tells it from other ways.
        forgets: whether the place knows only what it is told again and again; else it is told what changes.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def forgets(self) -> bool: ...  # noqa: D102

    def schemes(self) -> Collection[str]:
        """What its URLs begin with, in lower case, before `://`."""

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """Send the present samples; sent twice they are as good as once.

        Raises:
            ObsError: the place didn't take them; the error may quote the URL, for it is scrubbed.
        """

    def problem(self, url: str) -> str:
        """Why nothing can be sent to a URL of its schemes, without sending; empty if nothing is wrong.

        It must not quote the URL.
        """


@runtime_checkable
class KeepsDays(Protocol):
    """A way to a place that keeps one value per moment: a day's values can take the place of others."""

    def send_day(self, url: str, samples: Sequence[Sample], day: dt.date) -> None:
        """Send the samples of a day of one model, at that day's end; also days that were sent before.

        Raises:
            ObsError: the place didn't take them; the error may quote the URL, for it is scrubbed.
        """


WAYS: Kinds[Way] = Kinds("way out", "obs_dagster.exports", [Place("obs_dagster.exports.ways", "WAY")])


def way_of(url: str) -> Way | None:
    """The way that takes a URL; None if there is none. Third parties' come before ours."""
    scheme, separator, _ = url.partition("://")
    ways = reversed(list(WAYS.all().values()))
    return next((each for each in ways if separator and scheme.lower() in each.schemes()), None)


def problem_of(url: str) -> str:
    """Why nothing can be sent to a URL; empty if nothing is wrong."""
    way = way_of(url)
    if way is not None:
        try:
            return way.problem(url)
        except ValueError:
            return "It is no URL."
    known = sorted({scheme for each in WAYS.all().values() for scheme in each.schemes()})
    return f"Its scheme is none of {', '.join(known)}."
