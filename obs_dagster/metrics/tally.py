"""Metrics that are plain counts out of the books of a day: how many rows, or labels, there are of a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition, Family, Incident
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate

Books = TypeVar("Books")


@dataclass(frozen=True)
class Tally(Generic[Books]):
    """What the counts of one kind of books have in common.

    Attributes:
        family: of the metrics.
        unit: what is counted ("rows").
        behind: how many of them the books are about.
        formula: of a count that says nothing else.
        needs: what the monitor must have for it.
        incident: what alerts on it belong to.
    """

    family: Family
    unit: str
    behind: Callable[[Books], int]
    formula: str
    needs: tuple[str, ...] = ()
    incident: Incident = "behaviour"

    def count(
        self,
        name: str,
        title: str,
        meaning: str,
        of: Callable[[Books], int],
        *,
        formula: str = "",
        watched: tuple[DefaultRule, ...] = (),
    ) -> Metric[Books]:
        """The metric of a count.

        Args:
            name: of the metric.
            title: as people read it.
            meaning: in a sentence.
            of: counts.
            formula: how; left out: the common one.
            watched: its default rules.
        """
        definition = Definition(
            name=name,
            id=f"{name}/1",
            family=self.family,
            title=title,
            meaning=meaning,
            formula=formula or self.formula,
            reference="a plain count.",
            interval="none: a count",
            unit=self.unit,
            tally=True,
            needs=self.needs,
            whole_log=True,
            cells="none",
            daily=True,
            noun=f"number of {self.unit}",
            written="count",
            incident=self.incident,
            watched=watched,
        )
        return Metric(definition, lambda books: Estimate(float(of(books)), None, None, self.behind(books)))
