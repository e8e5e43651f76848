"""Which columns of a monitor are profiled, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from obs_dagster.lake.columns import DECISION
from obs_dagster.monitor.model import Monitor

Role = Literal["feature", "score", "prediction", "latency", "status"]


@dataclass(frozen=True, slots=True)
class ProfiledColumn:
    """A column of the log that is reduced to counts."""

    name: str
    role: Role
    numeric: bool


def prediction_column(monitor: Monitor) -> str:
    """The column that holds the decision: the log's own, or the one derived from the threshold."""
    return monitor.logs.columns.prediction or DECISION


def profiled_columns(monitor: Monitor) -> list[ProfiledColumn]:
    """Every column that is reduced to counts, in the monitor's order."""
    roles = monitor.logs.columns
    columns = [ProfiledColumn(name, "feature", feature.numeric) for name, feature in monitor.features.items()]
    columns.append(ProfiledColumn(roles.score, "score", numeric=True))
    columns.append(ProfiledColumn(prediction_column(monitor), "prediction", numeric=False))
    if roles.latency_ms:
        columns.append(ProfiledColumn(roles.latency_ms, "latency", numeric=True))
    if roles.status:
        columns.append(ProfiledColumn(roles.status, "status", numeric=False))
    return columns
