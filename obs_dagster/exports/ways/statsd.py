"""`statsd://HOST:8125`: StatsD's gauges over UDP, with dotted names or with the tags of DogStatsD.

What only grows is a gauge too: StatsD's counters are sums of what was sent since, and nobody knows what a
lost packet held.
"""

from __future__ import annotations

import datetime as dt
import re
import socket
from collections.abc import Iterable, Iterator, Sequence

from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.paths import dotted, part, prefix_of
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import ExportError

_WRITTEN = "statsd://HOST:8125, and after ? may stand tags=dogstatsd and prefix=NAME"
_PORT = 8125
_PACKET = 1_432
"""Bytes that go through any network in one piece, as StatsD's documentation says."""


class Statsd:
    """Sends gauges, as many in a packet as it holds. Nothing tells whether they have arrived."""

    name = "statsd"
    forgets = True

    def schemes(self) -> frozenset[str]:
        """`statsd://` only."""
        return frozenset({"statsd"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """All packets; StatsD has no times."""
        del now
        found = Address.of(url)
        prefix, tags = prefix_of(dict(found.options)), found.options.get("tags") == "dogstatsd"
        lines = (line for each in samples for line in gauge(each, prefix, tags=tags))
        try:
            kind, *_, place = socket.getaddrinfo(found.host, found.port or _PORT, type=socket.SOCK_DGRAM)[0]
            with socket.socket(kind, socket.SOCK_DGRAM) as out:
                for packet in packets(lines):
                    out.sendto(packet, place)
        except OSError as error:
            raise ExportError(f"The host cannot be reached: {error.strerror or error}.") from error

    def problem(self, url: str) -> str:
        """It has a host."""
        return wrong(url, _WRITTEN, options=("tags", "prefix"))


def gauge(sample: Sample, prefix: str = "", *, tags: bool = False) -> Iterator[str]:
    """The lines that set a gauge. One with a sign would change it instead, so it is set to 0 first.

    >>> from obs_dagster.exports.sample import Gauge
    >>> list(gauge(Gauge("obs_bias", "Mean error.", ("model",)).of(-1.5, model="m"), tags=True))
    ['obs_bias:0|g|#model:m', 'obs_bias:-1.5|g|#model:m']
    """
    about = ",".join(f"{label}:{part(text)}" for label, text in sample.about.items())
    # StatsD drops what its names may not hold
    plain = dotted(sample, prefix).replace("%", "_")
    name, rest = re.sub(r"[^A-Za-z0-9_.;=-]", lambda sign: f"_{ord(sign[0]):X}", plain), ""
    if tags:
        name, rest = f"{prefix}{sample.name}", f"|#{about}" if about else ""
    if sample.value < 0:
        yield f"{name}:0|g{rest}"
    yield f"{name}:{sample.value!r}|g{rest}"


def packets(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines, as many together as a packet holds."""
    held = b""
    for line in lines:
        added = line.encode()
        if held and len(held) + 1 + len(added) > _PACKET:
            yield held
            held = b""
        held = held + b"\n" + added if held else added
    if held:
        yield held


WAY = Statsd()
