"""`graphite://HOST:2003`: Carbon's plaintext protocol, with tags or as dotted paths.

A value at the moment of another one takes its place, so days that were corrected are corrected there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.lines import send_lines
from obs_dagster.exports.paths import dotted, part, prefix_of
from obs_dagster.exports.sample import Sample

_WRITTEN = "graphite://HOST:2003, and after ? may stand tags=no and prefix=NAME"
_PORT = 2003


class Graphite:
    """Sends a line for each sample: what is of a day at its end, all else at the present time."""

    name = "graphite"
    forgets = False

    def schemes(self) -> frozenset[str]:
        """`graphite://` only."""
        return frozenset({"graphite"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """One connection with all lines."""
        found = Address.of(url)
        prefix, tags = prefix_of(dict(found.options)), found.options.get("tags", "yes") != "no"
        send_lines(found.host, found.port or _PORT, (line(each, now, prefix, tags=tags) for each in samples))

    def send_day(self, url: str, samples: Sequence[Sample], day: dt.date) -> None:
        """The same; each sample has the day's end."""
        self.send(url, samples, dt.datetime.combine(day, dt.time(), dt.UTC))

    def problem(self, url: str) -> str:
        """It has a host."""
        return wrong(url, _WRITTEN, options=("tags", "prefix"))


def line(sample: Sample, now: dt.datetime, prefix: str = "", *, tags: bool) -> str:
    """A line without its end.

    >>> from obs_dagster.exports.sample import Gauge
    >>> psi = Gauge("obs_psi", "Moved.", ("model", "segment")).of(0.5, model="m", segment="a=b c")
    >>> line(psi, dt.datetime(1970, 1, 2, tzinfo=dt.UTC), tags=True)
    'obs_psi;model=m;segment=a=b%20c 0.5 86400'
    """
    at = int((sample.at or now).timestamp())
    name = dotted(sample, prefix)
    if tags:
        about = "".join(f";{label}={part(text)}" for label, text in sample.about.items())
        name = f"{prefix}{sample.name}{about}"
    return f"{name} {sample.value!r} {at}"


WAY = Graphite()
