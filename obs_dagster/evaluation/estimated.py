"""What is said of a version before its labels are complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from obs_dagster.evaluation.windows import Window
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.outcomes import OutcomeProfile


@dataclass(frozen=True, slots=True)
class Estimated:
    """What is estimated of a segment cell, and of a class of it if there are any.

    Attributes:
        window: the window; for what it is on the baseline itself one of the length `BASELINE`.
        estimates: by metric.
    """

    segment: str
    column: str
    window: Window[OutcomeProfile]
    estimates: Mapping[str, Estimate]


def names_of(monitor: Monitor, segment: str, column: str) -> set[str]:
    """The metrics of a cell, of the model as a whole or of a class, but for those that look at rows."""
    return {
        name
        for name, metric in family("estimate", monitor.task).items()
        if (metric.definition.about == "model") == (not column)
        and (segment == WHOLE or metric.definition.cells != "none")
        and not metric.definition.asked_with
    }
