"""A metric: its definition, and the function that computes it from its family's counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.record import Estimate

Input = TypeVar("Input")


@dataclass(frozen=True, slots=True)
class Metric(Generic[Input]):
    """Ties a definition to its computation; what the registry finds and a family's evaluation runs.

    Attributes:
        definition: what the number means.
        compute: from the family's input to the estimate. It never raises on legal counts: where there is
            no value it returns `Estimate.missing` with the reason.
        applies: whether the metric makes sense for an input at all; where it does not, there is no record.
            Families with inputs of several types ask for the type.
    """

    definition: Definition
    compute: Callable[[Input], Estimate]
    applies: Callable[[Any], bool] = lambda _: True

    @property
    def name(self) -> str:
        """The metric's name in records, rules and reports."""
        return self.definition.name
