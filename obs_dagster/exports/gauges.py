"""Every name that may be exported, and what it means: dashboards, rules and docs are made from them."""

from __future__ import annotations

from obs_dagster.exports.collect import OWN
from obs_dagster.exports.doctor import DOCTORS
from obs_dagster.exports.reading import READINGS
from obs_dagster.exports.sample import Gauge


def gauges() -> dict[str, Gauge]:
    """Every gauge that may be exported, by name.

    Raises:
        ValueError: two readings mean different things by one name.
    """
    found: dict[str, Gauge] = {}
    for gauge in (
        *OWN,
        *DOCTORS,
        *(each for reading in READINGS.all().values() for each in reading.gauges()),
    ):
        if found.setdefault(gauge.name, gauge) != gauge:
            raise ValueError(f"{gauge.name} means two things")
    return found
