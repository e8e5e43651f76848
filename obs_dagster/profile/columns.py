"""Which columns of a monitor are profiled, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from obs_dagster.lake.columns import DECISION
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Kind, outputs

Role = Literal["feature", "output", "latency", "status"]


@dataclass(frozen=True, slots=True)
class ProfiledColumn:
    """A column of the log that is reduced to counts.

    Attributes:
        name: its name.
        role: what it is to the model.
        kind: what it holds.
        leads: whether it is the output that is watched in segment cells.
    """

    name: str
    role: Role
    kind: Kind
    leads: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in ("number", "score")


def prediction_column(monitor: Monitor) -> str:
    """The column that holds what was predicted: the log's own, or the one that is derived."""
    return monitor.logs.columns.prediction or DECISION


def profiled_columns(monitor: Monitor) -> list[ProfiledColumn]:
    """Every column that is reduced to counts, in the monitor's order."""
    roles = monitor.logs.columns
    columns = [
        ProfiledColumn(name, "feature", "number" if feature.numeric else "category")
        for name, feature in monitor.features.items()
    ]
    columns += [
        ProfiledColumn(each.column, "output", each.kind, each.leads)
        for each in outputs(monitor)
        if each.kind != "id"
    ]
    if roles.latency_ms:
        columns.append(ProfiledColumn(roles.latency_ms, "latency", "number"))
    if roles.status:
        columns.append(ProfiledColumn(roles.status, "status", "category"))
    return columns
