"""Incidents that begin: what people are told of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from obs_dagster.causes.component import Component, Happening
from obs_dagster.causes.telemetry import Telemetry


def _known(telemetry: Telemetry) -> Iterator[dt.date]:
    yield from (night.day for night in telemetry.nights)


def _happened(telemetry: Telemetry) -> Iterator[Happening]:
    for id_, day in telemetry.incidents.items():
        yield Happening(day, f"incident {id_} began")


COMPONENT = Component(
    name="incidents",
    stage=9,
    title="incidents",
    trouble="an incident",
    happened=_happened,
    known=_known,
    ends=True,
)
