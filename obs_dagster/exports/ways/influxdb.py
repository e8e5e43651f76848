"""`influx+http://HOST:8086/write?db=obs`: InfluxDB's line protocol, of version 1, 2 and 3, and what takes it.

A point of the same measurement, tags and time takes the place of another, so days that were corrected are
corrected there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from urllib.parse import quote

from obs_dagster.alerts.channels.request import request
from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import SECONDS

_WRITTEN = (
    "influx+http://HOST:8086/write?db=NAME, or influx+https://TOKEN@HOST/api/v2/write?org=NAME&bucket=NAME"
)
_TOGETHER = 5_000
"""Lines of one request, as InfluxDB's documentation says is best."""


class InfluxDB:
    """Sends a point for each sample: what is of a day at its end, all else at the present time."""

    name = "influxdb"
    forgets = False

    def schemes(self) -> frozenset[str]:
        """Over HTTP and HTTPS."""
        return frozenset({"influx+http", "influx+https"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """A request for every 5,000 points, with seconds as the precision."""
        found = Address.of(url)
        auth = (found.user, found.password) if found.password else None
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if found.user and not found.password:
            headers["Authorization"] = f"Token {found.user}"
        options = {**found.options, "precision": "s"}
        page = Address(found.scheme, found.host, found.port, found.path, options=options).page(path="/write")
        for begin in range(0, len(samples), _TOGETHER):
            lines = "\n".join(line(each, now) for each in samples[begin : begin + _TOGETHER])
            request("POST", page, content=lines.encode(), headers=headers, auth=auth, seconds=SECONDS)

    def send_day(self, url: str, samples: Sequence[Sample], day: dt.date) -> None:
        """The same; each sample has the day's end."""
        self.send(url, samples, dt.datetime.combine(day, dt.time(), dt.UTC))

    def problem(self, url: str) -> str:
        """It has a host."""
        return wrong(url, _WRITTEN, options=None)


def line(sample: Sample, now: dt.datetime) -> str:
    r"""A point: the name as measurement, labels as tags, the number as the field `value`.

    >>> from obs_dagster.exports.sample import Gauge
    >>> psi = Gauge("obs_psi", "Moved.", ("model", "segment")).of(0.5, model="m", segment="a=b, c")
    >>> line(psi, dt.datetime(1970, 1, 2, tzinfo=dt.UTC))
    'obs_psi,model=m,segment=a\\=b\\,\\ c value=0.5 86400'
    """
    tags = "".join(f",{label}={_tag(text)}" for label, text in sample.about.items())
    return f"{sample.name}{tags} value={sample.value!r} {int((sample.at or now).timestamp())}"


def _tag(text: str) -> str:
    """Commas, equals signs and blanks have a backslash before them; lines and backslashes have their code."""
    plain = re.sub(r"[\\\r\n]", lambda found: quote(found[0]), text)
    return re.sub(r"([,= ])", r"\\\1", plain)


WAY = InfluxDB()
