"""How many rows the log has."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.causes.component import Component, Happening
from obs_dagster.causes.signal import Signal
from obs_dagster.causes.telemetry import Telemetry


def _happened(telemetry: Telemetry) -> Iterator[Happening]:
    for night in telemetry.nights:
        if not night.rows and telemetry.monitor.quality.expects_rows(night.day):
            yield Happening(night.day, "the log had no rows")


COMPONENT = Component(
    name="volume",
    # a service that is down answers fewer requests, and more requests make it slow
    stage=3,
    title="volume",
    trouble="an unusual number of rows",
    metrics=frozenset({"volume", "rows_read", "rows_evidence"}),
    signals=(Signal("rows_read", "both", least=0.15, relative=True, of="log"),),
    happened=_happened,
)
