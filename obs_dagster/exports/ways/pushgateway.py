"""`pushgateway+http://HOST:9091`: Prometheus' Pushgateway, which keeps what it was told last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import quote

from obs_dagster.alerts.channels.request import request
from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.exposition import CONTENT_TYPE, exposition
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import SECONDS

_WRITTEN = "pushgateway+http://HOST:9091 or pushgateway+https://…, and after ? may stand job=obs"


class Pushgateway:
    """Puts all samples in the place of those that the job had, so that what is gone goes there too."""

    name = "pushgateway"
    forgets = True

    def schemes(self) -> frozenset[str]:
        """Over HTTP and HTTPS."""
        return frozenset({"pushgateway+http", "pushgateway+https"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """One PUT; the gateway refuses times, and has its own `push_time_seconds`."""
        del now
        found = Address.of(url)
        job = quote(found.options.get("job", "obs"), safe="")
        page = Address(
            found.scheme, found.host, found.port, f"{found.path.rstrip('/')}/metrics/job/{job}"
        ).page(path="")
        auth = (found.user, found.password) if found.user else None
        request(
            "PUT",
            page,
            content=exposition(samples),
            headers={"Content-Type": CONTENT_TYPE},
            auth=auth,
            seconds=SECONDS,
        )

    def problem(self, url: str) -> str:
        """It has a host."""
        return wrong(url, _WRITTEN, options=("job",))


WAY = Pushgateway()
