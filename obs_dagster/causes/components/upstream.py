"""Assets of others that the log depends on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from obs_dagster.causes.component import Component, Happening
from obs_dagster.causes.telemetry import Telemetry

_NEXT = dt.timedelta(days=1)


def _known(telemetry: Telemetry) -> Iterator[dt.date]:
    if telemetry.monitor.upstream:
        yield from (night.day for night in telemetry.nights)


def _happened(telemetry: Telemetry) -> Iterator[Happening]:
    for event in telemetry.upstream:
        yield Happening(event.day, event.told)
        # what an asset without days does in the morning is about the night that is evaluated then
        if event.at.astimezone(telemetry.monitor.zone).date() == event.day:
            yield Happening(event.day - _NEXT, event.told)


COMPONENT = Component(
    name="upstream",
    stage=0,
    title="upstream assets",
    trouble="an upstream asset that failed, was late or changed",
    outside=True,
    happened=_happened,
    known=_known,
)
