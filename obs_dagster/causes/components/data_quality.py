"""Rows that break the contract, values that are missing, days that are not evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.causes.component import Component, Happening
from obs_dagster.causes.signal import Signal
from obs_dagster.causes.telemetry import Telemetry


def _happened(telemetry: Telemetry) -> Iterator[Happening]:
    for night in telemetry.nights:
        # a day without rows is a matter of their number
        if not night.evaluated and night.rows:
            why = night.reason.splitlines()[0] if night.reason else "for no known reason"
            yield Happening(night.day, f"the day was not evaluated: {why}")


COMPONENT = Component(
    name="data_quality",
    stage=5,
    title="data quality",
    trouble="data errors",
    metrics=frozenset({"missing_share", "missing_drift", "mode_share", "new_value_share"}),
    families=frozenset({"quality", "books"}),
    signals=(
        Signal("quarantined_share", least=0.02, of="log"),
        Signal("duplicate_share", least=0.02, of="log"),
        Signal("missing_share", least=0.02, of="features"),
        Signal("new_value_share", least=0.02, of="features"),
    ),
    happened=_happened,
)
