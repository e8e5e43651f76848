"""What a window's errors will be once its labels are complete: those that are known, and those to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.completed import NEGLIGIBLE, Arrivals, too_few_days
from obs_dagster.estimate.losses import SIGNED, ExpectedLosses, Losses, mean_around
from obs_dagster.metrics.record import NO_ROWS, Estimate


@dataclass(frozen=True)
class LateLosses:
    """What rows were like that had no label yet at an age.

    Attributes:
        losses: of those whose label came later.
        arrivals: how many of all of them got one at all, by prediction.
    """

    losses: Losses
    arrivals: Arrivals


@dataclass(frozen=True)
class CompletedLosses:
    """Predictions of a window of which some have labels.

    Attributes:
        known: by loss, how many labelled rows have it, and its sum over them.
        lacks: the rows of each day that will get a label.
    """

    known: Mapping[str, tuple[float, float]]
    lacks: Sequence[ExpectedLosses]

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return int(self.known[SIGNED][0])

    @cached_property
    def _whole(self) -> float:
        """The rows that will have a label."""
        return self.n + sum(float(lack.rows.sum()) for lack in self.lacks)

    @cached_property
    def refused(self) -> str:
        """Why nothing can be said of the missing labels; empty if something can."""
        if not self._whole:
            return NO_ROWS
        for lack in self.lacks:
            few = too_few_days(len(lack.losses.losses[SIGNED].rows))
            awaited = lack.rows.sum() > NEGLIGIBLE * self._whole
            if reason := few or (lack.refused if awaited else ""):
                return reason
        return ""

    def mean(self, name: str) -> Estimate:
        """The mean loss as it is expected to be once all labels are in; its interval holds what it may be."""
        if self.refused:
            return Estimate.missing(self.refused, round(self._whole))
        rows, total = self.known[name]
        drawn = np.array([total])
        for lack in self.lacks:
            if lack.refused:
                continue
            more, value, draws = lack.draws(name)
            rows, total = rows + more, total + more * value
            if more:
                drawn = drawn + more * draws
        if rows <= 0:
            return Estimate.missing("no targets other than zero are expected", round(self._whole))
        return mean_around(name, total / rows, drawn / rows, rows, round(self._whole))
